// The imports and exports of kernel.wasm are a contract with worker/ and coordinator/. If you change them on purpose, update the snapshot beside
// this file:  UPDATE_SNAPSHOT=1 node --test tests/node/kernel-imports.test.mjs
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import test from 'node:test';
import { exportNames, shortNames } from '../../tools/abi.mjs';

const snapshotFile = new URL('kernel-imports.snapshot', import.meta.url);
const kernel = new WebAssembly.Module(readFileSync(new URL('../../dist/kernel.wasm', import.meta.url)));

const longNames = new Map(Object.entries(shortNames()).map(([long, short]) => [short, long]));
const longName = (name) => longNames.get(name) ?? name;

/** One line for each, sorted, because the linker chooses their order in the file. */
function contract() {
  const imports = WebAssembly.Module.imports(kernel).map(
    ({ module, name, kind }) => `import ${module}.${longName(name)} ${kind}`,
  );
  const exports = WebAssembly.Module.exports(kernel).map(({ name, kind }) => `export ${longName(name)} ${kind}`);
  return [...imports.sort(), ...exports.sort()];
}

test('kernel.wasm imports and exports what the snapshot lists', () => {
  const now = contract();
  if (process.env.UPDATE_SNAPSHOT) writeFileSync(snapshotFile, now.join('\n') + '\n');
  const then = readFileSync(snapshotFile, 'utf8').trimEnd().split('\n');
  const gone = then.filter((line) => !now.includes(line)).map((line) => `- ${line}`);
  const come = now.filter((line) => !then.includes(line)).map((line) => `+ ${line}`);
  const hint = 'If this is intended, run: UPDATE_SNAPSHOT=1 node --test tests/node/kernel-imports.test.mjs';
  const changes = [...gone, ...come];
  assert.equal(
    changes.length,
    0,
    `kernel.wasm differs from tests/node/kernel-imports.snapshot:\n${changes.join('\n')}\n${hint}`,
  );
});

test('each wasm module exports exactly the functions of its exports.def that have its prefix', () => {
  const wasm = {
    c: 'kernel',
    w: 'kernel',
    rw: 'rewrite',
    cp: 'component',
    sup: 'supervise',
    lc: 'links',
    lw: 'links',
    pc: 'p2',
    pw: 'p2',
  };
  for (const [prefix, name] of Object.entries(wasm)) {
    const module = new WebAssembly.Module(readFileSync(new URL(`../../build/wasm/${name}.wasm`, import.meta.url)));
    const exported = WebAssembly.Module.exports(module).map(({ name }) =>
      prefix === 'c' || prefix === 'w' ? longName(name) : name,
    );
    const listed = exportNames(prefix);
    assert.ok(listed.length > 0);
    assert.deepEqual(exported.filter((name) => name.startsWith(`${prefix}_`)).sort(), listed.sort());
  }
});

test('every WASI system call is exported, and so are those that differ in the older edition', () => {
  const calls = (prefix) => contract().filter((line) => line.startsWith(`export ${prefix}_`));
  assert.equal(calls('p1').length, 46, 'wasi_snapshot_preview1 has 46 functions');
  assert.deepEqual(
    calls('un').map((line) => /^export un_(\w+) function$/.exec(line)[1]),
    ['fd_filestat_get', 'fd_seek', 'path_filestat_get', 'poll_oneoff'],
  );
});

test('kernel.wasm imports functions and its only memory, so no other memory can be mistaken for the kernel’s', () => {
  const others = WebAssembly.Module.imports(kernel).filter(({ kind }) => kind !== 'function');
  assert.deepEqual(
    others.map(({ module, name, kind }) => `${module}.${name} ${kind}`),
    ['env.memory memory'],
  );
});
