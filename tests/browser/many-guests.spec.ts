import { expect, test } from './support/test.ts';

test('50 runs, one after the other, reuse the workers', async ({ page, start }) => {
  await start();
  const { most, codes, before, after } = await page.evaluate(async () => {
    const quiet = () =>
      lab.until(
        () => window.hf.stats(),
        ({ workers, processes }) => workers.idle === workers.total && processes.length === 0,
      );
    let most = 0;
    const codes = new Set<number>();
    const once = async () => {
      codes.add((await window.hf.run(lab.guest('exit-codes-reach-the-host'), { args: ['deep', '7'] })).code);
      most = Math.max(most, (await window.hf.stats()).workers.total);
    };
    for (let i = 0; i < 5; i++) await once(); // by then there are as many workers as needed
    const before = await quiet();
    for (let i = 0; i < 50; i++) await once();
    return { most, codes: [...codes], before, after: await quiet() };
  });
  expect(codes).toEqual([7]);
  // One is running, one is finishing the previous run, and one is kept ready.
  expect(most).toBeLessThanOrEqual(3);
  const perWorker = 3; // the worker, its stack, its thread-local storage
  const blocks = [before, after].map(({ kernel, workers }) => kernel.blocks - perWorker * workers.total);
  expect(blocks[1]).toBe(blocks[0]);
});

test('300 runs do not use up the browser’s memories', async ({ page, start }) => {
  await start();
  const codes = await page.evaluate(async () => {
    const codes = new Set<number>();
    for (let i = 0; i < 300; i++) codes.add((await window.hf.run(lab.guest('hello'))).code);
    return [...codes];
  });
  expect(codes).toEqual([0]);
});

for (const interruptible of [false, true]) {
  // A thousand by default; HOLDFAST_MANY=5000 runs the full test.
  const many = Number(process.env.HOLDFAST_MANY ?? 1000);
  test(`${many} guests, one after the other, and 100 at once (interruptible: ${interruptible})`, async ({
    page,
    start,
  }) => {
    await start();
    const { codes, outputs, running, oneMore, waited, zombies } = await page.evaluate(
      async ([count, rewritten]) => {
        const options = { interruptible: rewritten };
        const codes = new Set<number>();
        for (let i = 0; i < count; i++) codes.add((await window.hf.run(lab.guest('hello'), options)).code);
        const all = await Promise.all(
          Array.from({ length: 100 }, () => window.hf.spawn(lab.guest('echo-lines'), options)),
        );
        const running = (await window.hf.stats()).processes.length;
        const oneMore = await lab.failure(window.hf.spawn(lab.guest('echo-lines'), options));
        const waits = window.hf.run(lab.guest('hello'), { ...options, whenBusy: 'wait' });
        const outputs = await Promise.all(
          all.map(async (p, i) => {
            const writer = p.stdin.getWriter();
            await writer.write(lab.encode(`${i}\n`));
            await writer.close();
            return lab.textOf(p.stdout);
          }),
        );
        await Promise.all(all.map((p) => p.released));
        const { workers } = await lab.until(
          () => window.hf.stats(),
          (stats) => stats.workers.zombies === 0 && stats.workers.idle === stats.workers.total,
        );
        return { codes: [...codes], outputs, running, oneMore, waited: (await waits).code, zombies: workers.zombies };
      },
      [many, interruptible] as const,
    );
    expect(codes).toEqual([0]);
    expect(running).toBe(100);
    // The maximum, unless the page sets another number.
    expect(oneMore).toMatchObject({ kind: 'limit', message: expect.stringMatching(/all 100 workers are busy/) });
    expect(waited).toBe(0);
    expect(outputs).toEqual(Array.from({ length: 100 }, (_, i) => `1: ${i}\n`));
    expect(zombies).toBe(0);
  });
}

