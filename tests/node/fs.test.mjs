// hf.fs: what is asked, how large data is cut, which errors there are.
import assert from 'node:assert/strict';
import test from 'node:test';
import { bytesOf, startFake, watchUnhandled } from './support/fake-coordinator.mjs';
import { load } from './support/load.mjs';

const lib = await load('web/holdfast.ts', 'web/options.ts', 'web/errors.ts', 'web/fs.ts');
const { FILE_SLICE } = lib;

/** A runtime whose coordinator answers file calls with what `answer` returns. */
async function withFiles(t, answer = () => undefined) {
  const { hf, fake } = await startFake(t, lib);
  fake.on.fs = ({ call, request }) => {
    const value = answer(request);
    fake.send(value?.code ? { t: 'failed', call, error: value } : { t: 'done', call, value });
  };
  return { fs: hf.fs, fake, requests: () => fake.sent('fs').map(({ request }) => request) };
}

test('each method asks for its operation', async (t) => {
  const { fs, requests } = await withFiles(t, ({ op }) =>
    op === 'readdir' ? [{ name: 'x', type: 'file', ino: 3 }] : undefined,
  );
  await fs.mkdir('/d');
  await fs.mkdir('/d/e', { recursive: true });
  assert.deepEqual(await fs.readdir('/d'), ['x']);
  assert.deepEqual(await fs.readdir('/d', { withFileTypes: true }), [{ name: 'x', type: 'file', ino: 3 }]);
  await fs.stat('/x');
  await fs.lstat('/x');
  await fs.rename('/a', '/b');
  await fs.rm('/a', { recursive: true, force: true });
  await fs.rmdir('/d');
  await fs.unlink('/a');
  await fs.symlink('../target', '/link');
  await fs.readlink('/link');
  await fs.link('/a', '/b');
  await fs.truncate('/a');
  await fs.truncate('/a', 10);
  await fs.utimes('/a', null, new Date(1500), { follow: false });
  await fs.utimes('/a', 1.5, 2);
  assert.deepEqual(requests(), [
    { op: 'mkdir', path: '/d', recursive: false },
    { op: 'mkdir', path: '/d/e', recursive: true },
    { op: 'readdir', path: '/d' },
    { op: 'readdir', path: '/d' },
    { op: 'stat', path: '/x', follow: true },
    { op: 'stat', path: '/x', follow: false },
    { op: 'rename', from: '/a', to: '/b' },
    { op: 'rm', path: '/a', recursive: true, force: true },
    { op: 'rmdir', path: '/d' },
    { op: 'unlink', path: '/a' },
    { op: 'symlink', target: '../target', path: '/link' },
    { op: 'readlink', path: '/link' },
    { op: 'link', from: '/a', to: '/b' },
    { op: 'truncate', path: '/a', size: 0 },
    { op: 'truncate', path: '/a', size: 10 },
    { op: 'utimes', path: '/a', atime: null, mtime: 1500, follow: false },
    { op: 'utimes', path: '/a', atime: 1.5, mtime: 2, follow: true },
  ]);
});

test('readFile gives bytes or text, a byte order mark and bad bytes included', async (t) => {
  const { fs } = await withFiles(t, () => Uint8Array.of(0xef, 0xbb, 0xbf, 0x61, 0xff));
  assert.deepEqual(await fs.readFile('/x'), Uint8Array.of(0xef, 0xbb, 0xbf, 0x61, 0xff));
  assert.equal(await fs.readFile('/x', 'utf-8'), '\ufeffa\ufffd');
  await assert.rejects(fs.readFile('/x', 'latin1'), TypeError);
});

test('text, bytes, a Blob and a stream are written alike, also nothing at all', async (t) => {
  const { fs, requests } = await withFiles(t);
  const stream = (...chunks) =>
    new ReadableStream({
      start(controller) {
        for (const chunk of chunks) controller.enqueue(Buffer.from(chunk));
        controller.close();
      },
    });
  for (const data of [
    'hé',
    Buffer.from('hé'),
    new TextEncoder().encode('hé').buffer,
    new Blob(['hé']),
    stream('h', 'é'),
  ])
    await fs.writeFile('/x', data);
  for (const data of ['', new Uint8Array(), new Blob([]), stream()]) await fs.writeFile('/x', data);
  const written = requests().map(({ bytes, append }) => [String(Buffer.from(bytes)), append]);
  assert.deepEqual(written.slice(0, 5), Array(5).fill(['hé', false]));
  assert.deepEqual(written.slice(5), Array(4).fill(['', false]));
});

