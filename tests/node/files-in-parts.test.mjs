// Large files, directories and removals in the real coordinator: the order of bytes, concurrency, and size limits.
import assert from 'node:assert/strict';
import { constants } from 'node:buffer';
import { readFile } from 'node:fs/promises';
import test from 'node:test';
import { start } from '../../dist/node.js';
import { until } from './support/until.mjs';

const MIB = 1024 * 1024;
const guest = (name) => readFile(new URL(`../../build/guests/${name}.wasm`, import.meta.url));

async function started(t, options) {
  const hf = await start(options);
  t.after(() => hf.close());
  return hf;
}

const bytes = (letter, mib) => new Uint8Array(mib * MIB).fill(letter.charCodeAt(0));

/** "A9 B9": nine MiB of A, then nine MiB of B. */
function runs(data) {
  const found = [];
  for (let at = 0; at < data.length; at += MIB) {
    const part = Buffer.from(data.buffer, at, Math.min(MIB, data.length - at));
    assert.ok(part.equals(Buffer.alloc(part.length, part[0])), 'a MiB from one writer');
    const letter = String.fromCharCode(part[0]);
    if (found.at(-1)?.[0] !== letter) found.push([letter, 0]);
    found.at(-1)[1] += part.length / MIB;
  }
  return found.map(([letter, mib]) => letter + mib).join(' ');
}

/** A stream that delivers parts on request. */
function valve() {
  let controller;
  const stream = new ReadableStream({ start: (c) => void (controller = c) });
  return {
    stream,
    give: (letter, mib) => controller.enqueue(bytes(letter, mib)),
    end: () => controller.close(),
    fail: (error) => controller.error(error),
  };
}

test('a write goes to the file that it opened, even if that file is moved meanwhile', async (t) => {
  const { fs } = await started(t);
  const { stream, give, end } = valve();
  const written = fs.writeFile('/a', stream);
  give('A', 9);
  await until(() => fs.exists('/a'));
  await fs.rename('/a', '/b');
  give('A', 9);
  end();
  await written;
  assert.equal(await fs.exists('/a'), false);
  assert.equal(runs(await fs.readFile('/b')), 'A18');
});

test('a file that is removed while it is written stays removed', async (t) => {
  const hf = await started(t);
  const before = (await hf.stats()).files;
  const { stream, give, end } = valve();
  const written = hf.fs.writeFile('/a', stream);
  give('A', 9);
  await until(() => hf.fs.exists('/a'));
  await hf.fs.rm('/a');
  give('A', 9);
  end();
  await written;
  assert.equal(await hf.fs.exists('/a'), false);
  assert.deepEqual((await hf.stats()).files, before);
});

test('after concurrent writes the file has the complete contents of one', async (t) => {
  const { fs } = await started(t);
  for (const mib of [4, 9, 20]) {
    await Promise.all([...'ABC'].map((letter) => fs.writeFile('/f', bytes(letter, mib))));
    assert.match(runs(await fs.readFile('/f')), new RegExp(`^[ABC]${mib}$`));
  }
  await Promise.all([fs.writeFile('/f', bytes('A', 9)), fs.writeFile('/f', bytes('B', 20)), fs.writeFile('/f', 'C')]);
  assert.match(runs(await fs.readFile('/f')), /^(A9|B20|C\S+)$/);
});

test('a stalled stream does not block the file, and replaces it when it ends', async (t) => {
  const { fs } = await started(t);
  const stalled = valve();
  const slow = fs.writeFile('/f', stalled.stream);
  stalled.give('A', 9);
  await until(() => fs.exists('/f'));
  await fs.writeFile('/f', bytes('B', 9));
  await fs.appendFile('/f', bytes('C', 9));
  await fs.appendFile('/f', bytes('D', 1));
  assert.equal(runs(await fs.readFile('/f')), 'B9 C9 D1');
  stalled.end();
  await slow;
  assert.equal(runs(await fs.readFile('/f')), 'A9');
});

