// Two programs in one tree: each sees the other's changes at once, and POSIX's rules hold between them.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import test from 'node:test';
import { guest, runtime } from './support/runtime.mjs';

const program = guest('files-on-command');
const [EACCES, ENOENT, ENOTEMPTY, EROFS, EEXIST] = [-2, -44, -55, -69, -20];

/** A program that follows orders: `await p('open', '/x', 'rwc')` returns its answer. */
async function obedient(hf, preopens) {
  const process = await hf.spawn(await readFile(program), { preopens });
  const writer = process.stdin.getWriter();
  const reader = process.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  return async (...words) => {
    await writer.write(new TextEncoder().encode(`${words.join(' ')}\n`));
    while (!text.includes('\n')) {
      const { value, done } = await reader.read();
      assert.equal(done, false, 'it ended');
      text += value;
    }
    const line = text.slice(0, text.indexOf('\n'));
    text = text.slice(line.length + 1);
    return /^-?\d+$/.test(line) ? Number(line) : line;
  };
}

/** Two such programs with the same preopens, and the runtime. */
async function pair(t, preopens = { '/': '/work' }) {
  const hf = await runtime(t);
  await hf.fs.mkdir('/work');
  return { fs: hf.fs, a: await obedient(hf, preopens), b: await obedient(hf, preopens), hf };
}

test('each can read at once what the other writes', async (t) => {
  const { fs, a, b } = await pair(t);
  const [writer, reader] = [await a('open', '/file', 'wc'), await b('open', '/file', 'r')];
  assert.equal(await b('read', reader, 10), '');
  await a('write', writer, 'one');
  assert.equal(await b('read', reader, 10), 'one'); // it continues at its offset, the former end
  await a('write', writer, 'two');
  assert.equal(await b('size', reader), 6);
  assert.equal(await b('read', reader, 10), 'two');
  assert.equal(await fs.readFile('/work/file', 'utf8'), 'onetwo');
  await a('truncate', writer, 1);
  assert.equal(await b('size', reader), 1);
  assert.equal(await b('read', reader, 10), ''); // its offset is beyond the end now
});

test('concurrent appends lose nothing and split no line', async (t) => {
  const { fs, a, b } = await pair(t);
  const [one, two] = [await a('open', '/log', 'wac'), await b('open', '/log', 'wac')];
  assert.deepEqual(await Promise.all([a('lines', one, 'a'), b('lines', two, 'b')]), [1000, 1000]);
  const lines = (await fs.readFile('/work/log', 'utf8')).split('\n');
  assert.equal(lines.pop(), '');
  assert.equal(lines.filter((line) => line === 'a'.repeat(63)).length, 1000);
  assert.equal(lines.filter((line) => line === 'b'.repeat(63)).length, 1000);
});

test('a removed file stays open for the other program, and a new file can have its name', async (t) => {
  const { fs, a, b } = await pair(t);
  const old = await a('open', '/file', 'rwc');
  await a('write', old, 'old');
  assert.equal(await b('unlink', '/file'), 0);
  assert.equal(await a('open', '/file', 'r'), ENOENT);
  assert.equal(await a('links', old), 0);
  await b('write', await b('open', '/file', 'wcx'), 'new');
  await a('write', old, '+more');
  await a('seek', old, 0);
  assert.equal(await a('read', old, 20), 'old+more');
  assert.equal(await fs.readFile('/work/file', 'utf8'), 'new');
  await a('close', old);
  assert.equal(await a('read', await a('open', '/file', 'r'), 20), 'new');
});

test('of several exclusive creations of one name, one succeeds', async (t) => {
  const { a, b } = await pair(t);
  const made = await Promise.all([a('mkdir', '/d'), b('mkdir', '/d')]);
  assert.deepEqual(made.sort(), [EEXIST, 0]);
  const opened = await Promise.all([a('open', '/d/f', 'wcx'), b('open', '/d/f', 'wcx')]);
  assert.equal(opened.filter((fd) => fd > 0).length, 1);
  assert.equal(await b('rmdir', '/d'), ENOTEMPTY);
});

