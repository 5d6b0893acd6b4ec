// Guests that stay alive, and whose exports are called.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import test from 'node:test';
import { CallFailed, hostFunction } from '../../dist/node.js';
import { comesToRest, guest, runtime, until } from './support/runtime.mjs';

const called = await readFile(guest('called'));
const text = { params: ['string'], result: 'string' };
const lines = () => {
  const chunks = [];
  return { to: (bytes) => void chunks.push(Buffer.from(bytes)), text: () => Buffer.concat(chunks).toString() };
};

test('exports are called with numbers of each type, after _initialize has run once', async (t) => {
  const hf = await runtime(t);
  const q = await hf.instantiate(called);
  assert.equal(await q.call('times_initialized'), 1);
  assert.equal(await q.call('add', 2 ** 31 - 1, 1), -(2 ** 31));
  assert.equal(await q.call('add', 2 ** 32 - 1, 0), -1);
  assert.equal(await q.call('negate', 2n ** 62n), -(2n ** 62n));
  assert.equal(await q.exports.half(3), 1.5);
  assert.equal(await q.exports.third(1), Math.fround(1 / 3));
  assert.equal(await q.exports.nap(0), undefined);
  assert.ok('add' in q.exports && !('nothing' in q.exports) && Object.keys(q.exports).includes('negate'));
  assert.equal(await Promise.resolve(q.exports), q.exports); // it is not treated as a promise, although a guest may export "then"
  await until(
    () => hf.ps(),
    ([process]) => process.state === 'idle',
  ); // a moment after its answer
});

test('the URL of a file, its bytes and its compiled module can be instantiated', async (t) => {
  const hf = await runtime(t);
  for (const source of [guest('called'), called, await WebAssembly.compile(called)]) {
    const q = await hf.instantiate(source);
    assert.equal(await q.call('add', 1, 2), 3);
    await assert.rejects(q.call('add', 1), TypeError);
    await assert.rejects(q.call('negate', 1), TypeError);
    assert.equal(await q.call('add', 1, 2), 3); // a mistake of the caller does not affect the guest
    q.kill();
    await q.released;
  }
});

test('if there is no memory for later arguments, the memory of the first ones is freed', async (t) => {
  const hf = await runtime(t);
  const allocator = { malloc: 'malloc_once', free: 'free_once' };
  const q = await hf.instantiate(called, {
    signatures: { sizes: { params: ['bytes', 'bytes'], result: 'i32' } },
    allocator,
  });
  const two = q.call('sizes', new Uint8Array(3), new Uint8Array(4));
  await assert.rejects(two, { name: 'CallFailed', message: /malloc_once\(4\) returned 0/ });
  assert.equal(await q.call('allocated'), 0);
});

test('a signature without its export, and a misspelt option, are refused', async (t) => {
  const hf = await runtime(t);
  const wrong = hf.instantiate(called, { signatures: { greets: text } });
  await assert.rejects(wrong, {
    name: 'TypeError',
    message: /^signatures\.greets: the module exports no function "greets"; it exports /,
  });
  await until(
    () => hf.ps(),
    (processes) => processes.length === 0,
  );
  await assert.rejects(hf.instantiate(called, { entri: null }), {
    name: 'TypeError',
    message: 'instantiate: unknown option "entri"; did you mean "entry"?',
  });
});

test('wrong arguments are refused before they are sent, with the signature of the export', async (t) => {
  const hf = await runtime(t);
  const q = await hf.instantiate(called, { signatures: { greet: text } });
  const refused = (call, message) => assert.rejects(call, { name: 'TypeError', message });
  await refused(q.call('nothing'), /exports no function "nothing"; it exports .*add/);
  await refused(q.call('add', 1), /add\(i32, i32\): i32 takes 2 arguments, not 1/);
  await refused(q.call('add', 1, 2, 3), /not 3/);
  await refused(q.call('add', 1, 1.5), /argument 1 of add\(i32, i32\): i32 must be a whole number of 32 bits/);
  await refused(q.call('add', 1, 2n), /argument 1/);
  await refused(q.call('add', 2 ** 32, 1), /argument 0/);
  await refused(q.call('negate', 1), /argument 0 of negate\(i64\): i64 must be a bigint/);
  await refused(q.call('negate', 2n ** 64n), /argument 0/);
  await refused(q.call('half', '3'), /must be a number, not a string/);
  await refused(q.call('greet', 7), /argument 0 of greet\(string\): string must be a string/);
  await assert.rejects(hf.instantiate(called, { signatures: { greet: { params: ['text'] } } }), /signatures\.greet/);
  await assert.rejects(hf.instantiate(called, { entry: 7 }), /entry must be/);
  assert.throws(() => q.with({ timeout: -1 }), RangeError);
});

