// Where the outputs of a real program go, and what happens to unread output.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import test from 'node:test';
import { runtime } from './support/runtime.mjs';

const guest = (name) => readFile(new URL(`../../build/guests/${name}.wasm`, import.meta.url));
const two = await guest('stdout-and-stderr-are-two-streams');
const endless = await guest('writes-stdout-forever');
const IN_ORDER = 'out 1\nerr 1\nout 2\nerr 2\n\0\xff\xfe end';

async function started(t) {
  const hf = await runtime(t);
  return hf;
}

const latin = (bytes) => Buffer.from(bytes).toString('latin1');

test("stderr: 'stdout' is one stream, with both outputs in the order in which they were written", async (t) => {
  const hf = await started(t);
  const { stdout, stderr } = await hf.run(two, { stderr: 'stdout', encoding: 'bytes' });
  assert.equal(latin(stdout), IN_ORDER);
  assert.equal(stderr.length, 0);
  const chunks = [];
  const p = await hf.spawn(two, { stdout: (chunk) => void chunks.push(chunk), stderr: 'stdout' });
  await p.stderr.getReader().closed;
  await p.stdout.getReader().closed;
  assert.equal(latin(Buffer.concat(chunks)), IN_ORDER);
  assert.equal((await p.exited).code, 0);
});

test("with stderr: 'stdout', a discarded stdout discards both, and both count towards one limit", async (t) => {
  const hf = await started(t);
  const nowhere = await hf.spawn(two, { stdout: 'null', stderr: 'stdout' });
  assert.equal((await nowhere.exited).code, 0);
  const limited = await hf.run(two, { stderr: 'stdout', encoding: 'bytes', limits: { output: 15 } });
  assert.equal(limited.reason, 'limit');
  assert.equal(latin(limited.stdout), IN_ORDER.slice(0, 15));
});

test("brokenPipe: 'end' ends a program whose output has no reader any more, with 141; by default it sees EPIPE", async (t) => {
  const hf = await started(t);
  for (const [brokenPipe, expected] of [
    ['end', { reason: 'killed', code: 141, message: 'SIGPIPE' }],
    ['error', { reason: 'exit' }],
    [undefined, { reason: 'exit' }],
  ]) {
    const p = await hf.spawn(endless, { brokenPipe });
    const reader = p.stdout.getReader();
    await reader.read();
    await reader.cancel();
    const { reason, code, message } = await p.exited;
    assert.deepEqual({ reason, ...(reason === 'killed' && { code, message }) }, expected);
  }
});

test("brokenPipe: 'end' applies to a target that fails, and to the shared output", async (t) => {
  const hf = await started(t);
  const full = new WritableStream({ write: () => Promise.reject(new Error('disk full')) });
  const p = await hf.spawn(endless, { stdout: full, stderr: 'stdout', brokenPipe: 'end' });
  assert.equal((await p.exited).code, 141);
});
