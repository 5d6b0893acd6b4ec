// holdfast/reactor: Go and QuickJS reactors on the calling thread.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import test from 'node:test';
import {
  createMinimalWASI,
  createQuickJS,
  createReactor,
  loadQuickJS,
  LOOP_ERROR,
  LOOP_IDLE,
  LoopResult,
  WASIProcExit,
} from '../../dist/reactor.js';
import { guest } from './support/runtime.mjs';

const compile = async (name) => WebAssembly.compile(await readFile(guest(name)));
const ticks = await compile('ticks');
const go = await compile('go-reactor');
const js = await compile('ticks-like-quickjs');
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** A reactor and its exports, which the harness does not expose. */
async function reactor(module, options = {}) {
  const wasi = createMinimalWASI();
  let exports;
  const { instantiate } = WebAssembly;
  WebAssembly.instantiate = async (...args) => {
    const instance = await instantiate(...args);
    ({ exports } = instance);
    return instance;
  };
  try {
    return { r: await createReactor(module, { ...wasi, ...options }), x: exports };
  } finally {
    WebAssembly.instantiate = instantiate;
  }
}

test('a Go reactor is driven tick by tick, and to its end', async () => {
  let output = '';
  const r = await createReactor(go, createMinimalWASI({ stdout: (text) => void (output += text) }));
  r.startMain();
  r.startMain();
  for (let result; (result = r.loopOnce()) !== LoopResult.Idle;) if (result > 0) await sleep(result);
  assert.equal(output, 'main runs\nmain has slept\n');
  assert.ok(r.memory instanceof WebAssembly.Memory);
  let ticks = 0;
  const again = await createReactor(go, { ...createMinimalWASI({ stdout: () => 0 }), onTick: () => ticks++ });
  await again.runAsync();
  assert.ok(ticks > 1);
  const sync = await createReactor(go, createMinimalWASI({ stdout: (text) => void (output += text) }));
  sync.runSync();
  assert.match(output, /has slept\n$/);
});

test('other modules are refused with the messages of the original harnesses', async () => {
  const without = async (name) => {
    const names = ['_initialize', 'go_start_main', 'go_tick'];
    const exports = Object.fromEntries(names.filter((n) => n !== name).map((n) => [n, () => 0]));
    const { instantiate } = WebAssembly;
    WebAssembly.instantiate = async () => ({ exports });
    try {
      return await createReactor(ticks, { wasiImports: {} });
    } finally {
      WebAssembly.instantiate = instantiate;
    }
  };
  await assert.rejects(without('_initialize'), {
    message: 'Module does not export _initialize (not a WASI reactor?)',
  });
  for (const name of ['go_start_main', 'go_tick'])
    await assert.rejects(without(name), {
      message: `Module does not export ${name} (not built with modified Go runtime?)`,
    });
  assert.throws(() => createQuickJS(ticks), {
    message: 'Module does not export qjs_init_argv (not a QuickJS reactor?)',
  });
  await assert.rejects(createReactor(ticks, { wasiImports: {}, ontick: 1 }), { message: /did you mean "onTick"/ });
  assert.throws(() => createQuickJS(js, { fs: new Map() }), TypeError);
});

test('exit codes survive', async () => {
  for (const code of [0, 7]) {
    const { r, x } = await reactor(ticks);
    x.exit_in(2, code);
    await r.runAsync(); // one tick, and idle
    x.be_ready(5);
    const end = r.runAsync();
    if (code === 0) await assert.doesNotReject(end);
    else
      await assert.rejects(
        end,
        (error) => error instanceof WASIProcExit && error.code === 7 && error.message === 'exit(7)',
      );
    assert.equal(r.exitCode, code);
    assert.throws(() => r.loopOnce(), WASIProcExit);
  }
});

test('a guest that is always ready does not starve timers, and can be stopped', async () => {
  const { r, x } = await reactor(ticks);
  x.be_ready(-1);
  let timers = 0;
  const timer = setInterval(() => ++timers === 3 && r.stop(), 1);
  await r.runAsync();
  clearInterval(timer);
  assert.ok(timers >= 3);
  const q = createQuickJS(js, { stdout: () => 0 });
  q.init();
  q.eval('jobs 2000000000');
  timers = 0;
  const other = setInterval(() => ++timers === 3 && q.stop(), 1);
  assert.equal(await q.runLoop(), 0);
  clearInterval(other);
  assert.ok(timers >= 3);
});

