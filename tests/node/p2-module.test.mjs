// The module for preview 2 has the kernel's memory and table, and a fixed place in that memory.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { root } from './support/load.mjs';

const read = (file) => fs.readFileSync(path.join(root, file));
const module = (name) => new WebAssembly.Module(read(`build/wasm/${name}.wasm`));
const p2 = module('p2');

const [GLOBALS, ELEMENTS] = [6, 9];

/** The sections of a module: id → bytes. */
function sections(bytes) {
  const found = new Map();
  for (let at = 8; at < bytes.length;) {
    const id = bytes[at++];
    let size = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++];
      size += (byte & 127) * 2 ** shift;
      if (byte < 128) break;
    }
    found.set(id, bytes.subarray(at, at + size));
    at += size;
  }
  return found;
}

/** The first global's constant value. In both modules it is the stack pointer, which begins where the module's data and stack end. */
function endOfStack(bytes) {
  const globals = sections(bytes).get(GLOBALS);
  assert.deepEqual([...globals.subarray(1, 4)], [0x7f, 1, 0x41]); // (mut i32) (i32.const
  let value = 0;
  for (let at = 4, shift = 0; ; at++, shift += 7) {
    value += (globals[at] & 127) * 2 ** shift;
    if (globals[at] < 128) return value;
  }
}

const layouts = read('native/include/holdfast/layouts.def').toString();
const constant = (name) => Number(new RegExp(`CONSTANT\\(${name}, (\\d+)\\)`).exec(layouts)[1]);

test('the data and the stack of p2.wasm are after the kernel’s and before allocated memory', () => {
  const [start, end] = [constant('P2_DATA'), constant('P2_DATA_END')];
  assert.ok(endOfStack(read('build/wasm/kernel.wasm')) <= start);
  const used = endOfStack(read('build/wasm/p2.wasm'));
  assert.ok(start < used && used <= end, `${used} of ${end}`);
});

test('p2.wasm defines no table and no elements', () => {
  assert.ok(!sections(read('build/wasm/p2.wasm')).has(ELEMENTS));
  const imports = WebAssembly.Module.imports(p2);
  const own = (kind) => imports.filter((entry) => entry.kind === kind).map((entry) => `${entry.module}.${entry.name}`);
  assert.deepEqual(own('table'), ['env.__indirect_function_table']);
  assert.deepEqual(own('memory'), ['env.memory']);
});

test('p2.wasm imports no function that the kernel lacks', () => {
  const kernel = new Set(WebAssembly.Module.exports(module('kernel')).map((entry) => entry.name));
  const functions = WebAssembly.Module.imports(p2).filter((entry) => entry.kind === 'function');
  const missing = functions.filter((entry) => entry.module !== 'kernel' || !kernel.has(entry.name));
  assert.deepEqual(
    missing.map((entry) => `${entry.module}.${entry.name}`),
    ['kernel.probe'],
  );
});

test('for components, p2.wasm exports exactly the functions of functions.def', () => {
  const rows = [
    ...read('native/wasi/p2/functions.def')
      .toString()
      .matchAll(/^X\("[^"]+", "[^"]+", (\w+), /gm),
  ];
  assert.ok(rows.length > 0);
  const names = WebAssembly.Module.exports(p2)
    .map((entry) => entry.name)
    .filter((name) => name.startsWith('p2_'));
  assert.deepEqual(names.sort(), [...rows.map(([, name]) => `p2_${name}`), 'p2_drop'].sort());
});
