// How JavaScript values map to a component's types, and the errors for values of a wrong type.
import assert from 'node:assert/strict';
import test from 'node:test';
import { abi, component, signatureOf } from './support/canonical.mjs';

const { callInto, callOut, PRIMITIVES, WrongValue } = abi;
const T = Object.fromEntries(PRIMITIVES.map((kind, index) => [kind, index]));
const D = PRIMITIVES.length; // the first type that a test defines

const fail = (error) => {
  throw error;
};

/** Lowers a value and lifts it again. */
function echo(types, type, value, options) {
  const it = component(options);
  const signature = signatureOf(types, [type]);
  let result;
  const out = callOut({ name: 'out', signature, side: it.side, fail }, ([lifted]) => void (result = lifted));
  callInto({ name: 'ns:p/i.f', signature, side: it.side, callee: out, postReturn: null })([value]);
  return result;
}

const refused = (types, type, value, message) =>
  assert.throws(
    () => echo(types, type, value),
    (error) => {
      assert.ok(error instanceof WrongValue && error instanceof TypeError, error);
      assert.equal(error.message, `ns:p/i.f: ${message}`);
      return true;
    },
  );

test('numbers keep their values, and others are refused', () => {
  for (const [type, ...values] of [
    [T.s8, -128, 127],
    [T.u8, 0, 255],
    [T.s16, -32768, 32767],
    [T.u16, 65535],
    [T.s32, -(2 ** 31), 2 ** 31 - 1],
    [T.u32, 2 ** 32 - 1],
    [T.s64, -(2n ** 63n), 2n ** 63n - 1n],
    [T.u64, 2n ** 64n - 1n],
    [T.f32, 0.5, -0, NaN, Infinity],
    [T.f64, 0.1, -0, NaN, -Infinity],
    [T.bool, true, false],
    [T.char, 'a', '\0', '😀', '\ufeff'],
  ])
    for (const value of values) assert.deepEqual(echo([], type, value), value);
  assert.equal(echo([], T.u64, 5), 5n); // as in jco
  refused([], T.u8, 256, 'p0 must be a u8 (a whole number from 0 to 255), not 256');
  refused([], T.s32, 1.5, 'p0 must be an s32 (a whole number from -2147483648 to 2147483647), not 1.5');
  refused([], T.u32, '7', 'p0 must be a u32 (a whole number from 0 to 4294967295), not "7"');
  refused([], T.u64, -1n, 'p0 must be a u64 (a bigint from 0 to 18446744073709551615), not -1n');
  refused([], T.s64, 2 ** 60, `p0 must be an s64 (a bigint from ${-(2n ** 63n)} to ${2n ** 63n - 1n}), not ${2 ** 60}`);
  refused([], T.f64, undefined, 'p0 must be an f64 (a number), not undefined');
  refused([], T.bool, 1, 'p0 must be a bool (true or false), not 1');
  refused([], T.char, 'ab', 'p0 must be a char (a string of one Unicode scalar value), not "ab"');
  refused([], T.char, '\ud800', 'p0 must be a char (a string of one Unicode scalar value), not "\\ud800"');
});

test('strings keep every character, and lone surrogates become U+FFFD', () => {
  for (const encoding of ['utf8', 'utf16', 'latin1+utf16']) {
    for (const text of ['', 'hello', '\ufeffwith a mark', 'é'.repeat(100), 'Ā\0😀'.repeat(10_000), 'x'.repeat(70_000)])
      assert.equal(echo([], T.string, text, { encoding }), text);
    assert.equal(echo([], T.string, 'a\ud800b', { encoding }), 'a\ufffdb');
  }
  refused([], T.string, 5, 'p0 must be a string, not 5');
});

test('errors name the path to the wrong value', () => {
  const types = [
    {
      kind: 'record',
      fields: [
        { name: 'name', type: T.string },
        { name: 'raw-value', type: T.u8 },
      ],
    },
    { kind: 'list', type: D },
    { kind: 'tuple', types: [T.u8, D + 1] },
    {
      kind: 'variant',
      cases: [
        { name: 'none', type: null },
        { name: 'pair', type: D + 2 },
      ],
    },
    { kind: 'record', fields: [{ name: 'headers', type: D + 3 }] },
  ];
  const good = { name: 'a', rawValue: 1 };
  const value = { headers: { tag: 'pair', val: [1, [good, good]] } };
  assert.deepEqual(echo(types, D + 4, value), value);
  const wrong = (bad) => ({ headers: { tag: 'pair', val: [1, [good, bad]] } });
  refused(types, D + 4, wrong({ name: 5, rawValue: 1 }), 'p0.headers.val[1][1].name must be a string, not 5');
  refused(
    types,
    D + 4,
    wrong({ name: '' }),
    'p0.headers.val[1][1].rawValue must be a u8 (a whole number from 0 to 255), not undefined',
  );
  refused(
    types,
    D + 4,
    wrong(null),
    'p0.headers.val[1][1] must be an object, a record { name: string, raw-value: u8 }, not null',
  );
  refused(
    types,
    D + 4,
    { headers: { tag: 'other' } },
    'p0.headers must be an object whose tag is one of "none", "pair", a variant { none, pair(tuple<u8, list<record { name: string, raw-value: u8 }>>) }, not an object',
  );
  refused(
    types,
    D + 4,
    { headers: { tag: 'pair', val: [1] } },
    'p0.headers.val must be an array of 2, a tuple<u8, list<record { name: string, raw-value: u8 }>>, not an array of 1',
  );
});

