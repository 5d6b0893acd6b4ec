// What a module could do to the runtime without running, or before it runs.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import test from 'node:test';
import { guest, runtime } from './support/runtime.mjs';

const hello = await readFile(guest('hello'));

const text = (string) => [string.length, ...Buffer.from(string)];
const section = (id, body) => [id, body.length, ...body];
/** A module with one function type, () -> (), these imports, an empty `_start`, and the given sections after the code. */
const moduleOf = (imports, { functions = 0, extra = [] } = {}) =>
  Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, 0x60, 0, 0]),
    ...section(2, [imports.length, ...imports.flat()]),
    ...section(3, [1, 0]),
    ...section(7, [1, ...text('_start'), 0, functions]),
    ...extra,
    ...section(10, [1, 2, 0, 0x0b]),
  ]);
const memory = (from, name) => [...text(from), ...text(name), 2, 0, 1];
const sharedMemory = (from, name) => [...text(from), ...text(name), 2, 3, 1, 1];
const func = (from, name) => [...text(from), ...text(name), 0, 0];

const runs = async (hf) => assert.equal((await hf.run(hello)).stdout, 'hello, world\n');

test('for an imported memory that is not shared, under any name, the program gets its own', async (t) => {
  const hf = await runtime(t, { workers: 1 });
  for (const [from, name] of [
    ['env', 'memory'],
    ['__proto__', 'get'],
    ['constructor', 'then'],
    ['toString', 'value'],
  ]) {
    const { reason, code } = await hf.run(moduleOf([memory(from, name)]));
    assert.deepEqual([reason, code], ['exit', 0]);
    await runs(hf);
  }
});

test('imports from "__proto__" do not reach the objects of the runtime', async (t) => {
  const hf = await runtime(t);
  const bytes = moduleOf([func('__proto__', 'then'), func('__proto__', 'toJSON'), sharedMemory('env', 'memory')], {
    functions: 2,
  });
  for (const source of [bytes, await WebAssembly.compile(bytes)])
    await assert.rejects(hf.run(source), { kind: 'module' });
  await runs(hf);
});

test('threads need a shared memory', async (t) => {
  const hf = await runtime(t);
  const spawn = [...text('wasi'), ...text('thread-spawn'), 0, 0];
  await assert.rejects(hf.run(moduleOf([spawn, memory('env', 'memory')], { functions: 1 })), { kind: 'module' });
  await runs(hf);
});

test('an exit code has 32 bits and no sign', async (t) => {
  const hf = await runtime(t);
  // (import "wasi_snapshot_preview1" "proc_exit" (func (param i32))) … (call 0 (i32.const -1))
  const bytes = Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [2, 0x60, 1, 0x7f, 0, 0x60, 0, 0]),
    ...section(2, [1, ...text('wasi_snapshot_preview1'), ...text('proc_exit'), 0, 0]),
    ...section(3, [1, 1]),
    ...section(5, [1, 0, 1]),
    ...section(7, [2, ...text('_start'), 0, 1, ...text('memory'), 2, 0]),
    ...section(10, [1, 6, 0, 0x41, 0x7f, 0x10, 0, 0x0b]),
  ]);
  assert.equal((await hf.run(bytes)).code, 0xffffffff);
});

test('an output buffer of more than 32 bits counts as a large one', async (t) => {
  const hf = await runtime(t);
  for (const outputBuffer of [2 ** 31, 2 ** 32, Number.MAX_SAFE_INTEGER]) {
    assert.equal((await hf.run(hello, { outputBuffer })).stdout, 'hello, world\n');
  }
});

test('a program that was cancelled while it was compiled does not run', async (t) => {
  const hf = await runtime(t);
  const toolbox = await readFile(guest('toolbox'));
  for (let i = 0; i < 20; i++) {
    const stop = new AbortController();
    const spawned = hf.spawn(toolbox, { args: ['write', '/given-up', 'x'], preopens: ['/'], signal: stop.signal });
    stop.abort(new Error('given up'));
    await assert.rejects(spawned, /given up/);
  }
  await runs(hf);
  assert.equal(await hf.fs.exists('/given-up'), false);
  assert.deepEqual((await hf.stats()).processes, []);
});
