// The page's side of standard input: window, end of file, EPIPE, sources.
import assert from 'node:assert/strict';
import test from 'node:test';
import { bytesOf, settle, startFake, watchUnhandled } from './support/fake-coordinator.mjs';
import { load } from './support/load.mjs';

const lib = await load('web/holdfast.ts', 'web/options.ts', 'web/errors.ts', 'web/streams.ts');
const { INPUT_SLICE, INPUT_WINDOW } = lib;
const joined = (fake) => Buffer.concat(fake.sent('stdin').map(({ bytes }) => bytes));
const isPending = async (promise) => (await Promise.race([promise, settle().then(() => settle)])) === settle;

/** Answers every slice. */
const accepting = (fake, error = null) => {
  fake.on.stdin = ({ id }) => fake.send({ t: 'stdin-done', id, error });
};

test('a large write is sent in slices, a few at a time, and resolves when the last is in the pipe', async (t) => {
  const { hf, fake } = await startFake(t, lib);
  const p = await hf.spawn('a.wasm');
  const data = bytesOf(INPUT_SLICE * 6 + 10);
  const write = p.stdin.getWriter().write(data);
  for (let answered = 0; answered < 7; answered++) {
    await settle();
    assert.equal(fake.sent('stdin').length, Math.min(7, answered + INPUT_WINDOW));
    assert.ok(await isPending(write));
    fake.send({ t: 'stdin-done', id: p.id, error: null });
  }
  await write;
  assert.deepEqual(joined(fake), Buffer.from(data));
});

test('bytes are copied: the caller keeps its buffer, even one from Node’s pool', async (t) => {
  const { hf, fake } = await startFake(t, lib);
  accepting(fake);
  const p = await hf.spawn('a.wasm');
  const writer = p.stdin.getWriter();
  const mine = Buffer.from('pooled');
  await writer.write(mine);
  assert.equal(String(mine), 'pooled');
  assert.equal(String(joined(fake)), 'pooled');
  assert.equal(fake.sent('stdin')[0].bytes.buffer.byteLength, 6, 'only the chunk was sent, not the pool');
});

const { KEY_SLICE, KEY_WINDOW } = lib;
/** Writes `chunk` repeatedly. Returns the number of bytes that a terminal accepts before a write waits. */
async function takenBy(fake, writer, chunk) {
  for (let before = fake.sent('stdin').length; ; before = fake.sent('stdin').length) {
    const write = writer.write(chunk);
    write.catch(() => undefined);
    if (await isPending(write)) return before * KEY_SLICE;
    if (before > 4 * KEY_WINDOW) return Infinity;
  }
}

test('a terminal accepts a limited number of keys in advance, but ^C and the keys before it at once, unless ^C is an ordinary key', async (t) => {
  const unhandled = watchUnhandled(t);
  const { hf, fake } = await startFake(t, lib);
  const lines = new Uint8Array(16 * KEY_SLICE).fill(10);
  const withSignal = lines.slice().fill(3, 9, 10);
  const cooked = await hf.spawn('a.wasm', { terminal: true });
  const keyboard = cooked.stdin.getWriter();
  assert.ok((await takenBy(fake, keyboard, lines)) <= KEY_WINDOW * KEY_SLICE);
  const before = fake.sent('stdin').length;
  const hurried = keyboard.write(withSignal);
  await settle();
  assert.ok(fake.sent('stdin').length >= before + 16);
  fake.received = [];
  const raw = await hf.spawn('a.wasm', { terminal: { raw: true } });
  const keys = raw.stdin.getWriter();
  assert.ok((await takenBy(fake, keys, withSignal)) <= KEY_WINDOW * KEY_SLICE);
  keys.write(withSignal).catch(() => undefined);
  await settle();
  assert.ok(fake.sent('stdin').length <= KEY_WINDOW);
  raw.terminal.setRaw(false);
  await settle();
  assert.ok(fake.sent('stdin').length > KEY_WINDOW);
  await hf.close();
  await assert.rejects(hurried, { name: 'Closed' });
  assert.deepEqual(unhandled, []);
});

test('changing a buffer while its write waits does not affect the window', async (t) => {
  const { hf, fake } = await startFake(t, lib);
  const p = await hf.spawn('a.wasm', { terminal: true });
  const writer = p.stdin.getWriter();
  const buffer = Uint8Array.of(3);
  const first = writer.write(Uint8Array.of(97));
  const second = writer.write(buffer);
  buffer[0] = 98;
  await Promise.all([first, second]);
  assert.ok((await takenBy(fake, writer, new Uint8Array(16 * KEY_SLICE).fill(10))) <= KEY_WINDOW * KEY_SLICE);
});

test('close sends the end of file; so does abort, even while a write is stuck', async (t) => {
  const { hf, fake } = await startFake(t, lib);
  const [p, q] = [await hf.spawn('a.wasm'), await hf.spawn('a.wasm')];
  await p.stdin.close();
  assert.equal((await fake.until('stdin-end'))[0].id, p.id);
  const writer = q.stdin.getWriter();
  writer.write(bytesOf(10)).catch(() => undefined); // nothing answers it
  await settle();
  writer.abort('enough').catch(() => undefined);
  assert.equal((await fake.until('stdin-end', 2))[1].id, q.id);
});

