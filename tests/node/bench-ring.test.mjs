// The benchmark of the ring: `holdfast bench ring`. Its figures depend on the machine and are not checked.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { readFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import test from 'node:test';
import { csvOf, measureRing, parseRing, sessionOf, wasmRing } from '../../dist/bench-ring.js';
import { createMemory } from '../../dist/threads.js';
import { run } from './support/cli-run.mjs';
import { runtime, until } from './support/runtime.mjs';

const module = await readFile(new URL('../../dist/ring.wasm', import.meta.url));
const bench = (t, args, env) => run(t, ['bench', 'ring', '--items', '2000', '--rounds', '1', ...args], '', env);
const hasGcc = spawnSync('gcc', ['--version']).status === 0;
const CASES = [...(hasGcc ? ['os_ring_cold', 'os_ring_warm'] : []), 'wasm_ring_cold', 'wasm_ring_warm'];

test('the CSV has the agreed header, and a row for each case and size', async (t) => {
  const { code, stdout, stderr } = await bench(t, ['--sweep', '--csv-only']);
  assert.deepEqual([code, stderr], [0, '']);
  const [header, ...rows] = stdout.trimEnd().split('\n');
  assert.equal(header, 'label,items,slots,elapsed_ns,per_ps,prod_spins,cons_spins');
  const sizes = [64, 256, 1024, 4096, 16384];
  assert.deepEqual(
    rows.map((row) => row.split(',').slice(0, 3).join()),
    sizes.flatMap((slots) => CASES.map((label) => `${label},2000,${slots}`)),
  );
  for (const row of rows) {
    const [, items, , elapsed, each, ...spins] = row.split(',').map(Number);
    assert.equal(each, Math.round((elapsed * 1000) / items), row);
    assert.ok(elapsed > 0 && spins.length === 2 && spins.every(Number.isSafeInteger), row);
  }
});

test('a payload has a column of its own, and each way to wait and each layout works', async (t) => {
  for (const mode of ['spin', 'wait', 'hybrid']) {
    for (const layout of ['compact', 'padded']) {
      const options = [
        '--wait-mode',
        mode,
        '--layout',
        layout,
        '--wait-spin=10',
        '--payload-bytes',
        '13',
        '--batch',
        '3',
      ];
      const { code, stdout, stderr } = await bench(t, [
        '--items',
        '20',
        '--slots-list',
        '1,8',
        '--csv-only',
        ...options,
      ]);
      assert.deepEqual([code, stderr], [0, '']);
      const [header, ...rows] = stdout.trimEnd().split('\n');
      assert.equal(header, 'label,items,slots,payload_bytes,elapsed_ns,per_ps,prod_spins,cons_spins');
      assert.deepEqual(
        rows.map((row) => row.split(',').slice(0, 4).join()),
        [1, 8].flatMap((slots) => CASES.map((label) => `${label},20,${slots},13`)),
      );
    }
  }
});

test('a table compares wasm with native, and CSV follows it if requested', { skip: !hasGcc }, async (t) => {
  const { stdout } = await bench(t, ['--slots', '16', '--wait-timeout-us', '50', '--wait-mode', 'wait']);
  assert.match(stdout, /^ {2}os_ring_cold +16 slots .* ms \(.* to .*\) .* ns an item\n/);
  assert.match(stdout, /wasm_ring_warm .* ns an item {3}\d+\.\d\d times native\n$/);
  assert.match((await bench(t, ['--csv'])).stdout, /times native\nlabel,items,slots,/);
});

test('without gcc there are no native rows, and the table says why', async (t) => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'holdfast-'));
  t.after(() => fs.rmSync(folder, { recursive: true }));
  const { code, stdout } = await bench(t, [], { PATH: folder });
  assert.equal(code, 0);
  assert.match(
    stdout,
    /^No native rows: gcc is not installed\n {2}wasm_ring_cold .* ns an item\n {2}wasm_ring_warm .* ns an item\n$/,
  );
});

