// `holdfast types`: the declarations of a component's functions are TypeScript, and say what the functions take and return.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test from 'node:test';
import ts from 'typescript';
import { guest, run } from './support/cli-run.mjs';
import { load } from './support/load.mjs';

const { typescriptOf, primitives, PRIMITIVES } = await load('web/cli/typescript.ts', 'common/component-types.ts');
const T = Object.fromEntries(PRIMITIVES.map((kind, index) => [kind, index]));
const D = PRIMITIVES.length;

const options = {
  strict: true,
  noEmit: true,
  skipLibCheck: false,
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  lib: ['lib.es2022.d.ts', 'lib.esnext.disposable.d.ts'],
  types: [],
};
/** The library's files are parsed once. */
const libraries = new Map();

/** The errors of TypeScript in each of the `uses`, which import what they need from './component.js'. */
function errorsIn(declarations, ...uses) {
  const files = new Map([['/component.d.ts', declarations], ...uses.map((use, i) => [`/use${i}.ts`, use])]);
  const host = ts.createCompilerHost(options);
  const { getSourceFile } = host;
  host.fileExists = (name) => files.has(name) || ts.sys.fileExists(name);
  host.readFile = (name) => files.get(name) ?? ts.sys.readFile(name);
  host.getSourceFile = (name, version) => {
    if (files.has(name)) return ts.createSourceFile(name, files.get(name), version);
    if (!libraries.has(name)) libraries.set(name, getSourceFile.call(host, name, version));
    return libraries.get(name);
  };
  const program = ts.createProgram([...files.keys()], options, host);
  const errorsOf = (name) => {
    const file = program.getSourceFile(name);
    const errors = [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)];
    return errors.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, ' '));
  };
  assert.deepEqual(errorsOf('/component.d.ts'), []);
  return uses.map((_, i) => errorsOf(`/use${i}.ts`));
}

const func = (params, result = null) => ({
  kind: 'func',
  params: params.map(([name, type]) => ({ name, type })),
  result,
});

const iface = 'test:pkg/store@1.2.0';

/** A component with every kind of type. */
function example() {
  const types = [...primitives()];
  const add = (type) => types.push(type) - 1;
  const names = add({ kind: 'list', type: T.string });
  const maybe = add({ kind: 'option', type: T.u32 });
  const nested = add({ kind: 'option', type: maybe });
  const color = add({ kind: 'enum', names: ['dark-red', 'green'] });
  const mode = add({ kind: 'flags', names: ['read', 'write-sync'] });
  const entry = add({
    kind: 'record',
    fields: [
      { name: 'file-name', type: T.string },
      { name: 'size', type: T.u64 },
      { name: 'note', type: maybe },
      { name: 'deep', type: nested },
      { name: 'class', type: color },
    ],
  });
  const failure = add({
    kind: 'variant',
    cases: [
      { name: 'not-found', type: null },
      { name: 'other', type: T.string },
    ],
  });
  const entries = add({ kind: 'list', type: entry });
  const bytes = add({ kind: 'list', type: T.u8 });
  const fails = add({ kind: 'result', ok: entries, err: failure });
  const pair = add({ kind: 'tuple', types: [T.f32, fails] });
  const own = add({ kind: 'own', resource: 0 });
  const borrow = add({ kind: 'borrow', resource: 0 });
  const foreign = add({ kind: 'own', resource: 1 });
  const fn = (...args) => add(func(...args));
  const exports = [
    {
      from: '',
      name: 'run-it',
      index: fn([
        ['class', T.bool],
        ['n', maybe],
      ]),
    },
    { from: iface, name: 'list-all', index: fn([['mode', mode]], fails) },
    { from: iface, name: 'pairs', index: fn([['names', names]], pair) },
    { from: iface, name: '[constructor]blob', index: fn([['init', bytes]], own) },
    {
      from: iface,
      name: '[method]blob.read-some',
      index: fn(
        [
          ['self', borrow],
          ['n', T.u32],
        ],
        bytes,
      ),
    },
    {
      from: iface,
      name: '[static]blob.merge',
      index: fn(
        [
          ['lhs', borrow],
          ['rhs', own],
        ],
        own,
      ),
    },
    { from: iface, name: 'take', index: fn([['socket', foreign]]) },
  ];
  const imports = [{ from: 'test:pkg/log@1.2.0', name: 'log', index: fn([['text', T.string]], fails) }];
  const named = [
    { from: iface, name: 'color', index: color },
    { from: iface, name: 'mode', index: mode },
    { from: iface, name: 'entry', index: entry },
    { from: iface, name: 'failure', index: failure },
    { from: iface, name: 'alias-of-entry', index: entry },
    { from: iface, name: 'text', index: T.string },
  ];
  const resources = [
    { from: iface, name: 'blob', index: 0, exported: true },
    { from: 'wasi:sockets/tcp@0.2.0', name: 'tcp-socket', index: 1, exported: false },
  ];
  return { types, exports, imports, named, resources };
}

const declarations = typescriptOf(example(), 'Types of example.wasm');

