// Programs of WASI 0.2 that wait in each of its blocking calls are killed, paused and timed out, and leave nothing behind.
import assert from 'node:assert/strict';
import test from 'node:test';
import { assemble } from './support/component.mjs';
import { guest, runtime, single, until } from './support/runtime.mjs';

const patience = { timeout: 300_000 };
const waits = guest('blocks-in-each-call');
const calls = ['read', 'skip', 'splice', 'write', 'write-zeroes', 'block', 'poll', 'accept', 'receive'];

const asleep = (hf, process) =>
  until(
    async () => (await hf.ps()).find(({ id }) => id === process.id),
    (info) => info.asleepFor > 0,
  );

for (const interruptible of [false, true]) {
  const how = interruptible ? 'interruptible ' : '';
  test(`kill and timeout end ${how}components in every blocking call`, patience, async (t) => {
    const hf = await runtime(t);
    for (const call of calls) {
      const p = await hf.spawn(waits, { args: [call], interruptible });
      await asleep(hf, p);
      await p.pause();
      await until(
        () => hf.ps(),
        ([{ state }]) => state === 'paused',
      );
      await p.resume();
      await asleep(hf, p);
      p.kill();
      const { reason, code } = await p.exited;
      assert.deepEqual([call, reason, code], [call, 'killed', 137]);
      const late = await hf.spawn(waits, { args: [call], interruptible, timeout: 100 });
      assert.deepEqual([call, (await late.exited).reason], [call, 'timeout']);
    }
    assert.equal((await hf.run(guest('hello'))).code, 0);
  });
}

test(
  'a hundred components that are killed in their calls leave no memory and no worker behind',
  patience,
  async (t) => {
    const hf = await runtime(t);
    const rounds = async (count) => {
      for (let i = 0; i < count; i++) {
        const together = await Promise.all(calls.map((call) => hf.spawn(waits, { args: [call] })));
        await Promise.all(together.map((p) => asleep(hf, p)));
        for (const p of together) p.kill();
        await Promise.all(together.map((p) => p.released));
        await Promise.all(together.map((p) => p.stderr.cancel())); // what was not read is kept for the page
      }
      await until(
        () => hf.stats(),
        ({ workers }) => workers.idle === workers.total && workers.zombies === 0,
      );
      const { kernel, workers } = await hf.stats();
      return { bytes: kernel.bytes, workers: workers.total };
    };
    const before = await rounds(2);
    const after = await rounds(12);
    assert.deepEqual(after, before);
  },
);

/** A command that passes to itself a list of 8,192 lists, each of which is the same 16 MiB of bools. */
const passesForever = () =>
  assemble(`(component
    (core module $table (table (export "t") 1 funcref))
    (core instance $table (instantiate $table))
    (core module $m
      (import "t" "t" (table 1 funcref))
      (memory (export "memory") 514)
      (type $call (func (param i32 i32)))
      (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 0x1010000))
      (func (export "f") (param i32 i32))
      (func (export "run") (result i32) (local $i i32)
        (loop $more
          (i32.store (i32.shl (local.get $i) (i32.const 3)) (i32.const 0x10000))
          (i32.store offset=4 (i32.shl (local.get $i) (i32.const 3)) (i32.const 0x1000000))
          (br_if $more (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 8192))))
        (call_indirect (type $call) (i32.const 0) (i32.const 8192) (i32.const 0))
        (i32.const 0)))
    (core instance $m (instantiate $m (with "t" (instance $table))))
    (type $bools (list bool))
    (type $lists (list $bools))
    (func $f (param "lists" $lists) (canon lift (core func $m "f") (memory $m "memory") (realloc (func $m "realloc"))))
    (core func $pass (canon lower (func $f) (memory $m "memory")))
    (core module $fill
      (import "i" "pass" (func $pass (param i32 i32)))
      (import "t" "t" (table 1 funcref))
      (elem (i32.const 0) func $pass))
    (core instance (instantiate $fill (with "t" (instance $table)) (with "i" (instance (export "pass" (func $pass))))))
    (func $run (result (result)) (canon lift (core func $m "run")))
    (instance $run (export "run" (func $run)))
    (export "wasi:cli/run@0.2.0" (instance $run)))`);

test('a component is paused, and killed without ending its worker, while values pass', patience, async (t) => {
  const hf = await runtime(t);
  const p = await hf.spawn(passesForever(), { interruptible: true });
  await until(
    async () => (await hf.ps()).find(({ id }) => id === p.id),
    ({ cpuTime }) => cpuTime > 300,
  );
  await p.pause();
  await p.resume();
  p.kill();
  assert.equal((await p.exited).reason, 'killed');
  await p.released;
  assert.equal((await hf.stats()).workers.zombies, 0);
});

test('where all programs share one worker, values may not pass for long', { ...patience, skip: !single }, async (t) => {
  const hf = await runtime(t);
  const p = await hf.spawn(passesForever());
  const { reason, message } = await p.exited;
  assert.equal(reason, 'trap');
  assert.match(message, /passed values for longer than five seconds/);
  assert.equal((await hf.run(guest('hello'))).code, 0);
});
