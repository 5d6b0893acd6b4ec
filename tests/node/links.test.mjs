// Guests that call each other: values, bytes, many callers, and what happens when either side ends.
import assert from 'node:assert/strict';
import test from 'node:test';
import { start } from '../../dist/node.js';
import { comesToRest, guest, runtime, until } from './support/runtime.mjs';

const patience = { timeout: 300_000 };
const wait = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

const signatures = {
  greet: { params: ['string'], result: 'string' },
  reversed: { params: ['bytes'], result: 'bytes' },
};
const functions = {
  greet: { params: ['string'], result: 'string', error: -1 },
  reversed: { params: ['bytes'], result: 'bytes', into: 'allocator' },
};

async function two(t, options) {
  const hf = await runtime(t, options);
  const other = await hf.instantiate(guest('called'), { name: 'other' });
  const caller = await callerOf(hf, other);
  return { hf, other, caller };
}

const callerOf = (hf, instance) =>
  hf.instantiate(guest('calls-a-guest'), {
    entry: null,
    name: 'caller',
    signatures,
    link: { other: { instance, functions } },
  });

test('numbers of all types pass between guests', patience, async (t) => {
  const { caller } = await two(t);
  assert.equal(await caller.call('add', 2, -5), -3);
  assert.equal(await caller.call('negate', -(2n ** 62n)), 2n ** 62n);
  assert.equal(await caller.call('half', 2 ** -1070), 2 ** -1071);
  assert.equal(await caller.call('third', 1), Math.fround(1 / 3));
  assert.equal(await caller.call('add_many', 1000), 499_500);
});

test(
  'text and bytes pass through the allocators of both guests, even if a pipe cannot hold them',
  patience,
  async (t) => {
    const { caller } = await two(t);
    assert.equal(await caller.call('greet', 'wörld'), 'hello, wörld');
    assert.equal(await caller.call('greet', ''), 'hello, ');
    for (const size of [0, 1, 8192, 8193, 300_000, 3_000_001]) {
      const bytes = Uint8Array.from({ length: size }, (_, i) => i);
      assert.deepEqual(await caller.call('reversed', bytes), bytes.toReversed?.() ?? bytes.slice().reverse());
    }
  },
);

test('a command can call an instance, and its resources are freed when it has ended', patience, async (t) => {
  const { hf, other } = await two(t, { workers: { min: 3, max: 3 } }); // a further worker would use memory, too
  const run = () => hf.run(guest('calls-a-guest'), { link: { other }, whenBusy: 'wait' });
  assert.equal((await run()).stdout, '45\n');
  const used = async () => (await hf.stats()).kernel.bytes;
  const before = await used();
  for (let i = 0; i < 5; i++) assert.equal((await run()).code, 0);
  await until(used, (bytes) => bytes <= before + 4096);
});

test('several guests and the page call one guest, which runs one call at a time', patience, async (t) => {
  const { hf, other } = await two(t);
  const callers = await Promise.all([1, 2, 3].map(() => callerOf(hf, other)));
  const sums = Promise.all(callers.map((caller) => caller.call('add_many', 2000)));
  for (let i = 0; i < 50; i++) assert.equal(await other.call('add', i, 1), i + 1);
  assert.deepEqual(await sums, [1999000, 1999000, 1999000]);
  assert.deepEqual(
    await Promise.all(Array.from({ length: 100 }, (_, i) => other.call('add', i, i))),
    Array.from({ length: 100 }, (_, i) => 2 * i),
  );
});

test('a chain of guests', patience, async (t) => {
  const { hf, caller } = await two(t);
  const third = await callerOf(hf, caller);
  assert.equal(await third.call('add', 20, 22), 42);
  assert.equal(await third.call('greet', 'chain'), 'hello, chain');
});

test('both guests sleep between calls', patience, async (t) => {
  const { hf, caller } = await two(t);
  await caller.call('add', 1, 1);
  const times = async () => (await hf.ps()).map(({ cpuTime }) => Math.round(cpuTime));
  assert.ok(await comesToRest(times));
});

test('when the callee ends, waiting calls and later ones fail', patience, async (t) => {
  const { hf, other, caller } = await two(t);
  const second = await callerOf(hf, other);
  const [napping, queued] = [caller, second].map((q) => q.call('nap', 1e6).catch((error) => error.message));
  await wait(100);
  other.kill();
  assert.match(await napping, /other\.nap: other has ended/);
  assert.match(await queued, /other\.nap: other has ended/);
  await assert.rejects(callerOf(hf, other), /the instance other has ended/);
});

