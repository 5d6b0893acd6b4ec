// Plugins in a page: calls both ways, a trap, a timeout, and fresh instances.
import { expect, test } from './support/test.ts';

test.beforeEach(async ({ start }) => start());

test('a page and its plugin call each other, and errors say what happened', async ({ page }) => {
  const got = await page.evaluate(async () => {
    const lines: string[] = [];
    const plugin = await window.hf.plugin(lab.guest('plugin-methods'), {
      handlers: {
        back: async (params, { call, plugin: name }) => [name, await call('add', [...(params as number[]), 40])],
        double: (params) => 2 * (params as number[])[0]!,
      },
      logger: (line) => void lines.push(line),
    });
    const failure = (promise: Promise<unknown>) =>
      promise.then(
        () => 'no error',
        (error: Error) => [error.name, error instanceof window.lib.HoldfastError],
      );
    const result = {
      ping: await plugin.call('ping'),
      nested: await plugin.call('forward', ['back', [2]]),
      many: (await plugin.call<number[]>('many', ['double', 200])).at(-1),
      params: await failure(plugin.call('add', [1])),
      trap: await failure(plugin.call('trap')),
      timeout: await failure(plugin.call('spin', [], { timeout: 300 })),
      primes: await plugin.call('prime_sieve', [1_000_000]),
    };
    await plugin.close();
    return { ...result, lines };
  });
  expect(got).toEqual({
    ping: 'pong',
    nested: ['plugin-methods.wasm', 42],
    many: 398,
    params: ['InvalidParams', true],
    trap: ['PluginExited', true],
    timeout: ['PluginTimeout', true],
    primes: 78498,
    lines: ['about to trap'],
  });
});

test('new instances share nothing, and none is left behind', async ({ page }) => {
  const got = await page.evaluate(async () => {
    const plugin = await window.hf.plugin(lab.guest('plugin-methods'), { instance: 'fresh' });
    const counts = await Promise.all([1, 2, 3, 4, 5, 6].map(() => plugin.call('count')));
    await plugin.close();
    return { counts, left: await window.hf.ps() };
  });
  expect(got).toEqual({ counts: [1, 1, 1, 1, 1, 1], left: [] });
});
