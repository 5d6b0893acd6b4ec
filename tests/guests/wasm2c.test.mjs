// native/host/wasm2c.mjs: it never reuses the translation of a different program, and reports a program's memory correctly.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test from 'node:test';
import { translate } from '../../native/host/wasm2c.mjs';

const text = (string) => [string.length, ...Buffer.from(string)];
const section = (id, body) => [id, body.length, ...body];

/** A program that does nothing, with one byte of data in its own memory or in an imported one. */
const program = (data, { imports = [], exportsMemory = true } = {}) =>
  Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, 0x60, 0, 0]),
    ...(imports.length > 0 ? section(2, [1, ...text('env'), ...text('memory'), 2, ...imports]) : []),
    ...section(3, [1, 0]),
    ...(imports.length > 0 ? [] : section(5, [1, 0, 1])),
    ...section(7, [
      exportsMemory ? 2 : 1,
      ...[...text('_start'), 0, 0],
      ...(exportsMemory ? [...text('memory'), 2, 0] : []),
    ]),
    ...section(10, [1, 2, 0, 0x0b]),
    ...section(11, [1, 0, 0x41, 0, 0x0b, 1, data]),
  ]);

function folder(t) {
  const made = fs.mkdtempSync(path.join(os.tmpdir(), 'holdfast-wasm2c-test-'));
  t.after(() => fs.rmSync(made, { recursive: true }));
  return path.join(made, 'program.wasm');
}

test('programs that differ only in bytes that are not text are not confused', async (t) => {
  const file = folder(t);
  const outputs = [];
  for (const data of [0xfe, 0xff, 0xfe]) {
    fs.writeFileSync(file, program(data));
    outputs.push(path.basename(await translate(file)));
  }
  assert.notEqual(outputs[0], outputs[1]);
  assert.equal(outputs[0], outputs[2]);
  fs.rmSync(path.dirname(await translate(file)), { recursive: true });
});

test('an imported memory is recognized as shared or not, whether it is exported or not', async (t) => {
  const file = folder(t);
  for (const [limits, shared] of [
    [[0, 1], 0],
    [[3, 1, 2], 1],
  ]) {
    for (const exportsMemory of [true, false]) {
      fs.writeFileSync(file, program(1, { imports: limits, exportsMemory }));
      const output = await translate(file, { debug: true });
      const config = fs.readFileSync(path.join(path.dirname(output), 'config.h'), 'utf8');
      assert.match(
        config,
        new RegExp(`^#define GUEST_SHARED ${shared}$`, 'm'),
        JSON.stringify({ limits, exportsMemory }),
      );
      fs.rmSync(path.dirname(output), { recursive: true });
    }
  }
});
