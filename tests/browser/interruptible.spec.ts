import { endless } from '../guests/endless.mjs';
import { expect, test } from './support/test.ts';

for (const [bridge, force] of [
  ['multi-memory', {}],
  ['js', { jsBridge: true }],
] as const) {
  test(`an interruptible program that computes is stopped, and its worker runs the next one (${bridge})`, async ({
    page,
    start,
  }) => {
    await start({ workers: { min: 1, max: 1 }, force });
    const result = await page.evaluate(async (programs) => {
      // Each worker of the pool holds a lock as long as it lives; the lock's name ends with the worker's number.
      const workers = async () => {
        const { held } = await navigator.locks.query();
        return held!.map(({ name }) => name!).filter((name) => /^holdfast-[0-9a-f-]{36}-\d+$/.test(name));
      };
      const attempt = async (name: string, word: string) => {
        const before = await lab.until(workers, ({ length }) => length === 1); // a worker that was terminated holds its lock until it is gone
        const p = await lab.spawnUntil(name, word, { preopens: ['/'], interruptible: true });
        p.kill();
        const { reason } = await p.exited;
        const { zombies } = (await window.hf.stats()).workers;
        const { stdout } = await window.hf.run(lab.guest('hello'));
        return { reason, zombies, stdout, before, after: await workers() };
      };
      const ends = [];
      for (const [name, word] of programs)
        ends.push(
          await lab.inTime(
            () => attempt(name, word),
            ({ zombies, before, after }) => zombies === 0 && String(after) === String(before),
          ),
        );
      return { ends, bridge: (await window.hf.stats()).bridge };
    }, endless);
    expect(result.ends).toHaveLength(endless.length);
    for (const { before, after, ...end } of result.ends) {
      expect(end).toEqual({ reason: 'killed', zombies: 0, stdout: 'hello, world\n' });
      expect(before).toHaveLength(1);
      expect(after).toEqual(before);
    }
    expect(result.bridge).toBe(bridge);
  });
}

test.describe('where a loop outlives its worker, as in WebKit', () => {
  // Chromium with WebKit's user agent: this tests what is decided by the engine's name. In Chromium, loops do end with their workers.
  test.use({
    userAgent: 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15',
  });

  test('programs are interruptible unless the option is false or it is impossible', async ({ page, start }) => {
    await start({ workers: { min: 1, max: 1 } });
    const seen = await page.evaluate(async () => {
      type Source = Parameters<typeof window.hf.spawn>[0];
      const zombiesAfterOne = async (source: Source, options: object) => {
        const p = await window.hf.spawn(source, { stdout: 'null', preopens: ['/'], ...options });
        await lab.until(
          () => window.hf.ps(),
          ([info]) => info?.state === 'guest' && info.cpuTime > 20,
        );
        p.kill();
        await p.exited;
        const { zombies } = (await window.hf.stats()).workers;
        await p.released;
        return zombies;
      };
      const zombiesAfter = (source: () => Source, expected: number, options = {}) =>
        lab.inTime(
          () => zombiesAfterOne(source(), options),
          (zombies) => zombies === expected,
        );
      const spinner = lab.guest('spins-forever');
      const bytes = await (await fetch(spinner)).arrayBuffer();
      const module = await WebAssembly.compile(bytes);
      return {
        url: await zombiesAfter(() => spinner, 0),
        bytes: await zombiesAfter(() => bytes, 0),
        response: await zombiesAfter(() => fetch(spinner), 0),
        limited: await zombiesAfter(() => spinner, 0, { limits: { memory: 2 ** 24 } }),
        refused: await zombiesAfter(() => spinner, 1, { interruptible: false }),
        module: await zombiesAfter(() => module, 1),
        // A module that the rewriter refuses runs unchanged, or is refused, as in other engines.
        broken: await lab.failure(window.hf.spawn(new Uint8Array(100))),
        several: (await window.hf.run(lab.guest('a-hundred-memories'))).reason,
      };
    });
    expect(seen).toMatchObject({ url: 0, bytes: 0, response: 0, limited: 0, refused: 1, module: 1, several: 'exit' });
    expect(seen.broken).toMatchObject({ name: 'SpawnRefused', kind: 'module' });
  });
});

test('the rewriter is fetched with the first interruptible program, and not before', async ({ page, start }) => {
  const asked: string[] = [];
  page.context().on('request', (request) => asked.push(new URL(request.url()).pathname));
  const count = () =>
    page.evaluate(async () => {
      const text = await (await fetch('/dist/rewrite.wasm', { method: 'HEAD' })).text();
      return text.length;
    });
  await start();
  await page.evaluate(() => window.hf.run(lab.guest('hello')));
  expect(asked.filter((path) => path.endsWith('/rewrite.wasm'))).toEqual([]);
  const { stdout } = await page.evaluate(() => window.hf.run(lab.guest('hello'), { interruptible: true }));
  expect(stdout).toBe('hello, world\n');
  expect(await count()).toBe(0);
});
