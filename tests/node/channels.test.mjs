// Channels between programs: messages, bounds, back-pressure, the end of file and EPIPE.
import assert from 'node:assert/strict';
import test from 'node:test';
import { comesToRest, guest, runtime, until } from './support/runtime.mjs';

const patience = { timeout: 300_000 };
const channel = guest('channel');
const stateOf = async (hf, process) => (await hf.ps()).find(({ id }) => id === process.id);
const asleepIn = (hf, process, name) =>
  until(
    () => stateOf(hf, process),
    (info) => info.call === name && info.asleepFor > 0,
  );
const text = async (stream) => new Response(stream).text();
const words = (word, count) => Array.from({ length: count }, (_, i) => `${word} ${i}`);

const runs = (hf, args, end) => hf.run(channel, { args, preopens: { '/dev/jobs': end } });
const spawns = (hf, args, end) => hf.spawn(channel, { args, preopens: { '/dev/jobs': end } });

test('each write is one message, and each read returns one', patience, async (t) => {
  const hf = await runtime(t);
  const jobs = await hf.channel();
  const [receiver, sender] = await Promise.all([
    runs(hf, ['receive', '/dev/jobs'], jobs.reader),
    runs(hf, ['send', '/dev/jobs', 'job', '300'], jobs.writer),
  ]);
  assert.deepEqual([sender.code, sender.stderr, receiver.code, receiver.stderr], [0, '', 0, '']);
  assert.deepEqual(receiver.stdout.split('\n').slice(0, -1), [...words('job', 300), 'end']);
});

test('a message that is longer than the buffer is read in pieces, and its size can be queried', patience, async (t) => {
  const hf = await runtime(t);
  for (const [command, wanted] of [
    [['receive', '/dev/jobs', '4'], 'a 0.\n.\na 1.\n.\nend\n'],
    [['receive-by-size', '/dev/jobs'], '5 a 0..\n5 a 1..\n'],
  ]) {
    const jobs = await hf.channel();
    const [receiver] = await Promise.all([
      runs(hf, command, jobs.reader),
      runs(hf, ['send', '/dev/jobs', 'a', '2', '5'], jobs.writer),
    ]);
    assert.equal(receiver.stdout, wanted);
  }
});

test('several programs send and several receive, and each message goes to one of them', patience, async (t) => {
  const hf = await runtime(t);
  const jobs = await hf.channel({ messages: 3 });
  const all = await Promise.all([
    ...['a', 'b', 'c'].map((word) => runs(hf, ['send', '/dev/jobs', word, '200'], jobs.writer)),
    ...[0, 1].map(() => runs(hf, ['receive', '/dev/jobs'], jobs.reader)),
  ]);
  assert.deepEqual(
    all.map(({ code, stderr }) => [code, stderr]),
    Array(5).fill([0, '']),
  );
  const lines = all.slice(3).map(({ stdout }) => stdout.split('\n').slice(0, -2));
  assert.deepEqual(lines.flat().sort(), ['a', 'b', 'c'].flatMap((word) => words(word, 200)).sort());
  // What one receiver gets from one sender is in order.
  for (const got of lines)
    for (const word of ['a', 'b', 'c']) {
      const numbers = got.filter((line) => line.startsWith(word)).map((line) => Number(line.slice(2)));
      assert.deepEqual(
        numbers,
        [...numbers].sort((a, b) => a - b),
      );
    }
});

test('two programs ask and answer through two channels', patience, async (t) => {
  const hf = await runtime(t);
  const [questions, answers] = [await hf.channel(), await hf.channel()];
  const [server, asker] = await Promise.all([
    hf.run(channel, {
      args: ['serve'],
      preopens: { '/dev/questions': questions.reader, '/dev/answers': answers.writer },
    }),
    hf.run(channel, {
      args: ['ask', '200'],
      preopens: { '/dev/questions': questions.writer, '/dev/answers': answers.reader },
    }),
  ]);
  assert.deepEqual([server.code, server.stderr, asker.code, asker.stderr], [0, '', 0, '']);
  assert.deepEqual(asker.stdout.trim().split('\n'), words('QUESTION', 200));
});

