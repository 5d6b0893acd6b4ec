// Guests that call functions of the page.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import test from 'node:test';
import { hostFunction } from '../../dist/node.js';
import { assemble } from './support/component.mjs';
import { guest, runtime, single, until } from './support/runtime.mjs';

const program = await readFile(guest('calls-its-host'));

/** Everything that the program imports; each test replaces the functions that it tests. */
const host = (functions) => ({
  env: {
    add: (a, b) => a + b,
    next64: (value) => value + 1n,
    half: (value) => value / 2,
    upper: () => 0,
    echo_json: () => 0,
    reverse: () => 0,
    fails: () => 0,
    ...functions,
  },
});
const later = (value) => new Promise((resolve) => setTimeout(resolve, 5, value));

test('numbers of each type pass unchanged, including those from promises', async (t) => {
  const hf = await runtime(t);
  const output = '5 1099511627777 1.5\n';
  assert.equal((await hf.run(program, { args: ['numbers'], host: host() })).stdout, output);
  const slow = host({ add: (a, b) => later(a + b), next64: async (value) => value + 1n });
  assert.equal((await hf.run(program, { args: ['numbers'], host: slow })).stdout, output);
});

test('text goes to a buffer of the guest; if that is too short, a second call with a larger buffer gets the same text, and the function is called only once', async (t) => {
  const hf = await runtime(t);
  let calls = 0;
  const upper = hostFunction({ params: ['string'], result: 'string' }, (value) => {
    calls++;
    return later(value.toUpperCase());
  });
  const { stdout } = await hf.run(program, { args: ['text', 'höhe'], host: host({ upper }) });
  assert.equal(stdout, '5 HÖHE\n');
  assert.equal(calls, 1);
});

test('JSON goes to memory from the guest’s allocator, bytes to its buffer', async (t) => {
  const hf = await runtime(t);
  const echo_json = hostFunction({ params: ['json'], result: 'json', into: 'allocator' }, (value) => ({ got: value }));
  const reverse = hostFunction({ params: ['bytes'], result: 'bytes' }, (bytes) => bytes.slice().reverse());
  const given = host({ echo_json, reverse });
  assert.equal((await hf.run(program, { args: ['json', '[1,"ü"]'], host: given })).stdout, '{"got":[1,"ü"]}\n');
  assert.equal((await hf.run(program, { args: ['bytes'], host: given })).stdout, '3: 3 2 1\n');
  const { reason, message } = await hf.run(program, { args: ['json', '{'], host: given });
  assert.equal(reason, 'trap');
  assert.match(message, /env\.echo_json: .*invalid JSON/);
});

test('a function that fails returns its declared error, or causes a trap that names it', async (t) => {
  const hf = await runtime(t);
  const failing = [
    () => {
      throw new Error('no such thing');
    },
    () => Promise.reject(new Error('no such thing')),
  ];
  for (const fails of failing) {
    const { reason, code, message, stdout } = await hf.run(program, { args: ['fails'], host: host({ fails }) });
    assert.deepEqual([reason, code, stdout], ['trap', 134, '']);
    assert.equal(message, "env.fails: the page's function failed: no such thing");
    const declared = hostFunction({ result: 'i32', error: -5 }, fails);
    assert.equal((await hf.run(program, { args: ['fails'], host: host({ fails: declared }) })).stdout, '-5\n');
  }
});

test('a result of the wrong type is a failure of the function', async (t) => {
  const hf = await runtime(t);
  const message = async (fails) => (await hf.run(program, { args: ['fails'], host: host({ fails }) })).message;
  assert.match(await message(() => 'text'), /env\.fails: .*number or a bigint.*hostFunction/);
  assert.match(await message(hostFunction({ result: 'i32' }, () => 'text')), /must be a number, not a string/);
  // Only the engine knows the result's type: its error is reported with the function's name.
  assert.match(await message(() => 3n), /^env\.fails: .*BigInt/);
  const next64 = async () => 5;
  const { reason, message: other } = await hf.run(program, { args: ['numbers'], host: host({ next64 }) });
  assert.equal(reason, 'trap');
  assert.match(other, /^env\.next64: .*BigInt/);
});

test('a host function that is not a function is refused where it is declared', () => {
  for (const fn of [undefined, null, 'f', { call() {} }])
    assert.throws(() => hostFunction({ params: ['string'] }, fn), {
      name: 'TypeError',
      message: /^fn must be a function/,
    });
});

test('an answer takes no kernel memory once the guest has it', async (t) => {
  const hf = await runtime(t);
  const size = 8 * 1024 * 1024;
  const text = hostFunction({ result: 'string' }, () => 'x'.repeat(size));
  const q = await hf.instantiate(guest('asks-its-host'), { host: { env: { text, take: () => 0 } } });
  const used = async () => (await hf.stats()).kernel.bytes;
  const before = await used();
  assert.equal(await q.call('ask'), size);
  assert.ok((await used()) < before + size / 8); // although the guest stays, and may never call again
});

test('the function gets its caller, and sees that the guest was killed', async (t) => {
  const hf = await runtime(t);
  let context;
  const add = (a, b, given) => {
    context = given;
    return new Promise(() => undefined);
  };
  const p = await hf.spawn(program, { name: 'the caller', args: ['many', '1'], host: host({ add }) });
  await until(
    () => context,
    (given) => given !== undefined,
  );
  assert.deepEqual([context.id, context.pid, context.name], [p.id, p.pid, 'the caller']);
  assert.ok(context.tid > 0);
  assert.equal(context.signal.aborted, false);
  p.kill();
  assert.equal((await p.exited).reason, 'killed');
  assert.equal(context.signal.aborted, true);
  await p.released;
});

