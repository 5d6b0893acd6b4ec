// A supervisor and process handles with a fake coordinator: the messages that are sent, and what happens when the runtime dies.
import assert from 'node:assert/strict';
import test from 'node:test';
import { settle, startFake, watchUnhandled } from './support/fake-coordinator.mjs';
import { load } from './support/load.mjs';

const lib = await load('web/holdfast.ts', 'web/options.ts', 'web/errors.ts', 'common/protocol.ts');

/** A runtime whose coordinator accepts every order. */
async function begin(t) {
  const { hf, fake } = await startFake(t, lib);
  for (const type of ['supervise', 'sup-add', 'sup-order']) {
    fake.on[type] = ({ call }) => fake.send({ t: 'done', call, value: undefined });
  }
  const act = (sup, a, more = {}) => fake.send({ t: 'sup', sup, action: { a, key: 1, generation: 1, ...more } });
  return { hf, fake, act };
}

test('nothing is started before the coordinator requests it; the answer names what was started', async (t) => {
  const { hf, fake, act } = await begin(t);
  let starts = 0;
  const start = () => (starts++, hf.spawn('a.wasm'));
  const sup = await hf.supervise({
    maxRestarts: 1,
    within: null,
    children: [{ id: 'a', start, restart: 'transient' }],
  });
  const [message] = fake.sent('supervise');
  assert.deepEqual(
    { ...message, call: 0 },
    {
      t: 'supervise',
      call: 0,
      sup: 1,
      strategy: 'one-for-one',
      maxRestarts: 1,
      within: null,
      backoff: { min: 0, max: 0, factor: 2, jitter: 0 },
      children: [{ key: 1, id: 'a', restart: 'transient', shutdown: null }],
    },
  );
  await settle();
  assert.equal(starts, 0);
  act(1, 'start');
  const [told] = await fake.until('sup-started');
  const [{ id }] = fake.sent('spawn');
  assert.deepEqual(told, { t: 'sup-started', sup: 1, key: 1, generation: 1, process: id, supervisor: 0 });
  fake.end(id, { reason: 'trap', code: 134, message: 'unreachable' });
  const [ended] = await fake.until('sup-ended');
  assert.deepEqual(ended, { t: 'sup-ended', sup: 1, key: 1, generation: 1, reason: 'trap', code: 134 });
  act(1, 'ended', { reason: 'trap', code: 134, forgotten: false });
  act(1, 'limit', { reason: 'trap', code: 134, restarts: 0 });
  act(1, 'finished', { restarts: 0 });
  const outcome = await sup.wait();
  assert.deepEqual([outcome.kind, outcome.id, outcome.message], ['restart-limit', 'a', 'unreachable']);
});

test('aborting the signal while the supervisor is being created rejects the call, and closes the supervisor', async (t) => {
  const { hf, fake, act } = await begin(t);
  const controller = new AbortController();
  fake.on.supervise = ({ call }) => {
    controller.abort(new Error('enough'));
    fake.send({ t: 'done', call, value: undefined });
  };
  await assert.rejects(hf.supervise({ signal: controller.signal }), { message: 'enough' });
  const [{ order }] = await fake.until('sup-order');
  assert.equal(order, 'close');
  act(1, 'finished', { restarts: 0 });
  await assert.rejects(hf.supervise({ signal: controller.signal }), { message: 'enough' });
  assert.equal(fake.sent('supervise').length, 1);
});

test('a failed start is reported as such, with its reason', async (t) => {
  const { hf, fake, act } = await begin(t);
  const start = () => Promise.reject(new Error('no network'));
  const sup = await hf.supervise({ children: [{ id: 'a', start, restart: 'temporary' }] });
  act(1, 'start');
  assert.equal((await fake.until('sup-ended'))[0].reason, 'start-failed');
  const ends = [];
  sup.on('ended', (end) => ends.push(end));
  act(1, 'ended', { reason: 'start-failed', code: 0, forgotten: true });
  await settle();
  assert.deepEqual([ends[0].message, ends[0].error.message, ends[0].exit], ['no network', 'no network', undefined]);
  assert.deepEqual(sup.children(), []);
});

test('a child that is stopped while its program is being loaded stops at once, and can be started later', async (t) => {
  const { hf, fake, act } = await begin(t);
  let finish;
  const headers = { 'content-type': 'application/wasm' };
  const body = new ReadableStream({
    start: (controller) => {
      controller.enqueue(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0));
      finish = () => controller.close();
    },
  });
  const children = [
    { id: 'response', start: { source: new Response(body, { headers }) } },
    { id: 'promise', start: { source: new Promise(() => undefined) } },
    { id: 'start', start: ({ signal }) => hf.spawn(new Promise(() => undefined), { signal }) },
  ];
  await hf.supervise({ children });
  for (const key of [1, 2, 3]) act(1, 'start', { key });
  await settle();
  for (const key of [1, 2, 3]) act(1, 'ask', { key, within: Infinity });
  const ends = await fake.until('sup-ended', 3);
  assert.deepEqual(ends.map(({ key, reason }) => [key, reason]).sort(), [
    [1, 'start-failed'],
    [2, 'start-failed'],
    [3, 'start-failed'],
  ]);
  act(1, 'start', { key: 1, generation: 2 });
  await settle();
  finish();
  assert.equal((await fake.until('sup-started'))[0].generation, 2);
});