test('a trap or an exit ends the callee, and then its caller', patience, async (t) => {
  for (const [name, args] of [
    ['trap', []],
    ['quit', [3]],
  ]) {
    const { other, caller } = await two(t);
    await assert.rejects(caller.call(name, ...args), new RegExp(`other\\.${name}: other has ended`));
    assert.equal((await other.exited).reason, name === 'trap' ? 'trap' : 'exit');
    assert.equal((await caller.exited).reason, 'trap');
  }
});

test('a function that declares an error returns it when the call fails', patience, async (t) => {
  const { other, caller } = await two(t);
  await caller.call('add', 1, 1);
  other.kill();
  await other.exited;
  assert.equal(
    await until(
      () => caller.call('greet', 'x'),
      () => true,
    ),
    'failed',
  );
});

test('killing a waiting caller does not affect the callee', patience, async (t) => {
  const { hf, other, caller } = await two(t);
  const second = await callerOf(hf, other);
  const lost = caller.call('nap', 1000).catch((error) => error.message);
  await wait(50);
  const later = second.call('add', 1, 2);
  await wait(50);
  caller.kill();
  assert.match(await lost, /killed/);
  assert.equal(await later, 3);
  assert.equal(await other.call('add', 5, 5), 10);
});

test('a time limit applies while a guest waits for another', patience, async (t) => {
  const { other, caller } = await two(t);
  await assert.rejects(caller.with({ timeout: 100 }).call('nap', 500), /longer than 100 ms/);
  assert.equal((await caller.exited).reason, 'killed');
  assert.equal(await other.call('add', 1, 1), 2);
});

test('when callers end in the middle of calls, other calls are neither lost nor confused', patience, async (t) => {
  const { hf, other, caller } = await two(t);
  const stdout = 'null';
  for (let round = 0; round < 8; round++) {
    const processes = await Promise.all(
      [1, 2].map(() =>
        hf.spawn(guest('calls-a-guest'), { args: ['forever'], link: { other }, stdout, stderr: 'null' }),
      ),
    );
    await wait(5 * round);
    for (const process of processes) process.kill();
    assert.equal(await caller.call('add', round, 1), round + 1);
    for (const process of processes) assert.equal((await process.exited).reason, 'killed');
  }
  assert.equal(await other.call('add', 1, 1), 2);
});

test('callers of a paused callee wait, and continue when it is resumed', patience, async (t) => {
  const { other, caller } = await two(t);
  await caller.call('add', 1, 1);
  await other.pause();
  let done = false;
  const sum = caller.call('add', 2, 2).finally(() => (done = true));
  await wait(100);
  assert.equal(done, false);
  await other.resume();
  assert.equal(await sum, 4);
});

const back = {
  try_ping: { params: ['i32'], result: 'i32', error: -1000 },
  echo: { params: ['bytes', 'i32'], result: 'bytes', into: 'allocator' },
};
const echo = { params: ['bytes', 'i32'], result: 'bytes' };

/** Two guests that import each other; the first gets the second at its first call. */
async function eachOther(t, options = [{}, {}]) {
  const hf = await runtime(t);
  const make = (name, instance, more) =>
    hf.instantiate(guest('calls-back'), {
      name,
      signatures: { echo },
      link: { other: { instance, functions: back } },
      ...more,
    });
  let b;
  const a = await make('a', () => b, options[0]);
  b = await make('b', a, options[1]);
  return { hf, a, b, make };
}

test('a call that would wait for itself fails, and the error names all waiting guests', patience, async (t) => {
  const { a, b } = await eachOther(t);
  assert.equal(await a.call('ping', 1), 1);
  assert.equal(await b.call('ping', 1), 1);
  assert.equal(await a.call('sum_of_other', 1, 2n ** 40n, 3, 4, -5), 2n ** 40n + 3n);
  assert.equal(await a.call('try_ping', 2), 2 - 1000);
  assert.equal(await b.call('try_ping', 3), 2 - 1000);
  const failed = a.call('ping', 2);
  await assert.rejects(failed, /other\.ping: b has ended/);
  const { reason, message } = await b.exited;
  assert.equal(reason, 'trap');
  assert.equal(message, 'other.ping: EDEADLK: b → a → b: the call would wait for itself');
});

