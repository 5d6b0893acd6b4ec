// Threads on shared memories (holdfast/threads).
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import test from 'node:test';
import { CallFailed, HandleError, HoldfastError, SpawnRefused, start } from '../../dist/node.js';
import { createMemory, JoinSet } from '../../dist/threads.js';
import { comesToRest, guest, runtime, until } from './support/runtime.mjs';

const url = guest('shares-a-memory');
const bytes = await readFile(url);

const endedBy = (reason) => (error) => error instanceof CallFailed && error.exit.reason === reason;
const word = async (memory, pointer) => new DataView((await memory.read(pointer, 4)).buffer).getInt32(0, true);
const shared = async (t, options = { pages: 1, maximum: 16 }) => {
  const hf = await runtime(t);
  return { hf, memory: await createMemory(hf, options) };
};

test('the page reads and writes a memory within its bounds', async (t) => {
  const { memory } = await shared(t);
  await memory.write(65530, new Uint8Array([1, 2, 3, 4, 5, 6]));
  assert.deepEqual([...(await memory.read(65528, 8))], [0, 0, 1, 2, 3, 4, 5, 6]);
  assert.deepEqual([...(await memory.read(65536, 0))], []);
  const outside = {
    name: 'RangeError',
    message: /^bytes 65536 to 65537|bytes \d+ to \d+ are outside the memory of 65536 bytes$/,
  };
  await assert.rejects(memory.read(65530, 7), outside);
  await assert.rejects(memory.read(2 ** 53 - 1, 0), outside);
  await assert.rejects(memory.write(65535, new Uint16Array([1])), outside);
  assert.equal((await memory.read(65535, 1))[0], 6); // nothing of it was written
  await assert.rejects(memory.read(-1, 1), RangeError);
  await assert.rejects(memory.read(0, 1.5), RangeError);
  await assert.rejects(memory.write(0, 'text'), {
    name: 'TypeError',
    message: 'what is written must be bytes, not a string',
  });
});

test('large reads and writes arrive whole', async (t) => {
  const { memory } = await shared(t, { pages: 64 });
  const data = new Uint8Array(64 * 65536 - 5).map((_, i) => i % 251);
  await memory.write(5, data);
  assert.deepEqual(Buffer.compare(await memory.read(5, data.length), data), 0);
});

test('a memory grows up to its maximum, whether the page or a thread grows it', async (t) => {
  const { memory } = await shared(t, { pages: 1, maximum: 5 });
  assert.equal(await memory.pages(), 1);
  assert.equal(await memory.grow(2), 3);
  assert.equal(await (await memory.spawn(bytes, 'grow', [1])).join(), 3);
  assert.equal(await memory.pages(), 4);
  assert.equal((await memory.read(3 * 65536, 65536)).length, 65536);
  await assert.rejects(memory.grow(2), {
    name: 'RangeError',
    message: 'the memory of 4 pages, at most 5, cannot grow by 2',
  });
  assert.equal(memory.maximum, 5);
});

test('invalid memories are refused', async (t) => {
  const hf = await runtime(t);
  const refused = (options, name, message) => assert.rejects(createMemory(hf, options), { name, message });
  await refused({ pages: 1, maximum: 65537 }, 'RangeError', 'maximum must be at most 65536, not 65537');
  await refused({ pages: 2, maximum: 1 }, 'RangeError', 'pages (2) is more than maximum (1)');
  await refused({ pages: 0 }, 'RangeError', 'maximum must be a whole number of at least 1, not 0');
  await refused({}, 'TypeError', /^pages must be a number/);
  await refused(
    { pages: 1, max: 2 },
    'TypeError',
    'createMemory: unknown option "max"; the options are "pages", "maximum"',
  );
  await assert.rejects(createMemory({}, { pages: 1 }), { name: 'TypeError', message: /must be a runtime/ });
});

test('a closed memory refuses all calls, and its threads keep it', async (t) => {
  const { memory } = await shared(t);
  const thread = await memory.spawn(bytes, 'wait', [0, 0]);
  await memory.close();
  await memory.close();
  const closed = { name: 'HoldfastError', message: 'the memory was closed' };
  for (const call of [
    memory.read(0, 1),
    memory.write(0, new Uint8Array(1)),
    memory.pages(),
    memory.grow(1),
    memory.spawn(bytes, 'nothing'),
  ])
    await assert.rejects(call, closed);
  assert.equal(thread.tryJoin(), undefined);
  thread.kill();
  await assert.rejects(thread.join(), CallFailed);
});

