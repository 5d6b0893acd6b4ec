/** bool, numbers and char: one core value each. */
import type { Primitive } from '../../common/component-types.ts';
import type { Codec, Core } from './codec.ts';
import type { Side } from './side.ts';
import { refuse, Trap, withArticle, type Path } from './trap.ts';

/** A type with one core value. */
export interface Scalar extends Codec {
  readonly flat: string;
  /** These convert between a core value and a JavaScript value. */
  fromCore(core: Core): unknown;
  toCore(value: unknown): Core;
  /** Makes another component's core value valid by dropping its unused bits. Throws `Trap`. */
  norm(core: Core): Core;
}

type Parts = Pick<Scalar, 'size' | 'flat' | 'plain' | 'check' | 'load' | 'fromCore'> & {
  put(side: Side, at: number, value: never): void;
  toCore?(value: never): Core;
  norm?(core: Core): Core;
};

function scalar(wit: Primitive, { put, ...parts }: Parts): Scalar {
  const toCore = (parts.toCore ?? ((value) => value as Core)) as Scalar['toCore'];
  const norm = parts.norm ?? ((core) => toCore(parts.fromCore(core)));
  return {
    ...parts,
    align: parts.size,
    borrows: false,
    wit: () => wit,
    toCore,
    norm,
    store: (side, value, at) => put(side, at, value as never),
    lift: (_, flat, at) => parts.fromCore(flat[at]!),
    lower: (_, value, flat, at) => void (flat[at] = toCore(value)),
    copy: (from, source, to, target) => put(to, target, parts.load(from, source) as never),
    pass: (_from, _to, flat, at) => void (flat[at] = norm(flat[at]!)),
  };
}

/** An integer of at most 32 bits. */
function small(
  wit: Primitive,
  [low, high]: [number, number],
  parts: Pick<Parts, 'size' | 'load' | 'put'> & { fromCore(core: number): number },
): Scalar {
  const range = `${withArticle(wit)} (a whole number from ${low} to ${high})`;
  const inRange = (value: unknown): boolean =>
    Number.isInteger(value) && (value as number) >= low && (value as number) <= high;
  return scalar(wit, {
    ...parts,
    flat: 'i',
    plain: true,
    fromCore: (core) => parts.fromCore(core as number),
    check: (value, path) => {
      if (!inRange(value)) refuse(path, range, value);
    },
  });
}

const U64_LIMIT = 2n ** 64n;

/** A 64-bit integer, which is a bigint in JavaScript; a safe integer is accepted, too. */
function large(wit: 's64' | 'u64', parts: Pick<Parts, 'load' | 'put'> & { fromCore(core: bigint): bigint }): Scalar {
  const [low, high] = wit === 's64' ? [-U64_LIMIT / 2n, U64_LIMIT / 2n - 1n] : [0n, U64_LIMIT - 1n];
  const range = `${withArticle(wit)} (a bigint from ${low} to ${high})`;
  const valid = (value: unknown): boolean =>
    (typeof value === 'bigint' || Number.isSafeInteger(value)) && (value as bigint) >= low && (value as bigint) <= high;
  return scalar(wit, {
    size: 8,
    flat: 'l',
    plain: true,
    load: parts.load,
    put: (side, at, value: bigint | number) => parts.put(side, at, BigInt(value) as never),
    fromCore: (core) => parts.fromCore(core as bigint),
    toCore: (value: bigint | number) => BigInt(value),
    check: (value, path) => {
      if (!valid(value)) refuse(path, range, value);
    },
  });
}

const NAN_32 = 0x7fc00000;
const NAN_64 = 0x7ff80000;

/** Every NaN is stored as the same bits, whatever the engine does. */
function putF32({ view }: Side, at: number, value: number): void {
  if (value === value) view.setFloat32(at, value, true);
  else view.setUint32(at, NAN_32, true);
}

function putF64({ view }: Side, at: number, value: number): void {
  if (value === value) return view.setFloat64(at, value, true);
  view.setUint32(at, 0, true);
  view.setUint32(at + 4, NAN_64, true);
}

function float(wit: 'f32' | 'f64', parts: Pick<Parts, 'size' | 'flat' | 'load' | 'put'>): Scalar {
  return scalar(wit, {
    ...parts,
    plain: true,
    fromCore: (core) => core,
    check: (value, path) => {
      if (typeof value !== 'number') refuse(path, `${withArticle(wit)} (a number)`, value);
    },
  });
}

