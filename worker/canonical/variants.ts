/** Variants, options, results and enums. */
import { alignTo, MAX_FLAT, type Codec, type Core } from './codec.ts';
import { joined, slotsFor, type Slots } from './joins.ts';
import type { Wit } from './records.ts';
import { VALUE_COST, type Side } from './side.ts';
import { refuse, Trap, withArticle, type Path } from './trap.ts';

/** How the cases appear in JavaScript. */
interface Mapping {
  /** The index of the value's case; -1 if it has none of the cases. */
  caseOf(value: unknown): number;
  payloadOf(value: unknown): unknown;
  make(index: number, payload: unknown): unknown;
  /** The path of the payload. */
  inside(path: Path): Path;
  /** Describes what a value must be, for messages. */
  wanted(): string;
}

interface Discriminant {
  size: number;
  read(side: Side, at: number): number;
  write(side: Side, at: number, index: number): void;
}

/** The discriminant's size depends on the number of cases. */
function discriminant(cases: number): Discriminant {
  if (cases <= 0x100)
    return {
      size: 1,
      read: ({ view }, at) => view.getUint8(at),
      write: ({ view }, at, index) => view.setUint8(at, index),
    };
  if (cases <= 0x10000)
    return {
      size: 2,
      read: ({ view }, at) => view.getUint16(at, true),
      write: ({ view }, at, index) => view.setUint16(at, index, true),
    };
  return {
    size: 4,
    read: ({ view }, at) => view.getUint32(at, true),
    write: ({ view }, at, index) => view.setUint32(at, index, true),
  };
}

function flatOfCases(payloads: readonly (Codec | null)[]): string | null {
  if (payloads.some((payload) => payload?.flat === null)) return null;
  const flat = `i${joined(payloads.map((payload) => payload?.flat ?? ''))}`;
  return flat.length > MAX_FLAT ? null : flat;
}

function variantLike(payloads: readonly (Codec | null)[], mapping: Mapping, wit: Wit): Codec {
  const tag = discriminant(payloads.length);
  const inner = Math.max(1, ...payloads.map((payload) => payload?.align ?? 1));
  const align = Math.max(tag.size, inner);
  const offset = alignTo(tag.size, inner);
  const flat = flatOfCases(payloads);
  const slots = flat === null ? [] : payloads.map((payload): Slots => slotsFor(payload?.flat ?? '', flat.slice(1)));
  const requireCase = (index: number): number => {
    if (index >= payloads.length) throw new Trap(`${index} is not a case of ${wit()}`);
    return index;
  };
  return {
    size: alignTo(offset + Math.max(0, ...payloads.map((payload) => payload?.size ?? 0)), align),
    align,
    flat,
    plain: false,
    borrows: payloads.some((payload) => payload?.borrows),
    wit,
    check(value, path, side) {
      const index = mapping.caseOf(value);
      if (index < 0) refuse(path, mapping.wanted(), value);
      payloads[index]?.check(mapping.payloadOf(value), mapping.inside(path), side);
    },
    load(side, at) {
      const index = requireCase(tag.read(side, at));
      side.spend(VALUE_COST);
      return mapping.make(index, payloads[index]?.load(side, at + offset));
    },
    store(side, value, at) {
      const index = mapping.caseOf(value);
      tag.write(side, at, index);
      payloads[index]?.store(side, mapping.payloadOf(value), at + offset);
    },
    lift(side, values, at) {
      const index = requireCase((values[at] as number) >>> 0);
      side.spend(VALUE_COST);
      slots[index]!.unpack(values, at + 1);
      return mapping.make(index, payloads[index]?.lift(side, values, at + 1));
    },
    lower(side, value, values, at) {
      const index = mapping.caseOf(value);
      values[at] = index;
      payloads[index]?.lower(side, mapping.payloadOf(value), values, at + 1);
      slots[index]!.pack(values, at + 1);
    },
    copy(from, source, to, target) {
      const index = requireCase(tag.read(from, source));
      tag.write(to, target, index);
      payloads[index]?.copy(from, source + offset, to, target + offset);
    },
    pass(from, to, values: Core[], at) {
      const index = requireCase((values[at] as number) >>> 0);
      values[at] = index;
      slots[index]!.unpack(values, at + 1);
      payloads[index]?.pass(from, to, values, at + 1);
      slots[index]!.pack(values, at + 1);
    },
  };
}

type Tagged = { tag: unknown; val?: unknown };

const isTagged = (value: unknown): value is Tagged => typeof value === 'object' && value !== null && 'tag' in value;

const MOST_NAMES = 8;

const oneOf = (names: readonly string[]): string => {
  const first = names.slice(0, MOST_NAMES).map((name) => `"${name}"`);
  return `${first.join(', ')}${names.length > MOST_NAMES ? ', …' : ''}`;
};

/** A case is {tag, val}; without a payload it has no `val`, unless `always` is set. */
function tagged(names: readonly string[], payloads: readonly (Codec | null)[], wit: Wit, always: boolean): Mapping {
  const index = new Map(names.map((name, i) => [name, i]));
  return {
    caseOf: (value) => (isTagged(value) ? (index.get(value.tag as string) ?? -1) : -1),
    payloadOf: (value) => (value as Tagged).val,
    make: (i, val) => (payloads[i] || always ? { tag: names[i]!, val } : { tag: names[i]! }),
    inside: (path) => ({ up: path, key: 'val' }),
    wanted: () => `an object whose tag is one of ${oneOf(names)}, ${withArticle(wit())}`,
  };
}

export const variant = (names: readonly string[], payloads: readonly (Codec | null)[], wit: Wit): Codec =>
  variantLike(payloads, tagged(names, payloads, wit, false), wit);

export const result = (ok: Codec | null, err: Codec | null, wit: Wit): Codec =>
  variantLike([ok, err], tagged(['ok', 'err'], [ok, err], wit, true), wit);

/** `nested`: the value itself can be undefined, so the option is {tag, val}. */
export function option(some: Codec, nested: boolean, wit: Wit): Codec {
  const payloads = [null, some];
  if (nested) return variantLike(payloads, tagged(['none', 'some'], payloads, wit, false), wit);
  const mapping: Mapping = {
    caseOf: (value) => (value === undefined || value === null ? 0 : 1),
    payloadOf: (value) => value,
    make: (_, payload) => payload,
    inside: (path) => path,
    wanted: wit,
  };
  return variantLike(payloads, mapping, wit);
}

/** A case is a string. */
export function enumeration(names: readonly string[], wit: Wit): Codec {
  const tag = discriminant(names.length);
  const index = new Map(names.map((name, i) => [name, i]));
  const requireCase = (i: number): number => {
    if (i >= names.length) throw new Trap(`${i} is not a case of ${wit()}`);
    return i;
  };
  return {
    size: tag.size,
    align: tag.size,
    flat: 'i',
    plain: false,
    borrows: false,
    wit,
    check(value, path) {
      if (!index.has(value as string)) refuse(path, `one of ${oneOf(names)}`, value);
    },
    load: (side, at) => names[requireCase(tag.read(side, at))],
    store: (side, value, at) => tag.write(side, at, index.get(value as string)!),
    lift: (_, flat, at) => names[requireCase((flat[at] as number) >>> 0)],
    lower: (_, value, flat, at) => void (flat[at] = index.get(value as string)!),
    copy: (from, source, to, target) => tag.write(to, target, requireCase(tag.read(from, source))),
    pass: (_from, _to, flat, at) => void (flat[at] = requireCase((flat[at] as number) >>> 0)),
  };
}
