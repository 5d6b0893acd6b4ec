// The page's end of connections: what it sends and receives, in whatever order messages arrive.
import assert from 'node:assert/strict';
import test from 'node:test';
import { settle, startFake, watchUnhandled } from './support/fake-coordinator.mjs';
import { load } from './support/load.mjs';

const lib = await load('web/holdfast.ts', 'web/options.ts', 'web/errors.ts', 'web/sockets.ts');
const { SocketError, PipeError, Closed } = lib;
const encode = (text) => new TextEncoder().encode(text);
const types = (fake) => fake.received.map(({ t }) => t).filter((t) => !['init', 'sockets'].includes(t));

/** Answers each connect or accept at once. */
const accepting = (fake) => {
  fake.on.connect = fake.on.accept = ({ id }) => fake.send({ t: 'connected', id, error: null });
  fake.on.stdin = ({ id }) => fake.send({ t: 'stdin-done', id, error: null });
};

test('a connection: bytes both ways, each direction ends separately, then it is closed', async (t) => {
  const { hf, fake } = await startFake(t, lib);
  accepting(fake);
  const { readable, writable, closed } = await hf.connect(80, { buffer: 1000 });
  const { id, credit, port } = fake.sent('connect')[0];
  assert.deepEqual([credit, port], [1000, 80]);
  const writer = writable.getWriter();
  await writer.write(encode('question'));
  await writer.close();
  await fake.until('stdin-end');
  assert.deepEqual(types(fake), ['connect', 'stdin', 'stdin-end']);
  let over = false;
  void closed.then(() => (over = true));
  await settle();
  assert.ok(!over);
  fake.output(id, 1, 'answer');
  fake.send({ t: 'end', id, fd: 1 });
  let text = '';
  for await (const chunk of readable) text += Buffer.from(chunk);
  assert.equal(text, 'answer');
  await closed;
});

test('a refusal is an error with its code, and nothing is unhandled', async (t) => {
  const unhandled = watchUnhandled(t);
  const { hf, fake } = await startFake(t, lib);
  fake.on.connect = ({ id }) =>
    fake.send({
      t: 'connected',
      id,
      error: { code: 'ECONNREFUSED', message: 'nothing listens on port 80' },
    });
  const failure = await hf.connect(80).catch((error) => error);
  assert.ok(failure instanceof SocketError);
  assert.deepEqual([failure.code, failure.message], ['ECONNREFUSED', 'ECONNREFUSED: nothing listens on port 80']);
  await settle();
  assert.deepEqual(unhandled, []);
});

test('bytes that were sent before a reset are read before its error', async (t) => {
  const { hf, fake } = await startFake(t, lib);
  accepting(fake);
  const { readable, writable, closed } = await hf.connect(80);
  const { id } = fake.sent('connect')[0];
  fake.output(id, 1, 'last words');
  fake.send({ t: 'end', id, fd: 1, error: { code: 'ECONNRESET', message: 'broken' } });
  fake.send({ t: 'input-gone', id });
  await settle();
  const reader = readable.getReader();
  assert.equal(String(Buffer.from((await reader.read()).value)), 'last words');
  await assert.rejects(reader.read(), { name: 'SocketError', code: 'ECONNRESET' });
  await assert.rejects(writable.getWriter().write(encode('x')), PipeError);
  await closed;
  assert.deepEqual(types(fake), ['connect']); // nothing is sent to an end that is gone
});

test('aborted before it is connected: cancelled at once, even if the confirmation is in transit', async (t) => {
  const unhandled = watchUnhandled(t);
  const { hf, fake } = await startFake(t, lib);
  const abort = new AbortController();
  const connecting = hf.connect(80, { signal: abort.signal });
  const [{ id }] = await fake.until('connect');
  fake.send({ t: 'connected', id, error: null });
  abort.abort(new Error('enough'));
  await assert.rejects(connecting, /enough/);
  await fake.until('cancel');
  assert.deepEqual(types(fake), ['connect', 'abort', 'cancel']);
  fake.output(id, 1, 'late');
  fake.send({ t: 'end', id, fd: 1 });
  await settle();
  assert.deepEqual(unhandled, []);
});

