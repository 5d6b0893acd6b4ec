// Whatever a component's memory, core values and realloc function are, a call returns values of the declared types or throws a Trap.
import assert from 'node:assert/strict';
import test from 'node:test';
import { abi, component, signatureOf, Table } from './support/canonical.mjs';

const { callAcross, callOut, PRIMITIVES, Trap, WrongValue } = abi;
const D = PRIMITIVES.length;

/** Random numbers below `n`, the same in each run with this seed. */
function randoms(seed) {
  let state = seed;
  return (n) => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) | 0;
    let mixed = Math.imul(state ^ (state >>> 13), 0x297a2d39);
    mixed ^= mixed >>> 16;
    return (mixed >>> 0) % n;
  };
}

const names = (count) => Array.from({ length: count }, (_, i) => `n${i}`);

/** Adds a random type to `types`; returns its index. */
function randomType(random, types, depth) {
  const inner = () => randomType(random, types, depth - 1);
  const maybe = () => (random(3) ? inner() : null);
  const add = (type) => D - 1 + types.push(type);
  if (depth === 0 || random(4) === 0) return random(D);
  const count = 1 + random(4);
  switch (random(9)) {
    case 0:
      return add({ kind: 'record', fields: names(count).map((name) => ({ name, type: inner() })) });
    case 1:
      return add({ kind: 'variant', cases: names(count).map((name) => ({ name, type: maybe() })) });
    case 2:
      return add({ kind: 'tuple', types: names(count).map(inner) });
    case 3:
      return add({ kind: 'flags', names: names(1 + random(32)) });
    case 4:
      return add({ kind: 'enum', names: names(1 + random(300)) });
    case 5:
      return add({ kind: 'option', type: inner() });
    case 6:
      return add({ kind: 'result', ok: maybe(), err: maybe() });
    case 7:
      return add({ kind: random(2) ? 'own' : 'borrow', resource: random(2) });
    default:
      return add({ kind: 'list', type: inner() });
  }
}

const SMALL = [0, 1, 2, 3, 8, 64, 1024, 65535, 65536, -1, 0x7fffffff, -0x80000000, 0xd800, 0x110000];

function randomCore(random, type) {
  if (type === 'l') return BigInt.asIntN(64, BigInt(random(2 ** 32)) * BigInt(1 + random(2 ** 32)));
  if (type === 'i') return random(3) ? SMALL[random(SMALL.length)] : random(4096);
  return [0, -0, NaN, Infinity, 1.5][random(5)];
}

/** Pointers and lengths, most of them small. */
function fill(random, memory) {
  const words = new Int32Array(memory.buffer);
  for (let i = 0; i < words.length; i++)
    words[i] = random(2) ? random(9) : random(4) ? random(4096) * 4 : random(2 ** 32);
}

const fail = (error) => {
  throw error;
};

const encodings = ['utf8', 'utf16', 'latin1+utf16'];

function hostile(random) {
  const table = new Table(random(2) ? [0] : []);
  for (let i = 0; i < 4; i++) table.lowerOwn(i % 2, i);
  const it = component({
    encoding: encodings[random(3)],
    table,
    realloc: (memory, _old, _size, align, size) => {
      if (random(10) === 0) memory.grow(1);
      return random(8) ? random(1024) * align : size ? randomCore(random, 'i') : 0;
    },
  });
  it.side.limit = 2 ** 20;
  fill(random, it.memory);
  it.side.refresh();
  return it;
}

test('hostile memories and core values give values or traps', () => {
  const outcomes = { values: 0, traps: 0 };
  const settle = (work) => {
    try {
      work();
      outcomes.values++;
    } catch (error) {
      if (!(error instanceof Trap)) throw error;
      assert.match(error.message, /^f: ./);
      outcomes.traps++;
    }
  };
  for (let seed = 1; seed <= 600; seed++) {
    const random = randoms(seed);
    const types = [];
    const params = names(1 + random(3)).map(() => randomType(random, types, 3));
    const signature = signatureOf(types, params, random(2) ? params[0] : null);
    if (signature.result?.borrows) continue; // not valid in a component
    const [from, to] = [hostile(random), hostile(random)];
    const flat = [...(signature.flatParams ?? 'i')].map((type) => randomCore(random, type));
    if (signature.flatResult === null) flat.push(random(2048) * 4);
    const lowering = { name: 'f', signature, side: from.side, fail };
    settle(() => {
      callOut(lowering, (args) => {
        assert.equal(args.length, params.length);
        args.forEach((arg, i) => signature.params[i].check(arg, { up: null, key: 'it' }, from.side));
        return args[0];
      })(...flat);
    });
    const result = signature.flatResult ? randomCore(random, signature.flatResult) : random(2048) * 4;
    const callee = () => (signature.result ? result : undefined);
    settle(() => callAcross(lowering, { name: 'g', signature, side: to.side, callee, postReturn: null })(...flat));
  }
  assert.ok(outcomes.values > 100 && outcomes.traps > 100, JSON.stringify(outcomes));
});

const JUNK = [
  undefined,
  null,
  true,
  0,
  -1,
  1.5,
  2 ** 40,
  5n,
  'a',
  '',
  '\ud800',
  [],
  [1],
  {},
  { tag: 'n0' },
  { tag: 'ok', val: 1 },
  new Uint8Array(2),
  new Map(),
  () => 1,
  Symbol('s'),
];

test('any JavaScript value is lowered, or refused with its path', () => {
  let refused = 0;
  for (let seed = 1; seed <= 1000; seed++) {
    const random = randoms(seed);
    const types = [];
    const signature = signatureOf(types, [randomType(random, types, 3)]);
    const { side } = component();
    for (const value of JUNK) {
      try {
        signature.params[0].check(value, { up: null, key: 'it' }, side);
      } catch (error) {
        assert.ok(error instanceof WrongValue, error);
        assert.match(error.message, /^it[^ ]* must be .+, not ./);
        refused++;
        continue;
      }
      side.scope = side.handles.openScope();
      const flat = [];
      if (signature.flatParams !== null) signature.params[0].lower(side, value, flat, 0);
      assert.ok(!flat.some((each, i) => typeof each !== (signature.flatParams[i] === 'l' ? 'bigint' : 'number')));
    }
  }
  assert.ok(refused > 5000, refused);
});