test('renaming works from one preopen to another, and through nested ones, within the tree', async (t) => {
  const hf = await runtime(t);
  for (const name of ['/x', '/y/inner']) await hf.fs.mkdir(name, { recursive: true });
  const a = await obedient(hf, { '/x': '/x', '/y': '/y', '/inner': '/y/inner' });
  const fd = await a('open', '/x/file', 'rwc');
  await a('write', fd, 'text');
  assert.equal(await a('rename', '/x/file', '/y/inner/file'), 0);
  assert.equal(await a('read', await a('open', '/inner/file', 'r'), 9), 'text');
  assert.equal(await a('link', '/inner/file', '/x/again'), 0);
  assert.equal(await a('links', fd), 2);
  assert.equal(await a('rename', '/y', '/x/y'), -10); // EBUSY: it is "." of its preopen
  assert.deepEqual(await hf.fs.readdir('/y/inner'), ['file']);
});

test('a directory that is moved while it is open keeps its descriptor', async (t) => {
  const { fs, a, b, hf } = await pair(t);
  await a('mkdir', '/d');
  const inside = await obedient(hf, { '/': '/work/d' });
  assert.equal(await b('rename', '/d', '/moved'), 0);
  assert.ok((await inside('open', '/file', 'wc')) > 0);
  assert.deepEqual(await fs.readdir('/work/moved'), ['file']);
  await a('unlink', '/moved/file');
  assert.equal(await a('rmdir', '/moved'), 0);
  assert.equal(await inside('open', '/file', 'wc'), ENOENT);
});

test('one program has a read-only preopen of what the other writes', async (t) => {
  const { a, hf } = await pair(t);
  const looker = await obedient(hf, { '/': { path: '/work', readOnly: true } });
  const fd = await a('open', '/file', 'wc');
  const other = await looker('open', '/file', 'r');
  await a('write', fd, 'text');
  assert.equal(await looker('read', other, 9), 'text');
  assert.equal(await looker('open', '/file', 'w'), EROFS);
  assert.equal(await looker('unlink', '/file'), EROFS);
  assert.equal(await looker('mkdir', '/file'), EEXIST);
});

test('read-only files can be read, moved and removed, but not changed: EACCES', async (t) => {
  const { fs, a } = await pair(t);
  await fs.writeFile('/work/file', 'text');
  await fs.chmod('/work/file', 0o444);
  assert.equal(await a('open', '/file', 'w'), EACCES);
  assert.equal(await a('open', '/file', 'wt'), EACCES);
  const fd = await a('open', '/file', 'r');
  assert.equal(await a('read', fd, 9), 'text');
  assert.equal(await a('rename', '/file', '/moved'), 0);
  assert.equal(await a('open', '/moved', 'w'), EACCES);
  await fs.appendFile('/work/moved', ', and more'); // the page is allowed to
  assert.equal(await a('read', fd, 20), ', and more');
  await fs.chmod('/work/moved', 0o644);
  assert.ok((await a('open', '/moved', 'w')) > 0);
  await fs.chmod('/work/moved', 0);
  assert.equal(await a('unlink', '/moved'), 0);
});

test('the names in a read-only directory cannot be changed: EACCES', async (t) => {
  const { fs, a } = await pair(t);
  for (const path of ['/work/d', '/work/d/sub', '/work/other']) await fs.mkdir(path);
  await fs.writeFile('/work/d/file', '');
  await fs.chmod('/work/d', 0o555);
  assert.equal(await a('open', '/d/new', 'wc'), EACCES);
  assert.equal(await a('mkdir', '/d/new'), EACCES);
  assert.equal(await a('mkdir', '/d/sub'), EEXIST);
  assert.equal(await a('unlink', '/d/file'), EACCES);
  assert.equal(await a('unlink', '/d/none'), ENOENT);
  assert.equal(await a('rmdir', '/d/sub'), EACCES);
  assert.equal(await a('rename', '/d/file', '/file'), EACCES);
  assert.equal(await a('rename', '/other', '/d/other'), EACCES);
  assert.ok((await a('open', '/d/file', 'wc')) > 0);
  assert.ok((await a('open', '/d/sub/new', 'wc')) > 0);
  await assert.rejects(fs.chmod('/work/none', 0o444), { code: 'ENOENT' });
  await assert.rejects(fs.chmod('/work/d', '444'), TypeError);
});
