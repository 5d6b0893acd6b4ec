// hf.run() with files: what the program finds, what is returned, and what runs share.
import assert from 'node:assert/strict';
import test from 'node:test';
import { guest, runtime, until } from './support/runtime.mjs';

const patience = { timeout: 300_000 };
const text = (files) =>
  Object.fromEntries(Object.entries(files).map(([path, bytes]) => [path, Buffer.from(bytes).toString()]));
const program = guest('files-on-command');
const steps = (...lines) => lines.map((line) => `${line}\n`).join('');

test('files exist before the program starts, and created or changed ones are returned', patience, async (t) => {
  const hf = await runtime(t);
  const result = await hf.run(program, {
    files: { '/kept.txt': 'kept', '/sub/dir/changed': new Blob(['old']), '/gone': Buffer.from('x') },
    stdin: steps(
      'open /sub/dir/changed rw',
      'read 4 9',
      'seek 4 0',
      'write 4 new',
      'open /made rwc',
      'write 5 made',
      'unlink /gone',
    ),
  });
  assert.equal(result.code, 0, result.stdout + result.stderr);
  assert.match(result.stdout, /old/);
  assert.deepEqual(text(result.files), { '/sub/dir/changed': 'new', '/made': 'made' });
  assert.deepEqual(await hf.fs.readdir('/run'), [], 'its directory is gone');
});

test('concurrent runs share nothing', patience, async (t) => {
  const hf = await runtime(t);
  const results = await Promise.all(
    ['one', 'two', 'three'].map((word) =>
      hf.run(program, { files: { '/in': word }, stdin: steps('open /in rw', `write 4 ${word.toUpperCase()}`) }),
    ),
  );
  assert.deepEqual(
    results.map(({ files }) => text(files)),
    [{ '/in': 'ONE' }, { '/in': 'TWO' }, { '/in': 'THREE' }],
  );
});

