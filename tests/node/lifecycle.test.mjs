// Processes and the runtime itself: start, exit, kill, abort, close, death.
import assert from 'node:assert/strict';
import test from 'node:test';
import { bytesOf, FakeCoordinator, settle, startFake, watchUnhandled } from './support/fake-coordinator.mjs';
import { load } from './support/load.mjs';

const lib = await load('web/holdfast.ts', 'web/options.ts', 'web/errors.ts', 'common/protocol.ts');
const { Runtime, planStart, PROTOCOL } = lib;
const loader = { base: () => 'http://page.test/', load: (url) => ({ kind: 'url', url: url.href }) };

test('init carries the settings, and start waits for ready', async (t) => {
  const options = { workers: 7, memory: { initial: 1000, maximum: 2000 }, force: { jsBridge: true } };
  const { fake } = await startFake(t, lib, options);
  const [init] = fake.sent('init');
  assert.equal(init.protocol, PROTOCOL);
  assert.deepEqual(init.workers, { min: 2, max: 7, idle: 30_000 });
  assert.deepEqual(init.memory, { initial: 1000, maximum: 2000 });
  assert.deepEqual(init.force, { jsBridge: true, messageDoorbell: false, kernelBase: 0 });
  assert.deepEqual(init.assets, { kernel: 'kernel', compute: 'compute' });
});

test('start fails with a clear message: a different version, a fatal error, a broken worker, no answer', async () => {
  const failing = async (onInit, options = {}) => {
    const fake = new FakeCoordinator();
    fake.on.init = () => onInit(fake);
    const runtime = new Runtime(fake.endpoint, loader);
    const opening = runtime.open({ kernel: '', compute: '' }, planStart(options));
    const error = await opening.then(
      () => assert.fail('started'),
      (reason) => reason,
    );
    assert.equal(error.name, 'StartFailed');
    await runtime.close();
    assert.equal(fake.sent('end-workers').length, 1, 'it must end its workers before it is terminated');
    assert.ok(fake.terminated);
    return error.message;
  };
  assert.match(await failing((fake) => fake.send({ t: 'ready', protocol: 99 })), /protocol 99.* from different builds/);
  assert.match(
    await failing((fake) => fake.send({ t: 'fatal', message: 'kernel.wasm: HTTP 404' })),
    /cannot start: kernel.wasm: HTTP 404/,
  );
  assert.match(await failing((fake) => fake.endpoint.onerror(new Error('not a module'))), /cannot start: not a module/);
  assert.match(await failing(() => {}, { startTimeout: 30 }), /no answer .* 0.03 s/);
});

test('an abort cancels the start, with its own reason; later it closes the runtime', async (t) => {
  const silent = new FakeCoordinator();
  silent.on.init = () => controller.abort(new Error('changed my mind'));
  const controller = new AbortController();
  const opening = new Runtime(silent.endpoint, loader).open(
    { kernel: '', compute: '' },
    planStart({ signal: controller.signal }),
  );
  await assert.rejects(opening, { message: 'changed my mind' });
  const later = new AbortController();
  const { hf, fake } = await startFake(t, lib, { signal: later.signal });
  later.abort();
  await fake.until('close');
  await assert.rejects(hf.spawn('a.wasm'), { name: 'Closed' });
});

test('a process has names, a number and an end', async (t) => {
  const { hf, fake } = await startFake(t, lib);
  const p = await hf.spawn('bin/prog.wasm', { args: ['-x', ''], env: { A: '1', B: undefined, C: '' } });
  const [spawn] = fake.sent('spawn');
  assert.deepEqual(spawn.source, { kind: 'url', url: 'http://page.test/folder/bin/prog.wasm' });
  assert.deepEqual(spawn.args, ['prog.wasm', '-x', '']);
  assert.deepEqual(spawn.env, [
    ['A', '1'],
    ['C', ''],
  ]);
  assert.equal(p.name, 'prog.wasm');
  assert.equal(p.pid, 100 + p.id);
  fake.send({
    t: 'exited',
    id: p.id,
    exit: { reason: 'trap', code: 134, message: 'unreachable', stack: 'at f\nat g' },
  });
  assert.deepEqual(await p.exited, { reason: 'trap', code: 134, message: 'unreachable', stack: 'at f\nat g' });
});