const SURROGATES = [0xd800, 0xdfff] as const;
const CHAR_LIMIT = 0x110000;

function requireChar(core: number): number {
  const code = core >>> 0;
  if (code >= CHAR_LIMIT || (code >= SURROGATES[0] && code <= SURROGATES[1]))
    throw new Trap(`0x${code.toString(16)} is not a char`);
  return code;
}

function checkChar(value: unknown, path: Path): void {
  const code = typeof value === 'string' ? value.codePointAt(0) : undefined;
  if (code === undefined || String.fromCodePoint(code) !== value || (code >= SURROGATES[0] && code <= SURROGATES[1]))
    refuse(path, 'a char (a string of one Unicode scalar value)', value);
}

export const scalars: Readonly<Record<Exclude<Primitive, 'string'>, Scalar>> = {
  bool: scalar('bool', {
    size: 1,
    flat: 'i',
    plain: false,
    load: ({ view }, at) => view.getUint8(at) !== 0,
    put: ({ view }, at, value: boolean) => view.setUint8(at, value ? 1 : 0),
    fromCore: (core) => core !== 0,
    toCore: (value: boolean) => (value ? 1 : 0),
    check: (value, path) => {
      if (typeof value !== 'boolean') refuse(path, 'a bool (true or false)', value);
    },
  }),
  s8: small('s8', [-0x80, 0x7f], {
    size: 1,
    load: ({ view }, at) => view.getInt8(at),
    put: ({ view }, at, value: number) => view.setInt8(at, value),
    fromCore: (core) => (core << 24) >> 24,
  }),
  u8: small('u8', [0, 0xff], {
    size: 1,
    load: ({ view }, at) => view.getUint8(at),
    put: ({ view }, at, value: number) => view.setUint8(at, value),
    fromCore: (core) => core & 0xff,
  }),
  s16: small('s16', [-0x8000, 0x7fff], {
    size: 2,
    load: ({ view }, at) => view.getInt16(at, true),
    put: ({ view }, at, value: number) => view.setInt16(at, value, true),
    fromCore: (core) => (core << 16) >> 16,
  }),
  u16: small('u16', [0, 0xffff], {
    size: 2,
    load: ({ view }, at) => view.getUint16(at, true),
    put: ({ view }, at, value: number) => view.setUint16(at, value, true),
    fromCore: (core) => core & 0xffff,
  }),
  s32: small('s32', [-0x80000000, 0x7fffffff], {
    size: 4,
    load: ({ view }, at) => view.getInt32(at, true),
    put: ({ view }, at, value: number) => view.setInt32(at, value, true),
    fromCore: (core) => core | 0,
  }),
  u32: small('u32', [0, 0xffffffff], {
    size: 4,
    load: ({ view }, at) => view.getUint32(at, true),
    put: ({ view }, at, value: number) => view.setUint32(at, value, true),
    fromCore: (core) => core >>> 0,
  }),
  s64: large('s64', {
    load: ({ view }, at) => view.getBigInt64(at, true),
    put: ({ view }, at, value: bigint) => view.setBigInt64(at, value, true),
    fromCore: (core) => BigInt.asIntN(64, core),
  }),
  u64: large('u64', {
    load: ({ view }, at) => view.getBigUint64(at, true),
    put: ({ view }, at, value: bigint) => view.setBigUint64(at, value, true),
    fromCore: (core) => BigInt.asUintN(64, core),
  }),
  f32: float('f32', { size: 4, flat: 'f', load: ({ view }, at) => view.getFloat32(at, true), put: putF32 }),
  f64: float('f64', { size: 8, flat: 'd', load: ({ view }, at) => view.getFloat64(at, true), put: putF64 }),
  char: scalar('char', {
    size: 4,
    flat: 'i',
    plain: false,
    load: ({ view }, at) => String.fromCodePoint(requireChar(view.getUint32(at, true))),
    put: ({ view }, at, value: string) => view.setUint32(at, value.codePointAt(0)!, true),
    fromCore: (core) => String.fromCodePoint(requireChar(core as number)),
    toCore: (value: string) => value.codePointAt(0)!,
    norm: (core) => requireChar(core as number),
    check: checkChar,
  }),
};
