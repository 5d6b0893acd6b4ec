// What hf.supervise() refuses, and its error messages.
import assert from 'node:assert/strict';
import test from 'node:test';
import { load } from './support/load.mjs';

const { planSupervise, planChild } = await load('web/supervise-options.ts');
const child = (more = {}) => ({ id: 'a', start: () => undefined, ...more });
const refused = (options, name, message) =>
  assert.throws(() => planSupervise(options), { name, message }, JSON.stringify(options));

test('the default is OTP’s, three restarts in five seconds', () => {
  assert.deepEqual(planSupervise({}), {
    settings: {
      strategy: 'one-for-one',
      maxRestarts: 3,
      within: 5000,
      backoff: { min: 0, max: 0, factor: 2, jitter: 0 },
    },
    children: [],
    signal: undefined,
  });
  assert.deepEqual(planChild(child(), 'child').message, { id: 'a', restart: 'permanent', shutdown: null });
});

test('given settings are used', () => {
  const { settings, children } = planSupervise({
    strategy: 'rest-for-one',
    maxRestarts: -7,
    within: null,
    backoff: { min: 10, max: 100, factor: 1.5, jitter: 1 },
    children: [
      child({ restart: 'transient', shutdown: 'kill' }),
      child({ id: 'b', restart: 'temporary', shutdown: Infinity, start: { source: 'x.wasm', args: ['y'] } }),
    ],
  });
  assert.deepEqual(settings, {
    strategy: 'rest-for-one',
    maxRestarts: -1,
    within: null,
    backoff: { min: 10, max: 100, factor: 1.5, jitter: 1 },
  });
  assert.deepEqual(
    children.map(({ id, message }) => [id, message.restart, message.shutdown]),
    [
      ['a', 'transient', 0],
      ['b', 'temporary', Infinity],
    ],
  );
  assert.equal(planSupervise({ within: Infinity, maxRestarts: 1e9 }).settings.within, null);
  assert.deepEqual(planSupervise({ backoff: { min: 5 } }).settings.backoff, {
    min: 5,
    max: 30_000,
    factor: 2,
    jitter: 0,
  });
  assert.equal(planSupervise({ backoff: { min: 50_000 } }).settings.backoff.max, 50_000);
});

test('wrong options are refused before anything starts', () => {
  refused(null, 'TypeError', /supervise options must be an object, not null/);
  refused({ strategy: 'simple-one-for-one' }, 'TypeError', /strategy must be "one-for-one".*"simple-one-for-one"/);
  refused({ maxRestarts: 1.5 }, 'TypeError', /maxRestarts must be a whole number, not 1.5/);
  refused({ maxRestarts: '3' }, 'TypeError', /maxRestarts .* not "3"/);
  refused({ maxRestarts: 65537 }, 'RangeError', /at most 65536, or negative/);
  refused({ maxRestarts: 2 ** 31, within: null }, 'RangeError', /at most 2147483647/);
  refused({ within: 0 }, 'RangeError', /within must be more than 0/);
  refused({ within: -1 }, 'RangeError', /within must be 0 or more/);
  refused({ within: '5s' }, 'TypeError', /within must be a number of milliseconds/);
  refused({ backoff: 5 }, 'TypeError', /backoff must be an object/);
  refused({ backoff: { min: 2, max: 1 } }, 'RangeError', /backoff.min \(2\) is more than backoff.max \(1\)/);
  refused({ backoff: { factor: 0.5 } }, 'RangeError', /backoff.factor must be 1 or more/);
  refused({ backoff: { factor: NaN } }, 'RangeError', /backoff.factor/);
  refused({ backoff: { jitter: 2 } }, 'RangeError', /backoff.jitter must be 0 to 1/);
  refused({ children: {} }, 'TypeError', /children must be an array/);
  refused({ children: [null] }, 'TypeError', /children\[0\] must be an object, not null/);
  refused({ children: [child({ id: 7 })] }, 'TypeError', /children\[0\].id must be a string/);
  refused({ children: [child({ id: '' })] }, 'TypeError', /children\[0\].id is empty/);
  refused({ children: [child(), child()] }, 'TypeError', /children: "a" is listed twice/);
  refused({ children: [child({ start: undefined })] }, 'TypeError', /children\[0\] \("a"\): start must be a function/);
  refused({ children: [child({ start: { args: [] } })] }, 'TypeError', /spawn options with a source/);
  refused({ children: [child({ start: { source: 'x', args: 'y' } })] }, 'TypeError', /args must be an array/);
  refused(
    { children: [child({ start: { source: 'x', stdin: new ReadableStream() } })] },
    'TypeError',
    /stdin is a stream/,
  );
  refused(
    { children: [child({ start: { source: 'x', stdout: new WritableStream() } })] },
    'TypeError',
    /one start only/,
  );
  refused({ children: [child({ restart: 'always' })] }, 'TypeError', /restart must be "permanent", .* not "always"/);
  refused({ children: [child({ shutdown: 'brutal' })] }, 'TypeError', /shutdown must be a number .* not "brutal"/);
  refused({ children: [child({ shutdown: -1 })] }, 'RangeError', /shutdown must be 0 or more/);
  refused({ children: [child({ stop: 'now' })] }, 'TypeError', /stop must be a function/);
});