test('name and argv0 are independent', async (t) => {
  const { hf, fake } = await startFake(t, lib);
  await hf.spawn('a.wasm', { name: 'label' });
  await hf.spawn('a.wasm', { argv0: 'zero' });
  await hf.spawn('a.wasm', { argv0: 'zero', name: 'label' });
  const told = fake.sent('spawn').map(({ name, args }) => [name, ...args]);
  assert.deepEqual(told, [
    ['label', 'label'],
    ['zero', 'zero'],
    ['label', 'zero'],
  ]);
});

test('a refusal is an error with its kind', async (t) => {
  const { hf, fake } = await startFake(t, lib);
  fake.on.spawn = ({ id }) =>
    fake.send({ t: 'refused', id, refusal: { kind: 'module', message: 'a.wasm imports env.frob' } });
  await assert.rejects(hf.spawn('a.wasm'), {
    name: 'SpawnRefused',
    kind: 'module',
    message: 'a.wasm imports env.frob',
  });
});

test('a refused program leaves its streams untouched', async (t) => {
  const { hf, fake } = await startFake(t, lib);
  fake.on.spawn = ({ id }) => fake.send({ t: 'refused', id, refusal: { kind: 'limit', message: 'no' } });
  const stdin = new ReadableStream();
  const stdout = new WritableStream();
  await assert.rejects(hf.spawn('a.wasm', { stdin, stdout }), { kind: 'limit' });
  assert.equal(stdin.locked || stdout.locked, false);
});

test('progress is reported', async (t) => {
  const { hf, fake } = await startFake(t, lib);
  const seen = [];
  fake.on.spawn = ({ id, progress }) => {
    assert.equal(progress, true);
    fake.send({ t: 'progress', id, phase: 'download', loaded: 5, total: 10 });
    fake.send({ t: 'spawned', id, pid: 1 });
  };
  await hf.spawn('a.wasm', { onProgress: (progress) => seen.push(progress) });
  assert.deepEqual(seen, [{ phase: 'download', loaded: 5, total: 10 }]);
});

test('kill is sent while the process lives, and not after', async (t) => {
  const { hf, fake } = await startFake(t, lib);
  const p = await hf.spawn('a.wasm');
  p.kill();
  await fake.until('kill');
  fake.end(p.id, { reason: 'killed', code: 137 });
  await p.exited;
  p.kill();
  await settle();
  assert.equal(fake.sent('kill').length, 1);
});

test('an AbortSignal kills; before the process runs, it rejects spawn with its reason', async (t) => {
  const { hf, fake } = await startFake(t, lib);
  const late = new AbortController();
  const p = await hf.spawn('a.wasm', { signal: late.signal });
  late.abort();
  assert.equal((await fake.until('kill'))[0].id, p.id);
  await assert.rejects(hf.spawn('a.wasm', { signal: AbortSignal.abort(new Error('early')) }), { message: 'early' });
  assert.equal(fake.sent('spawn').length, 1);
  const during = new AbortController();
  fake.on.spawn = () => during.abort(new Error('during'));
  await assert.rejects(hf.spawn('a.wasm', { signal: during.signal }), { message: 'during' });
  const { id } = fake.sent('spawn')[1];
  assert.equal((await fake.until('kill', 2))[1].id, id);
  fake.send({ t: 'spawned', id, pid: 5 });
  await fake.until('cancel', 2); // nothing uses its streams
});

test('close sends a request, waits, and rejects open calls with Closed; a second close does nothing', async (t) => {
  const unhandled = watchUnhandled(t);
  const { hf, fake } = await startFake(t, lib);
  const [p, q] = [await hf.spawn('a.wasm'), await hf.spawn('a.wasm')];
  const read = p.stdout.getReader().read();
  const write = p.stdin.getWriter().write(bytesOf(10));
  const stat = hf.fs.stat('/x');
  await fake.until('fs');
  fake.on.close = () => {
    fake.send({ t: 'exited', id: q.id, exit: { reason: 'killed', code: 137, message: 'closed', stack: '' } });
    fake.send({ t: 'closed', locks: [] });
  };
  const [first, second] = [hf.close(), hf.close()];
  for (const promise of [p.exited, read, write, stat]) await assert.rejects(promise, { name: 'Closed' });
  assert.equal((await q.exited).reason, 'killed', 'an exit that was reported before the close is kept');
  await Promise.all([first, second, hf[Symbol.asyncDispose]()]);
  assert.equal(fake.sent('close').length, 1);
  assert.equal(fake.sent('end-workers').length, 0);
  assert.ok(fake.terminated);
  for (const call of [() => hf.spawn('a.wasm'), () => hf.run('a.wasm'), () => hf.stats(), () => hf.fs.readFile('/x')]) {
    await assert.rejects(call(), { name: 'Closed' });
  }
  await settle();
  assert.deepEqual(unhandled, []);
});

