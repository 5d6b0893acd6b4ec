// Programs that guests start: the option `children`, the module holdfast_v1, and attempts to abuse it.
import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { readFile } from 'node:fs/promises';
import test from 'node:test';
import { guest, runtime, until } from './support/runtime.mjs';

const patience = { timeout: 300_000 };
const shell = guest('shell');
const child = guest('child');

test('holdfast.h lists the reasons for which a process ends in the order of the kernel', async () => {
  const read = (file) => readFile(new URL(`../../native/${file}`, import.meta.url), 'utf8');
  const [, body] = /enum holdfast_reason {([^}]*)}/.exec(await read('guest/holdfast.h'));
  const reasons = [...(await read('include/holdfast/exit_reason.def')).matchAll(/^X\((\w+), (\d+)/gm)];
  assert.deepEqual(
    [...body.matchAll(/HOLDFAST_(\w+)/g)].map(([, name], i) => [name, i + 1]),
    reasons.map(([, name, number]) => [name, Number(number)]).filter(([name]) => name !== 'NONE'),
  );
});

/** Starts a runtime with programs in /bin. */
async function withPrograms(t, options) {
  const hf = await runtime(t, options);
  await hf.fs.mkdir('/bin');
  for (const name of ['child', 'shell', 'cat', 'hello', 'echo-lines', 'sleeps-forever', 'writes-stdout-forever'])
    await hf.fs.writeFile(`/bin/${name}.wasm`, await readFile(guest(name)));
  await hf.fs.writeFile('/bin/text', 'no program\n');
  return hf;
}

const preopens = { '/bin': '/bin' };
const runsShell = (hf, line, options) => hf.run(shell, { args: ['-c', line], preopens, children: true, ...options });
const runsChild = (hf, args, options) => hf.run(child, { args, preopens, children: true, ...options });
const nothingRuns = (hf) =>
  until(
    () => hf.ps(),
    (list) => list.length === 0,
  );

test('a shell runs programs, with pipes, files and exit codes', patience, async (t) => {
  const hf = await withPrograms(t);
  const out = async (line, options) => {
    const { stdout, stderr } = await runsShell(hf, line, options);
    return stdout + stderr;
  };
  assert.equal(await out('hello'), 'hello, world\n');
  assert.equal(await out('hello | echo-lines | echo-lines'), '1: 1: hello, world\n');
  assert.equal(
    await out('hello > /bin/out ; cat < /bin/out | echo-lines > /bin/more ; cat < /bin/more'),
    '1: hello, world\n',
  );
  assert.equal(await hf.fs.readFile('/bin/more', 'utf-8'), '1: hello, world\n');
  assert.equal(await out('child exit 7 ; status ; child exit 0 | child exit 5 ; status'), '7\n5\n');
  assert.equal(await out('cat', { stdin: 'from the shell’s own input' }), 'from the shell’s own input');
  assert.equal(await out('nothing ; status'), '127\nshell: nothing: No such file or directory\n');
  assert.equal((await runsShell(hf, 'child exit 3')).code, 3);
  await nothingRuns(hf);
});

test('a background job is waited for, and killed', patience, async (t) => {
  const hf = await withPrograms(t);
  const job = await runsShell(hf, 'child exit 4 & wait ; jobs');
  assert.match(job.stdout, /^\[\d+\]\njob exit 4\nNo child process\n$/);
  const killed = await runsShell(hf, 'child sleep & jobs ; kill ; wait ; kill');
  assert.match(killed.stdout, /^\[\d+\]\nnone has ended\njob killed 143\n$/);
  assert.equal(killed.stderr, 'shell: kill: No such process\n');
  const broken = await runsShell(hf, 'writes-stdout-forever | hello', { brokenPipe: 'end' });
  assert.equal(broken.stdout, 'hello, world\n');
  await nothingRuns(hf);
});

