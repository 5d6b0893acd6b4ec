// hf.run() with files: what the program finds, what comes back, and what runs share.
import assert from 'node:assert/strict';
import test from 'node:test';
import { guest, runtime } from './support/runtime.mjs';

const patience = { timeout: 60_000 };
const text = (files) =>
  Object.fromEntries(Object.entries(files).map(([path, bytes]) => [path, Buffer.from(bytes).toString()]));
const program = guest('files-on-command');
const steps = (...lines) => lines.map((line) => `${line}\n`).join('');

test('files are there before the program starts, and what it makes or changes comes back', patience, async (t) => {
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
  assert.deepEqual(await hf.fs.readdir('/tmp'), [], 'its directory is gone');
});

test('runs at the same time share nothing', patience, async (t) => {
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

test('in the directories of preopens files stay; a file that two runs pass is refused', patience, async (t) => {
  const hf = await runtime(t);
  await hf.fs.writeFiles({ '/home/there': 'there', '/home/deep/down/x': 'x' });
  const options = { preopens: { '/work': '/home' }, files: { '/work/in': 'in' } };
  const { files } = await hf.run(program, {
    ...options,
    stdin: steps('open /work/in rwa', 'write 4 +', 'open /work/out rwc', 'write 5 out'),
  });
  assert.deepEqual(text(files), { '/work/in': 'in+' }, 'without outputs only what was passed is looked at');
  assert.equal(await hf.fs.readFile('/home/out', 'utf8'), 'out');

  const stdin = new ReadableStream(); // it waits for its input
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
  assert.equal((await hf.run(program, options)).code, 0, 'once that has ended it is free');
});

test('outputs say which files and directories come back', patience, async (t) => {
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
  const left = await hf.fs.readdir('/tmp').catch(() => []);
  assert.deepEqual(left, []);
});

test('wrong files are refused in words', patience, async (t) => {
  const hf = await runtime(t);
  const wrong = [
    [{ files: new Map() }, /^files must be an object, not a Map$/],
    [{ files: { 'a.txt': '' } }, /^files\["a.txt"\] must be absolute/],
    [{ files: { '/../a': '' } }, /^files\["\/\.\.\/a"\] must be a path without/],
    [{ files: { '/a/': '' } }, /is a directory by its name/],
    [{ files: { '/a': 5 } }, /^files\["\/a"\] must be text, bytes, a Blob or a ReadableStream, not a number$/],
    [{ outputs: '/a' }, /^outputs must be an array of paths, not a string$/],
  ];
  for (const [options, message] of wrong)
    await assert.rejects(hf.run(program, options), { name: 'TypeError', message });
  await assert.rejects(hf.fs.writeFiles({ '/a': 'a', b: 'b' }), { name: 'TypeError' });
  assert.equal(await hf.fs.exists('/a'), false, 'nothing was written');
  await assert.rejects(hf.spawn(program, { files: {} }), /unknown option "files"; it is an option of hf\.run/);
});
