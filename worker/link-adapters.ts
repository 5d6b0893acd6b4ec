/**
 * Adapters of calls between guests: wasm functions that move numbers between a function's parameters and a call's slot (native/links/call.h), so
 * that a call runs no JavaScript. There is one module for each signature, and an instance of it for each function. links.ts handles everything else
 * that can happen in a call: values of unexpected types, failures, nested calls.
 *
 * The adapter on the caller's side is the function that the guest imports:
 *
 *     s = free; if (s == 0) return other(params…);
 *     s.ask = { fn, tags, count, params… }; free = 0;
 *     r = lw_call(self, own, s);
 *     if (r != 0 || s.fn != 0 || s has other values than a result of this type) return settle(r);
 *     free = s; return s.values[0];
 *
 * The adapter on the callee's side is in the table from which lw_serve takes functions. It runs the exported function:
 *
 *     if (s has other values than these parameters) return other(s);
 *     s.answer.values[0] = run(s.values…); s.answer = { 0, tags, count }; return 1;
 */
import {
  CALL_ANSWER_AT,
  CALL_ASK_AT,
  CALL_COUNT,
  CALL_FN,
  CALL_TAGS,
  CALL_TAG_BIGINT,
  CALL_TAG_NUMBER,
  CALL_VALUES,
  CALL_VALUES_AT,
} from '../build/generated/layouts.ts';
import type { FunctionType } from '../common/guest-protocol.ts';
import { leb, moduleOf, section, text } from './module-writer.ts';

type Type = FunctionType['params'][number];

const Op = {
  If: 0x04,
  End: 0x0b,
  Return: 0x0f,
  Call: 0x10,
  LocalGet: 0x20,
  LocalSet: 0x21,
  GlobalGet: 0x23,
  GlobalSet: 0x24,
  I32Load: 0x28,
  I64Load: 0x29,
  F64Load: 0x2b,
  I32Store: 0x36,
  I64Store: 0x37,
  F64Store: 0x39,
  I32Const: 0x41,
  I32Eqz: 0x45,
  F64Ne: 0x62,
  I32Or: 0x72,
  I32Xor: 0x73,
  F32DemoteF64: 0xb6,
  F64ConvertI32S: 0xb7,
  F64PromoteF32: 0xbb,
} as const;
/** i32.trunc_sat_f64_s */
const TRUNCATE = [0xfc, 2];
const VOID = 0x40;
const CODES: Record<Type, number> = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c, other: 0 };
const I32 = CODES.i32;

const i32 = (value: number): number[] => {
  const bytes = [Op.I32Const as number];
  for (; value < -0x40 || value >= 0x40; value >>= 7) bytes.push((value & 0x7f) | 0x80);
  return [...bytes, value & 0x7f];
};
const get = (local: number): number[] => [Op.LocalGet, ...leb(local)];
const at = (instruction: number, offset: number): number[] => [instruction, 0, ...leb(offset)];
const load = (slot: number, offset: number): number[] => [...get(slot), ...at(Op.I32Load, offset)];
const store = (slot: number, offset: number, value: number[]): number[] => [
  ...get(slot),
  ...value,
  ...at(Op.I32Store, offset),
];

const placeOf = (i: number): number => CALL_VALUES_AT + 8 * i;
const tagsOf = (types: readonly Type[]): number =>
  types.reduce((tags, type, i) => tags | ((type === 'i64' ? CALL_TAG_BIGINT : CALL_TAG_NUMBER) << (2 * i)), 0);

/** Reads a value. `misfits` has checked that an i32 equals the f64 in the slot. */
const read = (slot: number, type: Type, i: number): number[] => {
  if (type === 'i64') return [...get(slot), ...at(Op.I64Load, placeOf(i))];
  const number = [...get(slot), ...at(Op.F64Load, placeOf(i))];
  return type === 'i32' ? [...number, ...TRUNCATE] : type === 'f32' ? [...number, Op.F32DemoteF64] : number;
};

/** Writes the value that `value` puts on the operand stack to a message. */
const write = (slot: number, message: number, type: Type, i: number, value: number[]): number[] => {
  const converted = type === 'i32' ? [Op.F64ConvertI32S] : type === 'f32' ? [Op.F64PromoteF32] : [];
  return [
    ...get(slot),
    ...value,
    ...converted,
    ...at(type === 'i64' ? Op.I64Store : Op.F64Store, message + placeOf(i)),
  ];
};

/** Leaves an i32 on the operand stack, which is not 0 if the values in the slot do not have these types. */
const misfits = (slot: number, types: readonly Type[]): number[] => [
  ...load(slot, CALL_TAGS),
  ...i32(tagsOf(types)),
  Op.I32Xor,
  ...load(slot, CALL_COUNT),
  ...i32(types.length),
  Op.I32Xor,
  Op.I32Or,
  ...types.flatMap((type, i) =>
    type === 'i32'
      ? [...read(slot, type, i), Op.F64ConvertI32S, ...get(slot), ...at(Op.F64Load, placeOf(i)), Op.F64Ne, Op.I32Or]
      : [],
  ),
];

const returnIf = (call: number[]): number[] => [Op.If, VOID, ...call, Op.Return, Op.End];

