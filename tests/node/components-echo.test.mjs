// Passes values of every type through components, by jco's mapping to JavaScript: the host receives what the page passed, and the page what the host returned.
import assert from 'node:assert/strict';
import test from 'node:test';
import { jcoPath } from '../../tools/jco.mjs';
import { echoComponent, primitives, randomness, randomType, randomValue } from '../components/echo.mjs';
import { instantiate, parse, transpile } from '../components/jco.mjs';
import { runtime } from './support/runtime.mjs';

const skip = jcoPath() === undefined && 'jco is missing: run node tools/jco.mjs to install it';
const patience = { skip, timeout: 300_000 };

/** Types that contain types of every kind, and a few large ones: with more parameters than are passed one by one, and with tags and flags of several bytes. */
const chosen = [
  ...primitives,
  ...primitives.map((type) => ['list', type]),
  ['list', ['tuple', 'u8', 'u64', 'string']],
  ['option', ['option', 'u8']],
  ['option', ['option', ['option', 'string']]],
  ['tuple', ['result', 'u8', 'string'], ['result', null, null], ['result', 'f32', 'u64'], ['result', 'f64', 'f32']],
  ['record', ...Array.from({ length: 17 }, (_, i) => [`field-${i}`, i % 2 ? 'u8' : 'f64'])],
  ['variant', ['none', null], ['float', 'f32'], ['wide', 's64'], ['text', 'string']],
  ['enum', ...Array.from({ length: 300 }, (_, i) => `case-${i}`)],
  ...[1, 8, 9, 16, 17, 32].map((count) => ['flags', ...Array.from({ length: count }, (_, i) => `flag-${i}`)]),
];

/** In jco, a case without a payload has `val: undefined`. */
function normal(value) {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value;
  if (Array.isArray(value)) return value.map(normal);
  const fields = Object.entries(value).filter(([name, field]) => !(name === 'val' && field === undefined));
  return Object.fromEntries(fields.map(([name, field]) => [name, normal(field)]));
}

/** Runs the component for some types in jco: `(i, value, answer)` resolves to [what the host received, what the call returned]. */
async function inJco(bytes, types) {
  let given;
  let answer;
  const take = (value) => {
    given = value;
    return answer;
  };
  const host = Object.fromEntries(types.map((_, i) => [`f${i}`, take]));
  const exported = await instantiate(await transpile(bytes), { 'test:echo/host': host });
  return async (i, value, wanted) => {
    answer = wanted;
    const got = exported[`f${i}`](value);
    return [given, got];
  };
}

/** The same in holdfast. */
async function inHoldfast(bytes, types, t) {
  let given;
  let answer;
  const take = (value) => {
    given = value;
    return answer;
  };
  const host = { 'test:echo/host': Object.fromEntries(types.map((_, i) => [`f${i}`, take])) };
  const instance = await (await runtime(t)).instantiate(bytes, { host });
  return async (i, value, wanted) => {
    answer = wanted;
    const got = await instance.exports[`f${i}`](value);
    return [given, got];
  };
}

const implementations = {
  /** It cannot transcode Latin-1, and not from UTF-16 to UTF-16. */
  jco: { open: inJco, encodings: ['utf8', 'utf16'] },
  holdfast: { open: inHoldfast, encodings: ['utf8', 'utf16', 'latin1+utf16'] },
};

/** Passes `count` values of each type through the component of the types. */
async function check(t, types, encodings, random, count) {
  // A function's own `result` becomes a value or an exception, so results are tested inside other types.
  const wrapped = types.map((type) => (type[0] === 'result' ? ['tuple', type] : type));
  const bytes = await parse(echoComponent(wrapped, encodings));
  for (const [name, { open, encodings: known }] of Object.entries(implementations)) {
    if (!encodings.every((encoding) => known.includes(encoding))) continue;
    const call = await open(bytes, wrapped, t);
    for (const [i, type] of wrapped.entries()) {
      for (let n = 0; n < count; n++) {
        const [value, answer] = [randomValue(random, type), randomValue(random, type)];
        const got = await call(i, value, answer);
        assert.deepEqual(got.map(normal), [value, answer].map(normal), `${name}, ${JSON.stringify(type)}`);
      }
    }
  }
}

test('every type arrives as it was sent, in both directions', patience, (t) =>
  check(t, chosen, ['utf8'], randomness(1), 10),
);

test('the same in Latin-1 and UTF-16', patience, (t) => check(t, chosen, ['latin1+utf16'], randomness(7), 10));

test('the same in UTF-16', patience, (t) => check(t, chosen, ['utf16'], randomness(2), 10));

test('through components that call each other, each with its own encoding', patience, (t) =>
  check(t, chosen, ['utf8', 'utf16', 'utf8'], randomness(3), 5),
);

test('through six such components, also with Latin-1', patience, (t) =>
  check(t, chosen, ['utf8', 'latin1+utf16', 'utf16', 'utf16', 'latin1+utf16', 'utf8'], randomness(8), 5),
);

for (const seed of [4, 5, 6]) {
  test(`types and values of seed ${seed}`, patience, (t) => {
    const random = randomness(seed);
    const types = Array.from({ length: 40 }, () => randomType(random, 3));
    return check(t, types, [random.pick(['utf8', 'utf16'])], random, 5);
  });
}
