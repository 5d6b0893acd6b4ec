// Programs of WASI 0.2 that wait in each of its blocking calls are killed, paused and timed out, and leave nothing behind.
import assert from 'node:assert/strict';
import test from 'node:test';
import { guest, runtime, until } from './support/runtime.mjs';

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