test('the declarations are valid by themselves and describe the functions', () => {
  const use = `
    import type { Exports, Imports, Store, Result } from './component.js';
    declare const exports: Exports;
    export async function use(): Promise<void> {
      await exports.runIt(true);
      await exports.runIt(false, 5);
      const { listAll, pairs, Blob } = exports.store;
      const list: Store.Entry[] = await exports['test:pkg/store@1.2.0'].listAll({ read: true });
      const size: bigint = list[0]!.size;
      const note: number | undefined = list[0]!.note;
      const name: 'dark-red' | 'green' = list[0]!.class;
      const [number, result]: [number, Result<Store.Entry[], Store.Failure>] = await pairs(['a', 'b']);
      if (result.tag === 'err' && result.val.tag === 'other') result.val.val satisfies string;
      using blob = new Blob(new Uint8Array(3));
      const bytes: Uint8Array = await blob.readSome(5);
      const merged: Store.Blob = await Blob.merge(blob, await Blob.create(new Uint8Array(1)));
      void [listAll, size, note, name, number, bytes, merged];
    }
    export const imports: Imports = {
      'test:pkg/log@1.2.0': { log: (text: string) => [{ fileName: text, size: 1n, deep: { tag: 'none' }, class: 'green' }] },
    };
    export const option: Record<string, Record<string, ((...args: never[]) => unknown) | (new (...args: never[]) => object)>> = imports;
  `;
  assert.deepEqual(errorsIn(declarations, use), [[]]);
});

test('wrong uses are errors', () => {
  const wrong = [
    'e.runIt(1)',
    'e.store.listAll({ execute: true })',
    'new e.store.Blob("text")',
    'e.store.missing',
    'new e.store.Blob(new Uint8Array()).readSome("1")',
  ];
  const use = (body) => `import type { Exports } from './component.js'; declare const e: Exports; void ${body};`;
  const found = errorsIn(declarations, ...[...wrong, 'e.runIt(true, 1)'].map(use));
  assert.deepEqual(
    found.map((errors) => errors.length),
    [...wrong.map(() => 1), 0],
    found.flat().join('\n'),
  );
});

test('names that are not identifiers cannot break out of the declarations', () => {
  const evil = '*/ }; declare const pwned: 1; /*\'"\\\n`${1}';
  const types = [
    ...primitives(),
    { kind: 'enum', names: [evil] },
    { kind: 'record', fields: [{ name: evil, type: D }] },
  ];
  types.push(
    func(
      [
        [evil, D + 1],
        [evil, T.u8],
      ],
      D + 1,
    ),
  );
  const item = (name, index) => ({ from: evil, name, index });
  const world = {
    types,
    exports: [item(evil, D + 2), { from: '', name: evil, index: D + 2 }, item(`[method]${evil}.${evil}`, D + 2)],
    imports: [item(evil, D + 2)],
    named: [item(evil, D), item('same-name', D + 1)],
    resources: [{ ...item(evil, 0), exported: true }],
  };
  const text = typescriptOf(world, `of ${evil}`);
  const [[error, ...more]] = errorsIn(text, "import { pwned } from './component.js'; void pwned;");
  assert.match(error, /has no exported member 'pwned'/);
  assert.deepEqual(more, []);
});

test('the declarations of a type that grows exponentially stay small', () => {
  const types = [...primitives(), { kind: 'tuple', types: [T.u8, T.u8] }];
  for (let i = 0; i < 60; i++) types.push({ kind: 'tuple', types: [types.length - 1, types.length - 1] });
  types.push(func([['p', types.length - 1]], types.length - 1));
  const world = {
    types,
    imports: [],
    named: [],
    resources: [],
    exports: [{ from: '', name: 'f', index: types.length - 1 }],
  };
  const text = typescriptOf(world, 'large');
  assert.deepEqual(errorsIn(text), []);
  assert.ok(text.length < 20_000, text.length);
});

test('the command writes what a component exports and imports', async (t) => {
  const component = guest('component-exports');
  const { code, stdout, stderr } = await run(t, ['types', component]);
  assert.deepEqual([code, stderr], [0, '']);
  const use = `
    import type { Exports, Counters } from './component.js';
    declare const q: Exports;
    export const sum: Promise<number> = q.add(1, 2);
    export const counter: Counters.Counter = new q.counters.Counter(5);
    export const done: Promise<void> = counter.addMore(1);`;
  assert.deepEqual(errorsIn(stdout, use), [[]]);
  const file = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'holdfast-types-')), 'types.d.ts');
  t.after(() => fs.rmSync(path.dirname(file), { recursive: true }));
  assert.equal((await run(t, ['types', component, '-o', file])).code, 0);
  assert.equal(fs.readFileSync(file, 'utf8'), stdout);
});

test('a file that is not a component is refused with a reason', async (t) => {
  const refused = await run(t, ['types', guest('hello')]);
  assert.deepEqual([refused.code, refused.stdout], [1, '']);
  assert.match(refused.stderr, /^holdfast: hello\.wasm: .+\n$/);
  assert.match((await run(t, ['types', 'nowhere.wasm'])).stderr, /^holdfast: nowhere\.wasm: ENOENT/);
  for (const args of [['types'], ['types', '-x', 'a.wasm'], ['types', 'a.wasm', 'b.wasm'], ['types', 'a.wasm', '-o']])
    assert.equal((await run(t, args)).code, 2, args.join(' '));
});
