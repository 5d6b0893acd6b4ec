/** Records, tuples and flags. */
import { lowerCamel } from '../../common/component-names.ts';
import { alignTo, flatOf, type Codec } from './codec.ts';
import { VALUE_COST } from './side.ts';
import { refuse } from './trap.ts';

interface Part {
  codec: Codec;
  /** Its offset in memory. */
  at: number;
  /** Its index in the flat values. */
  slot: number;
}

interface Layout extends Pick<Codec, 'size' | 'align' | 'flat' | 'plain' | 'borrows' | 'copy' | 'pass'> {
  parts: Part[];
}

/** Places values one after the other. */
export function layOut(codecs: readonly Codec[]): Layout {
  let [size, slot, sum] = [0, 0, 0];
  const parts = codecs.map((codec) => {
    const at = alignTo(size, codec.align);
    const part = { codec, at, slot };
    size = at + codec.size;
    sum += codec.size;
    slot += codec.flat?.length ?? 0;
    return part;
  });
  const align = Math.max(1, ...codecs.map((codec) => codec.align));
  const whole = alignTo(size, align);
  return {
    parts,
    size: whole,
    align,
    flat: flatOf(codecs),
    plain: whole === sum && codecs.every((codec) => codec.plain),
    borrows: codecs.some((codec) => codec.borrows),
    copy(from, source, to, target) {
      for (const { codec, at } of parts) codec.copy(from, source + at, to, target + at);
    },
    pass(from, to, flat, at) {
      for (const { codec, slot } of parts) codec.pass(from, to, flat, at + slot);
    },
  };
}

export type Wit = () => string;

type Values = Record<string, unknown>;

/** Returns a function that reads properties. It ignores properties that every object inherits, such as `constructor`. */
const reader = (keys: readonly string[]): ((value: Values, key: string) => unknown) =>
  keys.some((key) => key in Object.prototype)
    ? (value, key) => (Object.hasOwn(value, key) ? value[key] : undefined)
    : (value, key) => value[key];

export function record(names: readonly string[], codecs: readonly Codec[], wit: Wit): Codec {
  const { parts, ...layout } = layOut(codecs);
  const keys = names.map(lowerCamel);
  const read = reader(keys);
  return {
    ...layout,
    wit,
    check(value, path, side) {
      if (typeof value !== 'object' || value === null) refuse(path, `an object, a ${wit()}`, value);
      const inner = { up: path, key: '' };
      for (let i = 0; i < keys.length; i++) {
        inner.key = keys[i]!;
        codecs[i]!.check(read(value as Values, inner.key), inner, side);
      }
    },
    load(side, at) {
      side.spend(VALUE_COST);
      const value: Values = {};
      for (let i = 0; i < keys.length; i++) value[keys[i]!] = codecs[i]!.load(side, at + parts[i]!.at);
      return value;
    },
    store(side, value, at) {
      for (let i = 0; i < keys.length; i++) codecs[i]!.store(side, read(value as Values, keys[i]!), at + parts[i]!.at);
    },
    lift(side, flat, at) {
      side.spend(VALUE_COST);
      const value: Values = {};
      for (let i = 0; i < keys.length; i++) value[keys[i]!] = codecs[i]!.lift(side, flat, at + parts[i]!.slot);
      return value;
    },
    lower(side, value, flat, at) {
      for (let i = 0; i < keys.length; i++)
        codecs[i]!.lower(side, read(value as Values, keys[i]!), flat, at + parts[i]!.slot);
    },
  };
}

export function tuple(codecs: readonly Codec[], wit: Wit): Codec {
  const { parts, ...layout } = layOut(codecs);
  return {
    ...layout,
    wit,
    check(value, path, side) {
      if (!Array.isArray(value) || value.length !== codecs.length)
        refuse(path, `an array of ${codecs.length}, a ${wit()}`, value);
      const inner = { up: path, key: 0 };
      for (; inner.key < codecs.length; inner.key++) codecs[inner.key]!.check(value[inner.key], inner, side);
    },
    load(side, at) {
      side.spend(VALUE_COST);
      return parts.map((part) => part.codec.load(side, at + part.at));
    },
    store(side, value, at) {
      parts.forEach((part, i) => part.codec.store(side, (value as unknown[])[i], at + part.at));
    },
    lift(side, flat, at) {
      side.spend(VALUE_COST);
      return parts.map((part) => part.codec.lift(side, flat, at + part.slot));
    },
    lower(side, value, flat, at) {
      parts.forEach((part, i) => part.codec.lower(side, (value as unknown[])[i], flat, at + part.slot));
    },
  };
}

/** Flags are an object of booleans. Missing ones are false; undefined and null mean that all are. */
export function flags(names: readonly string[], wit: Wit): Codec {
  const keys = names.map(lowerCamel);
  const size = names.length <= 8 ? 1 : names.length <= 16 ? 2 : 4;
  const mask = names.length === 32 ? 0xffffffff : 2 ** names.length - 1;
  const own = reader(keys);
  const unpack = (bits: number): Values => {
    const value: Values = {};
    keys.forEach((key, i) => (value[key] = ((bits >>> i) & 1) !== 0));
    return value;
  };
  const pack = (value: unknown): number => {
    if (value === undefined || value === null) return 0;
    let bits = 0;
    for (let i = 0; i < keys.length; i++) if (own(value as Values, keys[i]!)) bits |= 1 << i;
    return bits >>> 0;
  };
  const read = (view: DataView, at: number): number =>
    size === 1 ? view.getUint8(at) : size === 2 ? view.getUint16(at, true) : view.getUint32(at, true);
  const write = (view: DataView, at: number, bits: number): void => {
    if (size === 1) view.setUint8(at, bits);
    else if (size === 2) view.setUint16(at, bits, true);
    else view.setUint32(at, bits, true);
  };
  return {
    size,
    align: size,
    flat: 'i',
    plain: false, // bits without a flag are dropped
    borrows: false,
    wit,
    check(value, path) {
      if (value === undefined || value === null) return;
      if (typeof value !== 'object') refuse(path, `an object of booleans, ${wit()}`, value);
      for (const key of keys) {
        const flag = own(value as Values, key);
        if (flag !== undefined && typeof flag !== 'boolean') refuse({ up: path, key }, 'true or false', flag);
      }
    },
    load(side, at) {
      side.spend(VALUE_COST);
      return unpack(read(side.view, at));
    },
    store: (side, value, at) => write(side.view, at, pack(value)),
    lift(side, flat, at) {
      side.spend(VALUE_COST);
      return unpack(flat[at] as number);
    },
    lower: (_, value, flat, at) => void (flat[at] = pack(value)),
    copy: (from, source, to, target) => write(to.view, target, (read(from.view, source) & mask) >>> 0),
    pass: (_from, _to, flat, at) => void (flat[at] = ((flat[at] as number) & mask) >>> 0),
  };
}
