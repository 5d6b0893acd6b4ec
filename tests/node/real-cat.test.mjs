// 64 MiB through stdin and stdout of `cat`: every byte, with a slow reader, in bounded memory.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import test from 'node:test';
import { guest, host, PATIENCE, sleep, start } from '../real/support.mjs';

const MIB = 1 << 20;
const SIZE = 64 * MIB;
const CHUNK = 1 << 18;

/** Pseudo-random, so that no part equals another; the same each time. */
function* chunks(size) {
  let state = 1;
  for (let at = 0; at < size; at += CHUNK) {
    const chunk = new Uint32Array(CHUNK / 4);
    for (let i = 0; i < chunk.length; i++) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      chunk[i] = state ^ (state >>> 15);
    }
    yield Buffer.from(chunk.buffer);
  }
}

/** Writes everything, each chunk after the previous one is in the pipe; `progress.written` counts. */
async function write(stream, size, hash, progress) {
  for (const chunk of chunks(size)) {
    hash.update(chunk);
    await new Promise((resolve, reject) => stream.write(chunk, (error) => (error ? reject(error) : resolve())));
    progress.written += chunk.length;
  }
  stream.end();
}

/** The process's peak memory so far in bytes; 0 if unknown (no /proc, or it has ended). */
function peakMemory(pid) {
  try {
    return Number(/^VmHWM:\s+(\d+) kB$/m.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}

/** Sends `size` bytes through cat, and waits `pause` ms for each chunk of at most 64 KiB that it reads. */
async function through(t, size, pause, before = async () => undefined) {
  const child = start(t, guest('cat'), [], { raw: true });
  const progress = { written: 0 };
  const [sent, received] = [createHash('sha256'), createHash('sha256')];
  const writing = write(child.stdin, size, sent, progress);
  writing.catch(() => undefined); // reported below
  await before(progress, child);
  let bytes = 0;
  let peak = 0;
  for await (const chunk of child.stdout) {
    received.update(chunk);
    bytes += chunk.length;
    peak = Math.max(peak, peakMemory(child.pid));
    if (pause > 0) await sleep(pause);
  }
  const { code, stderr } = await child.ended;
  assert.deepEqual({ code, stderr, bytes }, { code: 0, stderr: '', bytes: size });
  await writing;
  assert.equal(received.digest('hex'), sent.digest('hex'));
  return peak;
}

test(`cat (${host}): a reader that stalls stops the writer`, { timeout: PATIENCE }, async (t) => {
  await through(t, SIZE, 0, async (progress, child) => {
    child.stdout.pause();
    let last = -1;
    while (progress.written !== last || last === 0) {
      last = progress.written;
      await sleep(1000);
    }
    assert.ok(progress.written < 32 * MIB, `${progress.written} bytes went into an unread pipe`);
  });
});

test(`cat (${host}): 64 MiB to a slow reader, every byte`, { timeout: PATIENCE }, async (t) => {
  await through(t, SIZE, 2);
});

test(`cat (${host}): memory does not grow with the amount`, { timeout: PATIENCE }, async (t) => {
  if (host !== 'node') return t.skip('a browser is many processes; tests/browser measures it there');
  const small = await through(t, 32 * MIB, 1); // enough for the garbage collectors to have settled
  const large = await through(t, 192 * MIB, 1);
  if (small === 0) return t.skip('no /proc here');
  assert.ok(large < small + 64 * MIB, `${small} bytes for 32 MiB, ${large} for 192 MiB`);
});