test('calls run in order, and those of one turn travel together', async (t) => {
  const hf = await runtime(t);
  const q = await hf.instantiate(called);
  const results = await Promise.all(Array.from({ length: 1000 }, (_, i) => q.call('add', i, i)));
  assert.deepEqual(
    results,
    results.map((_, i) => 2 * i),
  );
});

test('text, bytes and JSON pass through the guest’s allocator', async (t) => {
  const hf = await runtime(t);
  const q = await hf.instantiate(called, {
    signatures: {
      greet: text,
      reversed: { params: ['bytes'], result: 'bytes' },
      with_nul: { params: ['json'], result: 'json' },
      no_json: { result: 'json' },
    },
  });
  assert.equal(await q.call('greet', 'wörld \u{1f30d}'), 'hello, wörld \u{1f30d}');
  assert.equal(await q.call('greet', ''), 'hello, ');
  const bytes = new Uint8Array([1, 2, 3]);
  assert.deepEqual(await q.call('reversed', bytes), new Uint8Array([3, 2, 1]));
  assert.deepEqual(bytes, new Uint8Array([1, 2, 3])); // is copied, not transferred
  assert.deepEqual(await q.call('with_nul', { a: [1, 'ü', null] }), { a: [1, 'ü', null] });
  await assert.rejects(q.call('no_json'), { name: 'CallFailed', message: /no_json returned invalid JSON/ });
  await assert.rejects(q.call('with_nul', undefined), /JSON/);
  const large = 'x'.repeat(5_000_000);
  assert.equal(await q.call('greet', large), `hello, ${large}`);
});

test('text is followed by a NUL, whatever the memory held before', async (t) => {
  const hf = await runtime(t);
  const q = await hf.instantiate(called, { signatures: { ends_with_nul: { params: ['string'], result: 'i32' } } });
  for (const length of [20, 17, 18, 20]) assert.equal(await q.call('ends_with_nul', 'x'.repeat(length)), 1);
});

test('a module without an allocator is a clear error', async (t) => {
  const hf = await runtime(t);
  const q = await hf.instantiate(called, { signatures: { greet: text }, allocator: { malloc: 'no_malloc' } });
  await assert.rejects(q.call('greet', 'x'), { name: 'CallFailed', message: /does not export no_malloc.*allocator/ });
});

