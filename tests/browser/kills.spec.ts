import { expect, test } from './support/test.ts';

const guests = [
  ['blocks on standard input', 'reads-stdin-forever', 'reading\n'],
  ['sleeps', 'sleeps-forever', 'sleeping\n'],
  ['computes without end', 'spins-forever', 'spinning\n'],
  ['makes only system calls', 'calls-the-kernel-forever', 'calling\n'],
] as const;

for (const [what, program, word] of guests) {
  test(`kill() ends a guest that ${what}; its streams end, others continue, and nothing is leaked`, async ({
    page,
    start,
  }) => {
    await start({ workers: { min: 1, max: 3 } });
    const { exit, rest, other, again, stats } = await page.evaluate(
      async ([name, said]) => {
        const bystander = await window.hf.spawn(lab.guest('echo-lines'));
        const writer = bystander.stdin.getWriter();
        const words = bystander.stdout.getReader();
        const p = await lab.spawnUntil(name, said, { preopens: ['/'] });
        p.kill();
        p.kill(); // a second kill does nothing
        const exit = await p.exited;
        const rest = [(await p.reader.read()).done, (await lab.bytesOf(p.stderr)).length];
        await writer.write(lab.encode('still here\n'));
        const other = await lab.readUntil(words, '\n');
        // The pool is complete again: as many programs as before can run.
        const again = [await lab.spawnUntil(name, said, { preopens: ['/'] }), await window.hf.run(lab.guest('hello'))];
        (again[0] as typeof p).kill();
        await writer.close();
        await Promise.all([bystander.exited, (again[0] as typeof p).exited]);
        const stats = await lab.until(
          () => window.hf.stats(),
          ({ workers, processes }) =>
            workers.zombies === 0 && workers.starting === 0 && workers.idle === workers.total && processes.length === 0,
        );
        return { exit, rest, other, again: (again[1] as { code: number }).code, stats };
      },
      [program, word] as const,
    );
    expect(exit).toMatchObject({ reason: 'killed', code: 137 });
    expect(exit.message).not.toBe('');
    expect(rest).toEqual([true, 0]);
    expect(other).toBe('1: still here\n');
    expect(again).toBe(0);
    expect(stats.workers.total).toBeGreaterThanOrEqual(1);
  });
}

for (const [what, program] of guests) {
  test(`timeout ends a guest that ${what}`, async ({ page, start }) => {
    await start();
    const result = await page.evaluate(
      (name) => window.hf.run(lab.guest(name), { timeout: 300, preopens: ['/'], stdin: new ReadableStream() }),
      program,
    );
    expect(result).toMatchObject({ reason: 'timeout', code: 124 });
    expect(result.message).toContain('300 ms');
  });
}

test('a timeout beyond the range of timers does not end anything', async ({ page, start }) => {
  await start();
  const exits = await page.evaluate(async () => {
    const exits = [];
    for (const timeout of [2 ** 31, 1e12, Infinity]) {
      const p = await window.hf.spawn(lab.guest('cat'), { timeout });
      await lab.frames(10);
      await p.stdin.close();
      exits.push((await p.exited).reason);
    }
    return exits;
  });
  expect(exits).toEqual(['exit', 'exit', 'exit']);
});

test('an AbortSignal kills; run() rejects with its reason, and so does a spawn() that has not started', async ({
  page,
  start,
}) => {
  await start();
  const results = await page.evaluate(async () => {
    const controller = new AbortController();
    const p = await window.hf.spawn(lab.guest('sleeps-forever'), { signal: controller.signal });
    const run = lab.failure(window.hf.run(lab.guest('sleeps-forever'), { signal: controller.signal }));
    const early = lab.failure(
      window.hf.spawn(lab.guest('hello'), { signal: AbortSignal.abort(new Error('too early')) }),
    );
    await lab.frames(10);
    controller.abort(new Error('enough'));
    const between = new AbortController();
    const starting = lab.failure(window.hf.spawn(lab.guest('sleeps-forever'), { signal: between.signal }));
    between.abort(new Error('on second thoughts'));
    const results = [await p.exited, await run, await early, await starting];
    await lab.until(
      () => window.hf.stats(),
      ({ processes }) => processes.length === 0,
    );
    // A signal that comes too late changes nothing.
    const late = new AbortController();
    const done = await window.hf.run(lab.guest('hello'), { signal: late.signal });
    late.abort();
    return [...results, done];
  });
  expect(results[0]).toMatchObject({ reason: 'killed', code: 137 });
  expect(results.slice(1, 4)).toEqual(
    ['enough', 'too early', 'on second thoughts'].map((message) => ({ name: 'Error', message })),
  );
  expect(results[4]).toMatchObject({ reason: 'exit', code: 0 });
});

test('kill() at once after spawn(), again and again, with every kind of guest', async ({ page, start }) => {
  await start({ workers: { min: 2, max: 8 } });
  const { reasons, stats, code } = await page.evaluate(async () => {
    const reasons = new Set<string>();
    const names = [
      'reads-stdin-forever',
      'calls-the-kernel-forever',
      'sleeps-forever',
      'writes-stdout-forever',
      'hello',
    ];
    for (let i = 0; i < 100; i++) {
      const p = await window.hf.spawn(lab.guest(names[i % names.length] ?? ''), { preopens: ['/'] });
      for (let turn = i % 3; turn > 0; turn--) await lab.tick();
      p.kill();
      reasons.add((await p.exited).reason);
      await Promise.all([lab.bytesOf(p.stdout), lab.bytesOf(p.stderr)]);
    }
    const stats = await lab.until(
      () => window.hf.stats(),
      ({ workers, processes }) => workers.zombies === 0 && workers.idle === workers.total && processes.length === 0,
    );
    return { reasons: [...reasons].sort(), stats, code: (await window.hf.run(lab.guest('hello'))).code };
  });
  for (const reason of reasons) expect(['exit', 'killed']).toContain(reason);
  expect(reasons).toContain('killed');
  expect(stats.workers.total).toBeLessThanOrEqual(8);
  expect(code).toBe(0);
});

test('ten spinners killed at once: all end, their workers end, too, and the kernel gets its memory back', async ({
  page,
  start,
}) => {
  await start({ workers: { min: 1, max: 12 } });
  const { reasons, zombies, blocks } = await page.evaluate(async () => {
    const wave = async () => {
      const spinners = await Promise.all(
        Array.from({ length: 10 }, () => lab.spawnUntil('spins-forever', 'spinning\n')),
      );
      for (const p of spinners) p.kill();
      const exits = await Promise.all(spinners.map((p) => p.exited));
      const { workers } = await window.hf.stats();
      for (const p of spinners) await lab.bytesOf(p.stderr);
      const after = await lab.until(
        () => window.hf.stats(),
        (stats) => stats.workers.zombies === 0 && stats.workers.starting === 0 && stats.processes.length === 0,
      );
      const perWorker = 3; // the worker, its stack, its thread-local storage
      return {
        reasons: exits.map(({ reason }) => reason),
        zombies: workers.zombies,
        blocks: after.kernel.blocks - perWorker * after.workers.total,
      };
    };
    const [first, second] = [await wave(), await wave()];
    return { reasons: second.reasons, zombies: second.zombies, blocks: [first.blocks, second.blocks] };
  });
  expect(reasons).toEqual(Array(10).fill('killed'));
  expect(zombies).toBeGreaterThan(0); // Chromium lets a loop continue for two seconds
  expect(blocks[1]).toBe(blocks[0]);
});
