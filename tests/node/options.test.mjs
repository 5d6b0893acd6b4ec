// Wrong options are reported clearly before anything is sent.
import assert from 'node:assert/strict';
import test from 'node:test';
import { startFake } from './support/fake-coordinator.mjs';
import { load } from './support/load.mjs';

const lib = await load('web/holdfast.ts', 'web/options.ts', 'web/errors.ts');
const locked = (stream) => (stream.getReader?.() ?? stream.getWriter(), stream);
const both = new WritableStream();

const wrong = [
  ['args that are not an array', { args: 'a b' }, TypeError, /args must be an array of strings, not a string/],
  ['an argument that is not a string', { args: ['a', 1] }, TypeError, /args\[1\] must be a string, not a number/],
  ['a NUL in an argument', { args: ['a\0b'] }, TypeError, /args\[0\] contains a NUL/],
  ['a NUL in argv0', { argv0: '\0' }, TypeError, /argv0 contains a NUL/],
  ['env that is a list', { env: ['A=1'] }, TypeError, /env must be an object, not an array/],
  ['an environment name with "="', { env: { 'A=B': '1' } }, TypeError, /"A=B" contains "="/],
  ['an empty environment name', { env: { '': '1' } }, TypeError, /empty name/],
  ['a NUL in the environment', { env: { A: 'x\0' } }, TypeError, /env\["A"\] contains a NUL/],
  [
    'an environment value that is not a string',
    { env: { A: 1 } },
    TypeError,
    /env\["A"\] must be a string, not a number/,
  ],
  [
    'a relative preopen',
    { preopens: { '/w': 'work' } },
    TypeError,
    /preopens\["\/w"\] path must be absolute .* "work"/,
  ],
  ['a relative preopen in a list', { preopens: ['work'] }, TypeError, /preopens\[0\] path must be absolute/],
  [
    'a preopen of a wrong type',
    { preopens: { '/w': 5 } },
    TypeError,
    /preopens\["\/w"\] must be an object, not a number/,
  ],
  ['a preopen of nothing', { preopens: [null] }, TypeError, /preopens\[0\] must be an object, not null/],
  ['an empty guest name', { preopens: { '': '/w' } }, TypeError, /cannot be empty/],
  ['a guest name twice', { preopens: ['/w', { path: '/x', guest: '/w' }] }, TypeError, /"\/w" is listed twice/],
  [
    'a wrong readOnly',
    { preopens: { '/w': { path: '/w', readOnly: 1 } } },
    TypeError,
    /readOnly must be true or false/,
  ],
  ['a negative timeout', { timeout: -1 }, RangeError, /timeout must be 0 or more/],
  [
    'a timeout that is not a number',
    { timeout: '5' },
    TypeError,
    /timeout must be a number of milliseconds, not a string/,
  ],
  ['no output buffer', { outputBuffer: 0 }, RangeError, /outputBuffer must be a whole number of at least 1/],
  [
    'a wrong terminal',
    { terminal: 'yes' },
    TypeError,
    /terminal must be true, false, "isatty" or an object, not a string/,
  ],
  [
    'a terminal without keys',
    { terminal: {}, stdin: { text: 'x' } },
    TypeError,
    /stdin: with a terminal it must be "pipe"/,
  ],
  ['a wrong signal', { signal: {} }, TypeError, /signal must be an AbortSignal/],
  ['a wrong callback', { onProgress: 1 }, TypeError, /onProgress must be a function/],
  ['a wrong stdin', { stdin: 5 }, TypeError, /stdin must be "pipe", "null", .* not a number/],
  ['a locked stdin', { stdin: locked(new ReadableStream()) }, TypeError, /locked/],
  ['a wrong stdout', { stdout: 'inherit' }, TypeError, /stdout must be .* not "inherit"/],
  ['a locked stderr', { stderr: locked(new WritableStream()) }, TypeError, /stderr: .* locked/],
  ['a wrong stderr', { stderr: 'stderr' }, TypeError, /stderr must be .* not "stderr"/],
  ['"stdout" as stdout', { stdout: 'stdout' }, TypeError, /stdout must be .* not "stdout"/],
  ['a wrong brokenPipe', { brokenPipe: true }, TypeError, /brokenPipe must be "error" or "end", not a boolean/],
  ['one stream twice', { stdout: both, stderr: both }, TypeError, /cannot be the same WritableStream/],
  ['options that are null', null, TypeError, /spawn options must be an object, not null/],
];

for (const [what, options, type, message] of wrong) {
  test(`spawn refuses ${what}`, async (t) => {
    const { hf, fake } = await startFake(t, lib);
    const error = await hf.spawn('a.wasm', options).then(
      () => assert.fail('spawned'),
      (reason) => reason,
    );
    assert.ok(error instanceof type, String(error));
    assert.match(error.message, message);
    assert.equal(fake.sent('spawn').length, 0);
  });
}

test('run refuses a wrong encoding, a wrong limit and a terminal', async (t) => {
  const { hf } = await startFake(t, lib);
  await assert.rejects(hf.run('a.wasm', { encoding: 'latin1' }), /encoding must be "utf-8" or "bytes", not "latin1"/);
  await assert.rejects(hf.run('a.wasm', { limits: { output: -1 } }), RangeError);
  await assert.rejects(hf.run('a.wasm', { terminal: true }), /hf\.run has no keyboard: use hf\.spawn/);
});

test('preopens can be a record or a list', () => {
  const { preopens } = lib.planSpawn({ preopens: { '/': '/home', ro: { path: '/lib', readOnly: true } } }).settings;
  assert.deepEqual(preopens, [
    { guest: '/', path: '/home', readOnly: false },
    { guest: 'ro', path: '/lib', readOnly: true },
  ]);
  const list = lib.planSpawn({ preopens: ['/a', { path: '/b', guest: '.', readOnly: true }] }).settings.preopens;
  assert.deepEqual(list, [
    { guest: '/a', path: '/a', readOnly: false },
    { guest: '.', path: '/b', readOnly: true },
  ]);
});

test('an infinite timeout means no timeout', () => {
  assert.equal(lib.planSpawn({ timeout: Infinity }).settings.timeout, 0);
  assert.equal(lib.planSpawn({ timeout: 1.5 }).settings.timeout, 1.5);
});

test('start options', () => {
  const { planStart } = lib;
  assert.deepEqual(planStart({}).workers, { min: 2, max: 128, idle: 30_000 });
  assert.deepEqual(planStart({ workers: 1 }).workers, { min: 1, max: 1, idle: 30_000 });
  assert.deepEqual(planStart({ workers: { min: 200 } }).workers, { min: 200, max: 200, idle: 30_000 });
  assert.deepEqual(planStart({ memory: { maximum: 1000 } }).memory, { initial: 1000, maximum: 1000 });
  assert.throws(() => planStart({ workers: 0 }), RangeError);
  assert.throws(() => planStart({ workers: { min: 3, max: 2 } }), /workers.min \(3\) is more than workers.max \(2\)/);
  assert.throws(() => planStart({ memory: { initial: 2, maximum: 1 } }), RangeError);
  assert.throws(() => planStart({ workers: '4' }), TypeError);
  assert.throws(() => planStart(null), TypeError);
});
