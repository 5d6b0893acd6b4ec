// A program that nobody waits for any more is not loaded any further.
import assert from 'node:assert/strict';
import test from 'node:test';
import { settle, startFake, watchUnhandled } from './support/fake-coordinator.mjs';
import { load } from './support/load.mjs';

const lib = await load('web/holdfast.ts', 'web/options.ts', 'web/errors.ts');
const MAGIC = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);

/** A response whose body begins as a module does and never ends; `cancelled` is what it was cancelled with. */
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
  test(`what is being loaded is given up at once (${way})`, async (t) => {
    const unhandled = watchUnhandled(t);
    const { hf, fake } = await startFake(t, lib);
    if (way === 'close') fake.on.close = undefined; // at once, and not when the coordinator has closed
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

test('a response that comes too late is cancelled, a download that fails too late is nobody’s', async (t) => {
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

test('the reason is the signal’s also when the download, which it ends too, fails first', async (t) => {
  const { hf } = await startFake(t, lib);
  const controller = new AbortController();
  const aborted = new Promise((_, reject) => {
    controller.signal.addEventListener('abort', () => reject(new Error('the download was aborted')));
  });
  const spawning = hf.spawn(aborted, { signal: controller.signal });
  controller.abort(new Error('enough'));
  await assert.rejects(spawning, { message: 'enough' });
});

test('a body that somebody else reads is refused', async (t) => {
  const { hf } = await startFake(t, lib);
  const { response } = endless();
  response.body.getReader();
  await assert.rejects(hf.spawn(response), { name: 'SpawnRefused', kind: 'source' });
});