test('a child has its arguments, environment and directories, and nothing else', patience, async (t) => {
  const hf = await withPrograms(t);
  const { stdout, stderr } = await runsChild(hf, ['start', 'print', 'two words', 'ü'], { env: { NAME: 'parent' } });
  assert.equal(stdout, 'start print two words ü child sees\n');
  assert.equal(stderr, '0 0\n');
  const own = await runsShell(hf, 'child print', { env: { NAME: 'inherited' } });
  assert.equal(own.stdout, 'child print inherited sees\n');
  // A read-only directory is read-only for the child, too.
  const readOnly = await runsChild(hf, ['start', 'file', '1000'], {
    preopens: { '/bin': { path: '/bin', readOnly: true } },
  });
  assert.match(readOnly.stdout, /write: Bad file descriptor/);
});

test('a program that cannot be started is an error of the call', patience, async (t) => {
  const hf = await withPrograms(t);
  const { stdout } = await runsChild(hf, ['errors']);
  assert.deepEqual(stdout.split('\n').slice(0, -1), [
    'missing: No such file or directory',
    'directory: Permission denied',
    'text: Exec format error',
    'stream: Bad file descriptor',
    'flags: Invalid argument',
    'signal: Invalid argument',
  ]);
  await nothingRuns(hf);
});

test('without the option the program is refused, and the error names the option', patience, async (t) => {
  const hf = await withPrograms(t);
  for (const options of [{}, { children: false }])
    await assert.rejects(hf.run(shell, options), {
      name: 'SpawnRefused',
      kind: 'module',
      message: /unknown imports: holdfast_v1\.\w+ .*Let it start programs \(holdfast_v1\) with the option children/s,
    });
  await assert.rejects(hf.run(shell, { children: { most: 3 } }), /unknown option "most"/);
  await assert.rejects(hf.run(shell, { children: { max: 0 } }), RangeError);
  await assert.rejects(hf.run(shell, { children: 'yes' }), /children must be an object/);
  assert.equal((await hf.run(guest('hello'), { children: true })).stdout, 'hello, world\n');
});

test('a fork bomb has no more processes than allowed, and ends with its ancestor', patience, async (t) => {
  const hf = await withPrograms(t);
  const bomb = await hf.spawn(child, { args: ['bomb'], preopens, children: { max: 6 } });
  let told = '';
  const reader = bomb.stdout.pipeThrough(new TextDecoderStream()).getReader();
  while (told.split('\n').length < 8) told += (await reader.read()).value;
  const lines = told.trim().split('\n');
  const counts = lines.map((line) => Number(/^started (\d+), then Resource temporarily unavailable$/.exec(line)[1]));
  assert.equal(
    counts.reduce((sum, count) => sum + count, 0),
    6,
  );
  const list = await hf.ps();
  assert.equal(list.length, 7);
  const ids = new Set(list.map(({ id }) => id));
  for (const { id, parent } of list) assert.ok(id === bomb.id ? parent === null : ids.has(parent.process));
  bomb.kill();
  await nothingRuns(hf);
  assert.equal((await hf.run(guest('hello'))).code, 0);
});

test('foreign processes can be neither killed nor waited for', patience, async (t) => {
  const hf = await withPrograms(t);
  const other = await hf.spawn(guest('sleeps-forever'));
  const family = await hf.spawn(child, { args: ['parent'], preopens, children: true });
  const cousin = await until(
    () => hf.ps(),
    (list) => list.length === 3,
  );
  const pids = cousin.map(({ pid }) => pid);
  for (const pid of [...pids, 0, -5, 999_999]) {
    const { code, stdout } = await runsChild(hf, ['foreign', String(pid)]);
    assert.equal(code, 0, stdout);
    assert.match(
      stdout,
      /^kill: No such process\nwait: (No child process|Invalid argument)\nwait for any: No child process\n$/,
    );
  }
  assert.equal((await hf.ps()).length, 3);
  other.kill();
  family.kill();
  await nothingRuns(hf);
});

test('descendants can be killed by their ancestors, and only parents wait', patience, async (t) => {
  const hf = await withPrograms(t);
  const { stdout, code } = await runsChild(hf, ['grandchild']);
  assert.deepEqual([code, stdout], [0, '0 15\n']);
  await nothingRuns(hf);
});

