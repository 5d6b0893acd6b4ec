// Guests with an event loop that their worker ticks: go_tick in C (tests/guests/page/ticks.c) and in Go, js_std_loop_once.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import test from 'node:test';
import { CallFailed } from '../../dist/node.js';
import { comesToRest, guest, runtime, until } from './support/runtime.mjs';

const ticks = await readFile(guest('ticks'));
const js = await readFile(guest('ticks-like-quickjs'));
const go = await readFile(guest('go-reactor'));
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const cpuTime = (hf) => async () => (await hf.ps())[0].cpuTime;
/** Starts a loop that sleeps when it is idle. */
const quiet = { recheck: 0 };

test('the page makes the ticks itself: every result of a tick, and the main function starts once', async (t) => {
  const hf = await runtime(t);
  const q = await hf.instantiate(ticks);
  await q.loop.startMain();
  await q.loop.startMain();
  assert.equal(await q.call('starts'), 1);
  assert.equal(await q.loop.loopOnce(), -1);
  const [, ready, idle] = await Promise.all([q.call('be_ready', 1), q.loop.loopOnce(), q.loop.loopOnce()]);
  assert.deepEqual([ready, idle], [0, -1]); // in the order of the calls
  await q.call('set_timer', 60_000, 0);
  const left = await q.loop.loopOnce();
  assert.ok(left > 1000 && left <= 60_000, String(left));
  await q.call('answer', -2);
  assert.equal(await q.loop.loopOnce(), -2);
  assert.equal(await q.call('ticks'), 5);
});

test('a loop runs until it is stopped, sleeps while it is idle, and is woken by calls', async (t) => {
  const hf = await runtime(t);
  const q = await hf.instantiate(ticks);
  const rounds = [];
  const end = q.loop.run({ ...quiet, onTick: (round) => rounds.push(round) });
  assert.equal(await q.loop.whenIdle(), 'idle');
  assert.equal(await q.call('starts'), 1);
  assert.ok(await comesToRest(cpuTime(hf)));
  const before = await q.call('ticks');
  await sleep(50);
  assert.ok((await q.call('ticks')) <= before + 1); // the call wakes it
  await q.call('be_ready', 500);
  assert.equal(await q.loop.whenIdle(), 'idle');
  assert.ok((await q.call('ticks')) >= before + 501);
  await assert.rejects(q.loop.run(), { name: 'TypeError', message: /already running/ });
  await q.loop.stop();
  assert.deepEqual(await end, { state: 'stopped' });
  assert.ok(rounds.some(({ ticks, result }) => ticks > 1 && result === -1));
  const stopped = await q.call('ticks');
  await q.call('be_ready', 1);
  assert.equal(await q.call('ticks'), stopped);
  const abort = new AbortController();
  const again = q.loop.run({ signal: abort.signal });
  await q.loop.whenIdle();
  abort.abort();
  assert.deepEqual(await again, { state: 'stopped' });
  assert.equal(await q.call('starts'), 1);
});

test('a timer fires on time, and the worker sleeps until then; a call is served earlier', async (t) => {
  const hf = await runtime(t);
  const q = await hf.instantiate(ticks);
  void q.loop.run(quiet);
  const begun = performance.now();
  await q.call('set_timer', 200, 0);
  assert.equal(await q.call('fired'), 0);
  const before = await q.call('ticks');
  assert.equal(await q.loop.whenIdle(), 'idle');
  assert.ok(performance.now() - begun >= 199);
  assert.equal(await q.call('fired'), 1);
  assert.ok((await q.call('ticks')) - before < 20, 'it ticked while it should have slept');
  await q.call('set_timer', 1e9, 0);
  assert.equal(await q.call('fired'), 1);
  assert.ok(await comesToRest(cpuTime(hf)));
});

test('a guest may wrongly report that it is idle: its timer fires anyway, and recheck: 0 turns that off', async (t) => {
  const hf = await runtime(t);
  const q = await hf.instantiate(ticks);
  const end = q.loop.run({ recheck: 20 });
  await q.call('set_timer', 1e9, 1);
  assert.equal(await q.loop.whenIdle(), 'idle');
  assert.equal(await q.call('fired'), 0); // idle does not mean finished
  await q.call('set_timer', 100, 1);
  await until(
    () => q.call('fired'),
    (fired) => fired === 1,
  );
  await q.loop.stop();
  await end;
  void q.loop.run(quiet);
  await q.call('set_timer', 10, 1);
  await q.loop.whenIdle();
  const before = await q.call('ticks');
  await sleep(100);
  assert.ok((await q.call('ticks')) <= before + 1);
});

