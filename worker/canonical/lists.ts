/** Lists: typed arrays for numbers, arrays for everything else. */
import type { Primitive } from '../../common/component-types.ts';
import type { Codec, Core } from './codec.ts';
import { VALUE_COST, type Side } from './side.ts';
import { refuse, Trap, withArticle, type Path } from './trap.ts';

/** The longest list in bytes: CanonicalABI.md, MAX_LIST_BYTE_LENGTH. */
export const MAX_LIST = 2 ** 28 - 1;

type Numbers =
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array
  | Float32Array
  | Float64Array;
type NumbersClass = new (buffer: ArrayBufferLike, offset?: number, length?: number) => Numbers;

const arrays: Partial<Record<Primitive, NumbersClass>> = {
  s8: Int8Array,
  u8: Uint8Array,
  s16: Int16Array,
  u16: Uint16Array,
  s32: Int32Array,
  u32: Uint32Array,
  s64: BigInt64Array,
  u64: BigUint64Array,
  f32: Float32Array,
  f64: Float64Array,
};

/** The operations that differ between the two kinds of lists. */
interface Elements {
  check(value: unknown, path: Path, side: Side): void;
  count(value: never): number;
  /** Reads elements that are inside the memory. */
  read(side: Side, at: number, count: number): unknown;
  write(side: Side, value: never, at: number): void;
}

function requireRange(side: Side, element: Codec, at: number, count: number): void {
  const size = count * element.size;
  if (size > MAX_LIST) throw new Trap(`a list has ${size} bytes, more than ${MAX_LIST}`);
  side.require(at, size, element.align, 'a list');
}

/** Copies in pieces, so that the component's orders are checked between them. */
const PIECE = 2 ** 22;

function copyBytes(from: Side, at: number, size: number, to: Side, target: number): void {
  for (let done = 0; done < size; done += PIECE) {
    const piece = Math.min(size - done, PIECE);
    to.bytes.set(from.bytes.subarray(at + done, at + done + piece), target + done);
    to.passed(piece);
  }
}

/** Copies the elements; returns their new address. */
function transfer(element: Codec, from: Side, at: number, count: number, to: Side): number {
  requireRange(from, element, at, count);
  const { size } = element;
  const target = to.allocate(count * size, element.align);
  from.refresh();
  if (element.plain) copyBytes(from, at, count * size, to, target);
  else
    for (let i = 0; i < count; i++) {
      element.copy(from, at + i * size, to, target + i * size);
      to.passed(VALUE_COST);
    }
  return target;
}

function list(element: Codec, { check, count, read, write }: Elements): Codec {
  const lift = (side: Side, at: number, length: number): unknown => {
    requireRange(side, element, at, length);
    return read(side, at, length);
  };
  const lower = (side: Side, value: unknown): number => {
    const at = side.allocate(count(value as never) * element.size, element.align);
    write(side, value as never, at);
    return at;
  };
  return {
    size: 8,
    align: 4,
    flat: 'ii',
    plain: false,
    borrows: element.borrows,
    wit: () => `list<${element.wit()}>`,
    check,
    load: (side, at) => lift(side, side.view.getUint32(at, true), side.view.getUint32(at + 4, true)),
    store(side, value, at) {
      const pointer = lower(side, value);
      side.view.setUint32(at, pointer, true);
      side.view.setUint32(at + 4, count(value as never), true);
    },
    lift: (side, flat, at) => lift(side, (flat[at] as number) >>> 0, (flat[at + 1] as number) >>> 0),
    lower(side, value, flat, at) {
      flat[at] = lower(side, value);
      flat[at + 1] = count(value as never);
    },
    copy(from, source, to, target) {
      const length = from.view.getUint32(source + 4, true);
      const pointer = transfer(element, from, from.view.getUint32(source, true), length, to);
      to.view.setUint32(target, pointer, true);
      to.view.setUint32(target + 4, length, true);
    },
    pass(from, to, flat: Core[], at) {
      flat[at] = transfer(element, from, (flat[at] as number) >>> 0, (flat[at + 1] as number) >>> 0, to);
    },
  };
}

function checkElements(element: Codec, value: ArrayLike<unknown>, path: Path, side: Side, wit: string): void {
  if (value.length * element.size > MAX_LIST) refuse(path, `a ${wit} of at most ${MAX_LIST} bytes`, value);
  const inner = { up: path, key: 0 };
  for (; inner.key < value.length; inner.key++) element.check(value[inner.key], inner, side);
}

/** A list whose elements are separate values. */
function valueList(element: Codec): Codec {
  const wit = (): string => `list<${element.wit()}>`;
  return list(element, {
    check(value, path, side) {
      if (!Array.isArray(value)) refuse(path, `an array, a ${wit()}`, value);
      checkElements(element, value, path, side, wit());
    },
    count: (value: unknown[]) => value.length,
    read(side, at, count) {
      side.spend(VALUE_COST * (count + 1));
      const values: unknown[] = [];
      for (let i = 0; i < count; i++) values.push(element.load(side, at + i * element.size));
      return values;
    },
    write(side, value: unknown[], at) {
      for (let i = 0; i < value.length; i++) element.store(side, value[i], at + i * element.size);
    },
  });
}

/** A list of numbers, which are copied as bytes. A plain array is accepted, too, and for u8 anything that holds bytes. */
function numberList(element: Codec, Class: NumbersClass): Codec {
  const { name } = Class;
  const bytesOf = (value: unknown): unknown =>
    Class !== Uint8Array
      ? value
      : value instanceof ArrayBuffer
        ? new Uint8Array(value)
        : ArrayBuffer.isView(value)
          ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
          : value;
  return list(element, {
    check(value, path, side) {
      const wit = `list<${element.wit()}>`;
      const numbers = bytesOf(value);
      if (!Array.isArray(numbers) && !(numbers instanceof Class))
        refuse(path, `${withArticle(name)} or an array of numbers, a ${wit}`, value);
      if (Array.isArray(numbers)) checkElements(element, numbers, path, side, wit);
      else if (numbers.byteLength > MAX_LIST) refuse(path, `a ${wit} of at most ${MAX_LIST} bytes`, value);
    },
    count: (value) => (bytesOf(value) as ArrayLike<unknown>).length,
    read(side, at, count) {
      const size = count * element.size;
      side.spend(VALUE_COST + size);
      return new Class(side.bytes.slice(at, at + size).buffer);
    },
    write(side, value: unknown, at) {
      const numbers = bytesOf(value) as Numbers | unknown[];
      if (Array.isArray(numbers)) numbers.forEach((each, i) => element.store(side, each, at + i * element.size));
      else side.bytes.set(new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength), at);
    },
  });
}

export function listOf(element: Codec, kind: string): Codec {
  const Class = arrays[kind as Primitive];
  return Class ? numberList(element, Class) : valueList(element);
}
