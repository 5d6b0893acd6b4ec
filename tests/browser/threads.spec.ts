// Threads on shared memories (holdfast/threads). tests/node/threads.test.mjs covers every error and limit.
import type * as Threads from '../../web/threads.ts';
import { expect, test } from './support/test.ts';

test('threads share a memory that the page reads and writes, and the page stays free', async ({ page, start }) => {
  await start();
  const got = await page.evaluate(async () => {
    const { createMemory, JoinSet } = (await import('/dist/threads.js' as string)) as typeof Threads;
    const memory = await createMemory(window.hf, { pages: 1, maximum: 16 });
    const module = lab.guest('shares-a-memory');
    await memory.write(0, new Uint8Array([7]));
    const set = new JoinSet();
    const waits = set.add(await memory.spawn(module, 'wait', [0, 7]));
    await lab.until(
      async () => (await memory.read(60, 1))[0],
      (count) => count === 1,
    );
    await lab.frames(3);
    const running = waits.tryJoin();
    set.add(await memory.spawn(module, 'wake', [0, 8]));
    const values: unknown[] = [];
    for await (const { value } of set) values.push(value);
    const counts = await Promise.all([1, 2, 3].map(() => memory.spawn(module, 'count', [4], { repeat: 50 })));
    await Promise.all(counts.map((thread) => thread.join()));
    const trap = await (await memory.spawn(module, 'trap')).join().then(
      () => 'returned',
      (error: unknown) =>
        error instanceof window.lib.CallFailed ? `${error.name} ${error.exit?.reason}` : String(error),
    );
    const outside = await memory.read(65536, 1).catch(({ name }: Error) => name);
    return { running, ends: values.length, count: (await memory.read(4, 4))[0], trap, outside };
  });
  expect(got).toEqual({ running: undefined, ends: 2, count: 150, trap: 'CallFailed trap', outside: 'RangeError' });
});