test('a sender waits at either limit, and is woken by a receiver', patience, async (t) => {
  const hf = await runtime(t);
  for (const [bounds, size] of [
    [{ messages: 2 }, 10],
    [{ messages: 1000, bytes: 100 }, 60],
  ]) {
    const jobs = await hf.channel(bounds);
    const sender = await spawns(hf, ['send', '/dev/jobs', 'job', '50', String(size)], jobs.writer);
    await asleepIn(hf, sender, 'fd_write');
    assert.ok(await comesToRest(async () => (await stateOf(hf, sender)).threads[0].syscalls));
    const { stdout } = await runs(hf, ['receive', '/dev/jobs'], jobs.reader);
    assert.equal(stdout.split('\n').length, 52);
    assert.equal((await sender.exited).code, 0);
  }
});

test('a nonblocking call fails with EAGAIN, and a message that can never fit with EMSGSIZE', patience, async (t) => {
  const hf = await runtime(t);
  const filled = async (bounds, size) => {
    const jobs = await hf.channel(bounds);
    const { stdout } = await runs(hf, ['fill', '/dev/jobs', String(size)], jobs.writer);
    jobs.close();
    return stdout;
  };
  assert.equal(await filled({ messages: 7 }, 10), '7 Resource temporarily unavailable\nnot writable\n');
  assert.equal(await filled({ bytes: 100 }, 30), '3 Resource temporarily unavailable\nnot writable\n');
  assert.equal(await filled({ bytes: 100 }, 101), '0 Message too large\nwritable\n');
  assert.equal(await filled({}, 65_536), '1 Resource temporarily unavailable\nnot writable\n');
  const jobs = await hf.channel({ bytes: 2 ** 20 });
  const empty = await runs(hf, ['try-receive', '/dev/jobs'], jobs.reader);
  assert.equal(empty.stderr, 'read: Resource temporarily unavailable');
  jobs.close();
});

test('the end of file comes when the last sender has ended or closed, after the last message', patience, async (t) => {
  const hf = await runtime(t);
  const jobs = await hf.channel();
  const [closer, receiver] = await Promise.all([
    hf.spawn(channel, { args: ['close', '/dev/jobs'], preopens: { '/dev/jobs': jobs.writer } }),
    spawns(hf, ['receive', '/dev/jobs'], jobs.reader),
  ]);
  assert.equal(await text(receiver.stdout), 'end\n');
  assert.equal((await receiver.exited).code, 0);
  closer.kill();
  const keeps = await hf.channel({ keep: true });
  await runs(hf, ['send', '/dev/jobs', 'job', '3'], keeps.writer);
  keeps.writer.close();
  assert.equal((await runs(hf, ['receive', '/dev/jobs'], keeps.reader)).stdout, 'job 0\njob 1\njob 2\nend\n');
  keeps.close();
});

test('sending without receivers fails with EPIPE, even for a sender that waits', patience, async (t) => {
  const hf = await runtime(t);
  const jobs = await hf.channel();
  jobs.reader.close();
  assert.equal((await runs(hf, ['send', '/dev/jobs', 'job', '1'], jobs.writer)).stderr, 'write: Broken pipe');
  const full = await hf.channel({ messages: 1 });
  const [receiver, sender] = await Promise.all([
    hf.spawn(guest('sleeps-forever'), { preopens: { '/dev/jobs': full.reader } }),
    spawns(hf, ['send', '/dev/jobs', 'job', '5'], full.writer),
  ]);
  await asleepIn(hf, sender, 'fd_write');
  receiver.kill();
  assert.equal(await text(sender.stderr), 'write: Broken pipe');
});

test(
  'programs that wait at a channel can be killed, paused and timed out, and then release their end',
  patience,
  async (t) => {
    const hf = await runtime(t);
    const jobs = await hf.channel({ messages: 1, keep: true });
    const receiver = await spawns(hf, ['receive', '/dev/jobs'], jobs.reader);
    await asleepIn(hf, receiver, 'fd_read');
    await receiver.pause();
    receiver.kill();
    assert.equal((await receiver.exited).reason, 'killed');
    const late = await hf.run(channel, {
      args: ['receive', '/dev/jobs'],
      preopens: { '/dev/jobs': jobs.reader },
      timeout: 50,
    });
    assert.equal(late.reason, 'timeout');
    const sender = await spawns(hf, ['send', '/dev/jobs', 'job', '9'], jobs.writer);
    await asleepIn(hf, sender, 'fd_write');
    sender.kill();
    assert.equal((await sender.exited).reason, 'killed');
    jobs.writer.close();
    assert.equal((await runs(hf, ['receive', '/dev/jobs'], jobs.reader)).stdout, 'job 0\nend\n');
    jobs.close();
  },
);

