// The coordinator refuses a module that cannot be made interruptible, with the reason; if this was only preferred ('if-possible', as in WebKit), it runs
// the module unchanged. A rewriter is terminated once no caller waits for it.
import assert from 'node:assert/strict';
import test from 'node:test';
import { load } from './support/load.mjs';

const { ChildWorkers, Modules } = await load('coordinator/modules.ts', 'coordinator/child-workers.ts');
const dist = (file) => new URL(`../../dist/${file}`, import.meta.url).href;
const assets = { compute: dist('compute.node.mjs'), rewrite: dist('rewrite.wasm') };

const leb = (number) => (number < 0x80 ? [number] : [(number & 0x7f) | 0x80, ...leb(Math.floor(number / 0x80))]);
const name = (string) => [string.length, ...Buffer.from(string)];
function section(id, ...parts) {
  const body = Buffer.concat(parts.map((part) => Buffer.from(part)));
  return Buffer.concat([Buffer.from([id, ...leb(body.length)]), body]);
}
/** A program with the given code of _start and number of memories. */
const program = (code, { importsMemory = false, memories = 1 } = {}) =>
  Buffer.concat([
    Buffer.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]),
    section(1, [1, 0x60, 0, 0]),
    section(2, importsMemory ? [1, ...name('env'), ...name('memory'), 2, 0, 1] : [0]),
    section(3, [1, 0]),
    section(5, leb(memories), Buffer.alloc(2 * memories)),
    section(7, [2, ...name('_start'), 0, 0, ...name('memory'), 2, 0]),
    section(10, [1, ...leb(code.length + 2), 0], code, [0x0b]),
  ]);

const multiMemory = WebAssembly.validate(program([], { memories: 2 }));
const get = (bytes, interruptible, check) => {
  const source = { kind: 'bytes', bytes: Uint8Array.from(bytes) };
  const wishes = { interruptible, memory: 0, gc: true };
  return new Modules(new ChildWorkers(assets.compute, 0), assets, check).get(
    source,
    null,
    wishes,
    new AbortController().signal,
  );
};

test('a module with several memories is refused for that reason', async () => {
  const several = [
    ['two defined', { memories: 2 }],
    ['one imported and one defined', { importsMemory: true }],
    // The reason is known before the memories are requested one by one.
    ['a hundred thousand defined', { memories: 100_000 }],
  ];
  for (const [what, options] of several) {
    const bytes = program([], options);
    await assert.rejects(
      get(bytes, true, 'flag'),
      { kind: 'module', message: 'the bytes cannot be made interruptible: it has several memories' },
      what,
    );
    if (!WebAssembly.validate(bytes)) continue;
    const { added } = await get(bytes, 'if-possible', 'flag');
    assert.equal(added, null, what);
  }
});

test('a module with a function that checks would make too large for the engine runs unchanged', async () => {
  // 2.1 MB of empty loops, or 9 MB with checks; the maximum is 7,654,321 bytes (WebAssembly JavaScript API, implementation-defined limits).
  const bytes = program(Buffer.alloc(2_100_000, Buffer.from([0x03, 0x40, 0x0b])));
  assert.ok(WebAssembly.validate(bytes));
  const check = multiMemory ? 'flag' : 'fuel';
  await assert.rejects(get(bytes, true, check), { kind: 'module', message: /cannot be made interruptible: .*size/ });
  const { module, added } = await get(bytes, 'if-possible', check);
  assert.equal(added, null);
  assert.ok(module instanceof WebAssembly.Module);
});

test('an invalid module is refused as such, with any options', async () => {
  // i32.add without operands, which the rewriter accepts because it does not check types.
  const bytes = program([0x6a, 0x1a]);
  const check = multiMemory ? 'flag' : 'fuel';
  await assert.rejects(get(bytes, true, check), {
    kind: 'module',
    message: /cannot be made interruptible: .*i32\.add/,
  });
  await assert.rejects(get(bytes, 'if-possible', check), { kind: 'module', message: /not a valid WebAssembly module/ });
});

test('the worker of a cancelled rewriter is terminated once it has started', async () => {
  const workers = [];
  let comeUp;
  const settled = new Promise((resolve) => (comeUp = resolve));
  const worker = { post() {}, settled, terminate: () => workers.pop() };
  const children = { create: () => (workers.push(worker), { handle: worker }) };
  const modules = new Modules(children, assets, 'fuel');
  const source = { kind: 'bytes', bytes: Uint8Array.from(program([])) };
  const controller = new AbortController();
  const getting = modules.get(source, null, { interruptible: true, memory: 0 }, controller.signal);
  assert.equal(workers.length, 1);
  controller.abort(new Error('enough'));
  await assert.rejects(getting, { message: 'enough' });
  assert.equal(workers.length, 1);
  assert.deepEqual([worker.onmessage, worker.onerror], [null, null]);
  comeUp();
  await settled;
  assert.equal(workers.length, 0);
});