test('killing a parent ends its children, even if the parent is in the middle of a call', patience, async (t) => {
  const hf = await withPrograms(t);
  for (let i = 0; i < 10; i++) {
    const parent = await hf.spawn(child, { args: ['parent'], preopens, children: true, stdout: 'null' });
    // Sometimes before its child exists, sometimes while it waits for the child.
    if (i % 2)
      await until(
        () => hf.ps(),
        (list) => list.length === 2,
      );
    parent.kill();
    assert.equal((await parent.exited).reason, 'killed');
    await nothingRuns(hf);
  }
  const over = await hf.run(shell, {
    args: ['-c', 'sleeps-forever & sleeps-forever & exit 2'],
    preopens,
    children: true,
  });
  assert.equal(over.code, 2);
  await nothingRuns(hf);
});

test('many children leave no descriptor, no process and no memory behind', patience, async (t) => {
  const hf = await withPrograms(t, { workers: { min: 8 } }); // one more worker would need room, too
  await runsChild(hf, ['many', '2']);
  const bytes = async () => (await hf.stats()).kernel.bytes;
  const before = await until(bytes, () => true);
  const { stdout } = await runsChild(hf, ['many', '30'], { children: { max: 1 } });
  assert.equal(stdout, '0 more\n');
  await nothingRuns(hf);
  await until(bytes, (now) => now <= before);
});

test('a program and its descendants share one limit of pipes; ended ones do not count', patience, async (t) => {
  const hf = await withPrograms(t);
  const all = '256 pipes, then No file descriptors available\n';
  assert.equal((await runsChild(hf, ['pipes'])).stdout, all);
  // The second can use what the first has released.
  assert.equal((await runsShell(hf, 'child pipes ; child pipes')).stdout, all + all);
  const held = await runsShell(hf, 'child pipes | child pipes ; child pipes');
  const [, most] = /^(\d+) pipes.*\n256 pipes/.exec(held.stdout);
  assert.ok(Number(most) < 256);
});

test('children that the parent has waited for leave nothing behind', patience, async (t) => {
  const hf = await withPrograms(t);
  const listeners = [];
  const { addEventListener } = AbortSignal.prototype;
  t.mock.method(AbortSignal.prototype, 'addEventListener', function add(...args) {
    listeners.push(this);
    return Reflect.apply(addEventListener, this, args);
  });
  const warnings = [];
  const warned = (warning) => warnings.push(warning);
  process.on('warning', warned);
  t.after(() => process.off('warning', warned));
  await runsChild(hf, ['many', '20'], { children: { max: 1 } });
  assert.ok(listeners.length >= 20);
  assert.deepEqual(warnings, []);
  const ofMany = listeners.filter((signal, i) => listeners.indexOf(signal) < i);
  assert.ok(ofMany.length >= 20);
  assert.deepEqual(
    ofMany.flatMap((signal) => getEventListeners(signal, 'abort')),
    [],
  );
});

test('programs are read one at a time, however many are requested', patience, async (t) => {
  const hf = await withPrograms(t);
  let now = 0;
  let most = 0;
  let count = 0;
  const { compile } = WebAssembly;
  t.mock.method(WebAssembly, 'compile', async (bytes) => {
    most = Math.max(most, ++now);
    count++;
    // Long enough for the other request to arrive.
    await new Promise((resolve) => setTimeout(resolve, 300));
    now--;
    return compile(bytes);
  });
  const hello = 'shell -c hello & shell -c cat & shell -c echo-lines & wait ; wait ; wait';
  assert.equal((await runsShell(hf, hello)).code, 0);
  assert.ok(count >= 4, `${count}`);
  assert.equal(most, 1);
});

test('if a program’s file is replaced, the new program is started', patience, async (t) => {
  const hf = await withPrograms(t);
  const hello = await readFile(guest('hello'));
  await hf.fs.writeFile('/bin/x.wasm', hello);
  const session = await hf.spawn(shell, { preopens, children: true });
  const lines = session.stdout.pipeThrough(new TextDecoderStream()).getReader();
  await session.write('x\nx\n');
  let text = '';
  while (text.length < 26) text += (await lines.read()).value;
  assert.equal(text, 'hello, world\nhello, world\n');
  await hf.fs.writeFile('/bin/x.wasm', await readFile(guest('echo-lines')));
  await session.write('x | cat\n');
  await session.write('echo done\n');
  await session.stdin.close();
  for (let part = await lines.read(); !part.done; part = await lines.read()) text += part.value;
  assert.match(text, /done/);
  assert.doesNotMatch(text.slice(26), /hello/);
  assert.equal((await session.exited).reason, 'exit');
});

