// Loading stops once no caller waits for the program.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import test from 'node:test';
import { Worker } from 'node:worker_threads';
import { settle, startFake, watchUnhandled } from './support/fake-coordinator.mjs';
import { load } from './support/load.mjs';
import { guest, runtime } from './support/runtime.mjs';

const lib = await load('web/holdfast.ts', 'web/options.ts', 'web/errors.ts', 'common/protocol.ts');
const MAGIC = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);

/** A response whose body begins like a module and never ends; `cancelled` resolves to the reason for which it was cancelled. */
function endless(type = 'application/wasm') {
  let cancel;
  const cancelled = new Promise((resolve) => (cancel = resolve));
  const start = (controller) => controller.enqueue(MAGIC);
  const response = new Response(new ReadableStream({ start, cancel }), { headers: { 'content-type': type } });
  return { response, cancelled };
}

const reject = {
  abort: { name: 'Error', message: 'enough' },
  close: { name: 'Closed' },
  death: { name: 'Fatal', message: /gone/ },
};

for (const way of ['abort', 'close', 'death']) {
  test(`loading is cancelled at once (${way})`, async (t) => {
    const unhandled = watchUnhandled(t);
    const { hf, fake } = await startFake(t, lib);
    if (way === 'close') fake.on.close = undefined; // it must happen at once, not when the coordinator has closed
    const controller = new AbortController();
    const { signal } = controller;
    const bodies = Array.from({ length: 5 }, () => endless());
    bodies.push(endless('text/plain'));
    const [streamed, progress, interruptible, promised, run, bytes] = bodies.map(({ response }) => response);
    const open = [
      hf.spawn(streamed, { signal }),
      hf.spawn(progress, { signal, onProgress: () => undefined }),
      hf.spawn(interruptible, { signal, interruptible: true }),
      hf.spawn(Promise.resolve(promised), { signal }),
      hf.run(run, { signal }),
      hf.spawn(bytes, { signal }),
      hf.spawn(new Promise(() => undefined), { signal }),
    ];
    for (const promise of open) promise.catch(() => undefined);
    await settle();
    if (way === 'abort') controller.abort(new Error('enough'));
    else if (way === 'close') void hf.close();
    else fake.send({ t: 'fatal', message: 'gone' });
    for (const promise of open) await assert.rejects(promise, reject[way]);
    for (const { cancelled } of bodies) assert.equal((await cancelled).name, reject[way].name);
    assert.equal(fake.sent('spawn').length, 0);
    if (way === 'close') fake.send({ t: 'closed', locks: [] });
    await settle();
    assert.deepEqual(unhandled, []);
  });
}

test('an abort is not lost, whenever it happens', async (t) => {
  for (let moment = 0; moment < 40; moment++) {
    const { hf, fake } = await startFake(t, lib);
    const controller = new AbortController();
    const spawning = hf.spawn(MAGIC, { signal: controller.signal });
    for (let i = 0; i < moment; i++) await null;
    controller.abort(new Error('enough'));
    await assert.rejects(spawning, { message: 'enough' });
    await settle();
    assert.equal(fake.sent('kill').length, fake.sent('spawn').length, `after ${moment} turns`);
  }
});

test('a link of a program that never starts is given up, so its callee is freed with the callee’s instance', async (t) => {
  const { hf, fake } = await startFake(t, lib);
  const instantiating = hf.instantiate(MAGIC);
  const [{ id, guest: callee }] = await fake.until('spawn');
  callee.port.postMessage({ t: 'ready', exports: [], companion: [] });
  const other = await instantiating;
  callee.port.close();
  const controller = new AbortController();
  const spawning = hf.spawn(MAGIC, { link: { other }, signal: controller.signal });
  const [{ call }] = await fake.until('callee');
  controller.abort(new Error('enough'));
  fake.send({ t: 'done', call, value: 7 });
  await assert.rejects(spawning, { message: 'enough' });
  assert.equal(fake.sent('spawn').length, 1);
  fake.end(id);
  fake.send({ t: 'released', id });
  await other.process.released;
  await settle();
  assert.deepEqual(
    fake.sent('called').map(({ callee, order }) => [callee, order]),
    [
      [7, 'close'],
      [7, 'free'],
    ],
  );
});

test('a response that arrives too late is cancelled, and a download that fails too late is ignored', async (t) => {
  const unhandled = watchUnhandled(t);
  const { hf } = await startFake(t, lib);
  const controller = new AbortController();
  let answer, fail;
  const late = new Promise((resolve) => (answer = resolve));
  const failing = new Promise((_, reject) => (fail = reject));
  const open = [late, failing].map((source) => hf.spawn(source, { signal: controller.signal }));
  controller.abort(new Error('enough'));
  for (const promise of open) await assert.rejects(promise, { message: 'enough' });
  const { response, cancelled } = endless();
  answer(response);
  fail(new Error('no network'));
  assert.equal((await cancelled).message, 'enough');
  await settle();
  assert.deepEqual(unhandled, []);
});

test('the reason is the signal’s, even if the download, which the signal also aborts, fails first', async (t) => {
  const { hf } = await startFake(t, lib);
  const controller = new AbortController();
  const aborted = new Promise((_, reject) => {
    controller.signal.addEventListener('abort', () => reject(new Error('the download was aborted')));
  });
  const spawning = hf.spawn(aborted, { signal: controller.signal });
  controller.abort(new Error('enough'));
  await assert.rejects(spawning, { message: 'enough' });
});

