// The page's side of standard output: credit, cancel, end, targets.
import assert from 'node:assert/strict';
import test from 'node:test';
import { bytesOf, settle, startFake } from './support/fake-coordinator.mjs';
import { load } from './support/load.mjs';

const lib = await load('web/holdfast.ts', 'web/options.ts', 'web/errors.ts');
const granted = (fake, fd = 1) => fake.sent('credit').reduce((sum, m) => sum + (m.fd === fd ? m.bytes : 0), 0);

async function readAll(stream) {
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

test('an unread stream gets no more than the initial credit', async (t) => {
  const { hf, fake } = await startFake(t, lib);
  const p = await hf.spawn('a.wasm', { outputBuffer: 1000 });
  assert.equal(fake.sent('spawn')[0].credit, 1000);
  fake.output(p.id, 1, bytesOf(600));
  fake.output(p.id, 1, bytesOf(400));
  await settle();
  assert.equal(granted(fake), 0);
});

test('credit is granted for what the reader has taken, and only for that', async (t) => {
  const { hf, fake } = await startFake(t, lib);
  const p = await hf.spawn('a.wasm', { outputBuffer: 400_000 });
  for (let i = 0; i < 4; i++) fake.output(p.id, 1, bytesOf(100_000));
  const reader = p.stdout.getReader();
  let taken = 0;
  for (let i = 0; i < 4; i++) {
    taken += (await reader.read()).value.byteLength;
    await settle();
    assert.ok(granted(fake) <= taken, `${granted(fake)} granted, ${taken} taken`);
  }
  assert.equal(granted(fake), 400_000);
});

test('the bytes are exact and the end comes after the last one', async (t) => {
  const { hf, fake } = await startFake(t, lib);
  const p = await hf.spawn('a.wasm');
  const all = [bytesOf(3, 1), bytesOf(70_000, 2), bytesOf(1, 3), bytesOf(500, 4)];
  for (const bytes of all) fake.output(p.id, 1, bytes);
  fake.output(p.id, 2, 'error');
  fake.end(p.id);
  await p.exited;
  await settle();
  assert.deepEqual(await readAll(p.stdout), Buffer.concat(all));
  assert.equal(String(await readAll(p.stderr)), 'error');
});

test('accumulated small chunks are read together', async (t) => {
  const { hf, fake } = await startFake(t, lib);
  const p = await hf.spawn('a.wasm');
  for (let i = 0; i < 100; i++) fake.output(p.id, 1, 'x');
  await settle();
  const { value } = await p.stdout.getReader().read();
  assert.equal(value.byteLength, 100);
});

test('a reader can provide its own buffer, up to the end', async (t) => {
  const { hf, fake } = await startFake(t, lib);
  const p = await hf.spawn('a.wasm');
  const reader = p.stdout.getReader({ mode: 'byob' });
  const first = reader.read(new Uint8Array(4));
  fake.output(p.id, 1, 'abcdef');
  assert.equal(String(Buffer.from((await first).value)), 'abcd');
  assert.equal(String(Buffer.from((await reader.read(new Uint8Array(4))).value)), 'ef');
  const last = reader.read(new Uint8Array(4));
  fake.end(p.id);
  assert.equal((await last).done, true);
});

test('a reader that waits at the end is woken', async (t) => {
  const { hf, fake } = await startFake(t, lib);
  const p = await hf.spawn('a.wasm');
  const reader = p.stdout.getReader();
  const waiting = reader.read();
  fake.end(p.id);
  assert.equal((await waiting).done, true);
  await reader.closed;
});

test('cancel is sent once, and later chunks are dropped', async (t) => {
  const { hf, fake } = await startFake(t, lib);
  const p = await hf.spawn('a.wasm');
  fake.output(p.id, 1, 'before');
  await settle();
  await p.stdout.cancel();
  fake.output(p.id, 1, 'after');
  fake.end(p.id);
  await settle();
  assert.deepEqual(
    fake.sent('cancel').map(({ id, fd }) => [id, fd]),
    [[p.id, 1]],
  );
});

test('cancelling a stream that has ended sends nothing', async (t) => {
  const { hf, fake } = await startFake(t, lib);
  const p = await hf.spawn('a.wasm');
  fake.output(p.id, 1, 'unread');
  fake.end(p.id);
  await p.exited;
  await settle();
  await p.stdout.cancel();
  await settle();
  assert.equal(fake.sent('cancel').length, 0);
});

test('a function gets every chunk, and the guest waits while its promise is pending', async (t) => {
  const { hf, fake } = await startFake(t, lib);
  const got = [];
  let release;
  const stdout = (chunk) => {
    got.push(Buffer.from(chunk).toString());
    return new Promise((resolve) => (release = resolve));
  };
  const p = await hf.spawn('a.wasm', { stdout });
  fake.output(p.id, 1, 'one');
  await settle();
  fake.output(p.id, 1, 'two');
  await settle();
  assert.deepEqual(got, ['one']);
  release();
  await settle();
  assert.deepEqual(got, ['one', 'two']);
  release();
  fake.end(p.id);
  assert.deepEqual(await readAll(p.stdout), Buffer.alloc(0), 'the process’s own stream is empty, and ends');
});

test('a function that throws cancels the stream, and its error is reported', async (t) => {
  const { hf, fake } = await startFake(t, lib);
  const thrower = new Promise((resolve) => t.mock.method(globalThis, 'queueMicrotask', resolve));
  const stdout = () => {
    throw new Error('mine');
  };
  const p = await hf.spawn('a.wasm', { stdout });
  fake.output(p.id, 1, 'x');
  assert.throws(await thrower, { message: 'mine' });
  await fake.until('cancel');
});

test('a WritableStream gets everything and is closed; one that fails cancels', async (t) => {
  const { hf, fake } = await startFake(t, lib);
  let text = '';
  let closed = false;
  const stdout = new WritableStream({
    write: (chunk) => void (text += Buffer.from(chunk)),
    close: () => void (closed = true),
  });
  const stderr = new WritableStream({ write: () => Promise.reject(new Error('disk full')) });
  const p = await hf.spawn('a.wasm', { stdout, stderr });
  fake.output(p.id, 1, 'hello ');
  fake.output(p.id, 2, 'x');
  fake.output(p.id, 1, 'world');
  const [{ fd }] = await fake.until('cancel');
  assert.equal(fd, 2);
  fake.end(p.id);
  await readAll(p.stdout);
  assert.equal(text, 'hello world');
  assert.ok(closed);
});

test('"null" asks for no output, and its stream is empty', async (t) => {
  const { hf, fake } = await startFake(t, lib);
  const p = await hf.spawn('a.wasm', { stdout: 'null', stderr: 'null', stdin: 'null' });
  const [{ stdin, stdout, stderr }] = fake.sent('spawn');
  assert.deepEqual([stdin, stdout, stderr], ['null', 'null', 'null']);
  assert.equal((await readAll(p.stdout)).length, 0);
  await assert.rejects(p.stdin.getWriter().write(bytesOf(1)), { name: 'PipeError', code: 'EPIPE' });
});