test('limits apply to children, and their output counts towards their ancestor’s', patience, async (t) => {
  const hf = await withPrograms(t);
  const cpu = await runsChild(hf, ['start', 'spin'], { limits: { cpuTime: 1000 } });
  assert.equal(cpu.stderr, '4 152\n');
  const said = await runsShell(hf, 'child say 4000 ; child say 4000 ; child say 4000 ; status', {
    limits: { output: 10_000 },
  });
  assert.equal(said.reason, 'limit');
  assert.equal(said.stdout.length, 10_000);
  const files = await runsShell(hf, 'child file 4000 ; child file 4000 ; child file 4000', {
    limits: { fileBytes: 10_000 },
  });
  assert.equal(files.stdout, 'write: No space left on device\n');
  assert.ok((await hf.fs.stat('/bin/big')).size <= 10_000);
  const memory = await runsChild(hf, ['start', 'exit', '0'], { limits: { memory: 2 ** 20 } });
  assert.equal(memory.stderr, '0 0\n');
  const small = await runsChild(hf, ['start', 'exit', '0'], { limits: { memory: 65_536 } }).catch((error) => error);
  assert.equal(small.name, 'SpawnRefused');
});

test('an interruptible program has interruptible children', patience, async (t) => {
  const hf = await withPrograms(t, { workers: { max: 2 } });
  for (let i = 0; i < 3; i++) {
    const { stdout } = await runsShell(hf, 'child spin & kill ; wait', { interruptible: true });
    assert.match(stdout, /^\[\d+\]\njob killed 143\n$/);
  }
  const full = await runsShell(hf, 'child sleep & hello', { whenBusy: 'wait' });
  assert.match(full.stderr, /hello: Resource temporarily unavailable/);
});

test('an instance, and a pipeline’s program, may start programs', patience, async (t) => {
  const hf = await withPrograms(t);
  const q = await hf.instantiate(shell, { entry: null, children: true });
  q.kill();
  const { stdout } = await hf.pipeline([
    { source: shell, args: ['-c', 'hello ; hello'], preopens, children: true },
    guest('echo-lines'),
  ]);
  assert.equal(stdout, '1: hello, world\n2: hello, world\n');
});

test('a trace and the list of processes show calls to the host', patience, async (t) => {
  const hf = await withPrograms(t);
  const events = [];
  const { stdout } = await runsShell(hf, 'hello | cat', { trace: (event) => void events.push(event) });
  assert.equal(stdout, 'hello, world\n');
  const calls = events.map(({ call }) => call).filter((call) => call.startsWith('holdfast_v1.'));
  assert.deepEqual(
    calls,
    ['pipe', 'spawn', 'spawn', 'wait', 'wait'].map((name) => `holdfast_v1.${name}`),
  );
  assert.match(
    events.find(({ call }) => call === 'holdfast_v1.wait').text,
    /^\d+\.\d+ holdfast_v1\.wait\(…\) <\d+\.\d+ ms>$/,
  );
  // The program's file was opened before, and is closed after the call.
  const around = events.map(({ call }) => call);
  assert.ok(around.indexOf('path_open') < around.indexOf('holdfast_v1.spawn'));
  assert.ok(around.indexOf('holdfast_v1.spawn') < around.lastIndexOf('fd_close'));
  const waiting = await hf.spawn(child, { args: ['parent'], preopens, children: true, stdout: 'null' });
  await until(
    () => hf.ps(),
    (list) => list.some(({ id, call, asleepFor }) => id === waiting.id && call === 'host-call' && asleepFor > 0),
  );
  waiting.kill();
  await nothingRuns(hf);
});