test('input wakes an idle guest, and so does its end', async (t) => {
  const hf = await runtime(t);
  const q = await hf.instantiate(ticks);
  const rounds = [];
  void q.loop.run({ ...quiet, onTick: (round) => rounds.push(round) });
  await q.loop.whenIdle();
  const seen = rounds.length;
  await q.write('twelve bytes');
  await until(
    () => rounds.length,
    (now) => now > seen,
  );
  assert.equal(await q.call('bytes'), 12);
  const before = rounds.length;
  await q.stdin.close();
  await until(
    () => rounds.length,
    (now) => now > before,
  );
  await until(
    () => q.call('ended'),
    (ended) => ended === 1,
  );
  const fed = await hf.instantiate(ticks, { stdin: new Blob(['from a stream']).stream() });
  void fed.loop.run(quiet);
  await until(
    () => fed.call('ended'),
    (ended) => ended === 1,
  );
  assert.equal(await fed.call('bytes'), 13);
});

for (const interruptible of [false, true]) {
  test(`a guest that is always ready does not starve calls (interruptible: ${interruptible})`, async (t) => {
    const hf = await runtime(t);
    const q = await hf.instantiate(ticks, { interruptible });
    let rounds = 0;
    const end = q.loop.run({ budget: 2, onTick: () => rounds++ });
    await q.call('be_ready', -1);
    for (let i = 0; i < 50; i++) await q.call('ticks');
    // A round follows each call; on a busy machine it has a single tick.
    assert.ok((await q.call('ticks')) >= 50);
    assert.ok(rounds < 50 * 50, `${rounds} rounds during 50 calls`); // one or two each; it would be a thousand if messages had to wait
    const idle = q.loop.whenIdle();
    await q.pause();
    assert.equal((await hf.ps())[0].state, 'paused');
    let answered = false;
    const call = q.call('ticks').then((n) => ((answered = true), n));
    await sleep(50);
    assert.equal(answered, false);
    await q.resume();
    await call;
    q.kill();
    await assert.rejects(end, (error) => error instanceof CallFailed && error.exit.reason === 'killed');
    await assert.rejects(idle, /killed/);
    await assert.rejects(q.loop.whenIdle(), /killed/);
    await q.released;
  });
}

test('a kill ends a loop that sleeps, and its worker serves the next guest without it', async (t) => {
  const hf = await runtime(t, { workers: 1 });
  const q = await hf.instantiate(ticks);
  const end = assert.rejects(q.loop.run(), /killed/);
  await q.call('set_timer', 30, 0);
  q.kill();
  await end;
  await q.released;
  const next = await hf.instantiate(ticks);
  await sleep(60);
  assert.equal(await next.call('ticks'), 0);
});

test('errors end a loop clearly: −2 and invalid results leave the instance, a trap ends it', async (t) => {
  const hf = await runtime(t);
  const q = await hf.instantiate(ticks);
  for (const [answer, message] of [
    [-2, /go_tick returned -2, an error in the guest’s event loop/],
    [-7, /go_tick returned -7, which is not a valid result/],
  ]) {
    const end = q.loop.run(quiet);
    await q.call('answer', answer);
    await assert.rejects(end, { name: 'CallFailed', message });
  }
  const end = q.loop.run(quiet);
  await q.call('trap_in', 1);
  await assert.rejects(end, (error) => /unreachable/.test(error.message) && error.exit.reason === 'trap');
  await assert.rejects(q.loop.loopOnce(), CallFailed);
  await q.released;
});

test('an exit with any code counts as finished', async (t) => {
  const hf = await runtime(t);
  for (const code of [0, 7]) {
    const q = await hf.instantiate(ticks);
    const end = q.loop.run(quiet);
    await q.loop.whenIdle();
    await q.call('exit_in', 1, code);
    const { state, exit } = await end;
    assert.deepEqual([state, exit.code], ['finished', code]);
    assert.equal(await q.loop.whenIdle(), 'finished');
    assert.deepEqual((await q.loop.run()).state, 'finished');
  }
});

test('instances without a loop are refused, and so are wrong options', async (t) => {
  const hf = await runtime(t);
  const none = await hf.instantiate(guest('called'));
  const missing = /Module does not export go_start_main \(not built with modified Go runtime\?\)/;
  for (const use of [() => none.loop.startMain(), () => none.loop.loopOnce(), () => none.loop.run()])
    await assert.rejects(use(), { name: 'CallFailed', message: missing });
  assert.equal(await none.call('add', 1, 2), 3);
  const q = await hf.instantiate(ticks);
  await assert.rejects(q.loop.run({ budget: -1 }), RangeError);
  await assert.rejects(q.loop.run({ onTick: 7 }), TypeError);
  await assert.rejects(q.loop.run({ budgt: 1 }), { message: 'loop: unknown option "budgt"; did you mean "budget"?' });
  await assert.rejects(q.loop.run({ timeout: 1 }), { message: /`budget` has the milliseconds of a round/ });
});

