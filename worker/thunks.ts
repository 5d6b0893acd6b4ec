/**
 * Makes the core functions that a component imports: a small wasm module of thunks, each of which calls another function, some with constants before
 * the arguments. With thunks, a call from the component to the kernel runs no JavaScript, and each import has exactly the type that the component
 * declares, which the engine checks when it links.
 */
import { leb, moduleOf, section, text } from './module-writer.ts';

export interface Thunk {
  /** The core types, a letter each: i = i32, l = i64, f = f32, d = f64. */
  params: string;
  results: string;
  target: CallableFunction;
  /** Passed to the target before the arguments: addresses and other 32-bit numbers. If there are none, the thunk is the target itself. */
  constants: readonly number[];
}

/** The name of the module in stack traces. */
export const THUNKS = 'holdfast-thunks';

const TYPES: Readonly<Record<string, number>> = { i: 0x7f, l: 0x7e, f: 0x7d, d: 0x7c };
const FUNCTION = 0x60;
const Op = {
  Unreachable: 0x00,
  Block: 0x02,
  Try: 0x06,
  End: 0x0b,
  Return: 0x0f,
  Call: 0x10,
  CatchAll: 0x19,
  TryTable: 0x1f,
  LocalGet: 0x20,
  GlobalGet: 0x23,
} as const;

const vector = (items: number[][]): number[] => [...leb(items.length), ...items.flat()];
const valueTypes = (letters: string): number[] => vector([...letters].map((letter) => [TYPES[letter]!]));
const functionType = (params: string, results: string): number[] => [
  FUNCTION,
  ...valueTypes(params),
  ...valueTypes(results),
];

/** The body of a function that calls `target` with the constants, which are globals from `first` on, and its own parameters. */
function bodyOf({ params, constants }: Shape, target: number, first: number): number[] {
  const given = Array.from({ length: constants }, (_, i) => [Op.GlobalGet, ...leb(first + i)]).flat();
  const args = [...params].flatMap((_, i) => [Op.LocalGet, ...leb(i)]);
  const body = [0, ...given, ...args, Op.Call, ...leb(target), Op.End];
  return [...leb(body.length), ...body];
}

/** What the code of a thunk depends on: its type and the number of constants. */
interface Shape {
  params: string;
  results: string;
  constants: number;
}

/** The custom section with the module's name. */
const NAMES = section(0, [...text('name'), ...section(0, text(THUNKS))]);
const FUNCTIONS = 'f';
const CONSTANTS = 'c';

/** Imports the targets, numbered, from "f", and the constants, one thunk's after the other's, from "c". Exports the thunks, numbered. */
function thunkModule(shapes: readonly Shape[]): Uint8Array<ArrayBuffer> {
  const bound = shapes.flatMap((shape, i) => (shape.constants === 0 ? [] : [{ shape, target: i }]));
  let [defined, global] = [shapes.length, 0];
  // The types: those of the imports, then those of the functions.
  const types = [
    ...shapes.map(({ params, results, constants }) => functionType('i'.repeat(constants) + params, results)),
    ...bound.map(({ shape }) => functionType(shape.params, shape.results)),
  ];
  const targets = shapes.map((_, i) => [...text(FUNCTIONS), ...text(String(i)), 0, ...leb(i)]);
  const constants = shapes.flatMap((shape) => Array.from({ length: shape.constants }, () => 0));
  const globals = constants.map((_, i) => [...text(CONSTANTS), ...text(String(i)), 3, TYPES.i!, 0]);
  const exported = shapes.map((shape, i) => [...text(String(i)), 0, ...leb(shape.constants === 0 ? i : defined++)]);
  const bodies = bound.map(({ shape, target }) => {
    global += shape.constants;
    return bodyOf(shape, target, global - shape.constants);
  });
  return moduleOf([
    section(1, vector(types)),
    section(2, vector([...targets, ...globals])),
    section(3, vector(bound.map((_, i) => leb(shapes.length + i)))),
    section(7, vector(exported)),
    section(10, vector(bodies)),
    NAMES,
  ]);
}