const functionType = (params: number[], results: number[]): number[] => [
  0x60,
  ...leb(params.length),
  ...params,
  results.length,
  ...results,
];

/** The descriptions of imports: a memory, a function of a type, and i32 globals. */
const MEMORY = [2, 3, 1, ...leb(65536)];
const fn = (type: number): number[] => [0, type];
const CONSTANT = [3, I32, 0];
const VARIABLE = [3, I32, 1];

/** A module with a function that has `locals` i32 locals besides its parameters. */
const adapter = (
  types: number[][],
  imports: Record<string, number[]>,
  type: number,
  locals: number,
  body: number[],
): WebAssembly.Module => {
  const all = Object.entries(imports).flatMap(([name, kind]) => [...text('e'), ...text(name), ...kind]);
  const number = Object.values(imports).filter(([kind]) => kind === 0).length;
  const code = [...(locals ? [1, locals, I32] : [0]), ...body, Op.End];
  return new WebAssembly.Module(
    moduleOf([
      section(1, [types.length, ...types.flat()]),
      section(2, [Object.keys(imports).length, ...all]),
      section(3, [1, type]),
      section(7, [1, ...text('f'), 0, number]),
      section(10, [1, ...leb(code.length), ...code]),
    ]),
  );
};

function callerModule({ params, results }: FunctionType): WebAssembly.Module {
  const [OTHER, CALL, SETTLE] = [0, 1, 2];
  const [SELF, FN, OWN, FREE] = [0, 1, 2, 3];
  const codes = results.map((type) => CODES[type]);
  const types = [
    functionType(
      params.map((type) => CODES[type]),
      codes,
    ),
    functionType([I32, I32, I32], [I32]),
    functionType([I32], codes),
  ];
  const imports = {
    memory: MEMORY,
    other: fn(0),
    call: fn(1),
    settle: fn(2),
    self: CONSTANT,
    fn: VARIABLE,
    own: VARIABLE,
    free: VARIABLE,
  };
  const [s, r] = [params.length, params.length + 1];
  return adapter(types, imports, 0, 2, [
    ...[Op.GlobalGet, FREE, Op.LocalSet, ...leb(s)],
    ...[...get(s), Op.I32Eqz],
    ...returnIf([...params.flatMap((_, i) => get(i)), Op.Call, OTHER]),
    ...store(s, CALL_ASK_AT + CALL_FN, [Op.GlobalGet, FN]),
    ...store(s, CALL_ASK_AT + CALL_TAGS, i32(tagsOf(params))),
    ...store(s, CALL_ASK_AT + CALL_COUNT, i32(params.length)),
    ...params.flatMap((type, i) => write(s, CALL_ASK_AT, type, i, get(i))),
    ...[...i32(0), Op.GlobalSet, FREE],
    ...[Op.GlobalGet, SELF, Op.GlobalGet, OWN, ...get(s), Op.Call, CALL, Op.LocalSet, ...leb(r)],
    ...[...get(r), ...load(s, CALL_FN), Op.I32Or, ...misfits(s, results), Op.I32Or],
    ...returnIf([...get(r), Op.Call, SETTLE]),
    ...[...get(s), Op.GlobalSet, FREE],
    ...results.flatMap((type) => read(s, type, 0)),
  ]);
}

function calleeModule({ params, results }: FunctionType): WebAssembly.Module {
  const [RUN, OTHER] = [0, 1];
  const types = [
    functionType(
      params.map((type) => CODES[type]),
      results.map((type) => CODES[type]),
    ),
    functionType([I32], [I32]),
  ];
  const run = [...params.flatMap((type, i) => read(0, type, i)), Op.Call, RUN];
  const [result] = results;
  return adapter(types, { memory: MEMORY, run: fn(0), other: fn(1) }, 1, 0, [
    ...misfits(0, params),
    ...returnIf([...get(0), Op.Call, OTHER]),
    ...(result ? write(0, CALL_ANSWER_AT, result, 0, run) : run),
    ...store(0, CALL_ANSWER_AT + CALL_FN, i32(0)),
    ...store(0, CALL_ANSWER_AT + CALL_TAGS, i32(tagsOf(results))),
    ...store(0, CALL_ANSWER_AT + CALL_COUNT, i32(results.length)),
    ...i32(1),
  ]);
}

/** Modules by signature. */
class Modules {
  private readonly made = new Map<string, WebAssembly.Module>();
  constructor(private readonly make: (type: FunctionType) => WebAssembly.Module) {}

  instantiate(type: FunctionType, imports: WebAssembly.ModuleImports): CallableFunction {
    const key = `${type.params.join()}:${type.results.join()}`;
    let module = this.made.get(key);
    if (!module) this.made.set(key, (module = this.make(type)));
    return new WebAssembly.Instance(module, { e: imports }).exports.f as CallableFunction;
  }
}

export const callers = new Modules(callerModule);
export const servers = new Modules(calleeModule);

/** Whether functions of this type can have an adapter. */
export const fits = ({ params, results }: FunctionType): boolean =>
  params.length <= CALL_VALUES && results.length <= 1 && ![...params, ...results].includes('other');
