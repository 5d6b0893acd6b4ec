// The pool of workers grows with demand, and shrinks when idle.
import assert from 'node:assert/strict';
import { cp, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import path from 'node:path';
import test from 'node:test';
import { pathToFileURL } from 'node:url';
import { guest, runtime } from './support/runtime.mjs';

const echo = await readFile(new URL('../../build/guests/cat.wasm', import.meta.url));

test('workers beyond the minimum end when they are idle', async (t) => {
  const hf = await runtime(t, { workers: { min: 1, max: 8, idle: 100 } });
  const processes = await Promise.all(Array.from({ length: 6 }, () => hf.spawn(echo)));
  assert.ok((await hf.stats()).workers.total >= 6);
  for (const process of processes) await process.stdin.close();
  await Promise.all(processes.map((process) => process.exited));
  let total;
  do total = (await hf.stats()).workers.total;
  while (total > 1); // the test's time limit ends this if it never happens
  assert.equal(total, 1);
  assert.equal((await hf.run(echo, { stdin: 'still there' })).stdout, 'still there');
});

test('beyond the maximum, a spawn is refused with advice', async (t) => {
  const hf = await runtime(t, { workers: { min: 1, max: 2 } });
  const processes = [await hf.spawn(echo), await hf.spawn(echo)];
  await assert.rejects(hf.spawn(echo), { kind: 'limit', message: /workers\.max/ });
  for (const process of processes) await process.stdin.close();
  await Promise.all(processes.map((process) => process.exited));
});

test('whenBusy: "wait": programs start in order, each when a worker is free, and the wait does not count towards their timeout', async (t) => {
  const hf = await runtime(t, { workers: 1 });
  const module = await WebAssembly.compile(echo);
  const first = await hf.spawn(module);
  const begun = [];
  const waiting = Array.from({ length: 8 }, async (_, i) => {
    const process = await hf.spawn(module, { whenBusy: 'wait', timeout: 5000 });
    begun.push(i);
    await process.stdin.close();
    return (await process.exited).reason;
  });
  await assert.rejects(hf.spawn(module), { kind: 'limit', message: /whenBusy: 'wait'/ });
  await new Promise((resolve) => setTimeout(resolve, 5500));
  assert.deepEqual(begun, []);
  await first.stdin.close();
  assert.deepEqual(await Promise.all(waiting), Array(8).fill('exit'));
  assert.deepEqual(begun, [0, 1, 2, 3, 4, 5, 6, 7]);
  await assert.rejects(hf.spawn(module, { whenBusy: 'later' }), TypeError);
});

test('a signal ends the wait for a worker, at any place in the queue, and so does close()', async (t) => {
  const hf = await runtime(t, { workers: 1 });
  const first = await hf.spawn(echo);
  const stops = [new AbortController(), new AbortController()];
  const wait = (signal) => hf.run(echo, { whenBusy: 'wait', stdin: 'x', signal });
  const waiting = [wait(stops[0].signal), wait(), wait(stops[1].signal), wait()];
  const givenUp = [waiting[0], waiting[2]].map((promise) => assert.rejects(promise, { message: 'enough' }));
  await hf.stats(); // by then the coordinator has received them
  for (const stop of stops) stop.abort(new Error('enough'));
  await Promise.all(givenUp);
  await first.stdin.close();
  assert.deepEqual([(await waiting[1]).stdout, (await waiting[3]).stdout], ['x', 'x']);
  await hf.spawn(echo);
  const late = assert.rejects(wait(), { name: 'Closed' });
  await hf.stats();
  await hf.close();
  await late;
});

test('300 runs at once, of programs with threads and without, on four workers', async (t) => {
  const hf = await runtime(t, { workers: 4 });
  const programs = [guest('hello'), guest('threads-share-one-memory'), guest('hello')];
  const runs = Array.from({ length: 300 }, (_, i) => hf.run(programs[i % 3], { whenBusy: 'wait' }));
  const codes = (await Promise.all(runs)).map(({ reason, code }) => `${reason} ${code}`);
  assert.equal(codes.filter((end, i) => i % 3 !== 1 && end !== 'exit 0').length, 0);
});

test('after a process has ended, the next one can start at once on the only worker', async (t) => {
  const hf = await runtime(t, { workers: 1 });
  const module = await WebAssembly.compile(echo);
  // The end is reported before the worker's own message that it is free.
  for (let i = 0; i < 200; i++) assert.equal((await hf.run(module, { stdin: `${i}` })).stdout, `${i}`);
});

test('after killing a program, or cancelling its start, the next one can start in the same turn, on the only worker', async (t) => {
  const hf = await runtime(t, { workers: 1 });
  const kinds = {
    'that waits': () => hf.spawn(echo),
    'that computes': async () => hf.spawn(await readFile(guest('spin')), { interruptible: false }),
    'that is interruptible': async () => hf.spawn(await readFile(guest('spin')), { interruptible: true }),
    'that is called': () => hf.instantiate(guest('called')),
  };
  for (const [what, begin] of Object.entries(kinds)) {
    let program = await begin();
    for (let i = 0; i < 10; i++) {
      program.kill();
      const given = new AbortController();
      const dropped = assert.rejects(hf.spawn(echo, { signal: given.signal }), { name: 'AbortError' }, what);
      given.abort();
      program = await begin();
      await dropped;
    }
    program.kill();
    await program.released;
  }
});

test('an idle time beyond the range of timers does not cause constant checks', async (t) => {
  const warnings = [];
  const onWarning = ({ name }) => warnings.push(name);
  process.on('warning', onWarning);
  t.after(() => process.off('warning', onWarning));
  const hf = await runtime(t, { workers: { min: 1, max: 2, idle: 1e12 } });
  assert.equal((await hf.run(echo, { stdin: 'x' })).stdout, 'x');
  await hf.close();
  assert.deepEqual(warnings, []);
});

test('a worker that fails to start later fails only its own process', async (t) => {
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
  // The workers that were created ahead have started; the next one finds no script.
  await rename(script, `${script}.gone`);
  const ahead = await hf.spawn(echo);
  const late = await hf.spawn(echo);
  assert.equal((await late.exited).reason, 'crash');
  await rename(`${script}.gone`, script);
  await allUp(); // or failed: one may have been created ahead while the script was missing
  assert.equal((await hf.run(echo, { stdin: 'again' })).stdout, 'again');
  for (const process of [first, ahead]) {
    await process.stdin.close();
    assert.equal((await process.exited).reason, 'exit');
  }
});

// Threads that had a worker but no core yet used to accumulate up to the thread limit, each with a new worker, and delayed every other program. Now
// as many threads may be starting as there are cores, so on a machine with more cores than these the pool may legitimately fill up.
const cores = availableParallelism();
const loopTest = { skip: cores > 4 && `this test allows at most 4 cores, and this machine has ${cores}` };
test('a program that creates threads in a loop does not fill the pool with workers', loopTest, async (t) => {
  const hf = await runtime(t, { workers: { min: 1, max: 60 } });
  const process = await hf.spawn(guest('threads-are-made-in-a-loop'), { limits: { threads: 50 } });
  let made = 0;
  let most = 0;
  while (made < 2000) {
    most = Math.max(most, (await hf.stats()).workers.total);
    for (const { threads } of await hf.ps()) made = Math.max(made, ...threads.map(({ tid }) => tid));
  }
  assert.ok(most < Math.max(20, 10 * cores), `${most} workers`);
  process.kill();
  await process.exited;
});
