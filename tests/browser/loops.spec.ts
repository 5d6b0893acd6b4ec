import { expect, test } from './support/test.ts';

test('a loop in C: timers, input, idleness and constant work block neither the page nor calls', async ({
  page,
  start,
}) => {
  await start();
  const result = await page.evaluate(async () => {
    const q = await window.hf.instantiate(lab.guest('ticks'));
    const end = q.loop.run({ recheck: 0 });
    const begun = performance.now();
    await q.call('set_timer', 200, 0);
    await q.loop.whenIdle();
    const slept = performance.now() - begun;
    const [fired, ticks] = [await q.call('fired'), (await q.call('ticks')) as number];
    await q.write('four');
    await lab.until(
      () => q.call('bytes'),
      (bytes) => bytes === 4,
    );
    await q.call('be_ready', -1);
    for (let i = 0; i < 20; i++) await q.call('ticks');
    await lab.frames(5);
    await q.call('exit_in', 10, 7);
    const ended = await end;
    const failing = await window.hf.instantiate(lab.guest('ticks'));
    const failed = lab.failure(failing.loop.run());
    await failing.call('answer', -2);
    return { slept, fired, ticks, ended, failed: await failed };
  });
  expect(result.slept).toBeGreaterThan(198);
  expect(result.fired).toBe(1);
  expect(result.ticks).toBeLessThan(20);
  expect(result.ended).toMatchObject({ state: 'finished', exit: { code: 7 } });
  expect(result.failed).toMatchObject({ name: 'CallFailed', message: expect.stringMatching(/go_tick returned -2/) });
});

test('a Go reactor: a sleep inside an export, and a loop between calls', async ({ page, start }) => {
  await start();
  const result = await page.evaluate(async () => {
    let output = '';
    const q = await window.hf.instantiate(lab.guest('go-reactor'), {
      stdout: (bytes) => void (output += new TextDecoder().decode(bytes)),
    });
    const sum = String(await q.call('sum', 1000));
    const naps = (await q.call('nap', 100)) as number;
    void q.loop.run();
    await q.call('later', 30, 5, 0);
    const later = await lab.until(
      () => q.call('result'),
      (value) => value !== -1,
    );
    await q.loop.whenIdle();
    await lab.until(
      () => output,
      (text) => text === 'main runs\nmain has slept\n',
    );
    return { sum, naps, later };
  });
  expect(result.sum).toBe('499500');
  expect(result.naps).toBeGreaterThan(1);
  expect(result.later).toBe(5);
});