test('closing a channel, or the end of its programs, frees its memory', patience, async (t) => {
  const hf = await runtime(t);
  await runs(hf, ['receive', '/dev/jobs'], (await closed(hf)).reader);
  const used = async () => (await hf.stats()).kernel.bytes;
  const before = await used();
  for (let i = 0; i < 3; i++) {
    const jobs = await hf.channel({ bytes: 2 ** 20 });
    assert.ok((await used()) >= before + 2 ** 20);
    await runs(hf, ['send', '/dev/jobs', 'job', '3'], jobs.writer);
    jobs[Symbol.dispose]();
  }
  await until(used, (bytes) => bytes < before + 2 ** 20);
});

async function closed(hf) {
  const jobs = await hf.channel();
  jobs.writer.close();
  return jobs;
}

test('a channel’s ends are streams, too, and a pipe can be preopened', patience, async (t) => {
  const hf = await runtime(t);
  const lines = await hf.channel();
  const [receiver] = await Promise.all([
    runs(hf, ['receive', '/dev/jobs'], lines.reader),
    hf.run(guest('toolbox'), { args: ['print', '12', '4'], stdout: lines.writer, stderr: 'null' }),
  ]);
  assert.equal(receiver.stdout.match(/\n/g).length, 4); // three writes, and "end"
  const pipe = await hf.pipe();
  const [reader] = await Promise.all([
    hf.run(guest('cat'), { stdin: pipe.reader }),
    runs(hf, ['send', '/dev/jobs', 'x', '3'], pipe.writer),
  ]);
  assert.equal(reader.stdout, 'x 0x 1x 2');
});

test(
  'a channel can be preopened beside directories and the files of a run, and opens as a pipe',
  patience,
  async (t) => {
    const hf = await runtime(t);
    const jobs = await hf.channel({ keep: true });
    const result = await hf.run(channel, {
      args: ['receive', '/dev/jobs'],
      preopens: { '/dev': '/dev', '/dev/jobs': (await closed(hf)).reader },
      files: { '/a': 'text' },
    });
    assert.equal(result.stdout, 'end\n');
    const open = (end, creates) => runs(hf, ['open', '/dev/jobs', creates], end);
    assert.equal((await open(jobs.writer, '1')).code, 0); // O_CREAT | O_TRUNC
    assert.equal((await open(jobs.reader, '0')).stderr, '/dev/jobs: Not a directory');
    jobs.close();
  },
);

test('mistakes are named', patience, async (t) => {
  const hf = await runtime(t);
  await assert.rejects(hf.channel({ size: 5 }), /unknown option "size"/);
  await assert.rejects(hf.channel({ messages: 0 }), RangeError);
  await assert.rejects(hf.channel({ messages: 2 ** 20 + 1 }), /messages must be at most 1048576/);
  await assert.rejects(hf.channel({ bytes: 2 ** 24 + 1 }), /bytes must be at most 16777216/);
  const jobs = await hf.channel();
  await runs(hf, ['send', '/dev/jobs', 'job', '1'], jobs.writer);
  await assert.rejects(
    runs(hf, ['send', '/dev/jobs', 'job', '1'], jobs.writer),
    /the channel's writer is closed: only .*make the channel with keep: true/,
  );
  await assert.rejects(
    hf.run(channel, { preopens: [jobs.reader] }),
    /preopens\[0\] must be an object, not a PipeReader/,
  );
  jobs.close();
  const small = await runtime(t, { memory: { maximum: 64 * 2 ** 20 } });
  await assert.rejects(
    Promise.all(Array.from({ length: 8 }, () => small.channel({ bytes: 2 ** 24 }))),
    /no memory for a channel of 16777216 bytes/,
  );
});
