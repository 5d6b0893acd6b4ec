// Pipes between programs: bytes, back-pressure, EPIPE and the end of file, as in a shell.
import assert from 'node:assert/strict';
import test from 'node:test';
import { start } from '../../dist/node.js';
import { comesToRest, guest, runtime, until } from './support/runtime.mjs';

const patience = { timeout: 300_000 };
const stateOf = async (hf, process) => (await hf.ps()).find(({ id }) => id === process.id);

test(
  'one program’s output is the other’s input, and the first program’s end is the end of file',
  patience,
  async (t) => {
    const hf = await runtime(t);
    const pipe = await hf.pipe();
    const [reader, writer] = await Promise.all([
      hf.run(guest('cat'), { stdin: pipe.reader }),
      hf.run(guest('cat'), { stdin: 'one\ntwo\n', stdout: pipe.writer }),
    ]);
    assert.deepEqual([reader.code, reader.stdout], [0, 'one\ntwo\n']);
    assert.deepEqual([writer.code, writer.stdout], [0, '']);
  },
);

test('both outputs of a program can go into one pipe, in order', patience, async (t) => {
  const hf = await runtime(t);
  const both = await hf.run(guest('toolbox'), { args: ['bytes'], stderr: 'stdout', encoding: 'bytes' });
  assert.equal(both.stdout.length, 512);
  for (const stderr of ['own', 'stdout']) {
    const pipe = await hf.pipe();
    const [reader] = await Promise.all([
      hf.run(guest('cat'), { stdin: pipe.reader, encoding: 'bytes' }),
      hf.run(guest('toolbox'), {
        args: ['bytes'],
        stdout: pipe.writer,
        stderr: stderr === 'own' ? pipe.writer : stderr,
      }),
    ]);
    assert.deepEqual(reader.stdout, both.stdout);
  }
});

test('several programs write to one end, which closes with the last of them', patience, async (t) => {
  const hf = await runtime(t);
  const pipe = await hf.pipe();
  const writers = Promise.all(
    ['a', 'b', 'c'].map((text) => hf.run(guest('cat'), { stdin: text.repeat(3000), stdout: pipe.writer })),
  );
  const { stdout } = await hf.run(guest('cat'), { stdin: pipe.reader });
  await writers;
  assert.equal([...stdout].sort().join(''), 'a'.repeat(3000) + 'b'.repeat(3000) + 'c'.repeat(3000));
});

test('several programs read from one end, and each byte goes to one of them', patience, async (t) => {
  const hf = await runtime(t);
  const pipe = await hf.pipe();
  const text = 'x'.repeat(500_000);
  const results = await Promise.all([
    hf.run(guest('cat'), { stdin: pipe.reader }),
    hf.run(guest('cat'), { stdin: pipe.reader }),
    hf.run(guest('cat'), { stdin: text, stdout: pipe.writer }),
  ]);
  assert.equal(results[0].stdout + results[1].stdout, text);
});

test('a writer waits while the pipe is full, and is woken by a reader', patience, async (t) => {
  const hf = await runtime(t);
  const pipe = await hf.pipe({ size: 4096 });
  const writer = await hf.spawn(guest('cat'), { stdin: { bytes: new Uint8Array(100_000) }, stdout: pipe.writer });
  await until(
    () => stateOf(hf, writer),
    (info) => info.call === 'fd_write' && info.asleepFor > 0,
  );
  assert.ok(await comesToRest(async () => (await stateOf(hf, writer)).threads[0].syscalls));
  const { stdout } = await hf.run(guest('cat'), { stdin: pipe.reader });
  assert.equal(stdout.length, 100_000);
  assert.equal((await writer.exited).code, 0);
});

test('writing to a pipe without readers fails with EPIPE, or ends the program', patience, async (t) => {
  const hf = await runtime(t);
  for (const [brokenPipe, reason] of [
    ['error', 'exit'],
    ['end', 'killed'],
  ]) {
    const pipe = await hf.pipe();
    pipe.reader.close();
    const exit = await hf.run(guest('cat'), { stdin: 'text', stdout: pipe.writer, brokenPipe });
    assert.equal(exit.reason, reason);
    if (reason === 'exit') assert.notEqual(exit.code, 0);
    else assert.equal(exit.code, 141);
  }
});

