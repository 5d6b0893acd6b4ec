// hf.run(): a program's output and its end.
import assert from 'node:assert/strict';
import test from 'node:test';
import { bytesOf, settle, startFake } from './support/fake-coordinator.mjs';
import { load } from './support/load.mjs';

const lib = await load('web/holdfast.ts', 'web/options.ts', 'web/errors.ts');

/** Each spawned program writes `stdout` and `stderr`, then ends. */
async function running(t, { stdout = '', stderr = '', exit = {} } = {}) {
  const { hf, fake } = await startFake(t, lib);
  fake.on.spawn = ({ id }) => {
    fake.send({ t: 'spawned', id, pid: 1 });
    if (stdout) fake.output(id, 1, stdout);
    if (stderr) fake.output(id, 2, stderr);
    fake.end(id, exit);
  };
  return { hf, fake };
}

test('the result has text, code and reason', async (t) => {
  const { hf, fake } = await running(t, { stdout: 'out \u00e9', stderr: 'err', exit: { code: 3 } });
  const result = await hf.run('a.wasm', { args: ['x'] });
  assert.deepEqual(result, {
    reason: 'exit',
    code: 3,
    message: '',
    stack: '',
    stdout: 'out é',
    stderr: 'err',
    files: {},
  });
  assert.equal(fake.sent('spawn')[0].stdin, 'null');
});

test('bytes on request, exact', async (t) => {
  const stdout = bytesOf(100_000);
  const { hf } = await running(t, { stdout });
  const result = await hf.run('a.wasm', { encoding: 'bytes' });
  assert.deepEqual(result.stdout, stdout);
  assert.deepEqual(result.stderr, new Uint8Array());
});

test('stdin is a string or a record with text', async (t) => {
  const { hf, fake } = await startFake(t, lib);
  fake.on.stdin = ({ id }) => fake.send({ t: 'stdin-done', id, error: null });
  fake.on['stdin-end'] = ({ id }) => fake.end(id);
  for (const [stdin, sent] of [
    ['text é', 'text é'],
    [{ text: 'pipe' }, 'pipe'],
    [{ text: 'null' }, 'null'],
    [{ bytes: Buffer.from('bytes') }, 'bytes'],
    [{ bytes: new TextEncoder().encode('buffer').buffer }, 'buffer'],
  ]) {
    await hf.run('a.wasm', { stdin });
    assert.equal(String(Buffer.from(fake.sent('stdin').at(-1).bytes)), sent);
  }
});

test('output beyond limits.output is cut off and the guest killed, with the reason "limit"', async (t) => {
  const { hf, fake } = await startFake(t, lib);
  fake.on.spawn = ({ id }) => {
    fake.send({ t: 'spawned', id, pid: 1 });
    fake.output(id, 2, 'warn');
    setTimeout(() => fake.output(id, 1, bytesOf(500)), 10);
  };
  fake.on.kill = ({ id }) => fake.end(id, { reason: 'killed', code: 137 });
  const { reason, message, limit, stdout, stderr } = await hf.run('a.wasm', {
    limits: { output: 100 },
    encoding: 'bytes',
  });
  assert.equal(reason, 'limit');
  assert.match(message, /more than the 100 bytes that limits.output allows/);
  assert.deepEqual(limit, { name: 'output', most: 100 });
  assert.equal(stdout.byteLength + stderr.byteLength, 100);
  assert.equal(stderr.byteLength, 4);
});

test('exactly limits.output bytes are allowed', async (t) => {
  const { hf } = await running(t, { stdout: '12345' });
  assert.equal((await hf.run('a.wasm', { limits: { output: 5 } })).stdout, '12345');
});

test('redirected output is not in the result, and arrives completely at its target', async (t) => {
  const { hf } = await running(t, { stdout: 'out', stderr: 'err' });
  let text = '';
  const result = await hf.run('a.wasm', { stdout: (chunk) => void (text += Buffer.from(chunk)), stderr: 'null' });
  assert.equal(text, 'out');
  assert.equal(result.stdout + result.stderr, '');
});

test('an abort rejects with its reason, after the guest has ended', async (t) => {
  const { hf, fake } = await startFake(t, lib);
  let ended = false;
  fake.on.kill = ({ id }) => {
    ended = true;
    fake.end(id, { reason: 'killed', code: 137 });
  };
  const controller = new AbortController();
  const running = hf.run('a.wasm', { signal: controller.signal });
  await fake.until('spawn');
  await settle();
  controller.abort(new Error('enough'));
  await assert.rejects(running, { message: 'enough' });
  assert.ok(ended);
});

test('if the runtime dies, run() rejects', async (t) => {
  const { hf, fake } = await startFake(t, lib);
  const running = hf.run('a.wasm');
  await fake.until('spawn');
  fake.send({ t: 'fatal', message: 'gone' });
  await assert.rejects(running, { name: 'Fatal' });
});