test('js_std_loop_once: jobs, a timer, input in small pieces, and an error', async (t) => {
  const hf = await runtime(t);
  let output = '';
  let complaints = '';
  const q = await hf.instantiate(js, {
    stdout: (bytes) => void (output += Buffer.from(bytes)),
    stderr: (bytes) => void (complaints += Buffer.from(bytes)),
    signatures: { JS_Eval: { params: ['i32', 'string', 'i32', 'i32'], result: 'i64' } },
  });
  await assert.rejects(q.loop.loopOnce(), { name: 'CallFailed', message: /there is no QuickJS context/ });
  await q.loop.startMain();
  await q.loop.startMain();
  const context = await q.call('qjs_get_context');
  const file = await q.call('malloc', 7);
  await q.memory.write(file, Buffer.from('<eval>\0'));
  const run = (code) => q.call('JS_Eval', context, code, file, 0);
  await run('jobs 2');
  assert.equal(await q.loop.loopOnce(), 0);
  q.loop.context = context;
  assert.equal(await q.loop.loopOnce(), 0);
  assert.equal(await q.loop.loopOnce(), -1);
  q.loop.context = 0;
  await assert.rejects(q.loop.loopOnce(), { name: 'TypeError', message: /loop\.context/ });
  q.loop.context = undefined;
  const end = q.loop.run();
  await run('timer 20');
  assert.equal(await q.loop.whenIdle(), 'idle');
  await until(
    () => output,
    (text) => text === 'timer\n', // which reaches the page in another way
  );
  await run('read 4');
  await q.loop.whenIdle();
  assert.ok(await comesToRest(cpuTime(hf)));
  await q.write('input in parts');
  await until(
    () => output,
    (text) => text === 'timer\nread inpu\nread t in\nread  par\nread ts\n',
  );
  await q.stdin.close();
  await until(
    () => output,
    (text) => text.endsWith('end\n'),
  );
  await run('late-error');
  await assert.rejects(end, { name: 'CallFailed', message: /js_std_loop_once returned -2, an error/ });
  await until(
    () => complaints,
    (text) => text === 'Error: as asked for\n',
  );
  assert.equal(await q.loop.loopOnce(), -1); // the instance stays
});

test('Go 1.24 and later, unmodified: exports, goroutines, and a sleep inside an export', async (t) => {
  const hf = await runtime(t);
  let output = '';
  const q = await hf.instantiate(go, { stdout: (bytes) => void (output += Buffer.from(bytes)) });
  assert.equal(await q.call('add', 20, 22), 42);
  assert.equal(await q.call('sum', 1000), 499_500n);
  const begun = performance.now();
  const [ran, sum] = await Promise.all([q.call('nap', 1000), q.call('add', 1, 2)]);
  assert.ok(performance.now() - begun >= 1000);
  assert.ok(ran > 1, `a goroutine ran ${ran} times`);
  assert.equal(sum, 3); // after the call that slept
  await q.call('later', 1, 7, 0);
  await sleep(20);
  assert.equal(await q.call('result'), -1); // goroutines only run during calls and ticks
  assert.equal(output, '');
  await assert.rejects(q.call('quit', 3), (error) => error.exit.code === 3);
});

test('Go 1.24 and later, unmodified: its loop runs main and goroutines between calls', async (t) => {
  const hf = await runtime(t);
  let output = '';
  const q = await hf.instantiate(go, { stdout: (bytes) => void (output += Buffer.from(bytes)) });
  const end = q.loop.run();
  await until(
    () => q.call('main_finished'),
    (finished) => finished === 1,
  );
  assert.equal(await q.loop.whenIdle(), 'idle');
  await until(
    () => output,
    (text) => text === 'main runs\nmain has slept\n',
  );
  for (const hidden of [0, 1]) {
    await q.call('later', 30, 5 + hidden, hidden);
    assert.equal(await q.call('add', 1, 2), 3);
    await until(
      () => q.call('result'),
      (result) => result === 5 + hidden,
    );
  }
  const failed = assert.rejects(end, (error) => error.exit.reason === 'trap');
  await assert.rejects(q.call('fail'), CallFailed); // a panic
  await failed;
});