test('a failed write leaves the old contents, and no bytes behind', async (t) => {
  const hf = await started(t, { memory: { initial: 16 * MIB, maximum: 64 * MIB } });
  const { fs } = hf;
  await fs.writeFile('/f', 'as it was');
  const before = (await hf.stats()).files;
  const failing = valve();
  const written = fs.writeFile('/f', failing.stream);
  failing.give('A', 9);
  await until(async () => (await hf.stats()).files.bytes > MIB);
  assert.equal(await fs.readFile('/f', 'utf8'), 'as it was');
  failing.fail(new Error('the network is gone'));
  await assert.rejects(written, { message: 'the network is gone' });
  await assert.rejects(fs.writeFile('/f', bytes('A', 60)), { code: 'ENOSPC', syscall: 'writeFile' });
  await assert.rejects(fs.appendFile('/f', bytes('A', 60)), { code: 'ENOSPC', syscall: 'appendFile' });
  const writer = fs.writable('/f').getWriter();
  await writer.write(bytes('A', 3));
  await writer.abort();
  await until(async () => (await hf.stats()).files.bytes === before.bytes);
  assert.equal(await fs.readFile('/f', 'utf8'), 'as it was');
  assert.deepEqual((await hf.stats()).files, before);
});

test('the bytes of each append stay together', async (t) => {
  const { fs } = await started(t);
  const slow = valve();
  const appended = [fs.appendFile('/log', slow.stream)];
  slow.give('A', 5);
  for (const [letter, mib] of Object.entries({ B: 9, C: 1, D: 20, E: 2, F: 9 }))
    appended.push(fs.appendFile('/log', bytes(letter, mib)));
  slow.give('A', 5);
  slow.end();
  await Promise.all(appended);
  const found = runs(await fs.readFile('/log'))
    .split(' ')
    .sort();
  assert.deepEqual(found, ['A10', 'B9', 'C1', 'D20', 'E2', 'F9']);
});

test('a file whose contents are replaced stays the same file, for its other names and for programs that have it open', async (t) => {
  const hf = await started(t);
  const { fs } = hf;
  await fs.writeFile('/f', 'old');
  await fs.link('/f', '/second');
  const { ino } = await fs.stat('/f');
  const process = await hf.spawn(await guest('files-on-command'), { preopens: ['/'] });
  const writer = process.stdin.getWriter();
  const reader = process.stdout.getReader();
  const ask = async (line) => {
    await writer.write(new TextEncoder().encode(`${line}\n`));
    return new TextDecoder().decode((await reader.read()).value).trim();
  };
  const fd = await ask('open /f r');
  assert.equal(await ask(`size ${fd}`), '3');
  await fs.writeFile('/f', bytes('A', 9));
  assert.equal(await ask(`size ${fd}`), String(9 * MIB));
  assert.equal(await ask(`read ${fd} 4`), 'AAAA');
  assert.equal((await fs.stat('/second')).size, 9 * MIB);
  assert.deepEqual([(await fs.stat('/f')).ino, (await fs.stat('/f')).nlink], [ino, 2]);
  await fs.writeFile('/f', 'new');
  assert.equal(await ask(`size ${fd}`), '3');
});

test('exclusive, links and devices work for large data as for small', async (t) => {
  const { fs } = await started(t);
  await fs.writeFile('/f', bytes('A', 9), { exclusive: true });
  await assert.rejects(fs.writeFile('/f', bytes('B', 9), { exclusive: true }), { code: 'EEXIST' });
  await assert.rejects(fs.writable('/f', { exclusive: true }).getWriter().write(bytes('B', 1)), { code: 'EEXIST' });
  await fs.symlink('f', '/link');
  await fs.writeFile('/link', bytes('C', 9));
  assert.equal(runs(await fs.readFile('/f')), 'C9');
  await fs.writeFile('/dev/null', bytes('A', 9));
  await fs.appendFile('/dev/null', bytes('A', 9));
  await assert.rejects(fs.writeFile('/dev/full', bytes('A', 9)), { code: 'ENOSPC' });
  await assert.rejects(fs.writeFile('/tmp', bytes('A', 9)), { code: 'EISDIR' });
  await assert.rejects(fs.writeFile('/no/such', bytes('A', 9)), { code: 'ENOENT' });
});