test('a body that is locked by another reader is refused', async (t) => {
  const { hf } = await startFake(t, lib);
  const { response } = endless();
  response.body.getReader();
  await assert.rejects(hf.spawn(response), { name: 'SpawnRefused', kind: 'source' });
});

// --- what the coordinator loads, from URLs ---

/**
 * A server that sends the first half of a program and keeps the rest until `finish()`. `began(n)` and `closed(n)` resolve when n requests have
 * arrived, and when n of them have been aborted.
 */
async function serveSlowly(t) {
  const bytes = await readFile(guest('hello'));
  const counts = { began: 0, closed: 0 };
  const waiting = [];
  const reached = (what) => (n) =>
    new Promise((resolve) => {
      const check = () => counts[what] >= n && resolve();
      waiting.push(check);
      check();
    });
  const count = (what) => {
    counts[what]++;
    for (const check of waiting) check();
  };
  const open = [];
  const server = createServer((request, response) => {
    const half = request.url === '/headers.wasm' ? 0 : bytes.length / 2;
    response.on('close', () => response.writableFinished || count('closed'));
    if (half > 0) {
      response.writeHead(200, { 'content-type': 'application/wasm', 'content-length': bytes.length });
      response.write(bytes.subarray(0, half), () => count('began'));
    } else count('began');
    open.push(() => response.end(bytes.subarray(half)));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  t.after(() => server.closeAllConnections());
  return {
    url: (name) => `http://127.0.0.1:${server.address().port}/${name}`,
    counts,
    began: reached('began'),
    closed: reached('closed'),
    finish: () => open.splice(0).forEach((end) => end()),
  };
}

for (const [what, file, options] of [
  ['its headers have not arrived', 'headers.wasm', {}],
  ['its body has not', 'a.wasm', {}],
  ['its body has not arrived, with progress', 'a.wasm', { onProgress: () => undefined }],
  ['it must be rewritten', 'a.wasm', { interruptible: true }],
]) {
  test(`a download is cancelled when its caller gives up, and starts again for the next one: ${what}`, async (t) => {
    const hf = await runtime(t);
    const site = await serveSlowly(t);
    const controller = new AbortController();
    const spawning = hf.spawn(site.url(file), { ...options, signal: controller.signal });
    await site.began(1);
    controller.abort(new Error('enough'));
    await assert.rejects(spawning, { message: 'enough' });
    await site.closed(1);
    const running = hf.run(site.url(file), options);
    await site.began(2);
    site.finish();
    assert.equal((await running).stdout, 'hello, world\n');
  });
}

test('other callers of the same URL get its program, and it is loaded once', async (t) => {
  const hf = await runtime(t);
  const site = await serveSlowly(t);
  const controllers = [new AbortController(), new AbortController()];
  const [first, third] = controllers.map(({ signal }) => hf.spawn(site.url('a.wasm'), { signal }));
  const second = hf.run(site.url('a.wasm'));
  await site.began(1);
  for (const controller of controllers) controller.abort(new Error('enough'));
  for (const spawning of [first, third]) await assert.rejects(spawning, { message: 'enough' });
  await hf.stats(); // so the coordinator has received it
  const fourth = hf.run(site.url('a.wasm'));
  site.finish();
  assert.deepEqual([(await second).stdout, (await fourth).stdout], ['hello, world\n', 'hello, world\n']);
  assert.deepEqual(site.counts, { began: 1, closed: 0 });
});

test('an abort after everything is loaded does not affect the next caller', async (t) => {
  const hf = await runtime(t);
  const site = await serveSlowly(t);
  const controller = new AbortController();
  const p = hf.spawn(site.url('a.wasm'), { signal: controller.signal });
  await site.began(1);
  site.finish();
  await (
    await p
  ).exited;
  controller.abort();
  assert.equal((await hf.run(site.url('a.wasm'))).stdout, 'hello, world\n');
  assert.equal(site.counts.began, 1);
});

test('the coordinator answers a kill at once while it loads', async (t) => {
  const site = await serveSlowly(t);
  const dist = (file) => new URL(`../../dist/${file}`, import.meta.url);
  const worker = new Worker(dist('coordinator.node.mjs'));
  t.after(() => worker.terminate());
  const answer = (type) =>
    new Promise((resolve) => worker.on('message', (message) => message.t === type && resolve(message)));
  const names = {
    compute: 'compute.node.mjs',
    kernel: 'kernel.wasm',
    rewrite: 'rewrite.wasm',
    supervise: '',
    files: '',
  };
  const assets = Object.fromEntries(Object.entries(names).map(([name, file]) => [name, dist(file).href]));
  const { workers, memory, force } = lib.planStart({});
  worker.postMessage({ t: 'init', protocol: lib.PROTOCOL, assets, workers, memory, force });
  await answer('ready');
  const { settings } = lib.planSpawn({});
  const source = { kind: 'url', url: site.url('a.wasm') };
  worker.postMessage({ t: 'spawn', id: 1, source, name: 'a', args: ['a'], ...settings, interruptible: false });
  await site.began(1);
  worker.postMessage({ t: 'stdin', id: 1, bytes: MAGIC });
  worker.postMessage({ t: 'kill', id: 1 });
  const [{ refusal }, { error }] = await Promise.all([answer('refused'), answer('stdin-done')]);
  assert.deepEqual([refusal.kind, error.code], ['closed', 'EPIPE']);
  await site.closed(1);
});