test('a process of another runtime, a supervisor that is already supervised, and the supervisor itself are refused as children', async (t) => {
  const { hf, fake, act } = await begin(t);
  const other = await begin(t);
  const stranger = await other.hf.spawn('a.wasm');
  const taken = await hf.supervise({});
  const handles = [stranger, taken, taken];
  const sup = await hf.supervise({ children: [{ id: 'a', start: () => handles.shift() ?? sup }] });
  for (let generation = 1; generation <= 4; generation++) {
    act(2, 'start', { generation });
    await settle();
  }
  const told = fake.received.filter(({ t: type }) => type === 'sup-started' || type === 'sup-ended');
  assert.deepEqual(
    told.map(({ reason, supervisor }) => reason ?? supervisor),
    ['start-failed', 1, 'start-failed', 'start-failed'],
  );
});

test('when the coordinator dies everything rejects with one error, and nothing hangs or is unhandled', async (t) => {
  const unhandled = watchUnhandled(t);
  const { hf, fake, act } = await begin(t);
  const sup = await hf.supervise({ children: [{ id: 'a', start: () => hf.spawn('a.wasm') }] });
  const stuck = await hf.supervise({ children: [{ id: 'b', start: () => new Promise(() => undefined) }] });
  act(1, 'start');
  act(2, 'start');
  await fake.until('sup-started');
  fake.on['sup-order'] = fake.on.supervise = undefined;
  const p = sup.children()[0].process;
  const open = [
    sup.wait(),
    sup.wait({ timeout: 300_000 }),
    sup.restart('a'),
    sup.stop('a'),
    sup.add({ id: 'c', start: () => undefined }),
    sup.close(),
    stuck.kill(),
    hf.supervise({}),
    p.join(),
  ];
  await fake.until('sup-order', 4);
  fake.send({ t: 'fatal', message: 'out of memory' });
  for (const promise of [...open, sup.wait(), sup.stop('a'), sup.close()]) {
    await assert.rejects(promise, { name: 'Fatal', message: /out of memory/ });
  }
  await assert.rejects(p.join(), { name: 'HandleError' });
  await settle();
  assert.deepEqual(unhandled, []);
});

test('a listener that throws and a stop that rejects are reported, and affect nothing else', async (t) => {
  const reported = [];
  globalThis.reportError = ({ message }) => reported.push(message);
  t.after(() => delete globalThis.reportError);
  const { hf, act } = await begin(t);
  const stop = () => Promise.reject(new Error('stop broke'));
  const sup = await hf.supervise({ children: [{ id: 'a', start: () => hf.spawn('a.wasm'), stop }] });
  const seen = [];
  sup.on('started', () => {
    throw new Error('listener broke');
  });
  sup.on('started', ({ id }) => seen.push(id));
  act(1, 'start');
  act(1, 'started');
  await settle();
  act(1, 'ask', { within: 5000 });
  await settle();
  assert.deepEqual(seen, ['a']);
  assert.deepEqual(reported, ['listener broke', 'stop broke']);
});

test('a handle can be joined only once, in either way; a timeout does not use it up', async (t) => {
  const { hf, fake } = await begin(t);
  const p = await hf.spawn('a.wasm');
  assert.equal(p.tryJoin(), undefined);
  assert.equal(await p.join({ timeout: 5 }), undefined);
  await assert.rejects(p.join({ timeout: -1 }), { name: 'RangeError' });
  const joining = p.join();
  assert.throws(() => p.tryJoin(), { name: 'HandleError', message: /was joined already, and has not ended/ });
  assert.throws(() => p.detach(), { name: 'HandleError' });
  fake.end(p.id, { code: 3 });
  assert.equal((await joining).code, 3);
  await assert.rejects(p.join(), { name: 'HandleError', message: /was joined before/ });
  assert.equal((await p.exited).code, 3, 'the promise still works');
  const q = await hf.spawn('a.wasm');
  fake.end(q.id, { code: 4 });
  await q.exited;
  assert.equal(q.tryJoin().code, 4);
  assert.throws(() => q.tryJoin(), { name: 'HandleError' });
});

test('a detached process keeps running, and its unread output is discarded', async (t) => {
  const { hf, fake } = await begin(t);
  const p = await hf.spawn('a.wasm');
  const reader = p.stdout.getReader();
  p.detach();
  assert.deepEqual(
    (await fake.until('cancel')).map(({ fd }) => fd),
    [2],
  );
  fake.output(p.id, 1, 'still read');
  assert.equal(new TextDecoder().decode((await reader.read()).value), 'still read');
  await settle();
  assert.equal(fake.sent('kill').length, 0);
  assert.throws(() => p.detach(), { name: 'HandleError', message: /was detached/ });
});
