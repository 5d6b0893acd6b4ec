// Guest memories and the kernel's own grow while others copy between them.
import { expect, test } from './support/test.ts';

const MIB = 1024 * 1024;

for (const jsBridge of [false, true]) {
  const bridge = jsBridge ? 'js' : 'multi-memory';

  test(`a guest that grows its memory while it reads files gets every byte (${bridge} bridge)`, async ({
    page,
    start,
  }) => {
    await start({ force: { jsBridge } });
    const { results, stats } = await page.evaluate(async () => {
      await window.hf.fs.writeFile('/pattern', lab.patternBytes(3_000_001));
      const run = () => window.hf.run(lab.guest('toolbox'), { args: ['grow', '/pattern', '100'], preopens: ['/'] });
      const results = await Promise.all([run(), run()]);
      results.push(await window.hf.run(lab.guest('memory-grows-under-the-kernel'), { preopens: ['/tmp'] }));
      return { results, stats: await window.hf.stats() };
    });
    for (const result of results) expect(result).toMatchObject({ reason: 'exit', code: 0, stderr: '' });
    expect(stats.bridge).toBe(bridge);
  });

  test(`the kernel's memory grows under guests and page, and no byte is lost (${bridge} bridge)`, async ({
    page,
    start,
  }) => {
    await start({ force: { jsBridge }, memory: { initial: 4 * MIB, maximum: 512 * MIB } });
    const { results, wrong, before, after } = await page.evaluate(async () => {
      const before = await window.hf.stats();
      const fill = (i: number) =>
        window.hf.run(lab.guest('toolbox'), { args: ['fill', `/f${i}`, '30'], preopens: ['/'] });
      const running = Promise.all([fill(0), fill(1), fill(2)]);
      // Meanwhile the page writes and reads through the coordinator.
      const wrong = [];
      for (let i = 0; i < 20; i++) {
        await window.hf.fs.writeFile(`/page${i}`, lab.patternBytes(2_000_000, i));
        wrong.push(lab.mismatch(await window.hf.fs.readFile(`/page${i}`), i));
      }
      const results = await running;
      for (let i = 0; i < 3; i++) wrong.push(lab.mismatch(await window.hf.fs.readFile(`/f${i}`)));
      return { results, wrong, before, after: await window.hf.stats() };
    });
    for (const result of results) expect(result).toMatchObject({ reason: 'exit', code: 0, stderr: '' });
    expect(wrong).toEqual(wrong.map(() => -1));
    expect(before.kernel.memory).toBeLessThan(16 * MIB);
    expect(after.kernel.memory).toBeGreaterThan(120 * MIB);
  });
}

test('memory.maximum is a limit that programs see as a full disk, not as a crash', async ({ page, start }) => {
  await start({ memory: { initial: 4 * MIB, maximum: 32 * MIB } });
  const { full, after } = await page.evaluate(async () => {
    const full = await window.hf.run(lab.guest('toolbox'), { args: ['fill', '/f', '100'], preopens: ['/'] });
    await window.hf.fs.rm('/f');
    return { full, after: await window.hf.run(lab.guest('toolbox'), { args: ['fill', '/g', '10'], preopens: ['/'] }) };
  });
  expect(full.reason).toBe('exit');
  expect([48 /* ENOMEM */, 51 /* ENOSPC */]).toContain(full.code);
  expect(after.code).toBe(0);
});
