import { expect, test } from './support/test.ts';
import type { Instance } from '../../web/index.ts';

test('a guest calls another while the page stays free, and the end of either is reported', async ({ page, start }) => {
  await start();
  const result = await page.evaluate(async () => {
    const { hf } = window;
    const other = await hf.instantiate(lab.guest('called'), { name: 'other' });
    const make = () =>
      hf.instantiate(lab.guest('calls-a-guest'), {
        entry: null,
        link: { other: { instance: other, functions: { greet: { params: ['string'], result: 'string' } } } },
        signatures: { greet: { params: ['string'], result: 'string' } },
      });
    const [caller, killed] = [await make(), await make()];
    let done = false;
    const sum = caller.call('add_many', 20_000).finally(() => (done = true));
    let frames = 0;
    for (; !done; frames++) await lab.frames(1);
    const text = await caller.call('greet', 'wörld');
    const own = await other.call('add', 1, 2);
    const lost = lab.failure(killed.call('nap', 500));
    killed.kill();
    const waits = lab.failure(caller.call('nap', 1e6));
    other.kill();
    return { sum: await sum, text, own, lost: await lost, waits: await waits };
  });
  expect(result).toMatchObject({ sum: 199_990_000, text: 'hello, wörld', own: 3 });
  expect(result.lost.message).toMatch(/killed/);
  expect(result.waits.message).toMatch(/other\.nap: other has ended/);
});

test('guests that call each other: a call that would wait for itself is refused, a reentrant guest is called back', async ({
  page,
  start,
}) => {
  await start();
  const result = await page.evaluate(async () => {
    const { hf } = window;
    const params = ['i32'] as const;
    const functions = {
      try_ping: { params, result: 'i32', error: -1000 },
      echo: { params: ['bytes', 'i32'], result: 'bytes', into: 'allocator' },
    } as const;
    const signatures = { echo: { params: ['bytes', 'i32'], result: 'bytes' } } as const;
    const pair = async (reentrant: boolean) => {
      const found: { b?: Instance } = {};
      const make = (name: string, instance: Instance | (() => Instance)): Promise<Instance> =>
        hf.instantiate(lab.guest('calls-back'), {
          name,
          reentrant,
          signatures,
          link: { other: { instance, functions } },
        });
      const a = await make('a', () => found.b!);
      const b = (found.b = await make('b', a));
      return { a, b };
    };
    const plain = await pair(false);
    const once = await plain.a.call('ping', 1);
    const refused = await plain.a.call('try_ping', 2);
    const failure = await lab.failure(plain.a.call('ping', 2));
    const { message } = await plain.b.exited;
    const again = await pair(true);
    const deep = await again.a.call('ping', 9);
    const bytes = new Uint8Array(600_000).map((_, i) => i * 7);
    const echoed = (await again.a.call('echo', bytes, 3)) as Uint8Array;
    return {
      once,
      refused,
      failure: failure.message,
      message,
      deep,
      same: echoed.every((byte, i) => byte === bytes[i]),
    };
  });
  expect(result).toMatchObject({ once: 1, refused: 2 - 1000, deep: 9, same: true });
  expect(result.failure).toMatch(/other\.ping: b has ended/);
  expect(result.message).toBe('other.ping: EDEADLK: b → a → b: the call would wait for itself');
});
