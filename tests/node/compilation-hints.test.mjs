// The compiler that Node 20 uses for modules with shared memory, of which the kernel is one.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test from 'node:test';
import { pathToFileURL } from 'node:url';
import v8 from 'node:v8';
import { load, root } from './support/load.mjs';

const { optimizedLazily } = await load('worker/compilation-hints.ts');

/** (module (func (export "number") (result i32) (i32.const NUMBER))) */
const returning = (number) =>
  Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 5, 1, 0x60, 0, 1, 0x7f, 3, 2, 1, 0],
    ...[7, 10, 1, 6, ...Buffer.from('number'), 0, 0, 10, 6, 1, 4, 0, 0x41, number, 0x0b],
  ]);

const hintsOf = (bytes) => {
  const sections = WebAssembly.Module.customSections(new WebAssembly.Module(bytes), 'compilationHints');
  return sections.map((section) => [...new Uint8Array(section)]);
};

test('each function of a module gets one hint', () => {
  assert.deepEqual(hintsOf(optimizedLazily(returning(1))), [[1, 41]]);
  const kernel = fs.readFileSync(path.join(root, 'dist/kernel.wasm'));
  const [[low, high, ...hints]] = hintsOf(optimizedLazily(kernel));
  assert.equal(hints.length, (low & 0x7f) + high * 128);
});

test('a module without functions stays as it is', () => {
  const empty = returning(1).subarray(0, 8);
  assert.deepEqual(optimizedLazily(empty), empty);
});

/** Whether V8 compiled the function with its baseline compiler. */
function usesBaseline(module) {
  const { number } = new WebAssembly.Instance(module).exports;
  number();
  v8.setFlagsFromString('--allow-natives-syntax');
  return new Function('f', 'return %IsLiftoffFunction(f)')(number);
}

const skip = !process.version.startsWith('v20.') && 'another version of Node';

test('Node 20 compiles functions with hints with its optimizing compiler', { skip }, () => {
  v8.setFlagsFromString('--experimental-wasm-compilation-hints');
  assert.equal(usesBaseline(new WebAssembly.Module(returning(2))), true);
  assert.equal(usesBaseline(new WebAssembly.Module(optimizedLazily(returning(3)))), false);
});

test('Node 20 compiles the kernel, and programs with threads, that way', { skip }, async (t) => {
  const { coordinatorPlatform } = await load('worker/platform-node.ts');
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'holdfast-'));
  t.after(() => fs.rmSync(folder, { recursive: true }));
  const file = path.join(folder, 'kernel.wasm');
  fs.writeFileSync(file, returning(4));
  assert.equal(usesBaseline(await coordinatorPlatform.compileKernel(pathToFileURL(file).href)), false);
  assert.equal(usesBaseline(await coordinatorPlatform.compileThreaded(returning(5))), false);
});