test('its memory can be read and written between calls, within its bounds', async (t) => {
  const hf = await runtime(t);
  const q = await hf.instantiate(called);
  const place = await q.call('place');
  const [, bytes] = await Promise.all([q.memory.write(place, new Uint8Array([7, 8, 9])), q.memory.read(place, 4)]);
  assert.deepEqual(bytes, new Uint8Array([7, 8, 9, 0]));
  await assert.rejects(q.memory.read(2 ** 32 - 1, 2), { name: 'RangeError', message: /outside the guest's memory/ });
  await assert.rejects(q.memory.write(2 ** 31, bytes), RangeError);
  await assert.rejects(q.memory.read(-1, 2), RangeError);
  await assert.rejects(q.memory.write(0, 'x'), TypeError);
});

test('a trap ends the instance and the calls after it; earlier ones have their results', async (t) => {
  const hf = await runtime(t);
  const q = await hf.instantiate(called);
  const [before, trapped, behind] = await Promise.allSettled([
    q.call('add', 1, 2),
    q.call('trap'),
    q.call('add', 3, 4),
  ]);
  assert.equal(before.value, 3);
  for (const { reason } of [trapped, behind]) {
    assert.ok(reason instanceof CallFailed);
    assert.match(reason.message, /the instance has ended: .*unreachable/);
    assert.equal(reason.exit.reason, 'trap');
    assert.match(reason.exit.stack, /wasm-function/);
  }
  await assert.rejects(q.call('add', 1, 2), CallFailed);
  assert.equal((await q.exited).reason, 'trap');
  await q.released;
});

test('proc_exit in a call ends the instance with the code; a stack overflow ends it, too', async (t) => {
  const hf = await runtime(t);
  const q = await hf.instantiate(called);
  await assert.rejects(
    q.call('quit', 7),
    (error) => /it exited with code 7/.test(error.message) && error.exit.code === 7,
  );
  const deep = await hf.instantiate(called);
  await assert.rejects(
    deep.call('recurse', 0),
    (error) => error.exit.reason === 'trap' && /stack|bounds/.test(error.message),
  );
});

test('if the start function traps or exits, the call rejects', async (t) => {
  const hf = await runtime(t);
  const start = (env) => hf.instantiate(called, { env });
  await assert.rejects(start({ TRAP_AT_START: '1' }), (error) => error.exit.reason === 'trap');
  await assert.rejects(start({ EXIT_AT_START: '1' }), (error) => error.exit.code === 9);
});

for (const interruptible of [false, true]) {
  test(`a kill ends an instance that computes, waits, or is idle (interruptible: ${interruptible})`, async (t) => {
    const hf = await runtime(t);
    for (const call of [['spin'], ['nap', 1e9], ['read_byte'], null]) {
      const q = await hf.instantiate(called, { interruptible });
      const pending =
        call &&
        assert.rejects(q.call(...call), (error) => /killed/.test(error.message) && error.exit.reason === 'killed');
      q.kill();
      await pending;
      assert.equal((await q.exited).reason, 'killed');
      await q.released;
      await assert.rejects(q.call('add', 1, 2), CallFailed);
    }
    await until(
      () => hf.stats(),
      ({ workers, processes }) => processes.length === 0 && workers.idle === workers.total && workers.zombies === 0,
    );
  });

  test(`an idle instance uses no CPU time and can be paused (interruptible: ${interruptible})`, async (t) => {
    const hf = await runtime(t);
    const q = await hf.instantiate(called, { interruptible });
    assert.ok(await comesToRest(async () => (await hf.ps())[0].cpuTime));
    await q.pause();
    assert.equal((await hf.ps())[0].state, 'paused');
    let done = false;
    const call = q.call('add', 1, 2).then((sum) => ((done = true), sum));
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert.equal(done, false);
    await q.resume();
    assert.equal(await call, 3);
    const nap = q.call('nap', 20);
    await q.pause();
    assert.equal((await hf.ps())[0].state, 'paused');
    await q.resume();
    await nap;
    await q.pause();
    q.kill();
    assert.equal((await q.exited).reason, 'killed');
  });
}

test('an abort before it is initialized rejects with the reason; a kill for another reason does not', async (t) => {
  const hf = await runtime(t);
  const abort = new AbortController();
  const starting = hf.instantiate(guest('called'), { entry: 'spin', signal: abort.signal });
  await until(
    () => hf.ps(),
    ([process]) => process?.cpuTime > 0,
  );
  abort.abort(new Error('not needed'));
  await assert.rejects(starting, /^Error: not needed$/);
  const { signal } = new AbortController();
  await assert.rejects(hf.instantiate(guest('called'), { entry: 'spin', timeout: 100, signal }), {
    name: 'CallFailed',
    message: 'the instance has ended: it ran for longer than 100 ms',
  });
});

test('JSON that nests too deeply for a message fails the call, and not the others', async (t) => {
  const hf = await runtime(t);
  const signatures = { reversed: { params: ['bytes'], result: 'json' } };
  const q = await hf.instantiate(called, { signatures });
  const nested = (depth) => q.call('reversed', Buffer.from(']'.repeat(depth) + '['.repeat(depth)));
  const [first, deep, deeper, last] = await Promise.allSettled([
    nested(1000),
    nested(1001),
    nested(100_000),
    q.call('add', 1, 2),
  ]);
  assert.equal(JSON.stringify(first.value), '['.repeat(1000) + ']'.repeat(1000));
  for (const { reason } of [deep, deeper])
    assert.match(reason.message, /^reversed returned invalid JSON: it nests arrays and objects more than 1000 deep$/);
  assert.equal(last.value, 3);
});

test('a timeout of a call ends the instance; calls within their time do not', async (t) => {
  const hf = await runtime(t);
  const q = await hf.instantiate(called);
  assert.equal(await q.with({ timeout: Infinity }).call('nap', 20), undefined);
  const quick = q.with({ timeout: 600_000 });
  for (let i = 0; i < 10; i++) assert.equal(await quick.exports.add(i, 1), i + 1);
  await assert.rejects(q.with({ timeout: 50 }).call('spin'), {
    name: 'CallFailed',
    message: /spin took longer than 50 ms, and the instance was killed/,
  });
  assert.equal((await q.exited).reason, 'killed');
});

test('an aborted call rejects at once: if it was not sent, it is not made, otherwise it continues', async (t) => {
  const hf = await runtime(t);
  const q = await hf.instantiate(called, { preopens: { '/': '/' } });
  const { signal } = AbortSignal.timeout ? { signal: AbortSignal.timeout(50) } : {};
  const nap = q.with({ signal }).call('nap', 300);
  const abort = new AbortController();
  const put = q.with({ signal: abort.signal }).call('put_file', 1); // in the same message as the nap
  await Promise.resolve();
  const later = q.with({ signal: abort.signal }).call('put_file', 2);
  abort.abort(new Error('not wanted'));
  await assert.rejects(put, /not wanted/);
  await assert.rejects(later, /not wanted/);
  await assert.rejects(nap, { name: 'TimeoutError' });
  assert.equal(await q.call('add', 1, 2), 3); // after the nap
  assert.equal(await hf.fs.readFile('/value', { encoding: 'utf-8' }), '1');
  await assert.rejects(q.with({ signal: abort.signal }).call('add', 1, 2), /not wanted/);
});

test('standard input and output, files and limits are those of a process', async (t) => {
  const hf = await runtime(t);
  const output = lines();
  const q = await hf.instantiate(called, {
    stdout: output.to,
    signatures: { say: { params: ['string'] } },
    preopens: { '/': '/' },
    limits: { cpuTime: 2000 },
  });
  const byte = q.call('read_byte');
  await q.write('A');
  assert.equal(await byte, 65);
  await q.call('say', 'one line\n');
  assert.equal(await q.call('put_file', 42), 0);
  assert.equal(await hf.fs.readFile('/value', { encoding: 'utf-8' }), '42');
  await assert.rejects(q.call('spin'), (error) => error.exit.reason === 'limit');
  await q.released;
  assert.equal(output.text(), 'one line\n');
});

test('a command is refused as a reactor, unless entry is null', async (t) => {
  const hf = await runtime(t);
  await assert.rejects(hf.instantiate(guest('hello')), {
    name: 'SpawnRefused',
    message: /it is a command.*entry: null/,
  });
  const q = await hf.instantiate(guest('calls-its-host'), {
    entry: null,
    host: {
      env: Object.fromEntries(
        ['add', 'next64', 'half', 'upper', 'echo_json', 'reverse', 'fails'].map((name) => [name, () => 0]),
      ),
    },
  });
  assert.ok((await q.call('malloc', 10)) > 0);
  await assert.rejects(hf.spawn(called), /reactor.*instantiate\(\)/s);
});

test('many instances at once do not affect each other', async (t) => {
  const hf = await runtime(t);
  const all = await Promise.all(Array.from({ length: 20 }, () => hf.instantiate(called)));
  const sums = await Promise.all(all.map((q, i) => q.call('add', i, 100)));
  assert.deepEqual(
    sums,
    all.map((_, i) => i + 100),
  );
  for (const q of all) await q[Symbol.asyncDispose]();
  const { kernel } = await until(
    () => hf.stats(),
    ({ workers, processes }) => processes.length === 0 && workers.idle === workers.total,
  );
  assert.ok(kernel.blocks > 0);
});

test('closing the runtime rejects open calls', async (t) => {
  const hf = await runtime(t);
  const q = await hf.instantiate(called);
  const call = assert.rejects(q.call('nap', 1e9), { name: 'Closed' });
  await hf.close();
  await call;
  await assert.rejects(q.call('add', 1, 2), { name: 'Closed' });
  await assert.rejects(hf.instantiate(called), { name: 'Closed' });
});

test('results outside the memory, and references, fail the call but not the guest', async (t) => {
  const hf = await runtime(t);
  const host = { env: { take: () => 1, join: () => 0 } };
  const q = await hf.instantiate(await readFile(guest('hands-out-references')), { host });
  for (const size of [2 ** 31, 2 ** 33, 2 ** 40, 2 ** 53]) await assert.rejects(q.memory.read(0, size), RangeError);
  await assert.rejects(q.call('reference'), { name: 'CallFailed', message: /reference returned a reference/ });
  assert.equal(await q.call('nothing'), null);
  assert.equal(await q.call('add', 1, 2), 3);
  await assert.rejects(q.call('pass'), { name: 'CallFailed', message: /env\.take: an argument is a reference/ });
});

test('options that do not apply are refused, not ignored', async (t) => {
  const hf = await runtime(t);
  const refused = (options, message) => assert.rejects(hf.instantiate(called, options), { name: 'TypeError', message });
  await refused({ allocator: { maloc: 'malloc' } }, /unknown option "maloc"; did you mean "malloc"/);
  await refused({ allocator: { malloc: 1 } }, /allocator\.malloc must be a string/);
  await refused({ allocator: null }, /allocator must be an object/);
  await refused({ signatures: { greet: { param: ['string'] } } }, /signatures\.greet.*"param"; did you mean "params"/);
  await refused({ signatures: { greet: undefined } }, /signatures\.greet must be an object/);
  await refused({ signatures: { greet: { params: 'string' } } }, /params of signatures\.greet must be an array/);
  await assert.rejects(hf.instantiate(called, { entry: 'run' }), /exports no function run, which the option entry/);
  const q = await hf.instantiate(called, { signatures: { add: { params: ['string', 'i32'] } } });
  assert.throws(() => q.with({ timeuot: 1 }), TypeError);
  assert.throws(() => q.with({ signal: {} }), TypeError);
  const wrong =
    /add\(string, i32\), as declared in signatures, does not match the module's export: add\(i32, i32\): i32/;
  await assert.rejects(q.call('add', 'a', 1), { name: 'TypeError', message: wrong });
});

test('an instance’s memory is reported although it makes no system call', async (t) => {
  const hf = await runtime(t);
  const q = await hf.instantiate(guest('asks-its-host'), { host: { env: { text: () => 0, take: () => 0 } } });
  const memory = async () => (await hf.ps())[0].memory;
  assert.equal(await memory(), 65536);
  await q.call('grow', 3);
  await until(memory, (bytes) => bytes === 4 * 65536); // a moment after the answer
});

test('text that no string can hold is an error, not an empty string', async (t) => {
  const hf = await runtime(t);
  const text = hostFunction({ params: ['string'], result: 'i32', error: -1 }, () => 0);
  const q = await hf.instantiate(guest('asks-its-host'), {
    host: { env: { text: () => 0, take: text } },
    signatures: { whole_memory: { result: 'string' } },
  });
  await q.call('grow', 2 ** 14); // 1 GiB, more than the strings of any engine
  const tooLong = /a string cannot hold text of 1073807360 bytes/;
  await assert.rejects(q.call('whole_memory'), { name: 'RangeError', message: tooLong });
  assert.equal(await q.call('grow', 0), 2 ** 14 + 1); // it continues
  await assert.rejects(q.call('give_all'), { name: 'CallFailed', message: tooLong });
});

test('an endless line is printed in pieces', async (t) => {
  const hf = await runtime(t);
  const { log } = console;
  t.after(() => (console.log = log));
  const lines = [];
  const q = await hf.instantiate(called, { signatures: { say: { params: ['string'] } } });
  console.log = (line) => lines.push(line.length);
  await q.call('say', 'x'.repeat(300_000));
  await until(
    () => lines.reduce((sum, length) => sum + length, 0),
    (sum) => sum > 200_000,
  );
  console.log = log;
  assert.ok(Math.max(...lines) < 300_000);
});