test('the minimal WASI fills random bytes, writes counts, refuses unknown descriptors, and keeps split characters', () => {
  const texts = [];
  const { wasiImports: w, setMemory } = createMinimalWASI({
    args: ['ä'],
    env: { A: 'ü' },
    stdout: (text) => texts.push(text),
  });
  assert.throws(() => w.args_sizes_get(0, 4), /setMemory/);
  const memory = new WebAssembly.Memory({ initial: 3, maximum: 3, shared: true });
  setMemory(memory);
  const bytes = new Uint8Array(memory.buffer);
  const view = new DataView(memory.buffer);
  assert.equal(w.random_get(1000, 150_000), 0);
  assert.ok(bytes.subarray(1000, 1100).some((byte) => byte !== 0));
  assert.ok(bytes.subarray(150_900, 151_000).some((byte) => byte !== 0));
  assert.equal(bytes[151_000], 0);
  bytes.fill(0xff, 0, 200);
  w.args_sizes_get(0, 4);
  w.environ_sizes_get(8, 12);
  assert.deepEqual(
    [0, 4, 8, 12].map((at) => view.getUint32(at, true)),
    [1, 3, 1, 5],
  );
  w.environ_get(0, 8);
  assert.equal(Buffer.from(bytes.slice(8, 13)).toString(), 'A=ü\0');
  const euro = Buffer.from('€');
  for (const byte of euro) {
    bytes[300] = byte;
    view.setUint32(200, 300, true);
    view.setUint32(204, 1, true);
    assert.equal(w.fd_write(1, 200, 1, 208), 0);
    assert.equal(view.getUint32(208, true), 1);
  }
  assert.deepEqual(texts, ['€']);
  view.setUint32(208, 77, true);
  assert.equal(w.fd_read(0, 200, 1, 208), 0);
  assert.equal(view.getUint32(208, true), 0);
  for (const call of ['fd_close', 'fd_fdstat_get', 'fd_fdstat_set_flags', 'fd_seek', 'fd_read', 'fd_write', 'fd_sync'])
    assert.equal(w[call](9, 0, 0, 0), 8, call);
  assert.equal(w.fd_write(0, 200, 1, 208), 8);
  assert.equal(w.fd_close(2), 0);
  assert.equal(w.fd_close(2), 8);
  // a clock that has expired, one that has not, standard input at its end, and a missing descriptor
  bytes.fill(0, 400, 800);
  for (const [i, [type, id, timeout]] of [
    [0, 1, 0n],
    [0, 1, 10n ** 12n],
    [1, 0, 0n],
    [1, 9, 0n],
  ].entries()) {
    view.setBigUint64(400 + 48 * i, BigInt(i), true);
    view.setUint8(400 + 48 * i + 8, type);
    view.setUint32(400 + 48 * i + 16, id, true);
    view.setBigUint64(400 + 48 * i + 24, timeout, true);
  }
  assert.equal(w.poll_oneoff(400, 600, 4, 208), 0);
  assert.equal(view.getUint32(208, true), 3);
  assert.deepEqual(
    [0, 1, 2].map((i) => Number(view.getBigUint64(600 + 32 * i, true))),
    [0, 2, 3],
  );
  assert.deepEqual(
    [0, 1, 2].map((i) => view.getUint16(600 + 32 * i + 8, true)),
    [0, 0, 8],
  );
  assert.equal(w.poll_oneoff(400, 600, 0, 208), 28);
});

test('QuickJS: init, eval with its byte length, lines, errors, and destroy', async () => {
  const [out, err] = [[], []];
  const bytes = await readFile(guest('ticks-like-quickjs'));
  const q = await loadQuickJS(bytes, { stdout: (line) => out.push(line), stderr: (line) => err.push(line) });
  assert.throws(() => q.eval('print x'), { message: 'QuickJS not initialized' });
  q.init(['qjs', '--std']);
  assert.throws(() => q.init(), { message: 'QuickJS already initialized' });
  q.eval('print hällo wörld €'); // five bytes longer than in UTF-16
  q.eval('print m', true, 'a.js');
  q.eval('split ü€');
  assert.throws(() => q.eval('throw'), { message: 'JavaScript exception' });
  assert.deepEqual(out, ['argument --std', 'hällo wörld € <eval> 0', 'm a.js 1']);
  assert.deepEqual(err, ['Error: as asked for']);
  q.eval('late-error');
  assert.equal(q.loopOnce(), LOOP_ERROR);
  assert.equal(q.loopOnce(), LOOP_IDLE);
  q.eval('late-error');
  await assert.rejects(q.runLoop(), { message: 'JavaScript error occurred' });
  q.destroy();
  q.destroy();
  assert.equal(out.at(-1), 'ü€');
});

test('QuickJS: timers, input that comes earlier, input in parts, and the exit code', async () => {
  const out = [];
  const q = createQuickJS(js, { stdout: (line) => out.push(line) });
  q.init();
  q.eval('timer 20');
  assert.equal(q.runLoopSync(), 0);
  assert.deepEqual(out, []);
  await q.runLoop();
  assert.deepEqual(out.splice(0), ['timer']);
  let wakes = 0;
  q.onStdinWake(() => wakes++);
  q.eval('read 4');
  q.eval('timer 3600000');
  const loop = q.runLoop();
  await sleep(1);
  q.pushStdin(Buffer.from('in parts'));
  while (out.length < 2) await sleep(1);
  assert.deepEqual(out.splice(0), ['read in p', 'read arts']);
  assert.ok(wakes === 1 && !q.hasStdinData());
  q.closeStdin();
  while (out.length < 1) await sleep(1);
  assert.deepEqual(out.splice(0), ['end']);
  assert.equal(wakes, 2);
  q.stop();
  await loop;
  assert.equal(q.pollIO(), 0);
  assert.throws(
    () => q.eval('exit 7'),
    (error) => error instanceof WASIProcExit && error.code === 7,
  );
  assert.equal(q.getExitCode(), 7);
  assert.equal(q.loopOnce(), LOOP_IDLE);
  assert.equal(await q.runLoop(), 7);
  q.destroy();
});