test('threads return what their entry returns', async (t) => {
  const { memory } = await shared(t);
  const run = async (...call) => (await memory.spawn(...call)).join();
  assert.equal(await run(bytes, 'add', [2 ** 31 - 1, 1]), -(2 ** 31));
  assert.equal(await run(url, 'negate', [2n ** 62n]), -(2n ** 62n));
  assert.deepEqual(await run(bytes, 'swap', [7, 1.5]), [1.5, 7]);
  assert.equal(await run(url.href, 'nothing'), undefined);
  assert.equal(await run(bytes, 'exit', [0]), undefined);
});

test('threads share the memory with each other and with the page', async (t) => {
  const { memory } = await shared(t);
  await memory.write(0, new Uint8Array([5]));
  const threads = await Promise.all(Array.from({ length: 4 }, () => memory.spawn(url, 'count', [0])));
  const values = await Promise.all(threads.map((thread) => thread.join()));
  assert.deepEqual(values.sort(), [6, 7, 8, 9]);
  assert.equal(await word(memory, 0), 9);
});

test('an entry is repeated in one thread', async (t) => {
  const { memory } = await shared(t);
  assert.equal(await (await memory.spawn(bytes, 'count', [8], { repeat: 1000 })).join(), 1000);
  await assert.rejects(memory.spawn(bytes, 'count', [8], { repeat: 0 }), { name: 'RangeError', message: /^repeat/ });
});

for (const interruptible of [false, true])
  test(`threads wait for each other, ${interruptible ? 'interruptible' : 'not interruptible'}`, async (t) => {
    const { hf, memory } = await shared(t);
    const waiters = await Promise.all([0, 1].map(() => memory.spawn(bytes, 'wait', [0, 0], { interruptible })));
    await until(
      () => word(memory, 60),
      (count) => count === 2,
    );
    assert.ok(
      await comesToRest(async () =>
        (await hf.ps()).map(({ threads }) => threads.map(({ syscalls, state }) => [syscalls, state])),
      ),
    );
    // Each is a process, and one of them is gone: the others still find each other.
    waiters[0].kill();
    await assert.rejects(waiters[0].join(), endedBy('killed'));
    await waiters[0].released;
    const waker = await memory.spawn(bytes, 'wake', [0, 1], { interruptible });
    assert.equal(await waker.join(), 1);
    assert.equal(await waiters[1].join(), 0);
  });

test('threads that are interruptible do not share a memory with others', async (t) => {
  const { memory } = await shared(t);
  const spinning = await memory.spawn(bytes, 'spin', [], { interruptible: true });
  const mixed = memory.spawn(bytes, 'wake', [0, 1], { interruptible: false });
  await assert.rejects(mixed, {
    name: 'SpawnRefused',
    kind: 'options',
    message: /give all of them the same `interruptible`/,
  });
  spinning.kill();
  await spinning.released;
  assert.equal(await (await memory.spawn(bytes, 'wake', [0, 1], { interruptible: false })).join(), 0);
});

test('a thread that does not end normally is an error with its reason', async (t) => {
  const { memory } = await shared(t);
  const failed = async (reason, code, message, ...call) => {
    const thread = await memory.spawn(bytes, ...call);
    await assert.rejects(thread.join(), (error) => {
      assert.ok(error instanceof CallFailed && error instanceof HoldfastError);
      assert.deepEqual([error.exit.reason, error.exit.code], [reason, code]);
      assert.match(error.message, message);
      return true;
    });
    assert.equal((await thread.exited).reason, reason);
  };
  await failed('trap', 134, /^the thread trap has ended: .*unreachable/i, 'trap');
  await failed('trap', 134, /^the thread outside has ended: .*out of bounds/i, 'outside');
  await failed('exit', 3, /^the thread exit has ended: it exited with code 3$/, 'exit', [3]);
  await failed('timeout', 124, /longer than 50 ms/, 'spin', [], { timeout: 50 });
  await failed('limit', 152, /CPU time/, 'spin', [], { limits: { cpuTime: 50 } });
  await failed('limit', 137, /more than 10 bytes/, 'print', [0, 11], { limits: { output: 10 } });
});