test('a write whose bytes are never read is rejected with EPIPE', async (t) => {
  const { hf, fake } = await startFake(t, lib);
  accepting(fake, { code: 'EPIPE', message: 'Broken pipe' });
  const p = await hf.spawn('a.wasm');
  await assert.rejects(p.stdin.getWriter().write(bytesOf(10)), { name: 'PipeError', code: 'EPIPE' });
});

test('a write that is stuck when the guest ends is rejected with EPIPE', async (t) => {
  const unhandled = watchUnhandled(t);
  const { hf, fake } = await startFake(t, lib);
  const p = await hf.spawn('a.wasm');
  const write = p.stdin.getWriter().write(bytesOf(10));
  await fake.until('stdin');
  fake.end(p.id);
  await assert.rejects(write, { name: 'PipeError', code: 'EPIPE' });
  await settle();
  assert.deepEqual(unhandled, []);
});

test('when the guest has ended, closing succeeds and sends nothing; writing fails with EPIPE', async (t) => {
  const { hf, fake } = await startFake(t, lib);
  const [p, q] = [await hf.spawn('a.wasm'), await hf.spawn('a.wasm')];
  fake.end(p.id);
  fake.end(q.id);
  await Promise.all([p.exited, q.exited]);
  await p.stdin.close();
  await assert.rejects(q.stdin.getWriter().write(bytesOf(1)), { name: 'PipeError', code: 'EPIPE' });
  await settle();
  assert.equal(fake.sent('stdin-end').length, 0);
  assert.equal(fake.sent('stdin').length, 0);
});

test('a chunk of another type is a TypeError that says what to do, and ends the input', async (t) => {
  const { hf, fake } = await startFake(t, lib);
  for (const chunk of ['text', new ArrayBuffer(3), null, 7]) {
    const p = await hf.spawn('a.wasm');
    await assert.rejects(
      p.stdin.getWriter().write(chunk),
      (error) => error instanceof TypeError && /Uint8Array/.test(error.message),
    );
  }
  await fake.until('stdin-end', 4);
});

test('text, bytes, a Blob and a stream are sent completely, then the end of file', async (t) => {
  const { hf, fake } = await startFake(t, lib);
  accepting(fake);
  const stream = new ReadableStream({
    start(controller) {
      controller.enqueue(Buffer.from('hé'));
      controller.enqueue(Buffer.from('llo'));
      controller.close();
    },
  });
  const sources = [
    { text: 'héllo' },
    new TextEncoder().encode('héllo'),
    { bytes: new DataView(new TextEncoder().encode('héllo').buffer) },
    new TextEncoder().encode('héllo').buffer,
    new Blob(['hél', 'lo']),
    stream,
  ];
  for (const [i, stdin] of sources.entries()) {
    fake.received.length = 0;
    await hf.spawn('a.wasm', { stdin });
    await fake.until('stdin-end');
    assert.equal(String(joined(fake)), 'héllo', `source ${i}`);
  }
  fake.received.length = 0;
  await hf.spawn('a.wasm', { stdin: { text: '' } });
  await fake.until('stdin-end');
  assert.equal(fake.sent('stdin').length, 0);
});

test('a stream is cancelled when the guest has ended or no longer reads', async (t) => {
  const unhandled = watchUnhandled(t);
  const { hf, fake } = await startFake(t, lib);
  const endless = () => {
    let cancelled;
    const done = new Promise((resolve) => (cancelled = resolve));
    return [new ReadableStream({ pull: (c) => c.enqueue(bytesOf(10)), cancel: cancelled }, { highWaterMark: 0 }), done];
  };
  const [first, firstDone] = endless();
  const p = await hf.spawn('a.wasm', { stdin: first });
  await fake.until('stdin');
  fake.end(p.id);
  await firstDone;
  accepting(fake, { code: 'EPIPE', message: 'Broken pipe' });
  const [second, secondDone] = endless();
  await hf.spawn('a.wasm', { stdin: second });
  await secondDone;
  await settle();
  assert.deepEqual(unhandled, []);
});

test('a stream that fails kills the guest, which never sees an end of file', async (t) => {
  const { hf, fake } = await startFake(t, lib);
  accepting(fake);
  let fail;
  const stdin = new ReadableStream({
    start(controller) {
      controller.enqueue(bytesOf(5));
      fail = () => controller.error(new Error('network'));
    },
  });
  const p = await hf.spawn('a.wasm', { stdin });
  await fake.until('stdin');
  fail();
  await fake.until('kill');
  assert.equal(fake.sent('stdin-end').length, 0);
  fake.end(p.id, { reason: 'killed', code: 137, message: 'killed' });
  const { reason, message } = await p.exited;
  assert.equal(reason, 'killed');
  assert.match(message, /standard input failed: network/);
});