/**
 * The modules of thunks that components needed, the most recent last: a component needs the same ones each time it runs, and compiling one takes a
 * millisecond.
 */
const modules = new Map<string, WebAssembly.Module>();
const MODULES_MOST = 32;
/** A module with more thunks is not kept. */
const THUNKS_MOST = 1000;

function moduleFor(shapes: readonly Shape[]): WebAssembly.Module {
  const key = shapes.map(({ params, results, constants }) => `${params}:${results}:${constants}`).join();
  const module = modules.get(key) ?? new WebAssembly.Module(thunkModule(shapes));
  if (shapes.length > THUNKS_MOST) return module;
  modules.delete(key);
  modules.set(key, module);
  if (modules.size > MODULES_MOST) modules.delete(modules.keys().next().value!);
  return module;
}

/**
 * The module of a guard: (func (export "0") (param i32 i32 i32 i32) (result i32)), which calls the first import with its parameters and returns the
 * result. If that throws, it calls the second import. `caught` writes it with one of the two encodings of exception handling.
 */
function guardModule(caught: (call: number[], handler: number[]) => number[]): Uint8Array<ArrayBuffer> {
  const call = [...[0, 1, 2, 3].flatMap((i) => [Op.LocalGet, i]), Op.Call, 0];
  const body = [0, ...caught(call, [Op.Call, 1, Op.Unreachable]), Op.End];
  return moduleOf([
    section(1, vector([functionType('iiii', 'i'), functionType('', '')])),
    section(
      2,
      vector([
        [...text(FUNCTIONS), ...text('0'), 0, 0],
        [...text(FUNCTIONS), ...text('1'), 0, 1],
      ]),
    ),
    section(3, [1, 0]),
    section(7, vector([[...text('0'), 0, 2]])),
    section(10, vector([[...leb(body.length), ...body]])),
    NAMES,
  ]);
}

const VOID = 0x40;

/** (block (try_table (catch_all 0) (return CALL))) HANDLER */
const standard = (call: number[], handler: number[]): number[] => [
  ...[Op.Block, VOID, Op.TryTable, VOID, 1, 2, 0, ...call, Op.Return, Op.End, Op.End],
  ...handler,
];
/** (try (do (return CALL)) (catch_all HANDLER)) unreachable. Node 24 and Safari before 18.4 have only this older form. */
const legacy = (call: number[], handler: number[]): number[] => [
  ...[Op.Try, VOID, ...call, Op.Return, Op.CatchAll, ...handler, Op.End, Op.Unreachable],
];

let guard: WebAssembly.Module | undefined;

/**
 * A component's realloc for p2.wasm, which calls it without JavaScript. What it throws must not reach the component, which could catch it: `thrown` is
 * called instead, and must not return. A component may have thousands of these, so they share their module.
 */
export function reallocThunk(realloc: CallableFunction, thrown: () => never): CallableFunction {
  if (!guard) {
    const bytes = guardModule(standard);
    guard = new WebAssembly.Module(WebAssembly.validate(bytes) ? bytes : guardModule(legacy));
  }
  const imports = { [FUNCTIONS]: { 0: realloc, 1: thrown } } as unknown as WebAssembly.Imports;
  return new WebAssembly.Instance(guard, imports).exports[0] as CallableFunction;
}

/** Returns the functions in the order of the thunks. */
export function makeThunks(thunks: readonly Thunk[]): CallableFunction[] {
  const module = moduleFor(thunks.map((thunk) => ({ ...thunk, constants: thunk.constants.length })));
  const imports = {
    [FUNCTIONS]: Object.fromEntries(thunks.map(({ target }, i) => [i, target])),
    [CONSTANTS]: Object.fromEntries(thunks.flatMap(({ constants }) => constants).map((value, i) => [i, value | 0])),
  };
  const { exports } = new WebAssembly.Instance(module, imports as unknown as WebAssembly.Imports);
  return thunks.map((_, i) => exports[i] as CallableFunction);
}
