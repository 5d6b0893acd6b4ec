import { expect, test } from './support/test.ts';

test.beforeEach(async ({ start }) => start());

/** An idle page has 17 ms between frames. A page that waits for a guest would never have a next frame; the tolerance is for a busy machine. */
const FROZEN = 1000;

const guests = [
  ['blocks on standard input', 'reads-stdin-forever', 'reading\n'],
  ['sleeps', 'sleeps-forever', 'sleeping\n'],
  ['computes without end', 'spins-forever', 'spinning\n'],
  ['does nothing but system calls', 'calls-the-kernel-forever', 'calling\n'],
] as const;

for (const [what, program, word] of guests) {
  test(`the page stays responsive while a guest ${what}`, async ({ page }) => {
    const { longest, ticks, exit } = await page.evaluate(
      async ([name, said]) => {
        const p = await lab.spawnUntil(name, said, { preopens: ['/'] });
        let ticks = 0;
        const timer = setInterval(() => ticks++, 5);
        const longest = await lab.frames(60);
        clearInterval(timer);
        p.kill();
        return { longest, ticks, exit: await p.exited };
      },
      [program, word] as const,
    );
    expect(longest).toBeLessThan(FROZEN);
    expect(ticks).toBeGreaterThan(10);
    expect(exit.reason).toBe('killed');
  });
}

test('the page stays responsive while it reads a flood of output', async ({ page }) => {
  const longest = await page.evaluate(async () => {
    let bytes = 0;
    const p = await window.hf.spawn(lab.guest('writes-stdout-forever'), {
      stdout: (chunk) => void (bytes += chunk.length),
    });
    await lab.until(
      () => bytes,
      (seen) => seen > 1e6,
    );
    const longest = await lab.frames(60);
    p.kill();
    await p.exited;
    return longest;
  });
  expect(longest).toBeLessThan(FROZEN);
});

for (const [what, program, word] of guests.slice(0, 2)) {
  for (const messageDoorbell of [false, true]) {
    test(`a guest that ${what} costs nothing: no wake-up, no system call (${messageDoorbell ? 'message' : 'waitAsync'} doorbell)`, async ({
      page,
      start,
    }) => {
      await page.evaluate(() => window.hf.close());
      await start({ force: { messageDoorbell } });
      const { before, after } = await page.evaluate(
        async ([name, said]) => {
          const p = await lab.spawnUntil(name, said);
          const before = await lab.asleep(p);
          await lab.frames(60);
          const after = await lab.statsOf(p);
          p.kill();
          await p.exited;
          return { before, after };
        },
        [program, word] as const,
      );
      expect(after).toEqual(before);
      expect(before).toMatchObject({ state: 'asleep', parks: 1, wakeups: 0 });
      expect(before.syscalls).toBeGreaterThan(1);
    });
  }
}

test('a byte wakes a blocked guest once', async ({ page }) => {
  const counts = await page.evaluate(async () => {
    const p = await window.hf.spawn(lab.guest('toolbox'), { args: ['echo'] });
    const writer = p.stdin.getWriter();
    const reader = p.stdout.getReader();
    const counts = [await lab.asleep(p)];
    for (let i = 0; i < 5; i++) {
      await writer.write(Uint8Array.of(i));
      await reader.read();
      counts.push(await lab.asleep(p));
    }
    await writer.close();
    await p.exited;
    return counts.map(({ syscalls, parks, wakeups }) => ({ syscalls, parks, wakeups }));
  });
  counts.slice(1).forEach((now, i) => {
    const before = counts[i]!;
    expect(now).toEqual({ syscalls: before.syscalls + 2, parks: before.parks + 1, wakeups: before.wakeups + 1 });
  });
});