test('a cycle of three, and a guest that calls itself', patience, async (t) => {
  const { hf, a, b, make } = await eachOther(t);
  const c = await make('c', b);
  assert.equal(await c.call('try_ping', 2), 2);
  assert.equal(await c.call('try_ping', 3), 2 + 1 - 1000);
  let self;
  self = await make('self', async () => self);
  assert.equal(await self.call('try_ping', 1), 1 - 1000);
  assert.equal(await a.call('try_ping', 1), 1);
  assert.equal((await hf.ps()).length, 4);
});

test('a reentrant guest accepts calls during its own calls', patience, async (t) => {
  const reentrant = true;
  const { a, b } = await eachOther(t, [{ reentrant }, {}]);
  assert.equal(await a.call('try_ping', 2), 2);
  assert.equal(await b.call('try_ping', 1), 1);
  assert.equal(await a.call('try_ping', 3), 3 - 1000); // b waits for a, which is handling b's call
  const both = await eachOther(t, [{ reentrant }, { reentrant }]);
  assert.equal(await both.a.call('try_ping', 9), 9);
  const bytes = Uint8Array.from({ length: 600_000 }, (_, i) => i * 7);
  // The reader of a stream's last bytes may make a call before the sender has noticed that they were read.
  for (let i = 0; i < 20; i++) assert.deepEqual(await both.a.call('echo', bytes, 5), bytes);
  // The nesting is limited: at some depth no frame is left.
  assert.ok((await both.a.call('try_ping', 100)) < 0);
  assert.equal(await both.b.call('ping', 3), 3);
});

test('a link given as a function is resolved at the first call, and again if that failed', patience, async (t) => {
  const { a, b, make } = await eachOther(t);
  let asked = 0;
  let instance;
  const late = async () => {
    asked++;
    if (!instance) throw new Error('not yet');
    return instance;
  };
  const q = await make('q', late);
  assert.equal(asked, 0);
  assert.equal(await q.call('try_ping', 1), 1 - 1000);
  instance = b;
  assert.deepEqual([await q.call('try_ping', 1), await q.call('try_ping', 1)], [1, 1]);
  assert.equal(asked, 2);
  const wrong = async (value) => {
    const r = await make('r', () => value);
    return r.call('ping', 1).catch((error) => error.message);
  };
  assert.match(await wrong(7), /other\.ping: link\.other must be an instance .* not a number/);
  const other = await make('other', a);
  other.kill();
  await other.exited;
  assert.match(await wrong(other), /other\.ping: the instance other has ended/);
});

test('threads and callers leave nothing behind when they end', patience, async (t) => {
  const { hf, a } = await eachOther(t);
  const used = async () => (await hf.stats()).kernel.blocks;
  const use = async () => {
    const q = await hf.instantiate(guest('calls-back'), { link: { other: { instance: a, functions: back } } });
    assert.equal(await q.call('try_ping', 1), 1);
    q.kill();
    await q.released;
    assert.equal(await a.call('ping', 0), 0);
  };
  await use();
  const before = await used();
  for (let i = 0; i < 5; i++) await use();
  await until(used, (blocks) => blocks <= before);
});

test('links are checked before anything starts', patience, async (t) => {
  const { hf, other } = await two(t);
  const foreign = await start();
  t.after(() => foreign.close());
  const run = (link, runtime = hf) => runtime.run(guest('calls-a-guest'), { link });
  await assert.rejects(
    run({ other: 5 }),
    /link\.other must be an instance of hf\.instantiate\(\), a function that returns one, or \{ instance, functions \}, not a number/,
  );
  await assert.rejects(run({ other: { instance: other, function: {} } }), /unknown option "function"/);
  await assert.rejects(
    run({ other: { instance: other, functions: { nothing: {} } } }),
    /other exports no function "nothing"/,
  );
  await assert.rejects(run({ other: { instance: other, functions: { add: { params: ['text'] } } } }), /a signature of/);
  await assert.rejects(run({ other }, foreign), /belongs to another runtime/);
  await assert.rejects(run({ another: other }), /other\.add/);
  await assert.rejects(run([]), /link must be an object/);
});