test('a thread is a process like any other', async (t) => {
  const { hf, memory } = await shared(t);
  const thread = await memory.spawn(bytes, 'spin', [], { name: 'spinner', interruptible: true });
  const [process] = await hf.ps();
  assert.deepEqual([process.id, process.pid, process.name], [thread.id, thread.pid, 'spinner']);
  await thread.pause();
  assert.equal((await hf.ps())[0].state, 'paused');
  await thread.resume();
  thread.kill();
  await assert.rejects(thread.join(), endedBy('killed'));
  await thread.released;
  const calls = [];
  const text = [];
  await memory.write(100, Buffer.from('hello\n'));
  const prints = await memory.spawn(bytes, 'print', [100, 6], {
    trace: ({ call }) => calls.push(call),
    stdout: (chunk) => text.push(Buffer.from(chunk).toString()),
  });
  await prints.join();
  assert.deepEqual(calls, ['fd_write']);
  assert.equal(text.join(''), 'hello\n');
});

test('a thread can be joined or detached only once', async (t) => {
  const { memory } = await shared(t);
  const thread = await memory.spawn(bytes, 'wait', [0, 0]);
  assert.equal(await thread.join({ timeout: 10 }), undefined);
  await assert.rejects(thread.join({ signal: AbortSignal.abort('given up') }), (error) => error === 'given up');
  assert.equal(thread.tryJoin(), undefined);
  assert.equal(await (await memory.spawn(bytes, 'wake', [0, 1])).join(), 1);
  assert.deepEqual(await thread.join({ timeout: 60_000 }), { value: 0 });
  for (const again of [() => thread.join(), async () => thread.tryJoin(), async () => thread.detach()])
    await assert.rejects(again(), (error) => error instanceof HandleError);
  const other = await memory.spawn(bytes, 'add', [1, 2]);
  assert.deepEqual(await until(() => other.tryJoin(), Boolean), { value: 3 });
  const detached = await memory.spawn(bytes, 'nothing');
  detached.detach();
  await assert.rejects(detached.join(), HandleError);
  await detached.exited;
});

test('a module, entry or argument that does not fit is refused before it runs', async (t) => {
  const { memory } = await shared(t);
  const refused = (kind, message, ...call) =>
    assert.rejects(memory.spawn(...call), (error) => {
      assert.ok(error instanceof SpawnRefused, error);
      assert.match(error.message, message);
      assert.equal(error.kind, kind);
      return true;
    });
  await refused('options', /exports no function "ad"; it exports add, negate, .*…/, bytes, 'ad', []);
  await refused('options', /exports no function "memory"/, bytes, 'memory', []);
  await refused('options', /^add\(i32, i32\) takes 2 arguments, not 1$/, bytes, 'add', [1]);
  await refused('options', /^argument 0 of negate\(i64\) must be a bigint$/, bytes, 'negate', [1]);
  await refused('options', /returns values that are not numbers/, bytes, 'reference');
  await refused(
    'module',
    /imports its memory as "env" "mem", not as "env" "memory": pass importAs: \["env","mem"\]/,
    bytes,
    'nothing',
    [],
    { importAs: ['env', 'memory'] },
  );
  await refused('module', /does not import its memory, as "env" "mem"/, guest('called'), 'add', [1, 2]);
  await refused('module', /imports a memory that is not shared/, guest('grows-an-imported-memory'), '_start', [], {
    importAs: ['env', 'memory'],
  });
  await refused('module', /a component cannot be a thread/, guest('hello.wasip2'), 'run');
  await refused('source', /nothing-here/, guest('nothing-here'), 'run');
  const small = await createMemory(await runtime(t), { pages: 0, maximum: 4 });
  await assert.rejects(small.spawn(bytes, 'nothing'), {
    kind: 'module',
    message:
      'the module imports a memory of at least 1 pages, with a maximum of at most 16; this one has 0 pages and a maximum of 4',
  });
  const large = await createMemory(await runtime(t), { pages: 1, maximum: 17 });
  await assert.rejects(large.spawn(bytes, 'nothing'), {
    kind: 'module',
    message: /at most 16; this one has 1 pages and a maximum of 17/,
  });
});

test('invalid options are refused', async (t) => {
  const { memory } = await shared(t);
  const refused = (message, ...call) => assert.rejects(memory.spawn(bytes, ...call), { name: 'TypeError', message });
  await refused('args[1] must be a number or a bigint, not a string', 'add', [1, '2']);
  await refused('args must be an array, not a number', 'add', 1);
  await refused(/^entry must be a string/, undefined);
  await refused('args: the arguments of the entry are the third argument of memory.spawn()', 'add', [], {
    args: [1, 2],
  });
  await refused('limits.memory: the maximum of a shared memory is set by createMemory()', 'add', [1, 2], {
    limits: { memory: 1e6 },
  });
  await refused('thread: unknown option "importas"; did you mean "importAs"?', 'add', [1, 2], { importas: ['a', 'b'] });
  await refused(/^thread: unknown option "terminal"/, 'add', [1, 2], { terminal: true });
  await refused(/^thread: unknown option "http"/, 'add', [1, 2], { http: true });
  await refused('importAs must have two entries, the module and the name', 'add', [1, 2], { importAs: ['env'] });
});

