import { expect, test } from './support/test.ts';

test('exports are called with numbers, text and bytes, and the page stays free', async ({ page, start }) => {
  await start();
  const { sum, negative, text, bytes, many, frames, state } = await page.evaluate(async () => {
    const q = await window.hf.instantiate(lab.guest('called'), {
      signatures: {
        greet: { params: ['string'], result: 'string' },
        reversed: { params: ['bytes'], result: 'bytes' },
      },
    });
    let napping = true;
    const nap = q.call('nap', 300).then(() => (napping = false));
    let frames = 0;
    for (; napping; frames++) await lab.frames(1);
    await nap;
    const many = await Promise.all(Array.from({ length: 200 }, (_, i) => q.call('add', i, 1)));
    return {
      sum: await q.call('add', 1, 2),
      negative: (await q.call('negate', 5n)) === -5n,
      text: await q.call('greet', 'wörld'),
      bytes: Array.from((await q.call('reversed', new Uint8Array([1, 2, 3]))) as Uint8Array),
      many,
      frames,
      // The process becomes idle a moment after its answer.
      state: (
        await lab.until(
          () => window.hf.ps(),
          ([process]) => process!.state === 'idle',
        )
      )[0]!.state,
    };
  });
  expect([sum, negative, text]).toEqual([3, true, 'hello, wörld']);
  expect(bytes).toEqual([3, 2, 1]);
  expect(many).toEqual(Array.from({ length: 200 }, (_, i) => i + 1));
  expect(frames).toBeGreaterThan(1); // while the guest sleeps
  expect(state).toBe('idle');
});

test('traps, exits, kills and timeouts reject the calls', async ({ page, start }) => {
  await start();
  const { trapped, exited, killed, late, workers } = await page.evaluate(async () => {
    const make = () => window.hf.instantiate(lab.guest('called'));
    const [a, b, c, d] = [await make(), await make(), await make(), await make()];
    const trapped = await lab.failure(a.call('trap'));
    const exited = await lab.failure(b.call('quit', 7));
    const waits = lab.failure(c.call('nap', 1e9));
    c.kill();
    const killed = await waits;
    const late = await lab.failure(d.with({ timeout: 50 }).call('nap', 1e9));
    await Promise.all([a, b, c, d].map((q) => q.released));
    const { workers } = await lab.until(
      () => window.hf.stats(),
      ({ workers, processes }) => processes.length === 0 && workers.zombies === 0 && workers.idle === workers.total,
    );
    return { trapped, exited, killed, late, workers };
  });
  expect(trapped).toMatchObject({ name: 'CallFailed', message: expect.stringMatching(/unreachable/) });
  expect(exited).toMatchObject({ name: 'CallFailed', message: expect.stringMatching(/exited with code 7/) });
  expect(killed).toMatchObject({ name: 'CallFailed', message: expect.stringMatching(/killed/) });
  expect(late).toMatchObject({ name: 'CallFailed', message: expect.stringMatching(/longer than 50 ms/) });
  expect(workers.zombies).toBe(0);
});

test('guests call functions of the page, which may wait', async ({ page, start }) => {
  await start();
  const { numbers, text, failed, aborted } = await page.evaluate(async () => {
    const { hostFunction } = window.lib;
    let aborted = '';
    const env = {
      add: async (a: number, b: number) => {
        await new Promise((resolve) => setTimeout(resolve, 100));
        return a + b;
      },
      next64: (value: bigint) => value + 1n,
      half: (value: number) => value / 2,
      upper: hostFunction({ params: ['string'], result: 'string' }, (value) => value.toUpperCase()),
      echo_json: () => 0,
      reverse: () => 0,
      fails: () => Promise.reject(new Error('not today')),
    };
    const run = (args: string[]) => window.hf.run(lab.guest('calls-its-host'), { args, host: { env } });
    const numbers = run(['numbers']);
    const hangs = {
      ...env,
      add: (_a: number, _b: number, { signal }: { signal: AbortSignal }) =>
        new Promise(() => signal.addEventListener('abort', () => (aborted = (signal.reason as Error).message))),
    };
    const p = await window.hf.spawn(lab.guest('calls-its-host'), { args: ['many', '1'], host: { env: hangs } });
    setTimeout(() => p.kill(), 50);
    await p.exited;
    return {
      numbers: (await numbers).stdout,
      text: (await run(['text', 'höhe'])).stdout,
      failed: (await run(['fails'])).message,
      aborted,
    };
  });
  expect(numbers).toBe('5 1099511627777 1.5\n');
  expect(text).toBe('5 HÖHE\n');
  expect(failed).toBe("env.fails: the page's function failed: not today");
  expect(aborted).toBe('the program has ended');
});
