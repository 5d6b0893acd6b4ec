// Guests that call each other: values, bytes, many callers, and what happens when either side ends.
import assert from 'node:assert/strict';
import test from 'node:test';
import { start } from '../../dist/node.js';
import { comesToRest, guest, runtime, until } from './support/runtime.mjs';

const patience = { timeout: 60_000 };
const wait = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

const signatures = {
  greet: { params: ['string'], result: 'string' },
  reversed: { params: ['bytes'], result: 'bytes' },
};
const functions = {
  greet: { params: ['string'], result: 'string', error: -1 },
  reversed: { params: ['bytes'], result: 'bytes', into: 'allocator' },
};

async function two(t) {
  const hf = await runtime(t);
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

test('text and bytes pass through the allocators of both, also more than a pipe holds', patience, async (t) => {
  const { caller } = await two(t);
  assert.equal(await caller.call('greet', 'wörld'), 'hello, wörld');
  assert.equal(await caller.call('greet', ''), 'hello, ');
  for (const size of [0, 1, 8192, 8193, 300_000]) {
    const bytes = Uint8Array.from({ length: size }, (_, i) => i);
    assert.deepEqual(await caller.call('reversed', bytes), bytes.toReversed?.() ?? bytes.slice().reverse());
  }
});

test('a command calls an instance, too, and what it holds is freed when it has ended', patience, async (t) => {
  const { hf, other } = await two(t);
  const run = () => hf.run(guest('calls-a-guest'), { link: { other } });
  assert.equal((await run()).stdout, '45\n');
  const used = async () => (await hf.stats()).kernel.bytes;
  const before = await used();
  for (let i = 0; i < 5; i++) assert.equal((await run()).code, 0);
  await until(used, (bytes) => bytes <= before + 4096);
});

test('several guests call one at a time, and the page calls it meanwhile', patience, async (t) => {
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

test('between calls both sleep', patience, async (t) => {
  const { hf, caller } = await two(t);
  await caller.call('add', 1, 1);
  const times = async () => (await hf.ps()).map(({ cpuTime }) => Math.round(cpuTime));
  assert.ok(await comesToRest(times));
});

test(
  'the death of the one that is called is an error for those that wait, and for calls that come later',
  patience,
  async (t) => {
    const { hf, other, caller } = await two(t);
    const second = await callerOf(hf, other);
    const [napping, queued] = [caller, second].map((q) => q.call('nap', 1e6).catch((error) => error.message));
    await wait(100);
    other.kill();
    assert.match(await napping, /other\.nap: other has ended/);
    assert.match(await queued, /other\.nap: other has ended/);
    await assert.rejects(callerOf(hf, other), /the instance other has ended/);
  },
);

test('a trap and an exit end the one that is called, and then its caller', patience, async (t) => {
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

test('a function that declares an error gets it when the call fails', patience, async (t) => {
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

test('a caller that is killed while it waits leaves the other one as it was', patience, async (t) => {
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

test('callers that come and go in the middle of calls lose and confuse nothing', patience, async (t) => {
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

test('links are checked before anything starts', patience, async (t) => {
  const { hf, other } = await two(t);
  const foreign = await start();
  t.after(() => foreign.close());
  const run = (link, runtime = hf) => runtime.run(guest('calls-a-guest'), { link });
  await assert.rejects(
    run({ other: 5 }),
    /link\.other must be an instance of hf\.instantiate\(\), or \{ instance, functions \}, not a number/,
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
