// The executor carries out plans that were written by hand: the order of the steps, the functions that it makes, and calls from component to component.
import assert from 'node:assert/strict';
import test from 'node:test';
import { load } from './support/load.mjs';
import { Words } from './support/plan.mjs';

const { Declarations, Executor, Plan, makeThunks, runNow, valueOf, P } = await (async () => {
  const [worker, layouts] = await Promise.all([
    load('worker/declarations.ts', 'worker/executor.ts', 'common/plan.ts', 'worker/steps.ts', 'worker/thunks.ts'),
    load('build/generated/layouts.ts'),
  ]);
  return { ...worker, P: layouts };
})();

test('a thunk passes its constants, then its arguments, of every type', () => {
  const seen = [];
  const note = (...args) => void seen.push(args);
  const [bound, plain, returns] = makeThunks([
    { params: 'ilfd', results: '', target: wasmOf('iiilfd', note), constants: [-1, 0x80000000] },
    { params: 'i', results: '', target: note, constants: [] },
    { params: '', results: 'l', target: () => 7n, constants: [] },
  ]);
  bound(1, 2n, 1.5, 2.5);
  plain(3);
  assert.deepEqual(seen, [[-1, -0x80000000, 1, 2n, 1.5, 2.5], [3]]);
  assert.equal(returns(), 7n);
  assert.equal(bound.length, 4);
});

/** A wasm function without a result that calls the given one. */
function wasmOf(params, target) {
  return makeThunks([{ params, results: '', target, constants: [] }])[0];
}

test('numbers of any size are constants', () => {
  for (const constant of [0, 1, 63, 64, 127, 128, 8191, 8192, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, -64, -65]) {
    const seen = [];
    const [thunk] = makeThunks([
      { params: '', results: '', target: wasmOf('i', (value) => seen.push(value)), constants: [constant] },
    ]);
    thunk();
    assert.deepEqual(seen, [constant | 0]);
  }
});

/** (module (import "m" "f" (func (param i32) (result i32))) (func (export "g") (param i32) (result i32) (call 0 (i32.add (local.get 0) (i32.const 1))))) */
const ADDS_AND_CALLS = Uint8Array.from([
  ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
  ...[1, 6, 1, 0x60, 1, 0x7f, 1, 0x7f],
  ...[2, 7, 1, 1, 0x6d, 1, 0x66, 0, 0],
  ...[3, 2, 1, 0],
  ...[7, 5, 1, 1, 0x67, 0, 1],
  ...[10, 11, 1, 9, 0, 0x20, 0, 0x41, 1, 0x6a, 0x10, 0, 0x0b],
]);
/** (module (func (export "f") (param i32) (result i32) (i32.mul (local.get 0) (i32.const 10)))) */
const MULTIPLIES = Uint8Array.from([
  ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
  ...[1, 6, 1, 0x60, 1, 0x7f, 1, 0x7f],
  ...[3, 2, 1, 0],
  ...[7, 5, 1, 1, 0x66, 0, 0],
  ...[10, 9, 1, 7, 0, 0x20, 0, 0x41, 10, 0x6c, 0x0b],
]);

/** What the executor needs from the worker. `lower` makes calls out of a component. */
const surroundings = (lower) => ({
  openInstance: (parent) => ({ parent }),
  instantiate: ({ module }, imports) => valueOf(new WebAssembly.Instance(module, imports)),
  foundMemory: () => undefined,
  lower,
});

const compiled = (...codes) =>
  codes.map((code) => ({ module: new WebAssembly.Module(code), memory: null, added: null }));

const functionOfOne = (words) =>
  words.step(P.PLAN_FUNC, 0, 1, words.name('x'), P.PLAN_S32, P.PLAN_S32, words.name('i'), words.name('i'));

test('a plan of two components, one of which calls the other', () => {
  const words = new Words(P);
  words.step(P.PLAN_INSTANCE, P.PLAN_NONE);
  functionOfOne(words);
  words.step(P.PLAN_MODULE, 0, MULTIPLIES.length);
  words.step(P.PLAN_INSTANCE, 0);
  words.step(P.PLAN_INSTANTIATE, 0, 0);
  words.step(P.PLAN_ALIAS, P.PLAN_SORT_FUNC, 0, words.name('f'));
  words.step(P.PLAN_LIFT, 1, 0, P.PLAN_PRIMITIVES, P.PLAN_NONE, P.PLAN_NONE, P.PLAN_NONE, P.PLAN_UTF8);
  words.step(P.PLAN_MODULE, 0, ADDS_AND_CALLS.length);
  words.step(P.PLAN_LOWER, 0, 0, P.PLAN_NONE, P.PLAN_NONE, P.PLAN_UTF8);
  words.step(P.PLAN_BUNDLE, 1, words.name('f'), P.PLAN_SORT_FUNC, 1);
  words.step(P.PLAN_INSTANTIATE, 1, 1, words.name('m'), 1);
  words.step(P.PLAN_ALIAS, P.PLAN_SORT_FUNC, 2, words.name('g'));
  words.step(P.PLAN_LIFT, 0, 2, P.PLAN_PRIMITIVES, P.PLAN_NONE, P.PLAN_NONE, P.PLAN_NONE, P.PLAN_UTF8);
  words.step(P.PLAN_EXPORT, words.name(''), words.name('run-it'), 1);
  const plan = new Plan(words.words, words.names);
  const declared = new Declarations(plan);
  const [{ from, name, item }] = declared.exports;
  assert.deepEqual([from, name, item.kind, item.instance, item.core], ['', 'run-it', 'lift', 0, 2]);
  assert.deepEqual(declared.needs, { functions: [], resources: [] });
  const lower = (fn, { instance }) => {
    assert.equal(fn, declared.functions[0]);
    assert.equal(instance, executor.instances[0]);
    return { target: executor.function(fn.core), constants: [] };
  };
  const executor = new Executor(plan, declared, compiled(MULTIPLIES, ADDS_AND_CALLS), surroundings(lower));
  runNow(executor.instantiate());
  assert.equal(executor.instances[1].parent, executor.instances[0]);
  assert.equal(executor.function(item.core)(4), 50);
});

