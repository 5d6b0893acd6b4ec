// The essentials of the API with the real runtime on Node; tests/browser covers the API in full.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { copyFile, cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { Closed, Fatal, FsError, PipeError, SpawnRefused, start, StartFailed } from '../../dist/node.js';
import { comesToRest, guest, runtime, until } from './support/runtime.mjs';

const root = fileURLToPath(new URL('../../', import.meta.url));

async function readUntil(reader, word) {
  let seen = '';
  while (!seen.includes(word)) {
    const { done, value } = await reader.read();
    assert.ok(!done, `the stream ended after ${seen}`);
    seen += new TextDecoder().decode(value);
  }
  return seen;
}

async function bytesOf(stream) {
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

const pattern = (size) =>
  Uint8Array.from({ length: size }, (_, i) => (i * 31 + (i >>> 8) * 7 + (i >>> 16) * 13) & 0xff);

for (const force of [{}, { jsBridge: true, messageDoorbell: true }]) {
  test(`programs run, with arguments, environment, input and both outputs (${JSON.stringify(force)})`, async (t) => {
    const hf = await runtime(t, { force });
    const hello = await hf.run(guest('hello'));
    assert.deepEqual(hello, {
      ...{ reason: 'exit', code: 0, message: '', stack: '' },
      ...{ stdout: 'hello, world\n', stderr: '', files: {} },
    });
    const args = await hf.run(guest('toolbox'), { args: ['args', 'ü'], env: { A: 'ß' }, argv0: 'me' });
    assert.equal(args.stdout, 'me\0args\0ü\0A=ß\0');
    const bytes = await hf.run(guest('toolbox'), { args: ['bytes'], encoding: 'bytes' });
    assert.deepEqual(
      [...bytes.stdout],
      Array.from({ length: 256 }, (_, i) => i),
    );
    assert.deepEqual([...bytes.stderr], [...bytes.stdout].reverse());
    const input = pattern(1_000_001);
    assert.equal((await hf.run(guest('toolbox'), { args: ['count'], stdin: input })).stdout, '1000001 right');
    const stats = await hf.stats();
    assert.equal(stats.doorbell, force.messageDoorbell ? 'message' : stats.doorbell);
    assert.equal(stats.bridge, force.jsBridge ? 'js' : stats.bridge);
  });
}

test('exit codes and traps are results', async (t) => {
  const hf = await runtime(t);
  for (const code of [0, 1, 255]) {
    const { reason, code: got } = await hf.run(guest('exit-codes-reach-the-host'), { args: ['deep', String(code)] });
    assert.deepEqual([reason, got], ['exit', code]);
  }
  for (const [kind, message] of [
    ['unreachable', /unreachable/],
    ['stack', /stack/],
  ]) {
    const trap = await hf.run(guest('traps-end-the-process-and-say-why'), { args: [kind] });
    assert.deepEqual([trap.reason, trap.code, trap.stdout], ['trap', 134, 'before\n']);
    assert.match(trap.message, message);
    assert.match(trap.stack, /wasm-function\[\d+\]:0x/);
  }
});

test('sources: a path, a file: URL, a Response, bytes, a Module; anything else is refused', async (t) => {
  const hf = await runtime(t);
  const bytes = await readFile(guest('hello'));
  const relative = path.relative(process.cwd(), fileURLToPath(guest('hello')));
  for (const source of [
    relative,
    guest('hello'),
    guest('hello').href,
    new Response(bytes),
    bytes,
    new WebAssembly.Module(bytes),
  ])
    assert.equal((await hf.run(source)).stdout, 'hello, world\n');
  await assert.rejects(hf.run('no/such/file.wasm'), {
    name: 'SpawnRefused',
    kind: 'source',
    message: /no\/such\/file/,
  });
  await assert.rejects(hf.run(fileURLToPath(import.meta.url)), { name: 'SpawnRefused', kind: 'module' });
  await assert.rejects(hf.run(guest('two-unknown-imports')), { kind: 'module', message: /no_such_call.*nor_this_one/ });
  await assert.rejects(hf.run(guest('import-with-the-wrong-signature')), { kind: 'module', message: /fd_write/ });
  assert.ok(new SpawnRefused('limit', '') instanceof Error);
});

test('a blocked guest sleeps, without wake-ups or system calls', async (t) => {
  const hf = await runtime(t);
  const p = await hf.spawn(guest('toolbox'), { args: ['echo'] });
  const asleep = () =>
    until(
      async () => (await hf.stats()).processes[0],
      ({ state, parks }) => state === 'asleep' && parks > 0,
    );
  await asleep();
  assert.ok(await comesToRest(async () => (await hf.stats()).processes[0]));
  const before = await asleep();
  const writer = p.stdin.getWriter();
  await writer.write(Uint8Array.of(7));
  assert.deepEqual([...(await p.stdout.getReader().read()).value], [7]);
  const after = await asleep();
  assert.deepEqual([after.parks, after.wakeups], [before.parks + 1, before.wakeups + 1]);
  await writer.close();
  assert.equal((await p.exited).code, 0);
});

test('unread output makes the guest wait; reading returns all of it; cancelling causes EPIPE', async (t) => {
  const hf = await runtime(t);
  const size = 20_000_000;
  const p = await hf.spawn(guest('toolbox'), { args: ['print', String(size), '65536'] });
  await until(
    async () => (await hf.stats()).processes[0],
    ({ state, parks }) => state === 'asleep' && parks > 0,
  );
  const { kernel } = await hf.stats();
  assert.ok(kernel.bytes < 4_000_000, `the kernel holds ${kernel.bytes} bytes`);
  assert.ok((await bytesOf(p.stdout)).equals(pattern(size)));
  const q = await hf.spawn(guest('toolbox'), { args: ['print', String(size), '65536'] });
  await q.stdout.cancel();
  assert.equal((await q.exited).code, 64);
});

test('guests that wait, compute or make calls can be killed and time out; the pool is intact afterwards', async (t) => {
  const hf = await runtime(t, { workers: { min: 1, max: 6 } });
  for (const [name, word] of [
    ['reads-stdin-forever', 'reading\n'],
    ['sleeps-forever', 'sleeping\n'],
    ['spins-forever', 'spinning\n'],
    ['calls-the-kernel-forever', 'calling\n'],
  ]) {
    const p = await hf.spawn(guest(name), { preopens: ['/'] });
    await readUntil(p.stdout.getReader(), word);
    p.kill();
    const { reason, code } = await p.exited;
    assert.deepEqual([name, reason, code], [name, 'killed', 137]);
    const late = await hf.run(guest(name), { preopens: ['/'], timeout: 100, stdin: new ReadableStream() });
    assert.deepEqual([name, late.reason, late.code], [name, 'timeout', 124]);
  }
  const { workers } = await until(
    () => hf.stats(),
    (stats) => stats.workers.zombies === 0 && stats.processes.length === 0,
  );
  assert.ok(workers.total <= 6);
  assert.equal((await hf.run(guest('hello'))).code, 0);
});

test('a write after the end fails with EPIPE, and nothing is unhandled', async (t) => {
  const unhandled = [];
  const note = (error) => unhandled.push(error);
  process.on('unhandledRejection', note);
  t.after(() => process.off('unhandledRejection', note));
  const hf = await runtime(t);
  const p = await hf.spawn(guest('hello'));
  await p.exited;
  await assert.rejects(p.stdin.getWriter().write(Uint8Array.of(1)), PipeError);
  await hf.run(guest('hello'), { stdin: new Uint8Array(1_000_000) });
  const q = await hf.spawn(guest('sleeps-forever'));
  const write = q.stdin.getWriter().write(new Uint8Array(1_000_000));
  q.kill();
  await assert.rejects(write, PipeError);
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.deepEqual(unhandled, []);
});

test('guests and page share files; preopens limit what is seen', async (t) => {
  const hf = await runtime(t);
  await hf.fs.mkdir('/work');
  await hf.fs.writeFile('/work/file', 'from the page');
  const tool = (preopens, ...args) => hf.run(guest('toolbox'), { args, preopens });
  assert.equal((await tool({ '/': '/work' }, 'read', '/file')).stdout, 'from the page');
  await tool({ '/': '/work' }, 'write', '/file', 'from the guest');
  assert.equal(await hf.fs.readFile('/work/file', 'utf8'), 'from the guest');
  assert.equal((await tool([{ path: '/work', guest: '/', readOnly: true }], 'write', '/file', 'x')).code, 69);
  await assert.rejects(tool({ '/': '/missing' }, 'read', '/file'), {
    name: 'SpawnRefused',
    kind: 'options',
    message: /missing/,
  });
  await assert.rejects(
    hf.fs.readFile('/missing'),
    (error) => error instanceof FsError && error.code === 'ENOENT' && error.errno === 44,
  );
  const big = pattern(20_000_000);
  await hf.fs.writeFile('/big', big);
  assert.ok(Buffer.from(await hf.fs.readFile('/big')).equals(big));
});

test('40 at once, and 200 one after the other', async (t) => {
  const hf = await runtime(t);
  const runs = Array.from({ length: 40 }, (_, i) =>
    hf.run(guest('exit-codes-reach-the-host'), { args: ['exit', String(i)] }),
  );
  assert.deepEqual(
    (await Promise.all(runs)).map(({ code }) => code),
    Array.from({ length: 40 }, (_, i) => i),
  );
  for (let i = 0; i < 200; i++) assert.equal((await hf.run(guest('hello'))).code, 0);
});

test('close() rejects open calls with Closed; two runtimes are independent', async (t) => {
  const [one, two] = [await runtime(t), await runtime(t)];
  await one.fs.writeFile('/file', 'x');
  assert.equal(await two.fs.exists('/file'), false);
  const processes = [];
  for (const name of ['reads-stdin-forever', 'spins-forever']) processes.push(await one.spawn(guest(name)));
  const ends = processes.map((p) => assert.rejects(p.exited, Closed));
  await one.close();
  await Promise.all(ends);
  await assert.rejects(one.stats(), Closed);
  await assert.rejects(one.run(guest('hello')), Closed);
  assert.equal((await two.run(guest('hello'))).code, 0);
});

test('a closed runtime no longer keeps Node alive, but an open one does', async () => {
  const script = (rest) =>
    `import { start } from ${JSON.stringify(new URL('../../dist/node.js', import.meta.url).href)};
     const hf = await start();
     const p = await hf.spawn(new URL(${JSON.stringify(guest('spins-forever').href)}));
     p.exited.catch(() => undefined);
     ${rest}`;
  const node = (code, options) => promisify(execFile)(process.execPath, ['--input-type=module', '-e', code], options);
  const { stdout } = await node(script("await hf.close(); console.log('closed');"), { timeout: 300_000 });
  assert.equal(stdout, 'closed\n');
  await assert.rejects(node(script(''), { timeout: 1500 }), { killed: true });
});

/** A copy of the runtime's files in which one is changed. */
async function broken(t, name, change) {
  const folder = await mkdtemp(path.join(tmpdir(), 'holdfast-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  for (const file of ['coordinator.node.mjs', 'compute.node.mjs', 'kernel.wasm'])
    await copyFile(path.join(root, 'dist', file), path.join(folder, file));
  await writeFile(path.join(folder, 'package.json'), '{ "type": "module" }');
  await change(path.join(folder, name));
  return { assets: pathToFileURL(folder) };
}

test('one signal for many programs, calls and files causes no warning from Node', async (t) => {
  const hf = await runtime(t);
  const warnings = [];
  const onWarning = ({ message }) => warnings.push(message);
  process.on('warning', onWarning);
  t.after(() => process.off('warning', onWarning));
  const { signal } = new AbortController();
  const q = await hf.instantiate(guest('called'), { signal });
  const many = (work) => Promise.all(Array.from({ length: 20 }, work));
  await many(() => hf.run(guest('hello'), { signal, files: { '/a': 'x' } }));
  await many(() => q.with({ signal, timeout: 300_000 }).call('add', 1, 2));
  await new Promise(setImmediate); // Node emits warnings in the next turn
  assert.deepEqual(warnings, []);
});

test('a file that needs transfer.js is closed if that is missing', async (t) => {
  const folder = await mkdtemp(path.join(tmpdir(), 'holdfast-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  await cp(path.join(root, 'dist'), folder, { recursive: true });
  await rm(path.join(folder, 'transfer.js'));
  await writeFile(path.join(folder, 'package.json'), '{ "type": "module" }');
  const hf = await (await import(pathToFileURL(path.join(folder, 'node.js')).href)).start();
  t.after(() => hf.close());
  const nodes = async () => (await hf.stats()).files.nodes;
  const before = await nodes();
  await hf.fs.writeFile('/large', '');
  await hf.fs.truncate('/large', 9 * 1024 * 1024);
  await assert.rejects(hf.fs.readFile('/large'), /transfer\.js cannot be loaded/);
  await hf.fs.rm('/large');
  assert.equal(await nodes(), before, 'it is no longer open');
});

for (const name of ['coordinator.node.mjs', 'compute.node.mjs', 'kernel.wasm']) {
  test(`${name} is missing: the error names it, and nothing hangs`, async (t) => {
    const options = await broken(t, name, (file) => rm(file));
    await assert.rejects(start(options), (error) => error instanceof StartFailed && error.message.includes(name));
  });
}

test('when the coordinator dies, everything that is open rejects with Fatal, and another start() works', async (t) => {
  const options = await broken(t, 'coordinator.node.mjs', async (file) => {
    const death = `
      import { parentPort as port } from 'node:worker_threads';
      port.on('message', ({ t }) => { if (t === 'stats') throw new Error('made to fail'); });`;
    await writeFile(file, `${await readFile(file, 'utf8')}\n${death}`);
  });
  const hf = await start(options);
  t.after(() => hf.close());
  const p = await hf.spawn(guest('sleeps-forever'));
  const reader = p.stdout.getReader();
  assert.equal(new TextDecoder().decode((await reader.read()).value), 'sleeping\n');
  const isFatal = (error) => error instanceof Fatal && /made to fail/.test(error.message);
  const ends = [p.exited, reader.read(), hf.stats()].map((promise) => assert.rejects(promise, isFatal));
  await Promise.all(ends);
  await assert.rejects(hf.run(guest('hello')), isFatal);
  await hf.close();
  const next = await runtime(t);
  assert.equal((await next.run(guest('hello'))).code, 0);
});

test('rm removes a tree that is deeper than the longest possible path', async (t) => {
  const { fs } = await runtime(t);
  const deep = Array.from({ length: 15 }, (_, i) => String(i).padStart(250, 'x')).join('/'); // 3,764 bytes
  await fs.mkdir(`/a/${deep}`, { recursive: true });
  await fs.mkdir(`/b/${deep}`, { recursive: true });
  await fs.writeFile(`/b/${deep}/file`, 'text');
  await fs.rename('/b', `/a/${deep}/b`);
  await assert.rejects(fs.stat(`/a/${deep}/b/${deep}`), { code: 'ENAMETOOLONG' });
  await fs.rm('/a', { recursive: true });
  assert.equal(await fs.exists('/a'), false);
});
