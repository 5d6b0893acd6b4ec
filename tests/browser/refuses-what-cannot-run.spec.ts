import { expect, test } from './support/test.ts';

test.beforeEach(async ({ start }) => start());

const refusals = [
  { guest: 'no-memory-export', says: ['memory'] },
  { guest: 'memory-export-is-a-function', says: ['memory'] },
  { guest: 'no-start-export', says: ['_start', 'not a WASI command'] },
  { guest: 'reactor', says: ['reactor', '_initialize'] },
  { guest: 'import-from-env', says: ['env.foo (function)'] },
  { guest: 'import-of-an-unknown-global', says: ['env.stack_pointer (global)', 'env.wanted_table (table)'] },
  {
    guest: 'two-unknown-imports',
    says: ['wasi_snapshot_preview1.no_such_call', 'wasi_snapshot_preview1.nor_this_one'],
  },
  { guest: 'import-with-the-wrong-signature', says: ['fd_write'] },
] as const;

for (const { guest, says } of refusals) {
  test(`${guest}: refused before it runs, and the message says why`, async ({ page }) => {
    const failure = await page.evaluate((name) => lab.failure(window.hf.spawn(lab.guest(name))), guest);
    expect(failure).toMatchObject({ name: 'SpawnRefused', kind: 'module' });
    for (const words of says) expect(failure.message).toContain(words);
  });
}

test('all faults are named at once, not only the first', async ({ page }) => {
  const { message } = await page.evaluate(async () => {
    // (module (import "env" "a" (func)) (import "env" "b" (global i32)))
    const bytes = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0, 2, 18, 2];
    bytes.push(3, 0x65, 0x6e, 0x76, 1, 0x61, 0, 0, 3, 0x65, 0x6e, 0x76, 1, 0x62, 3, 0x7f, 0);
    return lab.failure(window.hf.spawn(new Uint8Array(bytes)));
  });
  for (const part of ['env.a (function)', 'env.b (global)', '_start', '"memory"']) expect(message).toContain(part);
});

test('a refusal leaves nothing behind: no process, no worker, no stream', async ({ page }) => {
  const stats = await page.evaluate(async () => {
    const refuse = async (times: number) => {
      for (let i = 0; i < times; i++) {
        for (const name of ['no-memory-export', 'import-with-the-wrong-signature', 'two-unknown-imports'])
          await lab.failure(window.hf.spawn(lab.guest(name)));
      }
    };
    const quiet = () =>
      lab.until(
        () => window.hf.stats(),
        ({ processes, workers }) => processes.length === 0 && workers.idle === workers.total,
      );
    await refuse(3); // by then there are as many workers as needed
    const before = await quiet();
    await refuse(10);
    const after = await quiet();
    return [before, after];
  });
  const perWorker = 3; // the worker, its stack, its thread-local storage
  const blocks = stats.map(({ kernel, workers }) => kernel.blocks - perWorker * workers.total);
  expect(blocks[1]).toBe(blocks[0]);
  expect(stats[1]?.workers.total).toBeLessThanOrEqual(3);
});

test('text and bytes that are not a module are refused', async ({ page }) => {
  const failures = await page.evaluate(async () => [
    await lab.failure(window.hf.spawn(lab.encode('This is a text.'))),
    await lab.failure(window.hf.spawn(new Uint8Array(0))),
    await lab.failure(window.hf.spawn(new Response('This is a text.'))),
  ]);
  for (const failure of failures) {
    expect(failure).toMatchObject({ name: 'SpawnRefused', kind: 'module' });
    expect(failure.message).toMatch(/not a (valid )?WebAssembly module/);
  }
});