test('20 at once exchange messages with the page without mixing them up', async ({ page, start }) => {
  await start();
  const { answers, running, after } = await page.evaluate(async () => {
    const all = await Promise.all(Array.from({ length: 20 }, () => window.hf.spawn(lab.guest('echo-lines'))));
    const running = await window.hf.stats();
    const answers = await Promise.all(
      all.map(async (p, i) => {
        const writer = p.stdin.getWriter();
        for (let line = 0; line < 20; line++) await writer.write(lab.encode(`${i}/${line}\n`));
        await writer.close();
        return lab.textOf(p.stdout);
      }),
    );
    await Promise.all(all.map((p) => p.exited));
    return { answers, running, after: await window.hf.stats() };
  });
  answers.forEach((answer, i) => {
    expect(answer).toBe(Array.from({ length: 20 }, (_, line) => `${line + 1}: ${i}/${line}\n`).join(''));
  });
  expect(running.processes.length).toBe(20);
  expect(new Set(running.processes.map(({ id }) => id)).size).toBe(20);
  expect(after.processes).toEqual([]);
});

test('no more workers than workers.max: one program too many is refused, and runs when another has ended', async ({
  page,
  start,
}) => {
  await start({ workers: 3 });
  const { failures, workers, code } = await page.evaluate(async () => {
    const spawn = () => window.hf.spawn(lab.guest('sleeps-forever'));
    const running = await Promise.all([spawn(), spawn(), spawn()]);
    const failures = [await lab.failure(spawn()), await lab.failure(window.hf.run(lab.guest('hello')))];
    const { workers } = await window.hf.stats();
    running[1]?.kill();
    await running[1]?.exited;
    return { failures, workers, code: (await window.hf.run(lab.guest('hello'))).code };
  });
  for (const failure of failures) {
    expect(failure).toMatchObject({ name: 'SpawnRefused', kind: 'limit' });
    expect(failure.message).toMatch(/3 workers are busy.*workers\.max/);
  }
  expect(workers).toMatchObject({ total: 3, idle: 0 });
  expect(code).toBe(0);
});

test('a burst of 40 starts, more than there are workers, is served to the last one', async ({ page, start }) => {
  await start({ workers: { min: 1, max: 40 } });
  const codes = await page.evaluate(async () => {
    const runs = Array.from({ length: 40 }, (_, i) =>
      window.hf.run(lab.guest('exit-codes-reach-the-host'), { args: ['exit', String(i)] }),
    );
    return (await Promise.all(runs)).map(({ code }) => code);
  });
  expect(codes).toEqual(Array.from({ length: 40 }, (_, i) => i));
});

test('bursts of 60, one after the other: only running programs count against the browser’s limit on memories, not ended ones', async ({
  page,
  start,
}) => {
  await start();
  const codes = await page.evaluate(async () => {
    const codes: number[] = [];
    for (let burst = 0; burst < 4; burst++) {
      const runs = Array.from({ length: 60 }, () => window.hf.run(lab.guest('hello')));
      codes.push(...(await Promise.all(runs)).map(({ code }) => code));
    }
    return codes;
  });
  expect(codes).toEqual(Array(240).fill(0));
});

test('more programs than the browser has memories for: running ones continue, the others are refused, later ones run', async ({
  page,
  start,
}) => {
  await start({ workers: { max: 1000 } });
  const { refused, reasons, code, workers } = await page.evaluate(async () => {
    const spawned = await Promise.allSettled(
      Array.from({ length: 200 }, () => window.hf.spawn(lab.guest('reads-stdin-forever'))),
    );
    const running = spawned.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    const refused = spawned.flatMap((result) => (result.status === 'rejected' ? [result.reason as Error] : []));
    for (const p of running) await p.stdin.close();
    const exits = await Promise.all(running.map((p) => p.exited));
    const { code } = await window.hf.run(lab.guest('hello'));
    const { workers } = await window.hf.stats();
    return {
      refused: refused.map((error) => ({ ...error, name: error.name, message: error.message })),
      reasons: exits.map(({ reason }) => reason),
      code,
      workers,
    };
  });
  expect(reasons.length).toBeGreaterThan(50);
  expect(new Set(reasons)).toEqual(new Set(['exit']));
  for (const failure of refused) {
    expect(failure).toMatchObject({ name: 'SpawnRefused', kind: 'limit', message: expect.stringMatching(/no memory/) });
  }
  expect(code).toBe(0);
  expect(workers.total).toBeLessThanOrEqual(1000);
});