test('an answer that arrives too late is dropped, and the worker’s next program gets its own', async (t) => {
  const hf = await runtime(t, { workers: 1 });
  const answers = [];
  const add = (a, b) => new Promise((resolve) => answers.push(() => resolve(a + b)));
  const p = await hf.spawn(program, { args: ['many', '1'], host: host({ add }) });
  await until(
    () => answers.length,
    (length) => length === 1,
  );
  p.kill();
  await p.released;
  answers[0]();
  const { code } = await hf.run(program, { args: ['many', '100'], host: host() });
  assert.equal(code, 0);
});

test('calls of many guests are served at the same time', async (t) => {
  const hf = await runtime(t);
  const waiting = [];
  const add = (a, b) => new Promise((resolve) => waiting.push(() => resolve(a + b)));
  const all = Array.from({ length: 8 }, () => hf.run(program, { args: ['many', '1'], host: host({ add }) }));
  await until(
    () => waiting.length,
    (length) => length === 8, // none waits for another
  );
  for (const answer of waiting) answer();
  for (const { code } of await Promise.all(all)) assert.equal(code, 0);
});

test('a guest that waits for its host can be paused, uses no CPU time, and obeys a timeout', async (t) => {
  const hf = await runtime(t);
  let answer;
  const add = (a, b) => new Promise((resolve) => (answer = () => resolve(a + b)));
  const p = await hf.spawn(program, { args: ['many', '1'], host: host({ add }) });
  await until(
    () => answer,
    (given) => given !== undefined,
  );
  await p.pause();
  answer();
  assert.equal((await hf.ps())[0].state, 'paused');
  await p.resume();
  assert.equal((await p.exited).code, 0);
  const { reason } = await hf.run(program, {
    args: ['many', '1'],
    timeout: 100,
    host: host({ add: () => new Promise(() => undefined) }),
  });
  assert.equal(reason, 'timeout');
});

test('wrong options are type errors, and errors name unsupported features of the host', async (t) => {
  const hf = await runtime(t);
  await assert.rejects(hf.run(program, { host: { env: { add: 7 } } }), {
    name: 'TypeError',
    message: /host\.env\.add/,
  });
  await assert.rejects(hf.run(program, { host: { env: 7 } }), TypeError);
  await assert.rejects(hf.run(program, { host: 7 }), TypeError);
  await assert.rejects(hf.run(program, { host: { env: { add: () => 0 } } }), {
    name: 'SpawnRefused',
    message: /env\.half.*option host/s,
  });
  const wrong = hostFunction({ params: ['text'] }, () => 0);
  await assert.rejects(hf.run(program, { host: host({ upper: wrong }) }), /host\.env\.upper/);
});

test('whatever a function throws, the guest gets an answer', async (t) => {
  const hf = await runtime(t);
  const unhandled = [];
  const note = (error) => unhandled.push(error);
  process.on('unhandledRejection', note);
  t.after(() => process.off('unhandledRejection', note));
  for (const [thrown, message] of [
    [Object.create(null), /env\.add: .*it threw an object/],
    [Object.assign(new Error(), { message: Symbol('why') }), /env\.add: .*Symbol\(why\)/],
    [null, /env\.add: .*null/],
  ]) {
    const add = () => Promise.reject(thrown);
    const result = await hf.run(program, { args: ['numbers'], host: host({ add }) });
    assert.equal(result.reason, 'trap');
    assert.match(result.message, message);
  }
  assert.deepEqual(unhandled, []);
});

test('a result that waits for a larger buffer is used only for the same arguments', async (t) => {
  const hf = await runtime(t);
  const join = hostFunction({ params: ['string', 'string'], result: 'string' }, (a, b) => `${a.length}+${b.length}`);
  const q = await hf.instantiate(await readFile(guest('hands-out-references')), {
    host: { env: { take: () => 0, join } },
  });
  const joined = async (a, b, room) => {
    await q.memory.write(0, Buffer.from(a + b));
    const size = await q.call('joined', a.length, b.length, room);
    return Buffer.from(await q.memory.read(512, size)).toString();
  };
  await joined('a\0string b', 'c', 0);
  assert.equal(await joined('a', 'b\0string c', 100), '1+10');
});

test('a signature that does not fit is refused, not ignored', async (t) => {
  const hf = await runtime(t);
  const refused = (signature, message) =>
    assert.rejects(hf.run(program, { host: host({ add: hostFunction(signature, () => 0) }) }), {
      name: 'TypeError',
      message,
    });
  await refused({ parms: ['i32'] }, /host\.env\.add.*"parms"; did you mean "params"/);
  await refused({ into: 'alocator' }, /into of host\.env\.add must be "buffer" or "allocator"/);
  await refused({ error: '-1' }, /error of host\.env\.add must be a number or a bigint/);
  await refused({ params: ['text'] }, /host\.env\.add must be a signature of i32.*not "text"/);
  await refused(undefined, /signature of host\.env\.add must be an object/);
});

test(
  'a start function that the engine runs can call the page',
  { skip: single && 'it cannot be suspended' },
  async (t) => {
    const hf = await runtime(t);
    const module = await assemble(`(module
    (import "page" "next" (func $next (param i32) (result i32)))
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (memory (export "memory") 1)
    (global $got (mut i32) (i32.const 0))
    (start $start)
    (func $start (global.set $got (call $next (i32.const 41))))
    (func (export "_start") (call $exit (global.get $got)))
    (func (export "got") (result i32) (global.get $got)))`);
    const page = { next: (value, { pid }) => (pid > 0 ? later(value + 1) : 0) };
    assert.equal((await hf.run(module, { host: { page } })).code, 42);
    assert.equal((await hf.run(module, { host: { page }, interruptible: true })).code, 42);
    const instance = await hf.instantiate(module, { host: { page }, entry: null });
    assert.equal(await instance.call('got'), 42);
  },
);
