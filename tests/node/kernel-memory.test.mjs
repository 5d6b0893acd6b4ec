// The kernel's memory above 2 GiB, where code that treats a pointer as signed sees a negative number; and full of files, which leave room for programs.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import test from 'node:test';
import { hostFunction, start } from '../../dist/node.js';

const guest = (name) => readFile(new URL(`../../build/guests/${name}.wasm`, import.meta.url));
const MIB = 1024 * 1024;
const GIB = 1024 * MIB;
const encode = (text) => new TextEncoder().encode(text);

async function started(t, options) {
  const hf = await start(options);
  t.after(() => hf.close());
  return hf;
}

/** Nothing below 2 GiB is touched. */
const high = (t) => started(t, { memory: { maximum: 4 * GIB }, force: { kernelBase: 2 * GIB } });

test('above 2 GiB a program can be spawned, and its streams and statistics work', async (t) => {
  const hf = await high(t);
  const cat = await hf.spawn(await guest('cat'), { trace: () => undefined });
  assert.ok((await hf.stats()).kernel.memory > 2 * GIB);
  const writer = cat.stdin.getWriter();
  await writer.write(encode('from above'));
  const [seen] = await hf.ps();
  assert.equal(seen.pid, cat.pid);
  await writer.close();
  assert.equal(await new Response(cat.stdout).text(), 'from above');
  assert.equal((await cat.exited).code, 0);
  const trap = await hf.run(await guest('traps-deep-inside'));
  assert.deepEqual([trap.reason, trap.message], ['trap', 'unreachable']);
  assert.match(trap.stack, /wasm/);
});

test('above 2 GiB a program ends at its timeout, and at its limit of CPU time', async (t) => {
  const hf = await high(t);
  const late = await hf.run(await guest('spin'), { timeout: 100 });
  assert.equal(late.reason, 'timeout');
  const used = await hf.run(await guest('spin'), { limits: { cpuTime: 100 } });
  assert.equal(used.limit.name, 'cpuTime');
  assert.deepEqual(await hf.ps(), []);
});

test('above 2 GiB files and connections work as elsewhere', async (t) => {
  const hf = await high(t);
  const whole = new Uint8Array(3 * MIB).fill(7);
  await hf.fs.mkdir('/a/b', { recursive: true });
  await hf.fs.writeFile('/a/b/c', whole);
  assert.deepEqual(await hf.fs.readFile('/a/b/c'), whole);
  assert.deepEqual(await hf.fs.readdir('/a'), ['b']);
  await assert.rejects(hf.fs.readFile('/a/d'), { code: 'ENOENT', message: /No such file/ });
  await hf.fs.rm('/a', { recursive: true });
  const server = await hf.listen(80);
  const [client, connection] = await Promise.all([hf.connect(80), server.accept()]);
  const writer = client.writable.getWriter();
  await writer.write(encode('hello'));
  await writer.close();
  assert.equal(await new Response(connection.readable).text(), 'hello');
  await server.close();
  await assert.rejects(hf.connect(80), { code: 'ECONNREFUSED' });
});

test('above 2 GiB guests call the page, the page calls guests, and guests call each other', async (t) => {
  const hf = await high(t);
  const file = (name) => new URL(`../../build/guests/${name}.wasm`, import.meta.url);
  const env = {
    add: async (a, b) => a + b,
    next64: (value) => value + 1n,
    half: (value) => value / 2,
    upper: hostFunction({ params: ['string'], result: 'string' }, (text) => text.toUpperCase()),
    echo_json: hostFunction({ params: ['json'], result: 'json', into: 'allocator' }, (value) => [value]),
    reverse: hostFunction({ params: ['bytes'], result: 'bytes' }, (bytes) => bytes.reverse()),
    fails: () => Promise.reject(new Error('as it should')),
  };
  const program = async (...args) => hf.run(file('calls-its-host'), { args, host: { env } });
  assert.equal((await program('numbers')).stdout, '5 1099511627777 1.5\n');
  assert.equal((await program('text', 'low')).stdout, '3 LOW\n');
  assert.equal((await program('json', '{}')).stdout, '[{}]\n');
  assert.equal((await program('bytes')).stdout, '3: 3 2 1\n');
  assert.match((await program('fails')).message, /^env\.fails: .*as it should$/);

  const bytes = { params: ['bytes'], result: 'bytes' };
  const callee = await hf.instantiate(file('called'), { signatures: { reversed: bytes } });
  const many = Uint8Array.from({ length: 100_000 }, (_, i) => i);
  const reversed = many.slice().reverse();
  assert.deepEqual(await callee.call('reversed', many), reversed);
  const link = { other: { instance: callee, functions: { reversed: { ...bytes, into: 'allocator' } } } };
  const caller = await hf.instantiate(file('calls-a-guest'), { entry: null, signatures: { reversed: bytes }, link });
  assert.equal(await caller.call('add', 2, -5), -3);
  assert.deepEqual(await caller.call('reversed', many), reversed);
  await assert.rejects(callee.call('trap'), { name: 'CallFailed' });
  await assert.rejects(caller.call('add', 1, 2), /has ended/);
});

