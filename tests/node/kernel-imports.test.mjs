// What kernel.wasm imports and exports is a contract with worker/ and coordinator/. A change of it is a change of the snapshot beside
// this file, made on purpose:  UPDATE_SNAPSHOT=1 node --test tests/node/kernel-imports.test.mjs
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import test from 'node:test';

const snapshotFile = new URL('kernel-imports.snapshot', import.meta.url);
const kernel = new WebAssembly.Module(readFileSync(new URL('../../dist/kernel.wasm', import.meta.url)));

/** One line each, sorted: their order in the file is the linker's business. */
function contract() {
  const imports = WebAssembly.Module.imports(kernel).map(
    ({ module, name, kind }) => `import ${module}.${name} ${kind}`,
  );
  const exports = WebAssembly.Module.exports(kernel).map(({ name, kind }) => `export ${name} ${kind}`);
  return [...imports.sort(), ...exports.sort()];
}

test('kernel.wasm imports and exports what the snapshot says', () => {
  const now = contract();
  if (process.env.UPDATE_SNAPSHOT) writeFileSync(snapshotFile, now.join('\n') + '\n');
  const then = readFileSync(snapshotFile, 'utf8').trimEnd().split('\n');
  const gone = then.filter((line) => !now.includes(line)).map((line) => `- ${line}`);
  const come = now.filter((line) => !then.includes(line)).map((line) => `+ ${line}`);
  const hint = 'If that is meant: UPDATE_SNAPSHOT=1 node --test tests/node/kernel-imports.test.mjs';
  const changes = [...gone, ...come];
  assert.equal(
    changes.length,
    0,
    `kernel.wasm differs from tests/node/kernel-imports.snapshot:\n${changes.join('\n')}\n${hint}`,
  );
});

test('every system call of the two WASI editions is exported', () => {
  const exported = new Set(WebAssembly.Module.exports(kernel).map(({ name }) => name));
  const calls = contract().filter((line) => line.startsWith('export p1_'));
  assert.equal(calls.length, 46, 'wasi_snapshot_preview1 has 46 functions');
  for (const [, call] of calls.map((line) => /^export p1_(\w+) function$/.exec(line))) {
    if (call !== 'sock_accept') assert.ok(exported.has(`un_${call}`), `wasi_unstable has ${call}`);
  }
});

test('the only memory and no table is imported, so that nobody else’s memory can be the kernel’s', () => {
  const others = WebAssembly.Module.imports(kernel).filter(({ kind }) => kind !== 'function');
  assert.deepEqual(
    others.map(({ module, name, kind }) => `${module}.${name} ${kind}`),
    ['env.memory memory'],
  );
});
