// limits.memory: memory.grow fails at the limit, whether the module defines or imports its memory, shared or not, and interruptible or not.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { guest, runtime } from './support/runtime.mjs';

const PAGE = 65536;
const growers = ['grows-its-memory', 'grows-an-imported-memory', 'grows-a-shared-memory'];

for (const force of [{}, { jsBridge: true }]) {
  test(`memory.grow fails at the limit, and a start that needs more is refused (${JSON.stringify(force)})`, async (t) => {
    const hf = await runtime(t, { force, workers: 2 });
    for (const name of growers) {
      for (const interruptible of [false, true]) {
        const pages = async (memory) => {
          const { reason, code } = await hf.run(guest(name), { interruptible, limits: memory ? { memory } : {} });
          assert.equal(reason, 'exit');
          return code;
        };
        const seen = [await pages(0), await pages(7 * PAGE), await pages(8 * PAGE - 1), await pages(3 * PAGE)];
        assert.deepEqual({ name, interruptible, seen }, { name, interruptible, seen: [100, 7, 7, 3] });
        // A limit above the maximum size has no effect.
        assert.equal(await pages(2 ** 40), 100);
        await assert.rejects(hf.spawn(guest(name), { interruptible, limits: { memory: 3 * PAGE - 1 } }), {
          name: 'SpawnRefused',
          kind: 'limit',
          message: /limits\.memory: its initial memory is larger than the limit; pages that it needs: 3/,
        });
      }
    }
  });
}

test('a program of wasi-libc runs within its limit', async (t) => {
  const hf = await runtime(t, { workers: 2 });
  const bytes = await readFile(guest('hello'));
  const { stdout } = await hf.run(bytes, { limits: { memory: 20 * PAGE } });
  assert.equal(stdout, 'hello, world\n');
});

test('threads share the limited memory', async (t) => {
  const hf = await runtime(t);
  const { reason, code } = await hf.run(guest('return-from-main-ends-busy-threads'), { limits: { memory: 2 ** 28 } });
  assert.deepEqual({ reason, code }, { reason: 'exit', code: 0 });
});

test('a compiled module is refused, because its memory can no longer be changed', async (t) => {
  const hf = await runtime(t, { workers: 1 });
  const module = await WebAssembly.compile(await readFile(guest('hello')));
  await assert.rejects(hf.spawn(module, { limits: { memory: 2 ** 20 } }), {
    name: 'TypeError',
    message: /limits\.memory.*bytes/,
  });
  assert.equal((await hf.run(module, { limits: { memory: 2 ** 32 } })).code, 0);
});

test('a file that is not a module is refused as such', async (t) => {
  const hf = await runtime(t, { workers: 1 });
  for (const bytes of [new Uint8Array(100), new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 5, 100])]) {
    await assert.rejects(hf.spawn(bytes, { limits: { memory: 2 ** 20 } }), { name: 'SpawnRefused', kind: 'module' });
  }
});

test('holdfast run --max-memory-size and --max-cpu-time', async () => {
  const run = promisify(execFile);
  const command = fileURLToPath(new URL('../../bin/holdfast.mjs', import.meta.url));
  const status = (...args) =>
    run(process.execPath, [command, 'run', ...args]).then(
      () => ({ code: 0, stderr: '' }),
      ({ code, stderr }) => ({ code, stderr }),
    );
  const grower = fileURLToPath(guest('grows-its-memory'));
  assert.equal((await status('--max-memory-size', String(9 * PAGE), grower)).code, 9);
  assert.match((await status(`--max-memory-size=${PAGE}`, grower)).stderr, /larger than the limit/);
  const spun = await status('--max-cpu-time', '0.2', fileURLToPath(guest('spins-forever')));
  assert.equal(spun.code, 152);
  assert.match(spun.stderr, /limit: it used more than 200 ms of CPU time/);
  assert.equal((await status('--max-memory-size', '1k', grower)).code, 2);
});
