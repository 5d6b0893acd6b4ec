// The pool of workers grows with the demand and shrinks when it is gone.
import assert from 'node:assert/strict';
import { cp, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'node:test';
import { pathToFileURL } from 'node:url';
import { runtime } from './support/runtime.mjs';

const echo = await readFile(new URL('../../build/guests/cat.wasm', import.meta.url));

test('workers beyond those that are kept end when they have nothing to do', async (t) => {
  const hf = await runtime(t, { workers: { min: 1, max: 8, idle: 100 } });
  const processes = await Promise.all(Array.from({ length: 6 }, () => hf.spawn(echo)));
  assert.ok((await hf.stats()).workers.total >= 6);
  for (const process of processes) await process.stdin.close();
  await Promise.all(processes.map((process) => process.exited));
  let total;
  do total = (await hf.stats()).workers.total;
  while (total > 1); // the runner's time limit ends this if it never comes
  assert.equal(total, 1);
  assert.equal((await hf.run(echo, { stdin: 'still there' })).stdout, 'still there');
});

test('past the most that there may be, a spawn is refused and says what to do', async (t) => {
  const hf = await runtime(t, { workers: { min: 1, max: 2 } });
  const processes = [await hf.spawn(echo), await hf.spawn(echo)];
  await assert.rejects(hf.spawn(echo), { kind: 'limit', message: /workers\.max/ });
  for (const process of processes) await process.stdin.close();
  await Promise.all(processes.map((process) => process.exited));
});

test('who waits for a process to end may start the next one at once, on the only worker that there is', async (t) => {
  const hf = await runtime(t, { workers: 1 });
  const module = await WebAssembly.compile(echo);
  // The end is told before the worker's own word that it is free.
  for (let i = 0; i < 200; i++) assert.equal((await hf.run(module, { stdin: `${i}` })).stdout, `${i}`);
});

test('an idle time that no timer can be set to is no reason to look all the time', async (t) => {
  const warnings = [];
  const onWarning = ({ name }) => warnings.push(name);
  process.on('warning', onWarning);
  t.after(() => process.off('warning', onWarning));
  const hf = await runtime(t, { workers: { min: 1, max: 2, idle: 1e12 } });
  assert.equal((await hf.run(echo, { stdin: 'x' })).stdout, 'x');
  await hf.close();
  assert.deepEqual(warnings, []);
});

test('a worker that cannot start later on costs its own process, and nothing else', async (t) => {
  const copy = await mkdtemp(path.join(tmpdir(), 'holdfast-dist-'));
  t.after(() => rm(copy, { recursive: true }));
  await cp(new URL('../../dist/', import.meta.url), copy, { recursive: true });
  const script = path.join(copy, 'compute.node.mjs');
  const { start: startCopy } = await import(pathToFileURL(path.join(copy, 'node.js')).href);
  const hf = await startCopy({ workers: { min: 1, max: 6 } });
  t.after(() => hf.close());
  const first = await hf.spawn(echo);
  const allUp = async () => {
    while ((await hf.stats()).workers.starting > 0);
  };
  await allUp();
  // Those that were made ahead are up; the next one finds no script.
  await rename(script, `${script}.gone`);
  const ahead = await hf.spawn(echo);
  const late = await hf.spawn(echo);
  assert.equal((await late.exited).reason, 'crash');
  await rename(`${script}.gone`, script);
  await allUp(); // or down: one may have been made ahead before
  assert.equal((await hf.run(echo, { stdin: 'again' })).stdout, 'again');
  for (const process of [first, ahead]) {
    await process.stdin.close();
    assert.equal((await process.exited).reason, 'exit');
  }
});