test('above 2 GiB programs talk through pipes, and to a terminal', async (t) => {
  const hf = await high(t);
  const cat = await guest('cat');
  assert.equal((await hf.pipeline([cat, cat, cat], { stdin: 'on and on' })).stdout, 'on and on');
  const channel = await guest('channel');
  const jobs = await hf.channel();
  const run = (args, end) => hf.run(channel, { args, preopens: { '/dev/jobs': end } });
  const [receiver] = await Promise.all([
    run(['receive', '/dev/jobs'], jobs.reader),
    run(['send', '/dev/jobs', 'job', '2'], jobs.writer),
  ]);
  assert.equal(receiver.stdout, 'job 0\njob 1\nend\n');
  const p = await hf.spawn(cat, { terminal: true });
  const writer = p.stdin.getWriter();
  await writer.write(encode('ab\x7f\r\x04'));
  assert.match(await new Response(p.stdout).text(), /a\r\na\r\n$/);
  const { files } = await hf.run(await guest('files-on-command'), {
    files: { '/a/b': 'x' },
    stdin: 'open /a/c rwc\nwrite 4 made\n',
  });
  assert.deepEqual(Object.keys(files), ['/a/c']);
});

// --- files leave room for programs ---

/** Starts as many programs, with three pipes each, and connections as fit into their quarter of the memory in the documented worst case. */
async function occupy(hf) {
  const cat = await WebAssembly.compile(await guest('cat'));
  const programs = [];
  while (programs.length < 32) programs.push(await hf.spawn(cat));
  const server = await hf.listen(80);
  const ends = [];
  while (ends.length < 128) ends.push(...(await Promise.all([hf.connect(80), server.accept()])));
  for (const { stdin } of programs) {
    const writer = stdin.getWriter();
    await writer.write(encode('alive'));
    await writer.close();
  }
  for (const { stdout } of programs) assert.equal(await new Response(stdout).text(), 'alive');
  await server.close();
  for (const { writable, readable } of ends) await Promise.all([writable.abort(), readable.cancel()]);
  assert.deepEqual(new Set(await Promise.all(programs.map(async ({ exited }) => (await exited).code))), new Set([0]));
}

test('small files that fill and fragment the file system leave memory for programs and connections, cycle after cycle', async (t) => {
  const hf = await started(t, { memory: { maximum: 128 * MIB }, workers: { max: 32 } });
  const cycles = [];
  for (let cycle = 0; cycle < 3; cycle++) {
    await hf.fs.mkdir('/full');
    const { stdout } = await hf.run(await guest('fragments-the-files'), { preopens: { '/': '/full' } });
    await occupy(hf);
    await hf.fs.rm('/full', { recursive: true });
    const { kernel, files } = await hf.stats();
    cycles.push({ stdout, blocks: kernel.blocks, memory: kernel.memory, nodes: files.nodes });
  }
  const [, second, third] = cycles;
  const [small, larger] = second.stdout.split(' ').map(Number);
  assert.ok(small * 2990 > 60 * MIB && larger < small / 10, second.stdout);
  assert.deepEqual(third, second);
});