test('the functions of all bundles that a core module imports are made together, even if one bundle names a function of another', () => {
  const words = new Words(P);
  words.step(P.PLAN_INSTANCE, P.PLAN_NONE);
  functionOfOne(words);
  for (const name of ['f', 'g', 'h'])
    words.step(P.PLAN_IMPORT, words.name('a:b/c'), words.name(name), P.PLAN_PRIMITIVES, 1, 2);
  words.step(P.PLAN_MODULE, 0, 1);
  words.step(P.PLAN_LOWER, 0, 0, P.PLAN_NONE, P.PLAN_NONE, P.PLAN_UTF8);
  words.step(P.PLAN_BUNDLE, 1, words.name('f'), P.PLAN_SORT_FUNC, 0);
  words.step(P.PLAN_LOWER, 0, 1, P.PLAN_NONE, P.PLAN_NONE, P.PLAN_UTF8);
  words.step(P.PLAN_BUNDLE, 2, words.name('f'), P.PLAN_SORT_FUNC, 1, words.name('g'), P.PLAN_SORT_FUNC, 0);
  words.step(P.PLAN_INSTANTIATE, 0, 1, words.name('m'), 1);
  words.step(P.PLAN_LOWER, 0, 2, P.PLAN_NONE, P.PLAN_NONE, P.PLAN_UTF8);
  words.step(P.PLAN_BUNDLE, 1, words.name('f'), P.PLAN_SORT_FUNC, 2);
  words.step(P.PLAN_ALIAS, P.PLAN_SORT_FUNC, 3, words.name('f'));
  words.step(P.PLAN_ALIAS, P.PLAN_SORT_FUNC, 1, words.name('g'));
  const plan = new Plan(words.words, words.names);
  const called = [];
  const lower = ({ name }) => ({ target: (value) => (called.push(name), value), constants: [] });
  const executor = new Executor(plan, new Declarations(plan), compiled(ADDS_AND_CALLS), surroundings(lower));
  const made = instancesMade(() => runNow(executor.instantiate()));
  assert.equal(made, 3, 'two modules of thunks and the core module');
  assert.equal(executor.function(3)(1), 1);
  assert.equal(executor.function(4)(2), 2);
  assert.deepEqual(called, ['h', 'f']);
});

/** The number of instances of modules that are made. */
function instancesMade(body) {
  const { Instance } = WebAssembly;
  let made = 0;
  WebAssembly.Instance = class extends Instance {
    constructor(...args) {
      super(...args);
      made++;
    }
  };
  try {
    body();
  } finally {
    WebAssembly.Instance = Instance;
  }
  return made;
}

test('an import has the type that the component declares: a core module that imports it with another type does not link', () => {
  const words = new Words(P);
  words.step(P.PLAN_INSTANCE, P.PLAN_NONE);
  words.step(P.PLAN_FUNC, 0, 0, P.PLAN_NONE, words.name(''), words.name(''));
  words.step(P.PLAN_IMPORT, words.name('a:b/c'), words.name('f'), P.PLAN_PRIMITIVES, 1, 2);
  words.step(P.PLAN_MODULE, 0, 1);
  words.step(P.PLAN_LOWER, 0, 0, P.PLAN_NONE, P.PLAN_NONE, P.PLAN_UTF8);
  words.step(P.PLAN_BUNDLE, 1, words.name('f'), P.PLAN_SORT_FUNC, 0);
  words.step(P.PLAN_INSTANTIATE, 0, 1, words.name('m'), 0);
  const plan = new Plan(words.words, words.names);
  const declared = new Declarations(plan);
  assert.deepEqual(declared.needs.functions, [
    { kind: 'import', from: 'a:b/c', name: 'f', type: P.PLAN_PRIMITIVES, hash: [1, 2] },
  ]);
  const lower = () => ({ target: () => undefined, constants: [] });
  const executor = new Executor(plan, declared, compiled(ADDS_AND_CALLS), surroundings(lower));
  assert.throws(() => runNow(executor.instantiate()), { name: 'LinkError' });
});

test('an export that a core module lacks is named', () => {
  const words = new Words(P);
  words.step(P.PLAN_INSTANCE, P.PLAN_NONE);
  words.step(P.PLAN_MODULE, 0, 1);
  words.step(P.PLAN_INSTANTIATE, 0, 0);
  words.step(P.PLAN_ALIAS, P.PLAN_SORT_MEMORY, 0, words.name('f'));
  const plan = new Plan(words.words, words.names);
  const executor = new Executor(plan, new Declarations(plan), compiled(MULTIPLIES), surroundings());
  assert.throws(() => runNow(executor.instantiate()), {
    name: 'LinkError',
    message: /core instance 0 .* no memory "f"/,
  });
});