test('large data is cut into slices: the first replaces, the others append', async (t) => {
  const { fs, fake, requests } = await withFiles(t);
  const data = new Uint8Array(2 * FILE_SLICE + 5).map((_, i) => i >> 12);
  const chunked = new ReadableStream({
    start(controller) {
      for (let at = 0; at < data.length; at += 3_000_001) controller.enqueue(data.slice(at, at + 3_000_001));
      controller.close();
    },
  });
  for (const source of [data, new Blob([data]), chunked]) {
    fake.received.length = 0;
    await fs.writeFile('/big', source, { exclusive: true });
    const parts = requests();
    assert.deepEqual(
      parts.map(({ bytes, append, exclusive }) => [bytes.length, append, exclusive]),
      [
        [FILE_SLICE, false, true],
        [FILE_SLICE, true, false],
        [5, true, false],
      ],
    );
    assert.ok(Buffer.concat(parts.map(({ bytes }) => bytes)).equals(data));
  }
  fake.received.length = 0;
  await fs.appendFile('/big', bytesOf(3));
  assert.deepEqual(requests()[0].append, true);
});

test('a failed call is an FsError with everything about it', async (t) => {
  const { fs } = await withFiles(t, () => ({ code: 'ENOENT', errno: 44, message: 'No such file or directory' }));
  await assert.rejects(fs.readFile('/no'), {
    name: 'FsError',
    code: 'ENOENT',
    errno: 44,
    syscall: 'readFile',
    path: '/no',
    message: "ENOENT: No such file or directory, readFile '/no'",
  });
  await assert.rejects(fs.rename('/a', '/b'), {
    dest: '/b',
    message: "ENOENT: No such file or directory, rename '/a' -> '/b'",
  });
  await assert.rejects(fs.appendFile('/no', 'x'), { syscall: 'appendFile' });
  assert.equal(await fs.exists('/no'), false);
});

test('exists does not hide other errors', async (t) => {
  const { fs } = await withFiles(t, () => ({ code: 'EIO', message: 'I/O error' }));
  await assert.rejects(fs.exists('/x'), { code: 'EIO' });
});

test('a stream is cancelled when its file cannot be written, and its own error is passed on', async (t) => {
  const unhandled = watchUnhandled(t);
  const { fs } = await withFiles(t, () => ({ code: 'ENOSPC', message: 'No space' }));
  let cancelled = false;
  const endless = new ReadableStream({
    pull: (c) => c.enqueue(new Uint8Array(FILE_SLICE)),
    cancel: () => void (cancelled = true),
  });
  await assert.rejects(fs.writeFile('/x', endless), { code: 'ENOSPC' });
  assert.ok(cancelled);
  const failing = new ReadableStream({ pull: (c) => c.error(new Error('network')) });
  await assert.rejects(fs.writeFile('/x', failing), { message: 'network' });
  assert.deepEqual(unhandled, []);
});

test('wrong arguments are TypeErrors', async (t) => {
  const { fs, requests } = await withFiles(t);
  for (const call of [
    () => fs.readFile('relative'),
    () => fs.readFile(''),
    () => fs.readFile(5),
    () => fs.stat('/a\0b'),
    () => fs.writeFile('/x', 5),
    () => fs.writeFile('/x', new ReadableStream({ start: (c) => c.enqueue('text') })),
    () => fs.symlink(5, '/x'),
    () => fs.truncate('/x', '1'),
    () => fs.utimes('/x', 'now', null),
    () => fs.utimes('/x', NaN, null),
  ]) {
    await assert.rejects(call(), TypeError);
  }
  await assert.rejects(fs.truncate('/x', -1), RangeError);
  assert.equal(requests().length, 0);
});
