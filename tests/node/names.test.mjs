// Names and contents of files, byte for byte: U+FEFF at the start is a character like any other, and names are UTF-8.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import test from 'node:test';
import { runtime } from './support/runtime.mjs';

const toolbox = await readFile(new URL('../../build/guests/toolbox.wasm', import.meta.url));
const MARK = '\ufeff';

async function started(t) {
  const hf = await runtime(t);
  return hf;
}

test('a name that begins with U+FEFF is listed, found and removed by that name', async (t) => {
  const { fs } = await started(t);
  const names = [`${MARK}one`, `${MARK}${MARK}two`, MARK, 'plain'];
  await fs.mkdir('/d');
  for (const name of names) await fs.writeFile(`/d/${name}`, name);
  assert.deepEqual((await fs.readdir('/d')).sort(), [...names].sort());
  for (const name of await fs.readdir('/d')) assert.equal(await fs.readFile(`/d/${name}`, 'utf8'), name);
  await fs.rm('/d', { recursive: true });
  assert.equal(await fs.exists('/d'), false);
});

test('a link keeps U+FEFF at the start of its target', async (t) => {
  const { fs } = await started(t);
  await fs.symlink(`${MARK}target`, '/link');
  await fs.writeFile(`/${MARK}target`, 'found');
  assert.equal(await fs.readlink('/link'), `${MARK}target`);
  assert.equal(await fs.readFile('/link', 'utf8'), 'found');
});

test('U+FEFF at the start of a file, of output and of input is kept', async (t) => {
  const hf = await started(t);
  const run = (options) => hf.run(toolbox, { preopens: ['/'], ...options });
  await hf.fs.writeFile('/file', `${MARK}text`);
  assert.equal(await hf.fs.readFile('/file', 'utf8'), `${MARK}text`);
  assert.equal((await run({ args: ['read', '/file'] })).stdout, `${MARK}text`);
  assert.equal((await run({ args: ['write', `/${MARK}made`, `${MARK}x`] })).code, 0);
  assert.equal(await hf.fs.readFile(`/${MARK}made`, 'utf8'), `${MARK}x`);
  const lines = [];
  await run({ args: ['read', `/${MARK}made`], trace: ({ text }) => lines.push(text) });
  assert.ok(
    lines.some((line) => line.includes(`"${MARK}made"`)),
    'the trace shows the exact name',
  );
});

test('a name that is not UTF-8 cannot be created by the page: lone surrogates become U+FFFD, as everywhere on the Web', async (t) => {
  const { fs } = await started(t);
  await fs.writeFile('/\ud800', 'x');
  assert.deepEqual(
    (await fs.readdir('/')).filter((name) => name !== 'dev' && name !== 'tmp'),
    ['\ufffd'],
  );
});
