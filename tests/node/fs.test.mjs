// hf.fs: the messages that it sends, how it splits large data, its errors, and that it closes every file.
import assert from 'node:assert/strict';
import { constants } from 'node:buffer';
import test from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { settle, startFake, watchUnhandled } from './support/fake-coordinator.mjs';
import { load } from './support/load.mjs';

const lib = await load('web/holdfast.ts', 'web/options.ts', 'web/errors.ts', 'web/fs.ts', 'common/protocol.ts');
const { PART, WHOLE } = lib;

/** A runtime whose coordinator answers file calls with what `answer` returns. */
async function withFiles(t, answer = () => undefined) {
  const { hf, fake } = await startFake(t, lib);
  fake.on.fs = ({ call, request }) => {
    const value = answer(request);
    fake.send(value?.code ? { t: 'failed', call, error: value } : { t: 'done', call, value });
  };
  return { fs: hf.fs, fake, requests: () => fake.sent('fs').map(({ request }) => request) };
}

test('each method requests its operation', async (t) => {
  const { fs, requests } = await withFiles(t, ({ op }) =>
    op === 'readdir' ? { entries: [{ name: 'x', type: 'file', ino: 3 }], handle: 0 } : undefined,
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

test('readFile returns bytes or text, including a byte order mark and invalid bytes', async (t) => {
  const { fs } = await withFiles(t, () => Uint8Array.of(0xef, 0xbb, 0xbf, 0x61, 0xff));
  assert.deepEqual(await fs.readFile('/x'), Uint8Array.of(0xef, 0xbb, 0xbf, 0x61, 0xff));
  assert.equal(await fs.readFile('/x', 'utf-8'), '\ufeffa\ufffd');
  await assert.rejects(fs.readFile('/x', 'latin1'), TypeError);
});

test('text, bytes, a Blob and a stream are written alike, even if empty', async (t) => {
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

/** A coordinator that opens files, and keeps the bytes written to them. */
function opens(size = 0) {
  const files = new Map();
  const answer = (request) => {
    const file = files.get(request.handle);
    switch (request.op) {
      case 'open':
      case 'readFile':
        files.set(files.size + 1, { ...request, written: [], closed: undefined });
        return { handle: files.size, size };
      case 'read':
        return new Uint8Array(Math.max(0, Math.min(request.size, size - request.at))).fill(request.at / PART + 1);
      case 'write':
        file.written.push(Buffer.from(request.bytes));
        return undefined;
      case 'close':
        if (file.closed) return { code: 'EBADF', message: 'it is closed' };
        file.closed = request.how;
        return request.how === 'too-big' ? { code: 'EFBIG', errno: 22, message: 'File too large' } : undefined;
    }
  };
  return { files, answer };
}

const chunked = (data, size) =>
  new ReadableStream({
    start(controller) {
      for (let at = 0; at < data.length; at += size) controller.enqueue(data.slice(at, at + size));
      controller.close();
    },
  });

test('large data is sent in parts to a file that is opened once and closed at the end', async (t) => {
  const data = new Uint8Array(WHOLE + 5).map((_, i) => i >> 12);
  for (const source of [data, new Blob([data]), chunked(data, 3_000_001)]) {
    const { files, answer } = opens();
    const { fs, requests } = await withFiles(t, answer);
    await fs.writeFile('/big', source, { exclusive: true });
    assert.equal(files.size, 1);
    const file = files.get(1);
    assert.deepEqual([file.path, file.how, file.exclusive, file.closed], ['/big', 'replace', true, 'done']);
    assert.ok(file.written.every(({ length }) => length <= PART));
    assert.ok(Buffer.concat(file.written).equals(data));
    await fs.appendFile('/big', data);
    assert.deepEqual([files.get(2).how, files.get(2).closed], ['append', 'done']);
    assert.ok(requests().every(({ op }) => ['open', 'write', 'close'].includes(op)));
  }
});

test('large text is encoded in parts, and no character is split', async (t) => {
  const text = `${'x'.repeat(Math.floor(PART / 3) - 1)}${'😀é€'.repeat(WHOLE / 3)}`;
  const { files, answer } = opens();
  const { fs } = await withFiles(t, answer);
  await fs.writeFile('/text', text);
  assert.equal(Buffer.concat(files.get(1).written).toString(), text);
});

test('a file is closed when its source fails, when it cannot be written, and when its stream is cancelled', async (t) => {
  const full = { code: 'ENOSPC', message: 'No space' };
  const { files, answer } = opens();
  let refuse = '';
  const { fs } = await withFiles(t, (request) => (request.op === refuse ? full : answer(request)));
  let parts = 0;
  const failing = new ReadableStream({
    pull: (c) => (++parts > 3 ? c.error(new Error('network')) : c.enqueue(new Uint8Array(PART))),
  });
  await assert.rejects(fs.writeFile('/x', failing), { message: 'network' });
  assert.equal(files.get(1).closed, 'drop');
  refuse = 'write';
  await assert.rejects(fs.writeFile('/x', new Uint8Array(WHOLE + 1)), { code: 'ENOSPC', syscall: 'writeFile' });
  assert.equal(files.get(2).closed, 'drop');
  refuse = '';
  const writer = fs.writable('/x').getWriter();
  await writer.write(new Uint8Array(3));
  await writer.abort();
  assert.equal(files.get(3).closed, 'drop');
  await assert.rejects(fs.writable('/x').getWriter().write('text'), TypeError);
  assert.equal(files.get(4).closed, 'drop');
  const reader = fs.readable('/x').getReader();
  await reader.read();
  await reader.cancel();
  assert.equal(files.get(5).closed, 'drop');
});

test('a large file is read one part at a time, and closed', async (t) => {
  const size = WHOLE + 5;
  const { files, answer } = opens(size);
  let [under, most] = [0, 0];
  const { fs, fake } = await withFiles(t);
  fake.on.fs = ({ call, request }) => {
    if (request.op === 'read') most = Math.max(most, ++under);
    setTimeout(() => {
      if (request.op === 'read') under--;
      fake.send({ t: 'done', call, value: answer(request) });
    }, 1);
  };
  const bytes = await fs.readFile('/big');
  assert.equal(bytes.length, size);
  for (let part = 0; part * PART < size; part++) assert.equal(bytes[part * PART], part + 1);
  assert.equal(most, 1);
  assert.equal(files.get(1).closed, 'drop');
});

test('a file that shrinks while it is read is returned with its new length', async (t) => {
  const { answer } = opens(WHOLE + 3 * PART);
  const { fs } = await withFiles(t, (request) => {
    if (request.op !== 'read') return answer(request);
    return new Uint8Array(Math.max(0, Math.min(request.size, 2 * PART + 7 - request.at)));
  });
  assert.equal((await fs.readFile('/big')).length, 2 * PART + 7);
});

test('a file that no array or string can hold is EFBIG before anything is read', async (t) => {
  for (const [size, encoding] of [
    [2 ** 53 - 1, undefined],
    [2 ** 40, undefined],
    [2 ** 40, 'utf8'],
    [constants.MAX_STRING_LENGTH + 1, 'utf8'],
  ]) {
    const { files, answer } = opens(size);
    const { fs, requests } = await withFiles(t, answer);
    await assert.rejects(fs.readFile('/huge', encoding), {
      name: 'FsError',
      code: 'EFBIG',
      syscall: 'readFile',
      path: '/huge',
    });
    assert.equal(files.get(1).closed, 'too-big');
    assert.deepEqual(
      requests().filter(({ op }) => op === 'read'),
      [],
    );
  }
});

test('a stream reads on demand, from start to end, and closes after the last byte', async (t) => {
  const { files, answer } = opens(3 * PART);
  const { fs, requests } = await withFiles(t, answer);
  const reader = fs.readable('/x', { start: PART - 1, end: 2 * PART + 1 }).getReader();
  await settle();
  assert.equal(requests().length, 0, 'nothing is open yet');
  const sizes = [];
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    sizes.push(value.length);
  }
  assert.deepEqual(sizes, [PART, 2]);
  assert.deepEqual(
    requests()
      .filter(({ op }) => op === 'read')
      .map(({ at, size }) => [at, size]),
    [
      [PART - 1, PART],
      [2 * PART - 1, 2],
      [2 * PART + 1, 0],
    ],
  );
  assert.equal(files.get(1).closed, 'drop');
  // A reader with its own buffer sees the end, too.
  const own = fs.readable('/x', { start: 3 * PART - 4 }).getReader({ mode: 'byob' });
  assert.equal((await own.read(new Uint8Array(10))).value.length, 4);
  assert.equal((await own.read(new Uint8Array(10))).done, true);
});

test('a stream fails with the file’s error, and is closed', async (t) => {
  const unhandled = watchUnhandled(t);
  const { files, answer } = opens(PART);
  let refuse = 'open';
  const { fs } = await withFiles(t, (request) =>
    request.op === refuse ? { code: 'ENOENT', message: 'No such file or directory' } : answer(request),
  );
  await assert.rejects(fs.readable('/no').getReader().read(), { code: 'ENOENT', syscall: 'readable', path: '/no' });
  await assert.rejects(fs.writable('/no').getWriter().write(new Uint8Array(1)), {
    code: 'ENOENT',
    syscall: 'writable',
  });
  refuse = 'read';
  await assert.rejects(fs.readable('/no').getReader().read(), { code: 'ENOENT' });
  assert.equal(files.get(1).closed, 'drop');
  fs.readable('/never read');
  assert.throws(() => fs.readable('relative'), TypeError);
  assert.throws(() => fs.readable('/x', { start: -1 }), RangeError);
  assert.throws(() => fs.writable(5), TypeError);
  await settle();
  assert.deepEqual(unhandled, []);
});

test('a stream that is garbage collected closes its file', async (t) => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc');
  const { files, answer } = opens(9 * PART);
  const { fs } = await withFiles(t, answer);
  await (async () => {
    const reader = fs.readable('/x').getReader();
    await reader.read();
    const writer = fs.writable('/y').getWriter();
    await writer.write(new Uint8Array(1));
  })();
  const open = () => [...files.values()].filter(({ closed }) => !closed).length;
  assert.equal(open(), 2);
  for (let i = 0; i < 100 && open() > 0; i++) {
    await settle();
    collect();
  }
  assert.deepEqual(
    [...files.values()].map(({ closed }) => closed),
    ['drop', 'drop'],
  );
});

test('pending calls are rejected when the runtime closes, and their sources are cancelled', async (t) => {
  const unhandled = watchUnhandled(t);
  const { hf, fake } = await startFake(t, lib);
  const { answer } = opens();
  fake.on.fs = ({ call, request }) => {
    if (request.op !== 'write') fake.send({ t: 'done', call, value: answer(request) });
  };
  let cancelled = false;
  const endless = new ReadableStream({
    pull: (c) => c.enqueue(new Uint8Array(PART)),
    cancel: () => void (cancelled = true),
  });
  const writing = assert.rejects(hf.fs.writeFile('/x', endless), { name: 'Closed' });
  await fake.until('fs', 2);
  await hf.close();
  await writing;
  assert.ok(cancelled);
  assert.deepEqual(unhandled, []);
});

test('a failed call rejects with an FsError that has all the details', async (t) => {
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
    pull: (c) => c.enqueue(new Uint8Array(PART)),
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
