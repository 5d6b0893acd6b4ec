// A process's limits: which calls fail at a limit, as the guest sees them, while other processes are not affected.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import test from 'node:test';
import { runtime } from './support/runtime.mjs';

const guest = (name) => readFile(new URL(`../../build/guests/${name}.wasm`, import.meta.url));
const toolbox = await guest('toolbox');
const MIB = 1024 * 1024;

test('fileBytes: ENOSPC at the limit, and removing bytes frees them again; each process has its own limit', async (t) => {
  const hf = await runtime(t);
  const options = { preopens: ['/'], limits: { fileBytes: MIB } };
  assert.equal((await hf.run(toolbox, { ...options, args: ['fill', '/one', '1'] })).code, 0);
  const over = await hf.run(toolbox, { ...options, args: ['fill', '/two', '2'] });
  assert.notEqual(over.code, 0);
  assert.match(over.stderr, /No space left on device/);
  assert.equal((await hf.fs.stat('/two')).size, MIB);
  // It truncates another process's file (by opening it with O_TRUNC), which does not raise its limit.
  const again = await hf.run(toolbox, { ...options, args: ['fill', '/two', '2'] });
  assert.match(again.stderr, /No space left on device/);
  assert.equal((await hf.run(toolbox, { preopens: ['/'], args: ['fill', '/three', '3'] })).code, 0);
});

test('output: discarded bytes count too', async (t) => {
  const hf = await runtime(t);
  const nowhere = { stdout: 'null', stderr: 'null' };
  const run = async (stdin, output) =>
    (await hf.spawn(await guest('cat'), { ...nowhere, stdin: { text: stdin }, limits: { output } })).exited;
  assert.equal((await run('abcdefghij', 10)).reason, 'exit');
  const over = await run('abcdefghij', 9);
  assert.deepEqual([over.reason, over.limit], ['limit', { name: 'output', most: 9 }]);
  const sup = await hf.supervise({
    children: [
      {
        id: 'talks',
        restart: 'temporary',
        start: { source: await guest('writes-stdout-forever'), limits: { output: MIB } },
      },
    ],
  });
  const ended = new Promise((resolve) => sup.on('ended', resolve));
  assert.equal((await ended).reason, 'limit');
});

test('descriptors: EMFILE for one more descriptor', async (t) => {
  const hf = await runtime(t);
  const read = { preopens: ['/'], args: ['read', '/file'] };
  await hf.fs.writeFile('/file', 'text');
  // Three streams, the directory, the file.
  assert.equal((await hf.run(toolbox, { ...read, limits: { descriptors: 5 } })).stdout, 'text');
  const { code, stderr } = await hf.run(toolbox, { ...read, limits: { descriptors: 4 } });
  assert.notEqual(code, 0);
  assert.match(stderr, /No file descriptors available|Too many open files/);
  // Too few even for the initial descriptors.
  await assert.rejects(hf.run(toolbox, { ...read, limits: { descriptors: 3 } }), {
    name: 'SpawnRefused',
    message: /EMFILE/,
  });
});

test('threads: thread-spawn fails at the limit', async (t) => {
  const hf = await runtime(t);
  const limited = await guest('threads-share-one-memory');
  assert.equal((await hf.run(limited, {})).code, 0);
  assert.notEqual((await hf.run(limited, { limits: { threads: 1 } })).code, 0);
});