test('readable and writable: a file goes through streams, and /dev/zero never ends', async (t) => {
  const { fs } = await started(t);
  await fs.writeFile('/in', bytes('A', 20));
  await fs.readable('/in').pipeTo(fs.writable('/out'));
  assert.equal(runs(await fs.readFile('/out')), 'A20');
  const text = new Response(fs.readable('/out', { start: 20 * MIB - 5, end: 20 * MIB - 1 }));
  assert.equal(await text.text(), 'AAAA');
  const log = fs.writable('/log', { append: true }).getWriter();
  await log.write(new TextEncoder().encode('one\n'));
  assert.equal(await fs.readFile('/log', 'utf8'), 'one\n'); // at once
  await fs.appendFile('/log', 'two\n');
  await log.write(new TextEncoder().encode('three\n'));
  await log.close();
  assert.equal(await fs.readFile('/log', 'utf8'), 'one\ntwo\nthree\n');
  const zeros = fs.readable('/dev/zero').getReader();
  assert.ok((await zeros.read()).value.length > 0);
  assert.ok((await zeros.read()).value.length > 0);
  await zeros.cancel();
});

test('a size beyond what this engine can hold is EFBIG at once; below it is read', async (t) => {
  const { fs } = await started(t);
  await fs.writeFile('/sparse', '');
  const read = async (size, encoding) => {
    await fs.truncate('/sparse', size);
    const failure = await fs.readFile('/sparse', encoding).then(
      (data) => assert.fail(`it gave ${data.length}`),
      (error) => error,
    );
    assert.deepEqual([failure.code, failure.errno, failure.syscall], ['EFBIG', 22, 'readFile']);
    assert.match(failure.message, new RegExp(`${size} bytes`));
  };
  const text = constants.MAX_STRING_LENGTH;
  for (const size of [text + 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 32 + 1, 2 ** 53 - 1]) await read(size, 'utf8');
  for (const size of [constants.MAX_LENGTH + 1, 2 ** 40, 2 ** 53 - 1]) await read(size);
  // A stream has no such limit, because only the part being read is in memory.
  await fs.truncate('/sparse', 2 ** 40);
  await fs.appendFile('/sparse', 'end');
  assert.equal(await new Response(fs.readable('/sparse', { start: 2 ** 40 - 1 })).text(), '\0end');
  await fs.truncate('/sparse', 40 * MIB);
  assert.equal((await fs.readFile('/sparse')).length, 40 * MIB);
  assert.equal((await fs.readFile('/sparse', 'utf8')).length, 40 * MIB);
});

test('long operations let other calls run: a large file, a large directory, a large removal', async (t) => {
  const hf = await started(t);
  const { fs } = hf;
  const order = [];
  const note = (name, call) => call.then((value) => (order.push(name), value));
  const first = async (name, long) => {
    order.length = 0;
    const [value] = await Promise.all([note(name, long()), note('a short one', fs.exists('/'))]);
    assert.deepEqual(order, ['a short one', name]);
    return value;
  };
  await fs.writeFile('/sparse', '');
  await fs.truncate('/sparse', 200 * MIB);
  await first('readFile', () => fs.readFile('/sparse'));
  const made = await hf.run(await guest('toolbox'), { args: ['names', '/many', '30000'], preopens: ['/'] });
  assert.equal(made.code, 0, made.stderr);
  const names = await first('readdir', () => fs.readdir('/many'));
  assert.equal(new Set(names).size, 30_000);
  await first('rm', () => fs.rm('/many', { recursive: true }));
  assert.equal(await fs.exists('/many'), false);
});

test('a directory that is moved while it is listed is listed to its end', async (t) => {
  const hf = await started(t);
  const made = await hf.run(await guest('toolbox'), { args: ['names', '/many', '10000'], preopens: ['/'] });
  assert.equal(made.code, 0, made.stderr);
  const [names] = await Promise.all([hf.fs.readdir('/many'), hf.fs.rename('/many', '/moved')]);
  assert.equal(new Set(names).size, 10_000);
});

test('closing the runtime ends calls in progress', async (t) => {
  const hf = await started(t);
  await hf.fs.writeFile('/sparse', '');
  await hf.fs.truncate('/sparse', 1024 * MIB);
  const stalled = valve();
  const calls = [
    hf.fs.readFile('/sparse'),
    hf.fs.writeFile('/f', bytes('A', 100)),
    hf.fs.readable('/sparse').pipeTo(hf.fs.writable('/copy')),
  ].map((call) => assert.rejects(call, { name: 'Closed' }));
  stalled.give('A', 9);
  await hf.fs.exists('/');
  await hf.close();
  await Promise.all(calls);
});
