// Guests that serve calls or call functions of the page, where all programs share one worker. That needs Node 24, so other versions start it.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { node24Path } from '../../tools/node24.mjs';
import { CallFailed, hostFunction, start } from '../../dist/node.js';
import { createMemory } from '../../dist/threads.js';
import { guest, until } from './support/runtime.mjs';

const patience = { timeout: 300_000 };
const able = 'Suspending' in WebAssembly;
const here = { ...patience, skip: !able && 'see the tests under Node 24' };

/** Tests of the usual mode that must pass in this one, except those about what differs. */
const usual = {
  'instances.test.mjs': ['text that no string can hold'],
  'host-functions.test.mjs': [],
  'loops.test.mjs': [],
  'components.test.mjs': [],
  'component-instances.test.mjs': [],
  'component-kills.test.mjs': ['while values pass'],
  'threads.test.mjs': ['threads wait for each other, not interruptible', 'threads that are interruptible do not share'],
};

async function under24(file, without, env) {
  const switches = ['--test', ...without.map((name) => `--test-skip-pattern=${name}`)];
  const { NODE_TEST_CONTEXT: _, ...inherited } = process.env;
  const path = fileURLToPath(new URL(file, import.meta.url));
  await promisify(execFile)(node24Path(), [...switches, path], { env: { ...inherited, ...env } }).catch((error) => {
    assert.fail(error.stdout || error.message);
  });
}

for (const [file, without] of Object.entries(usual))
  test(`${file}, where all programs share one worker`, patience, () =>
    under24(file, without, { HOLDFAST_ISOLATION: 'none' }),
  );

test('the following tests, under Node 24', { ...patience, skip: able }, () =>
  under24('single-guests.test.mjs', Object.keys(usual), {}),
);

const called = guest('called');
const later = (ms, value) => new Promise((resolve) => setTimeout(resolve, ms, value));

async function runtime(t) {
  const hf = await start({ isolation: 'none' });
  t.after(() => hf.close());
  return hf;
}

/** All workers are idle, and none waits for its end. */
const settled = (hf) =>
  until(
    () => hf.stats(),
    ({ workers, processes }) => processes.length === 0 && workers.idle === workers.total && workers.zombies === 0,
  );

test('while one guest sleeps in a call, others answer, and its own calls wait in order', here, async (t) => {
  const hf = await runtime(t);
  const [sleeps, other] = await Promise.all([hf.instantiate(called), hf.instantiate(called)]);
  const ends = [];
  const note = (what, call) => call.then(() => ends.push(what));
  const all = [
    note('nap', sleeps.call('nap', 400)),
    note('after the nap', sleeps.call('add', 1, 2)),
    sleeps.memory.read(0, 1).then(() => note('in a later turn', sleeps.call('add', 3, 4))),
  ];
  for (let i = 0; i < 20; i++) assert.equal(await other.call('add', i, 1), i + 1);
  ends.push('other');
  await Promise.all(all.flat());
  await until(
    () => ends.length,
    (length) => length === 4,
  );
  assert.deepEqual(ends, ['other', 'nap', 'after the nap', 'in a later turn']);
});

/** Exports "now", which returns the time of the monotonic clock, and "nothing". */
const tellsTime = Uint8Array.from([
  ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
  ...[1, 15, 3, 0x60, 3, 0x7f, 0x7e, 0x7f, 1, 0x7f, 0x60, 0, 1, 0x7e, 0x60, 0, 0],
  ...[2, 41, 1, 22, ...Buffer.from('wasi_snapshot_preview1'), 14, ...Buffer.from('clock_time_get'), 0, 0],
  ...[3, 3, 2, 1, 2],
  ...[5, 3, 1, 0, 1],
  ...[7, 26, 3, 3, ...Buffer.from('now'), 0, 1, 7, ...Buffer.from('nothing'), 0, 2, 6, ...Buffer.from('memory'), 2, 0],
  // (drop (call $clock_time_get (i32.const 1) (i64.const 0) (i32.const 8))) (i64.load (i32.const 8))
  ...[10, 21, 2, 16, 0, 0x41, 1, 0x42, 0, 0x41, 8, 0x10, 0, 0x1a, 0x41, 8, 0x29, 3, 0, 0x0b, 2, 0, 0x0b],
]);

test('many calls of one turn do not keep another guest from answering', here, async (t) => {
  const hf = await runtime(t);
  const make = () => hf.instantiate(tellsTime, { interruptible: false });
  const [busy, other] = await Promise.all([make(), make()]);
  /** Whether the other guest answers while the busy one has calls to answer. */
  const answersBetween = async () => {
    const times = [];
    let done = false;
    const first = busy.call('now');
    for (let i = 0; i < 100_000; i++) void busy.call('nothing');
    const last = busy.call('now').finally(() => (done = true));
    while (!done) times.push(await other.call('now'));
    const [from, to] = await Promise.all([first, last]);
    return times.some((time) => from < time && time < to);
  };
  // The page may not run in the meantime, if the machine is busy.
  await until(answersBetween, (answers) => answers);
});

