// When a program's timeout begins.
import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test from 'node:test';
import { pathToFileURL } from 'node:url';
import { root } from './support/load.mjs';
import { guest, runtime } from './support/runtime.mjs';

test('a timeout does not include the start of a worker', { timeout: 300_000 }, async (t) => {
  const slow = path.join(os.tmpdir(), `holdfast-slow-${process.pid}.mjs`);
  t.after(() => rmSync(slow));
  const real = pathToFileURL(path.join(root, 'dist/compute.node.mjs')).href;
  writeFileSync(
    slow,
    `Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5000);\nawait import(${JSON.stringify(real)});\n`,
  );
  const hf = await runtime(t, { workers: { min: 1 }, assets: { compute: pathToFileURL(slow).href } });
  const [first, second] = await Promise.all([
    hf.spawn(guest('sleeps-forever'), { preopens: ['/'], timeout: 4000 }),
    hf.run(guest('hello'), { timeout: 4000 }),
  ]);
  assert.deepEqual([second.reason, second.stdout], ['exit', 'hello, world\n']);
  assert.equal((await first.exited).reason, 'timeout');
});