test('the end of the reader wakes a waiting writer', patience, async (t) => {
  const hf = await runtime(t);
  const pipe = await hf.pipe();
  const [reader, writer] = await Promise.all([
    hf.spawn(guest('sleeps-forever'), { stdin: pipe.reader }),
    hf.spawn(guest('writes-stdout-forever'), { stdout: pipe.writer, brokenPipe: 'end' }),
  ]);
  await until(
    () => stateOf(hf, writer),
    (info) => info.call === 'fd_write' && info.asleepFor > 0,
  );
  reader.kill();
  assert.equal((await writer.exited).message, 'SIGPIPE');
});

test('a program that is killed while it reads closes its end', patience, async (t) => {
  const hf = await runtime(t);
  const pipe = await hf.pipe({ keep: true });
  const reader = await hf.spawn(guest('cat'), { stdin: pipe.reader });
  reader.kill();
  assert.equal((await reader.exited).reason, 'killed');
  pipe.reader.close();
  const { reason } = await hf.run(guest('cat'), { stdin: 'x', stdout: pipe.writer, brokenPipe: 'end' });
  assert.equal(reason, 'killed');
  pipe.close();
});

test('with keep the ends stay open for later programs', patience, async (t) => {
  const hf = await runtime(t);
  const pipe = await hf.pipe({ keep: true });
  for (const stdin of ['first ', 'second']) await hf.run(guest('cat'), { stdin, stdout: pipe.writer });
  pipe.writer.close();
  assert.equal((await hf.run(guest('cat'), { stdin: pipe.reader })).stdout, 'first second');
  pipe.close();
});