test('a sleeping Go guest lets another one run', here, async (t) => {
  const hf = await runtime(t);
  const [one, two] = await Promise.all([hf.instantiate(guest('go-reactor')), hf.instantiate(guest('go-reactor'))]);
  const ends = [];
  const nap = one.call('nap', 500).then((ran) => ends.push('nap') && ran);
  assert.equal(await two.call('add', 20, 22), 42);
  ends.push('add');
  assert.ok((await nap) > 1);
  assert.deepEqual(ends, ['add', 'nap']);
});

/** In a loop, its export "stubborn" calls "env" "wait" and catches whatever that throws: (loop (try (do (call $wait)) (catch_all)) (br 0)). */
const stubborn = Uint8Array.from([
  ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
  ...[1, 4, 1, 0x60, 0, 0],
  ...[2, 12, 1, 3, ...Buffer.from('env'), 4, ...Buffer.from('wait'), 0, 0],
  ...[3, 2, 1, 0],
  ...[5, 3, 1, 0, 1],
  ...[7, 21, 2, 8, ...Buffer.from('stubborn'), 0, 1, 6, ...Buffer.from('memory'), 2, 0],
  ...[10, 15, 1, 13, 0, 0x03, 0x40, 0x06, 0x40, 0x10, 0, 0x19, 0x0b, 0x0c, 0, 0x0b, 0x0b],
]);

for (const [how, answer] of [
  ['waits for the page', () => new Promise(() => undefined)],
  ['gets answers at once', () => undefined],
  ['gets errors at once', () => Promise.reject(new Error('no'))],
])
  test(`a kill ends a guest that catches everything and ${how}`, here, async (t) => {
    const hf = await runtime(t);
    let asked = 0;
    const wait = () => {
      asked++;
      return answer();
    };
    const q = await hf.instantiate(stubborn, { host: { env: { wait } } });
    const ended = assert.rejects(q.call('stubborn'), CallFailed);
    await until(
      () => asked,
      (count) => count > 0,
    );
    q.kill();
    await ended;
    assert.match((await q.exited).reason, how.includes('errors') ? /trap/ : /killed/);
    await q.released;
    await settled(hf);
    const next = await hf.instantiate(called);
    assert.equal(await next.call('add', 1, 2), 3);
  });

test('a guest is killed between calls, before it begins, and while others compute', here, async (t) => {
  const hf = await runtime(t);
  const spins = await hf.instantiate(called);
  const spinning = assert.rejects(spins.call('spin'), CallFailed);
  for (let i = 0; i < 20; i++) {
    const q = await hf.instantiate(called);
    if (i % 2) await q.call('add', 1, 2);
    const calls = [q.call('nap', 1e6), q.call('add', 3, 4)];
    if (i % 4 > 1) await later(5);
    q.kill();
    for (const { status } of await Promise.allSettled(calls)) assert.equal(status, 'rejected');
    await q.released;
  }
  spins.kill();
  await spinning;
  await settled(hf);
});

test(
  'host functions of several guests wait at the same time, and marshal text by the guest’s allocator',
  here,
  async (t) => {
    const hf = await runtime(t);
    const program = await readFile(guest('calls-its-host'));
    let waiting = 0;
    let most = 0;
    const echo_json = hostFunction({ params: ['json'], result: 'json', into: 'allocator' }, async (value) => {
      most = Math.max(most, ++waiting);
      await later(200);
      waiting--;
      return { got: value };
    });
    const env = {
      add: (a, b) => a + b,
      next64: (value) => value,
      half: (value) => value,
      upper: () => 0,
      reverse: () => 0,
      fails: () => 0,
      echo_json,
    };
    const run = (text) => hf.run(program, { args: ['json', `"${text}"`], host: { env } });
    const runs = await Promise.all(['a', 'b', 'c'].map(run));
    assert.deepEqual(
      runs.map(({ stdout }) => stdout),
      ['a', 'b', 'c'].map((text) => `{"got":"${text}"}\n`),
    );
    assert.ok(most > 1, String(most));
  },
);

test('companions, links and threads that cannot be interrupted are refused', here, async (t) => {
  const hf = await runtime(t);
  const isolated = { name: 'SpawnRefused', kind: 'options', message: /needs a page that is cross-origin isolated/ };
  await assert.rejects(hf.instantiate(called, { companion: { module: 'data:text/javascript,' } }), isolated);
  const other = await hf.instantiate(guest('takes-numbers'));
  for (const to of [other, () => other]) {
    const link = { other: to, truncated: to, widened: to, ignored: to };
    await assert.rejects(hf.instantiate(guest('passes-numbers'), { link }), isolated);
  }
  assert.equal(await other.call('same', 3), 3);
  const memory = await createMemory(hf, { pages: 1, maximum: 16 });
  const threads = guest('shares-a-memory');
  await assert.rejects(memory.spawn(threads, 'count', [0], { interruptible: false }), isolated);
  other.kill();
  await other.released;
  await settled(hf);
});