test('a value of the wrong type is refused before any code of the component runs, and the component can be called again', () => {
  const it = component();
  const signature = signatureOf([], [T.string, T.u8]);
  let calls = 0;
  const call = callInto({ name: 'f', signature, side: it.side, callee: () => void calls++, postReturn: null });
  assert.throws(() => call(['text', -1]), WrongValue);
  assert.throws(() => call(['text', 1, 2]), /^WrongValue|TypeError: f: it takes 2 arguments, not 3/);
  assert.deepEqual(it.heap.calls, []);
  call(['text', 1]);
  assert.equal(calls, 1);
});

test('lists of numbers are typed arrays, and plain arrays are accepted', () => {
  for (const [type, array] of [
    [T.u8, Uint8Array.of(0, 255)],
    [T.s8, Int8Array.of(-128, 127)],
    [T.u16, Uint16Array.of(0, 65535)],
    [T.s16, Int16Array.of(-1)],
    [T.u32, Uint32Array.of(2 ** 32 - 1)],
    [T.s32, Int32Array.of(-(2 ** 31))],
    [T.u64, BigUint64Array.of(2n ** 64n - 1n)],
    [T.s64, BigInt64Array.of(-(2n ** 63n))],
    [T.f32, Float32Array.of(0.5, NaN)],
    [T.f64, Float64Array.of(0.1, -0)],
  ]) {
    const types = [{ kind: 'list', type }];
    assert.deepEqual(echo(types, D, array), array);
    assert.deepEqual(echo(types, D, [...array]), array);
    assert.deepEqual(echo(types, D, array.subarray(1)), array.slice(1));
  }
  const bytes = [{ kind: 'list', type: T.u8 }];
  assert.deepEqual(echo(bytes, D, Uint8Array.of(1, 2).buffer), Uint8Array.of(1, 2));
  assert.deepEqual(echo(bytes, D, new DataView(Uint8Array.of(1, 2).buffer, 1)), Uint8Array.of(2));
  refused(bytes, D, [1, 2, 300], 'p0[2] must be a u8 (a whole number from 0 to 255), not 300');
  refused(bytes, D, 'text', 'p0 must be a Uint8Array or an array of numbers, a list<u8>, not "text"');
  refused(
    [{ kind: 'list', type: T.f32 }],
    D,
    Float64Array.of(1),
    'p0 must be a Float32Array or an array of numbers, a list<f32>, not a Float64Array',
  );
  refused([{ kind: 'list', type: T.string }], D, 'text', 'p0 must be an array, a list<string>, not "text"');
  assert.deepEqual(echo([{ kind: 'list', type: T.bool }], D, [true, false]), [true, false]);
});

test('an option is undefined or the value; an option of an option is an object', () => {
  const one = [{ kind: 'option', type: T.u8 }];
  assert.equal(echo(one, D, 7), 7);
  assert.equal(echo(one, D, undefined), undefined);
  assert.equal(echo(one, D, null), undefined);
  const two = [...one, { kind: 'option', type: D }];
  for (const value of [{ tag: 'none' }, { tag: 'some', val: undefined }, { tag: 'some', val: 7 }])
    assert.deepEqual(echo(two, D + 1, value), value);
  const three = [...two, { kind: 'option', type: D + 1 }];
  for (const value of [undefined, { tag: 'none' }, { tag: 'some', val: 7 }])
    assert.deepEqual(echo(three, D + 2, value), value);
  refused(
    two,
    D + 1,
    undefined,
    'p0 must be an object whose tag is one of "none", "some", an option<option<u8>>, not undefined',
  );
});

test('results, enums and flags', () => {
  const result = [{ kind: 'result', ok: T.u8, err: null }];
  assert.deepEqual(echo(result, D, { tag: 'ok', val: 1 }), { tag: 'ok', val: 1 });
  assert.deepEqual(echo(result, D, { tag: 'err' }), { tag: 'err', val: undefined });
  const enumeration = [{ kind: 'enum', names: ['not-found', 'busy'] }];
  assert.equal(echo(enumeration, D, 'busy'), 'busy');
  refused(enumeration, D, 'BUSY', 'p0 must be one of "not-found", "busy", not "BUSY"');
  const flags = [{ kind: 'flags', names: ['read', 'write-sync', 'constructor'] }];
  const all = { read: true, writeSync: true, constructor: true };
  assert.deepEqual(echo(flags, D, all), all);
  const none = { read: false, writeSync: false, constructor: false };
  for (const value of [{}, undefined, null]) assert.deepEqual(echo(flags, D, value), none);
  refused(flags, D, { writeSync: 1 }, 'p0.writeSync must be true or false, not 1');
});

test('a field that every object inherits is absent, unless the object has its own', () => {
  const types = [
    { kind: 'option', type: T.string },
    {
      kind: 'record',
      fields: [
        { name: 'constructor', type: D },
        { name: 'to-string', type: D },
      ],
    },
  ];
  assert.deepEqual(echo(types, D + 1, { toString: 'x' }), { constructor: undefined, toString: 'x' });
});

test('the result of a JavaScript function is checked, too', () => {
  const it = component();
  const signature = signatureOf([], [], T.u8);
  const out = callOut({ name: 'ns:p/i.get', signature, side: it.side, fail }, () => 'seven');
  assert.throws(out, { message: 'ns:p/i.get: the result must be a u8 (a whole number from 0 to 255), not "seven"' });
});
