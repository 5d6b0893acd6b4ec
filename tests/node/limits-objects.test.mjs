// What a program can allocate in addition to its memory: tables, which limits.memory counts, and objects in the engine's own heap, which nothing can
// count and limits.gc forbids.
import assert from 'node:assert/strict';
import test from 'node:test';
import { start } from '../../dist/node.js';

const PAGE = 65536;
/** Bytes per element (HF_REWRITE_ELEMENT_SIZE). */
const ELEMENT = 16;
const tables = new URL('../../build/guests/grows-its-tables.wasm', import.meta.url);

const leb = (number) => (number < 0x80 ? [number] : [(number & 0x7f) | 0x80, ...leb(number >>> 7)]);
const name = (string) => [string.length, ...Buffer.from(string)];
const section = (id, ...body) => [id, ...leb(body.flat().length), ...body.flat()];
/** A program that does nothing, with these types (after the type of its function), tables, tags and globals. */
const program = ({ types = [], tables = [], tags = [], globals = [] }) =>
  Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1 + types.length, 0x60, 0, 0], ...types),
    ...section(3, [1, 0]),
    ...section(4, [tables.length], ...tables),
    ...section(5, [1, 0, 1]),
    ...section(13, [tags.length], ...tags),
    ...section(6, [globals.length], ...globals),
    ...section(7, [2, ...name('_start'), 0, 0, ...name('memory'), 2, 0]),
    ...section(10, [1, 2, 0, 0x0b]),
  ]);

const EXNREF = 0x69;
const keepers = {
  'a structure': { types: [[0x5f, 1, 0x7f, 1]] },
  'an array': { types: [[0x5e, 0x7f, 1]] },
  'a table of exceptions': { tables: [[EXNREF, 0, 1]] },
  'a global exception': { globals: [[EXNREF, 1, 0xd0, EXNREF, 0x0b]] },
  'an exception that carries another': { types: [[0x60, 1, 0x63, EXNREF, 0]], tags: [[0, 1]] },
  'an exception that carries many values': { types: [[0x60, 5, 0x7f, 0x7f, 0x7f, 0x7f, 0x7f, 0]], tags: [[0, 1]] },
};
const others = {
  'an exception that carries a number': { types: [[0x60, 1, 0x7f, 0]], tags: [[0, 1]] },
  'an exception that carries four': { types: [[0x60, 4, 0x7f, 0x7f, 0x7f, 0x7f, 0]], tags: [[0, 1]] },
  'a function that takes five numbers': { types: [[0x60, 5, 0x7f, 0x7f, 0x7f, 0x7f, 0x7f, 0]] },
  'a block that returns an exception': { types: [[0x60, 0, 1, EXNREF]] },
  'a table of functions': { tables: [[0x70, 0, 1]] },
};

test('all tables together may use as much as a memory', async (t) => {
  const hf = await start({ workers: 2 });
  t.after(() => hf.close());
  const thousands = async (elements, interruptible = false) => {
    const limits = elements ? { memory: Math.ceil((elements * ELEMENT) / PAGE) * PAGE } : {};
    return (await hf.run(tables, { limits, interruptible })).code;
  };
  assert.equal(await thousands(0), 200);
  for (const interruptible of [false, true]) {
    assert.equal(await thousands(300_000, interruptible), 200);
    assert.equal(await thousands(80_000, interruptible), 80);
    // 4,096 elements in a page, less 10: 2,043 for each of the two that grow.
    assert.equal(await thousands(4096, interruptible), 4);
  }
  const large = program({ tables: [[0x70, 0, ...leb(4000)], [0x6f, 0, 97]] }); // prettier-ignore
  await assert.rejects(hf.run(large, { limits: { memory: PAGE } }), {
    name: 'SpawnRefused',
    kind: 'limit',
    message: /limits\.memory: its initial tables are larger than the limit/,
  });
  assert.equal((await hf.run(large, { limits: { memory: 2 * PAGE } })).code, 0);
});

test('with limits.gc: false, and with limits.memory, modules that can keep objects are refused', async (t) => {
  const hf = await start({ workers: 2 });
  t.after(() => hf.close());
  const refused = (bytes, limits, message) =>
    assert.rejects(hf.run(bytes, { limits }), { name: 'SpawnRefused', kind: 'limit', message });
  for (const [what, parts] of Object.entries(keepers)) {
    const bytes = program(parts);
    await refused(bytes, { gc: false }, /cannot run with limits\.gc: false: it can keep objects/);
    await refused(bytes, { memory: PAGE }, /cannot run with limits\.memory, unless limits\.gc is true: it can keep/);
    if (!WebAssembly.validate(bytes)) continue; // this engine does not support it
    assert.equal((await hf.run(bytes, { limits: { memory: PAGE, gc: true } })).reason, 'exit', what);
    assert.equal((await hf.run(bytes)).reason, 'exit', what);
  }
  for (const [what, parts] of Object.entries(others)) {
    const bytes = program(parts);
    if (!WebAssembly.validate(bytes)) continue;
    assert.equal((await hf.run(bytes, { limits: { memory: PAGE } })).reason, 'exit', what);
    assert.equal((await hf.run(bytes, { limits: { gc: false } })).reason, 'exit', what);
  }
  await assert.rejects(hf.run(program({}), { limits: { gc: 0 } }), /limits\.gc must be true or false, not a number/);
  const module = await WebAssembly.compile(program({}));
  await assert.rejects(hf.run(module, { limits: { gc: false } }), { name: 'TypeError', message: /limits\.gc.*bytes/ });
});
