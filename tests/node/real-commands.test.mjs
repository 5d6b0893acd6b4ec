// A Go, a Rust and a C command through the command line: streams, exit status, traps, timeouts.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { guest, host, PATIENCE, run, scratch, sleep, start, until } from '../real/support.mjs';

const options = { timeout: PATIENCE };

test(`go (${host}): goroutines, timers and select`, options, async (t) => {
  const { code, stdout, stderr } = await run(t, guest('go-goroutines-timers-and-select'));
  const expected = 'squares 285\ntimer first\nticks 5\norder abc\ntimeout\nslept\n';
  assert.deepEqual({ code, stdout, stderr }, { code: 0, stdout: expected, stderr: '' });
});

test(`go (${host}): answers lines of stdin as they arrive`, options, async (t) => {
  const child = start(t, guest('go-reads-stdin-while-a-ticker-runs'));
  child.stdin.write('one\n');
  await until(child, '1 one\n');
  await sleep(1000); // some ticks of 10 ms
  child.stdin.end('two\n');
  const { code, stdout } = await child.ended;
  assert.deepEqual({ code, stdout }, { code: 0, stdout: '1 one\n2 two\nend of input, still ticking\n' });
});

test(`go (${host}): os.Exit(3) and a panic`, options, async (t) => {
  assert.equal((await run(t, guest('go-exits-with-a-code'), ['exit'])).code, 3);
  const { code, stderr } = await run(t, guest('go-exits-with-a-code'), ['panic']);
  assert.equal(code, 2);
  assert.match(stderr, /^panic: something went wrong$/m);
});

test(`rust (${host}): files, lines and a panic`, options, async (t) => {
  const folder = scratch(t);
  const files = await run(t, guest('rust-uses-files'), [], { dirs: { '/': folder } });
  assert.deepEqual(files, { code: 0, signal: null, stdout: 'files are fine\n', stderr: '' });
  const lines = await run(t, guest('rust-reads-lines-and-sleeps'), [], { input: 'one\ntwo\n' });
  assert.deepEqual(lines, { code: 0, signal: null, stdout: '1 one\n2 two\nno threads here\n', stderr: '' });
  const { code, stderr } = await run(t, guest('rust-panic-is-a-trap'), ['panic']);
  assert.equal(code, 134);
  assert.match(stderr, /something went wrong/);
  assert.match(stderr, /unreachable/);
});

test(`c (${host}): exit codes, a trap, a timeout`, options, async (t) => {
  assert.equal((await run(t, guest('exit-codes-reach-the-host'), ['exit', '255'])).code, 255);
  const trap = await run(t, guest('traps-end-the-process-and-say-why'), ['bounds']);
  assert.equal(trap.code, 134);
  assert.equal(trap.stdout, 'before\n');
  assert.match(trap.stderr, /out of bounds/);
  for (const program of ['sleeps-forever', 'spins-forever']) {
    for (const timeout of [1, 10]) {
      const begun = performance.now();
      const { code, stdout } = await run(t, guest(program), [], { timeout });
      assert.equal(code, 124, program);
      assert.ok(performance.now() - begun >= 1000 * timeout);
      if (stdout === '' && timeout === 1) continue; // a busy machine: it had no time to write
      assert.match(stdout, /^(sleeping|spinning)\n$/);
      break;
    }
  }
});

test(
  `c (${host}): waits for a thousand clocks and stdin; the clock, data and the end of input come first in turn`,
  options,
  async (t) => {
    const program = guest('poll-a-thousand-clocks-and-stdin');
    for (const winner of ['clock', 'data', 'end']) {
      const child = start(t, program, [winner]);
      await until(child, 'ready\n');
      if (winner !== 'clock') await sleep(200);
      if (winner === 'data') child.stdin.write('data');
      if (winner === 'end') child.stdin.end();
      const { code, stderr } = await child.ended;
      assert.deepEqual({ winner, code, stderr }, { winner, code: 0, stderr: '' });
    }
  },
);

test(`c (${host}): a program’s changes to a directory are visible when it has ended`, options, async (t) => {
  const folder = scratch(t);
  fs.mkdirSync(path.join(folder, 'sub'));
  fs.writeFileSync(path.join(folder, 'sub/given'), 'given');
  const { code, stderr } = await run(t, guest('go-uses-files'), [], { dirs: { '/': path.join(folder, 'sub') } });
  assert.equal(code, 1, 'it expects an empty directory, and reports an error otherwise');
  assert.match(stderr, /walked over 307/);
  assert.deepEqual(fs.readdirSync(path.join(folder, 'sub')).sort(), ['a', 'given']);
  assert.equal(fs.readdirSync(path.join(folder, 'sub/a/b')).length, 301);
});
