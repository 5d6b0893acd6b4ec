// Numbers between guests: JavaScript passes them in the first call of a function and wasm adapters in all later ones, with the same results.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { node24Path } from '../../tools/node24.mjs';
import { guest, runtime } from './support/runtime.mjs';

const patience = { timeout: 300_000 };

async function two(t, { late } = {}) {
  const hf = await runtime(t);
  const other = await hf.instantiate(guest('takes-numbers'), { name: 'other' });
  const instance = late ? () => other : other;
  const link = { other: instance, truncated: instance, widened: instance, ignored: instance };
  const caller = await hf.instantiate(guest('passes-numbers'), { name: 'caller', link });
  return { hf, other, caller };
}

const INTEGERS = [0, 1, -1, 2 ** 31 - 1, -(2 ** 31)];
const LONG = [0n, -1n, 2n ** 63n - 1n, -(2n ** 63n)];
const FLOATS = [
  0,
  -0,
  0.1,
  -1.5,
  2 ** -149,
  2 ** -1074,
  1e300,
  Infinity,
  -Infinity,
  NaN,
  2 ** 31,
  2 ** 32 + 5,
  -(2 ** 31) - 1,
];
const MANY = Array.from({ length: 14 }, (_, i) => (i % 4 === 1 ? BigInt(i) - 9n : i - 5));

/** For each function, arguments and the expected result. */
const CASES = [
  ...INTEGERS.map((a) => ['same', [a], a]),
  ...INTEGERS.flatMap((a) => LONG.map((b) => ['integers', [a, b], BigInt.asIntN(64, BigInt(a) + b)])),
  ...INTEGERS.map((a, i) => ['pair', [a, LONG[i % 4]], [LONG[i % 4], a]]),
  ...FLOATS.map((a) => ['single', [a], -Math.fround(a)]),
  ...FLOATS.map((a) => ['floats', [a, 0.25], Math.fround(a) + 0.25]),
  ...FLOATS.map((a) => ['truncated', [a], a | 0]),
  ...FLOATS.map((a) => ['widened', [a], a | 0]),
  ...INTEGERS.map((a) => ['ignored', [a], undefined]),
  ['many', MANY, MANY.reduce((sum, value, i) => sum + (i + 1) * Number(value), 0)],
];

for (const late of [false, true])
  test(
    `numbers pass unchanged, ${late ? 'if the link is known later' : 'the first time and every time'}`,
    patience,
    async (t) => {
      const { caller } = await two(t, { late });
      for (let time = 0; time < 3; time++)
        for (const [name, args, expected] of CASES)
          assert.deepStrictEqual(await caller.call(name, ...args), expected, `${name}(${args}), time ${time}`);
      for (let i = 0; i < 5; i++) await caller.call('nothing');
      assert.equal(await caller.call('calls'), 5);
      assert.equal(await caller.call('calls'), 5);
    },
  );

test('functions with types that no other module can have are called, too', patience, () => {
  const file = fileURLToPath(new URL('support/calls-grouped-types.mjs', import.meta.url));
  assert.equal(execFileSync(node24Path(), [file], { encoding: 'utf8' }), '1\n2\n3\n');
});

test('several callers of the same function each get their own results', patience, async (t) => {
  const { hf, other, caller } = await two(t);
  const link = { other, truncated: other, widened: other, ignored: other };
  const callers = [caller, await hf.instantiate(guest('passes-numbers'), { link })];
  const sums = callers.map(async (each, n) => {
    for (let i = 0; i < 300; i++) assert.equal(await each.call('same', 1000 * n + i), 1000 * n + i);
  });
  await Promise.all(sums);
});

test('a trap in a call shows the frames of the guest that trapped, and of no other', patience, async (t) => {
  for (const calls of [0, 3]) {
    const { other, caller } = await two(t);
    for (let i = 0; i < calls; i++) await caller.call('trap', 0);
    await assert.rejects(caller.call('trap', 1), /other\.trap: other has ended/);
    const { reason, stack } = await other.exited;
    assert.equal(reason, 'trap');
    assert.equal(stack.split('\n').length, 2, stack);
  }
});

test('a call through an adapter fails when the callee ends, too', patience, async (t) => {
  const { other, caller } = await two(t);
  for (let i = 0; i < 3; i++) assert.equal(await caller.call('same', i), i);
  other.kill();
  await other.exited;
  await assert.rejects(caller.call('same', 1), /other\.same: other has ended/);
  assert.equal((await caller.exited).reason, 'trap');
});