test('files in preopened directories stay; a file that two concurrent runs pass is refused', patience, async (t) => {
  const hf = await runtime(t);
  await hf.fs.writeFiles({ '/home/there': 'there', '/home/deep/down/x': 'x' });
  const options = { preopens: { '/work': '/home' }, files: { '/work/in': 'in' } };
  const { files } = await hf.run(program, {
    ...options,
    stdin: steps('open /work/in rwa', 'write 4 +', 'open /work/out rwc', 'write 5 out'),
  });
  assert.deepEqual(text(files), { '/work/in': 'in+' }, 'without outputs only the passed files are checked');
  assert.equal(await hf.fs.readFile('/home/out', 'utf8'), 'out');

  const stdin = new ReadableStream(); // the program waits for its input
  const controller = new AbortController();
  const first = hf.run(program, { ...options, stdin, signal: controller.signal });
  while ((await hf.ps()).length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  await assert.rejects(hf.run(program, options), {
    name: 'SpawnRefused',
    kind: 'options',
    message: /"\/work\/in" is a file of another run/,
  });
  controller.abort(new Error('enough'));
  await assert.rejects(first, { message: 'enough' });
  assert.equal((await hf.run(program, options)).code, 0, 'it can be used once that run has ended');
});

test('outputs selects the files and directories to return', patience, async (t) => {
  const hf = await runtime(t);
  const stdin = steps('open /a rwc', 'write 4 a', 'open /b rwc', 'write 5 b');
  assert.deepEqual(text((await hf.run(program, { outputs: ['/b', '/none'], stdin })).files), { '/b': 'b' });
  assert.deepEqual(text((await hf.run(program, { outputs: ['/'], stdin })).files), { '/a': 'a', '/b': 'b' });
  await hf.fs.mkdir('/shared');
  await hf.fs.writeFile('/shared/old', 'old');
  const shared = { preopens: { '/': '/shared' }, outputs: ['/'], stdin };
  assert.deepEqual(text((await hf.run(program, shared)).files), { '/a': 'a', '/b': 'b' });
  assert.deepEqual((await hf.run(program, { stdin: '' })).files, {});
});

test('a program that cannot start leaves nothing behind', patience, async (t) => {
  const hf = await runtime(t);
  const files = { '/in': 'x' };
  await assert.rejects(hf.run(new Uint8Array(3), { files }), { name: 'SpawnRefused' });
  await assert.rejects(hf.run(program, { files, sockets: [{ connect: 9 }] }), { name: 'SpawnRefused' });
  const left = await hf.fs.readdir('/run').catch(() => []);
  assert.deepEqual(left, []);
});

test('a stream that never ends is cancelled with the run, and leaves nothing behind', patience, async (t) => {
  const hf = await runtime(t);
  let [asked, cancelled] = [0, 0];
  const source = { pull: () => void asked++, cancel: () => void cancelled++ };
  const files = () => ({ '/work/first': 'x', '/own': new ReadableStream(source, { highWaterMark: 0 }) });
  const options = { preopens: { '/work': '/home' } };
  const controller = new AbortController();
  const aborted = hf.run(program, { ...options, files: files(), signal: controller.signal });
  aborted.catch(() => undefined);
  await until(
    () => asked,
    (times) => times > 0,
  );
  controller.abort(new Error('enough'));
  await assert.rejects(aborted, { message: 'enough' });
  assert.equal(cancelled, 1);
  assert.deepEqual(await hf.fs.readdir('/run'), [], 'its directory is gone');
  assert.equal((await hf.run(program, { ...options, files: { '/work/first': 'y' }, stdin: '' })).code, 0);

  const closed = hf.run(program, { ...options, files: files() });
  closed.catch(() => undefined);
  await until(
    () => asked,
    (times) => times > 1,
  );
  await hf.close();
  await assert.rejects(closed, { name: 'Closed' });
});

test('a run can be cancelled while its files are collected', patience, async (t) => {
  const hf = await runtime(t);
  const controller = new AbortController();
  const files = Object.getPrototypeOf(hf.fs);
  const { readdir } = files;
  t.after(() => (files.readdir = readdir));
  files.readdir = function (path) {
    controller.abort(new Error('enough')); // the program has created files, and has ended
    return readdir.call(this, path);
  };
  const stdin = steps('mkdir /made', 'open /made/x rwc');
  await assert.rejects(hf.run(program, { outputs: ['/made'], signal: controller.signal, stdin }), {
    message: 'enough',
  });
  assert.deepEqual(await readdir.call(hf.fs, '/run'), []);
});

test('no symbolic link that a program makes leads a run out of its directories', patience, async (t) => {
  const hf = await runtime(t);
  await hf.fs.writeFiles({ '/secret/key': 'KEY', '/w/sub/key': 'mine' });
  const preopens = { '/w': '/w' };
  const shared = await hf.run(program, {
    preopens,
    outputs: ['/w/sub/key', '/w/sub/', '/w/link'],
    stdin: steps('unlink /w/sub/key', 'rmdir /w/sub', 'symlink ../secret /w/sub', 'symlink ../secret/key /w/link'),
  });
  assert.deepEqual([shared.stdout, shared.files], ['0\n0\n0\n0\n', {}]);
  const own = await hf.run(program, {
    files: { '/dir/key': 'x' },
    stdin: steps('unlink /dir/key', 'rmdir /dir', 'symlink ../../secret /dir'),
  });
  assert.deepEqual([own.stdout, own.files], ['0\n0\n0\n', {}]);

  for (const path of ['/w/sub/key', '/w/sub/deeper/new', '/w/link']) {
    await assert.rejects(hf.run(program, { preopens, files: { [path]: 'evil' }, stdin: '' }), {
      name: 'SpawnRefused',
      kind: 'options',
      message: /leads through a symbolic link, \/w\/(sub|link) in hf\.fs/,
    });
  }
  assert.deepEqual(await hf.fs.readdir('/secret'), ['key']);
  assert.equal(await hf.fs.readFile('/secret/key', 'utf8'), 'KEY');
});

test(
  'a link that is made between the check and the write, or the check and the read, does not, either',
  patience,
  async (t) => {
    const hf = await runtime(t);
    await hf.fs.writeFiles({ '/secret/key': 'KEY', '/w/sub/key': 'mine' });
    const preopens = { '/w': '/w' };
    for (const target of ['/secret', '../secret']) {
      // The file is opened when its data begins to arrive; by then the directory has been changed.
      const pull = async (controller) => {
        await hf.fs.rm('/w/sub', { recursive: true });
        await hf.fs.symlink(target, '/w/sub');
        controller.enqueue(new TextEncoder().encode('evil'));
        controller.close();
      };
      const data = new ReadableStream({ pull }, { highWaterMark: 0 });
      const run = hf.run(program, { preopens, files: { '/w/sub/key': data }, stdin: '' });
      await assert.rejects(run, { name: 'FsError', code: 'EPERM', path: '/w/sub/key' });
      await hf.fs.unlink('/w/sub');
      await hf.fs.writeFiles({ '/w/sub/key': 'mine' });
    }
    assert.equal(await hf.fs.readFile('/secret/key', 'utf8'), 'KEY');
    // A program swaps a file for a link and back while other runs look for changes.
    const swaps = hf.run(guest('swaps-a-file-for-a-link'), { args: ['/w/a', '../secret/key'], preopens });
    await until(
      () => hf.ps(),
      (processes) => processes.length > 0,
    );
    for (let i = 0; i < 50; i++) {
      const { files } = await hf.run(program, {
        preopens,
        outputs: ['/w'],
        stdin: steps('open /w/b rwc', 'write 4 x'),
      });
      assert.ok(!Object.values(files).some((bytes) => Buffer.from(bytes).includes('KEY')), `in run ${i}`);
    }
    const ended = assert.rejects(swaps, { name: 'Closed' });
    await hf.close();
    await ended;
  },
);

test('a program with /tmp as preopen sees nothing of other runs', patience, async (t) => {
  const hf = await runtime(t);
  const controller = new AbortController();
  const stdin = new ReadableStream(); // the program waits for its input
  const other = hf.run(program, { files: { '/secret': 'x' }, stdin, signal: controller.signal });
  await until(
    () => hf.ps(),
    (processes) => processes.length > 0,
  );
  assert.deepEqual(await hf.fs.readdir('/tmp'), []);
  controller.abort(new Error('enough'));
  await assert.rejects(other, { message: 'enough' });
});

test('files that exceed the page’s limit end with the reason "limit"', patience, async (t) => {
  const hf = await runtime(t);
  const stdin = steps('open /hole rwc', 'truncate 4 2000000000', 'open /small rwc', 'write 5 small');
  const { reason, code, message, limit, files, stdout } = await hf.run(program, { outputs: ['/'], stdin });
  assert.deepEqual([reason, code, files, stdout], ['limit', 137, {}, '4\n0\n5\n5\n']);
  assert.deepEqual(limit, { name: 'output', most: 2 ** 28 });
  assert.equal(message, 'its files have more than the 268435456 bytes that limits.output allows');
  const some = { outputs: ['/small'], stdin };
  const small = await hf.run(program, { ...some, limits: { output: 11 } });
  assert.deepEqual([small.reason, text(small.files)], ['exit', { '/small': 'small' }], 'files that were not requested');
  assert.equal((await hf.run(program, { ...some, limits: { output: 10 } })).reason, 'limit');
});

test('files that are deeper than any path of hf.fs are omitted', patience, async (t) => {
  const hf = await runtime(t);
  const long = `/${'d'.repeat(90)}`;
  const deeper = ['mkdir /m', `rename ${long} /m${long}`, `rename /m ${long}`];
  const { files, code, stdout } = await hf.run(program, {
    outputs: ['/'],
    stdin: steps(
      'open /seen rwc',
      `mkdir ${long}`,
      `open ${long}/x rwc`,
      ...Array.from({ length: 50 }, () => deeper).flat(),
    ),
  });
  assert.doesNotMatch(stdout, /-/);
  assert.deepEqual([code, Object.keys(files)], [0, ['/seen']]);
  assert.deepEqual(await hf.fs.readdir('/run'), []);
});

test('wrong files are refused with clear messages', patience, async (t) => {
  const hf = await runtime(t);
  const wrong = [
    [{ files: new Map() }, /^files must be an object, not a Map$/],
    [{ files: { 'a.txt': '' } }, /^files\["a.txt"\] must be absolute/],
    [{ files: { '/../a': '' } }, /^files\["\/\.\.\/a"\] must be a path without/],
    [{ files: { '/a/': '' } }, /ends with "\/"/],
    [{ files: { '/a': 5 } }, /^files\["\/a"\] must be text, bytes, a Blob or a ReadableStream, not a number$/],
    [{ files: { '/a/b': '', '/a//b': '' } }, /^files: "\/a\/\/b" is listed twice$/],
    [{ outputs: '/a' }, /^outputs must be an array of paths, not a string$/],
  ];
  for (const [options, message] of wrong)
    await assert.rejects(hf.run(program, options), { name: 'TypeError', message });
  await assert.rejects(hf.fs.writeFiles({ '/a': 'a', b: 'b' }), { name: 'TypeError' });
  assert.equal(await hf.fs.exists('/a'), false, 'nothing was written');
  await assert.rejects(hf.spawn(program, { files: {} }), /unknown option "files"; it is an option of hf\.run/);
});