test('aborted after it is connected: both directions are broken', async (t) => {
  const { hf, fake } = await startFake(t, lib);
  accepting(fake);
  const abort = new AbortController();
  const { readable, writable, closed } = await hf.connect(80, { signal: abort.signal });
  const { id } = fake.sent('connect')[0];
  abort.abort(new Error('enough'));
  await assert.rejects(readable.getReader().read(), /enough/);
  await assert.rejects(writable.getWriter().write(encode('x')), /enough/);
  await fake.until('cancel');
  fake.send({ t: 'end', id, fd: 1 });
  await closed;
  assert.deepEqual(types(fake), ['connect', 'abort', 'cancel']);
});

test('a listener closes when its signal is aborted, also while it is being opened', async (t) => {
  const { hf, fake } = await startFake(t, lib);
  const answer = ({ call }) => fake.send({ t: 'done', call, value: 50000 });
  fake.on.listen = answer;
  const first = new AbortController();
  const listener = await hf.listen(0, { signal: first.signal });
  first.abort();
  await fake.until('listen-end');
  await assert.rejects(listener.accept(), { code: 'ECONNABORTED' });
  const second = new AbortController();
  fake.on.listen = (message) => {
    second.abort(new Error('enough'));
    answer(message);
  };
  await assert.rejects(hf.listen(0, { signal: second.signal }), { message: 'enough' });
  await fake.until('listen-end', 2);
  await assert.rejects(hf.listen(0, { signal: second.signal }), { message: 'enough' });
  await assert.rejects(hf.listen(0, { signal: {} }), TypeError);
  assert.equal(fake.sent('listen').length, 2);
});

test('a listener: the loop accepts connections, and leaving it closes the port', async (t) => {
  const { hf, fake } = await startFake(t, lib);
  accepting(fake);
  fake.on.listen = ({ call }) => fake.send({ t: 'done', call, value: 50000 });
  const listener = await hf.listen();
  assert.equal(listener.port, 50000);
  let taken = 0;
  for await (const connection of listener) {
    assert.ok(connection.readable);
    if (++taken === 2) break;
  }
  await fake.until('listen-end');
  assert.equal(fake.sent('accept').length, 2);
  await assert.rejects(listener.accept(), { code: 'ECONNABORTED' });
  listener.close();
  assert.equal(fake.sent('listen-end').length, 1);
});

test('the end of the runtime ends every connection, including waiting ones', async (t) => {
  const unhandled = watchUnhandled(t);
  const { hf, fake } = await startFake(t, lib);
  const waiting = hf.connect(80);
  await fake.until('connect');
  accepting(fake);
  const open = await hf.connect(81);
  await hf.close();
  await assert.rejects(waiting, Closed);
  await assert.rejects(open.closed, Closed);
  await assert.rejects(open.readable.getReader().read(), Closed);
  await assert.rejects(hf.connect(80), Closed);
  await settle();
  assert.deepEqual(unhandled, []);
});

test('ports and options are checked before anything is sent', async (t) => {
  const { hf, fake } = await startFake(t, lib);
  for (const port of [0, -1, 65536, 1.5, NaN]) await assert.rejects(hf.connect(port), RangeError);
  await assert.rejects(hf.connect('80'), TypeError);
  await assert.rejects(hf.connect(80, { buffer: 0 }), RangeError);
  await assert.rejects(hf.connect(80, { signal: {} }), TypeError);
  await assert.rejects(hf.listen(65536), RangeError);
  for (const sockets of [{}, [80], [{}], [{ listen: 1, connect: 2 }], [{ listen: 1, nonblocking: 1 }]])
    await assert.rejects(hf.spawn('a.wasm', { sockets }), TypeError);
  await assert.rejects(hf.spawn('a.wasm', { sockets: [{ connect: 0 }] }), RangeError);
  await assert.rejects(hf.spawn('a.wasm', { sockets: Array(65).fill({ listen: 0 }) }), RangeError);
  assert.deepEqual(types(fake), []);
});