test('an abort before a thread runs cancels it, and a later one kills it', async (t) => {
  const { memory } = await shared(t);
  await assert.rejects(
    memory.spawn(bytes, 'spin', [], { signal: AbortSignal.abort('early') }),
    (error) => error === 'early',
  );
  const controller = new AbortController();
  const thread = await memory.spawn(bytes, 'spin', [], { signal: controller.signal });
  controller.abort();
  await assert.rejects(thread.join(), endedBy('killed'));
});

test('a set joins its threads as they end', async (t) => {
  const { memory } = await shared(t);
  const set = new JoinSet();
  assert.equal(await set.next(), undefined);
  const waits = set.add(await memory.spawn(bytes, 'wait', [0, 0]));
  assert.throws(() => set.add(waits), { name: 'TypeError', message: 'the thread wait is already in the set' });
  assert.throws(() => set.add({}), {
    name: 'TypeError',
    message: 'what is added to a JoinSet must be a thread, not an object',
  });
  assert.equal(set.tryNext(), undefined);
  assert.equal(await set.next({ timeout: 10 }), undefined);
  const adds = set.add(await memory.spawn(bytes, 'add', [1, 2]));
  assert.deepEqual(await set.next(), { thread: adds, value: 3 });
  const traps = set.add(await memory.spawn(bytes, 'trap'));
  const { thread, error } = await set.next();
  assert.equal(thread, traps);
  assert.equal(error.exit.reason, 'trap');
  assert.equal(set.size, 1);
  await assert.rejects(set.next({ signal: AbortSignal.abort('given up') }), (reason) => reason === 'given up');
  const order = [];
  setTimeout(async () => set.add(await memory.spawn(bytes, 'wake', [0, 1])));
  for await (const { thread, value } of set) {
    order.push(thread.name);
    assert.equal(value, thread === waits ? 0 : 1);
    if (thread === waits && set.size === 0)
      await until(
        () => set.size + order.length,
        (all) => all === 2,
      );
  }
  assert.deepEqual(order.sort(), ['wait', 'wake']);
});

test('a set returns the values of all threads in the order in which they were added, or the first failure', async (t) => {
  const { memory } = await shared(t);
  const set = new JoinSet();
  for (let i = 0; i < 3; i++) set.add(await memory.spawn(bytes, 'add', [i, 0]));
  assert.deepEqual(await set.joinAll(), [0, 1, 2]);
  set.add(await memory.spawn(bytes, 'spin'));
  set.add(await memory.spawn(bytes, 'trap'));
  await assert.rejects(set.joinAll(), endedBy('trap'));
  assert.equal(set.size, 1);
  await set[Symbol.asyncDispose]();
  assert.equal(set.size, 0);
});

test('a supervisor restarts threads', async (t) => {
  const { hf, memory } = await shared(t);
  const supervisor = await hf.supervise({
    children: [
      { id: 'traps', restart: 'transient', start: ({ signal }) => memory.spawn(bytes, 'trap', [], { signal }) },
    ],
    maxRestarts: 2,
  });
  const ends = [];
  supervisor.on('ended', ({ reason }) => ends.push(reason));
  const outcome = await supervisor.wait();
  assert.deepEqual([outcome.kind, outcome.reason, outcome.restarts], ['restart-limit', 'trap', 2]);
  assert.deepEqual(ends, ['trap', 'trap', 'trap']);
  const normal = await hf.supervise({
    children: [{ id: 'adds', restart: 'transient', start: () => memory.spawn(bytes, 'add', [1, 2]) }],
  });
  assert.equal((await normal.wait()).kind, 'completed');
});

test('a runtime that closes ends its threads and memories', async () => {
  const hf = await start();
  const memory = await createMemory(hf, { pages: 1, maximum: 16 });
  const thread = await memory.spawn(bytes, 'spin');
  const joined = assert.rejects(thread.join(), { name: 'Closed' });
  await hf.close();
  await joined;
  await assert.rejects(memory.read(0, 1), { name: 'Closed' });
});