test('without keep, a program that is started too late is refused, with the reason', patience, async (t) => {
  const hf = await runtime(t);
  const pipe = await hf.pipe();
  await hf.run(guest('hello'), { stdout: pipe.writer });
  await assert.rejects(hf.run(guest('hello'), { stdout: pipe.writer }), /writer is closed: .*keep: true/);
  pipe.close();
  await assert.rejects(hf.run(guest('cat'), { stdin: pipe.reader }), /the pipe's reader is closed$/);
});

test('a program that cannot start does not affect its end', patience, async (t) => {
  const hf = await runtime(t);
  const pipe = await hf.pipe();
  await assert.rejects(hf.run(new Uint8Array(3), { stdout: pipe.writer }), { name: 'SpawnRefused' });
  await hf.run(guest('cat'), { stdin: 'there', stdout: pipe.writer });
  assert.equal((await hf.run(guest('cat'), { stdin: pipe.reader })).stdout, 'there');
});

test(
  'bytes that were written before the writer ended stay, and closing the pipe frees its memory',
  patience,
  async (t) => {
    const hf = await runtime(t);
    await hf.run(guest('hello'));
    const used = async () => (await hf.stats()).kernel.bytes;
    const before = await until(used, () => true);
    for (let i = 0; i < 3; i++) {
      const pipe = await hf.pipe({ size: 2 ** 20 });
      assert.ok((await used()) >= before + 2 ** 20);
      await hf.run(guest('hello'), { stdout: pipe.writer });
      assert.ok((await used()) >= before + 2 ** 20);
      pipe[Symbol.dispose]();
    }
    await until(used, (bytes) => bytes < before + 2 ** 20);
  },
);

test('ends are refused in the wrong places', patience, async (t) => {
  const hf = await runtime(t);
  const other = await start();
  t.after(() => other.close());
  const pipe = await hf.pipe();
  await assert.rejects(
    hf.run(guest('cat'), { stdin: pipe.writer }),
    /stdin must be .* or a pipe's reader, not a PipeWriter/,
  );
  await assert.rejects(hf.run(guest('cat'), { stdout: pipe.reader }), /stdout must be .* a pipe's writer/);
  await assert.rejects(other.run(guest('cat'), { stdin: pipe.reader }), /belongs to another runtime/);
  await assert.rejects(hf.pipe({ capacity: 5 }), /unknown option "capacity"; did you mean `size`\?/);
  await assert.rejects(hf.pipe({ size: 0 }), RangeError);
  pipe.close();
});

test('a pipeline has each exit code, and the output of the last program', patience, async (t) => {
  const hf = await runtime(t);
  const shell = { source: guest('minishell'), name: 'shell' };
  const result = await hf.pipeline([guest('cat'), guest('cat'), guest('cat')], { stdin: 'through three' });
  assert.equal(result.stdout, 'through three');
  assert.deepEqual(
    result.programs.map(({ reason, code }) => [reason, code]),
    Array(3).fill(['exit', 0]),
  );
  const failing = await hf.pipeline([shell, guest('cat')], { stdin: 'exit 7\n', encoding: 'bytes' });
  assert.deepEqual(
    failing.programs.map(({ code }) => code),
    [7, 0],
  );
  assert.equal(failing.code, 0);
  assert.ok(failing.stdout instanceof Uint8Array);
});

test('when a program ends early, the program before it ends, as in a shell', patience, async (t) => {
  const hf = await runtime(t);
  const { programs } = await hf.pipeline([guest('writes-stdout-forever'), guest('hello')]);
  assert.deepEqual([programs[0].reason, programs[0].code], ['killed', 141]);
  assert.equal(programs[1].code, 0);
});

test('if one program of a pipeline cannot start, the others are ended', patience, async (t) => {
  const hf = await runtime(t);
  await assert.rejects(hf.pipeline([guest('writes-stdout-forever'), new Uint8Array(4)]), { name: 'SpawnRefused' });
  await until(
    () => hf.ps(),
    (list) => list.length === 0,
  );
  await assert.rejects(hf.pipeline([guest('cat')], { env: {} }), /unknown option "env"; it belongs to a program/);
  await assert.rejects(hf.pipeline([]), /at least one/);
});

test('an abort or the time limit ends all programs of a pipeline', patience, async (t) => {
  const hf = await runtime(t);
  const stop = new AbortController();
  const running = hf.pipeline([guest('sleeps-forever'), guest('cat')], { signal: stop.signal });
  await until(
    () => hf.ps(),
    (list) => list.length === 2,
  );
  stop.abort(new Error('enough'));
  await assert.rejects(running, /enough/);
  const unending = new ReadableStream({}, { highWaterMark: 0 });
  const { reason, code } = await hf.pipeline([guest('cat'), guest('cat')], { stdin: unending, timeout: 100 });
  assert.deepEqual([reason, code], ['timeout', 124]);
});

test('a pipeline whose time was up says so, also when its last program ended as usual', patience, async (t) => {
  const hf = await runtime(t);
  let resolve;
  const second = new Promise((resolved) => (resolve = resolved));
  const unending = new ReadableStream({}, { highWaterMark: 0 });
  const running = hf.pipeline([guest('cat'), second], { stdin: unending, timeout: 1000 });
  const programs = () => hf.ps();
  await until(programs, (list) => list.some(({ state }) => state !== 'loading'));
  await until(programs, (list) => list.length === 0);
  resolve(guest('cat'));
  const { reason, code, stdout, programs: ends } = await running;
  assert.deepEqual([reason, code, stdout], ['timeout', 124, '']);
  assert.deepEqual(
    ends.map((end) => end.reason),
    ['timeout', 'exit'],
  );
});

test('a pipeline that runs out of memory for its pipes leaves none behind', patience, async (t) => {
  const hf = await runtime(t, { memory: { maximum: 128 * 2 ** 20 } });
  const bytes = async () => (await hf.stats()).kernel.bytes;
  const before = await bytes();
  for (let i = 0; i < 3; i++)
    await assert.rejects(hf.pipeline(Array(6).fill(guest('cat')), { pipeSize: 2 ** 25 }), /no memory for a pipe/);
  await until(bytes, (now) => now === before);
});

test('an option of the whole pipeline is refused for a single program', patience, async (t) => {
  const hf = await runtime(t);
  for (const name of ['stdin', 'stdout', 'signal', 'timeout'])
    await assert.rejects(hf.pipeline([guest('cat'), { source: guest('cat'), [name]: undefined }]), {
      name: 'TypeError',
      message: `programs[1]: "${name}" is an option of the pipeline`,
    });
});
