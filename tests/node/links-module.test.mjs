// The module for calls between guests uses the kernel's memory, but has no data or stack in it.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { root } from './support/load.mjs';

const bytes = fs.readFileSync(path.join(root, 'build/wasm/links.wasm'));
const module = new WebAssembly.Module(bytes);

const [TABLE, GLOBALS, START, DATA] = [4, 6, 8, 11];

function sections() {
  const found = new Set();
  for (let at = 8; at < bytes.length;) {
    found.add(bytes[at++]);
    let size = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++];
      size += (byte & 127) * 2 ** shift;
      if (byte < 128) break;
    }
    at += size;
  }
  return found;
}

test('links.wasm has no data, no stack, and no code that runs when it is instantiated', () => {
  const found = sections();
  assert.ok(found.has(TABLE)); // the module was parsed correctly
  for (const id of [GLOBALS, START, DATA]) assert.ok(!found.has(id), `section ${id}`);
});

test('links.wasm imports only from the kernel', () => {
  const modules = WebAssembly.Module.imports(module).map((entry) => entry.module);
  assert.deepEqual([...new Set(modules)].sort(), ['env', 'kernel']);
});