test('wrong options are refused', async (t) => {
  const refused = (args, message) => assert.throws(() => parseRing(args), { message });
  for (const args of ['--items 0', '--items -1', '--items x', '--slots 0', '--slots-list 64,', '--slots 134217728'])
    refused(args.split(' '), 'invalid items or slots');
  refused(['--slots', '3'], 'slots must be power of two');
  refused(['--slots-list', '64,65'], 'slots must be power of two');
  refused(['--items', '2147483648'], 'items exceed i32');
  refused(['--wait-mode', 'sleep'], '--wait-mode must be spin, wait, hybrid, not "sleep"');
  refused(['--payload-bytes', 'x'], '--payload-bytes must be a whole number from 0 to 65536, not "x"');
  refused(['--wait-timeout-us', '0'], /^--wait-timeout-us must be/);
  refused(['--rounds'], '--rounds needs a value');
  refused(['--frob'], 'unknown option "--frob"');
  assert.equal(parseRing(['--wait-timeout-us', 'auto']).waitTimeout, -1);
  assert.deepEqual(parseRing(['--items=7', '--sweep', '--slots=8']).slots, [8]);
  const { code, stdout, stderr } = await run(t, ['bench', 'ring', '--slots', '3']);
  assert.deepEqual([code, stdout], [2, '']);
  assert.equal(stderr, 'holdfast: bench: slots must be power of two\nTry "holdfast bench ring --help".\n');
  assert.match((await run(t, ['bench', 'cube'])).stderr, /^holdfast: bench: no benchmark "cube"\n/);
  assert.match((await run(t, ['bench', 'ring', '--help'])).stdout, /^Usage: holdfast bench ring /);
});

test('a run that lost something is an error', async () => {
  const options = { ...parseRing(['--items', '4']), rounds: 1 };
  const good = { elapsed: 1, sum: 10n, producerSpins: 0, consumerSpins: 0, head: 4, tail: 4 };
  const measure = (change) =>
    measureRing(options, { wasm_ring: () => Promise.resolve(Array(30).fill({ ...good, ...change })) });
  await assert.rejects(measure({ head: 5 }), { message: 'head/tail mismatch' });
  await assert.rejects(measure({ tail: 3 }), { message: 'head/tail mismatch' });
  await assert.rejects(measure({ sum: 9n }), { message: 'sum mismatch' });
  assert.match(csvOf(await measure({}), options), /\nwasm_ring_cold,4,1024,1,250,0,0\n/);
});

test('the module produces and consumes in the agreed layout', async (t) => {
  const memory = await createMemory(await runtime(t), { pages: 1 });
  const items = 100_000;
  const threads = await Promise.all(['produce', 'consume'].map((entry) => memory.spawn(module, entry, [items, 63])));
  await Promise.all(threads.map((thread) => thread.join()));
  const view = new DataView((await memory.read(0, 32 + 64 * 4)).buffer);
  assert.deepEqual([view.getUint32(0, true), view.getUint32(4, true)], [items, items]);
  assert.equal(view.getBigUint64(8, true), (BigInt(items) * BigInt(items + 1)) / 2n);
  const values = Array.from({ length: 64 }, (_, slot) => view.getUint32(32 + 4 * slot, true));
  for (const [slot, value] of values.entries()) assert.equal((value - 1) % 64, slot);
  assert.equal(Math.max(...values), items);
});

test('a side that waits uses no CPU', async (t) => {
  const hf = await runtime(t);
  const memory = await createMemory(hf, { pages: 1 });
  for (const mode of ['wait', 'hybrid']) {
    const { layout, words, batch, spin, ...session } = sessionOf(parseRing(['--wait-mode', mode]), 64);
    const side = (which) =>
      memory.spawn(module, 'bench', [which, 2 ** 31 - 1, 1, 0, layout, 63, words, batch, session.mode, spin, -1n]);
    const [producer, consumer] = await Promise.all([side(0), side(1)]);
    await until(
      async () => new DataView((await memory.read(4, 4)).buffer).getUint32(0, true),
      (tail) => tail > 0,
    );
    producer.kill();
    await producer.exited;
    await new Promise((resolve) => setTimeout(resolve, 500));
    const before = process.cpuUsage();
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const { user, system } = process.cpuUsage(before);
    assert.ok(user + system < 300_000, `${mode}: ${user + system} µs of CPU in a second`);
    consumer.kill();
    await consumer.released;
    await memory.write(0, new Uint8Array(1024));
  }
});

test('sessions run in threads of one runtime', async (t) => {
  const run = wasmRing(await runtime(t), createMemory, module);
  const session = sessionOf(parseRing(['--items', '1000', '--slots', '8']), 8);
  const runs = await run(session);
  assert.equal(runs.length, session.runs);
  for (const { head, tail, sum } of runs) assert.deepEqual([head, tail, sum], [1000, 1000, 500_500n]);
});