test('close does not wait forever for a coordinator that does not answer', async (t) => {
  const { hf, fake } = await startFake(t, lib);
  fake.on.close = () => {};
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const closing = hf.close();
  t.mock.timers.tick(60_000);
  await closing;
  assert.ok(fake.terminated);
});

test('when the coordinator dies everything rejects with one error, and nothing hangs or is unhandled', async (t) => {
  const unhandled = watchUnhandled(t);
  const { hf, fake } = await startFake(t, lib);
  const p = await hf.spawn('a.wasm');
  fake.on.spawn = undefined;
  const spawning = hf.spawn('b.wasm');
  const open = [
    p.exited,
    p.stdout.getReader().read(),
    p.stdin.getWriter().write(bytesOf(1)),
    spawning,
    hf.stats(),
    hf.fs.stat('/'),
  ];
  await fake.until('spawn', 2);
  fake.send({ t: 'fatal', message: 'out of memory' });
  for (const promise of [...open, hf.stats()]) {
    await assert.rejects(promise, { name: 'Fatal', message: /out of memory/ });
  }
  await assert.rejects(hf.spawn('c.wasm'), { name: 'Fatal' });
  await hf.close();
  assert.equal(fake.sent('end-workers').length, 1);
  assert.ok(fake.terminated);
  await settle();
  assert.deepEqual(unhandled, []);
});

test('close() does not wait for a coordinator that is gone', async (t) => {
  const { hf, fake } = await startFake(t, lib);
  fake.on['end-workers'] = undefined;
  fake.endpoint.onerror(new Error('not there'), true);
  await assert.rejects(hf.stats(), { name: 'Fatal', message: /not there/ });
  await hf.close();
  await settle();
  assert.ok(fake.terminated);
  assert.deepEqual(fake.sent('end-workers'), []);
});

test('close() stops waiting for a broken coordinator that is gone before it has ended its workers', async (t) => {
  const { hf, fake } = await startFake(t, lib);
  fake.on['end-workers'] = undefined;
  t.mock.timers.enable({ apis: ['setTimeout'] });
  fake.send({ t: 'fatal', message: 'kernel panic' });
  await fake.until('end-workers');
  fake.endpoint.onerror(new Error('it ended'), true);
  await assert.rejects(hf.stats(), { name: 'Fatal', message: /kernel panic/ });
  await hf.close();
  assert.ok(fake.terminated);
});

test('close() does not wait forever for a broken coordinator that does not end its workers', async (t) => {
  const { hf, fake } = await startFake(t, lib);
  fake.on['end-workers'] = undefined;
  t.mock.timers.enable({ apis: ['setTimeout'] });
  fake.endpoint.onerror(new Error('worker broke'));
  await assert.rejects(hf.stats(), { name: 'Fatal', message: /worker broke/ });
  assert.ok(!fake.terminated);
  t.mock.timers.tick(60_000);
  await hf.close();
  assert.ok(fake.terminated);
});

test('without a listener there is no unhandled rejection', async (t) => {
  const unhandled = watchUnhandled(t);
  const { hf, fake } = await startFake(t, lib);
  await hf.spawn('a.wasm');
  await hf.spawn('a.wasm', { stdin: new ReadableStream(), stdout: () => {}, stderr: new WritableStream() });
  fake.endpoint.onerror(new Error('worker broke'));
  await settle();
  assert.deepEqual(unhandled, []);
});

test('stats are passed on', async (t) => {
  const { hf, fake } = await startFake(t, lib);
  fake.on.stats = ({ call }) => fake.send({ t: 'done', call, value: { bridge: 'js' } });
  assert.deepEqual(await hf.stats(), { bridge: 'js' });
});
