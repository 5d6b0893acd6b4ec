/** The core values of a variant: all cases use the same slots, whose types fit the values of each case (CanonicalABI.md, "Flattening", join). */
import type { Core } from './codec.ts';

const scratch = new DataView(new ArrayBuffer(8));
const NAN_32 = 0x7fc00000;
const NAN_64 = 0x7ff8000000000000n;

function bits32(value: Core): number {
  if (value !== value) return NAN_32;
  scratch.setFloat32(0, value as number);
  return scratch.getUint32(0);
}

function bits64(value: Core): bigint {
  if (value !== value) return NAN_64;
  scratch.setFloat64(0, value as number);
  return scratch.getBigUint64(0);
}

function float32(bits: number): number {
  scratch.setUint32(0, bits);
  return scratch.getFloat32(0);
}

function float64(bits: bigint): number {
  scratch.setBigUint64(0, bits);
  return scratch.getFloat64(0);
}

const low32 = (value: Core): number => Number(BigInt.asUintN(32, value as bigint));

/** By the type of the value and the type of its slot. */
const into: Readonly<Record<string, (value: Core) => Core>> = {
  fi: bits32,
  il: (value) => BigInt((value as number) >>> 0),
  fl: (value) => BigInt(bits32(value)),
  dl: bits64,
};
const outOf: Readonly<Record<string, (slot: Core) => Core>> = {
  fi: (slot) => float32(slot as number),
  il: low32,
  fl: (slot) => float32(low32(slot)),
  dl: (slot) => float64(slot as bigint),
};

const join = (a: string, b: string): string =>
  a === b ? a : (a === 'i' || a === 'f') && (b === 'i' || b === 'f') ? 'i' : 'l';

/** The slots for the core types of the cases. */
export function joined(cases: readonly string[]): string {
  const slots: string[] = [];
  for (const flat of cases)
    [...flat].forEach((type, i) => (slots[i] = i < slots.length ? join(slots[i]!, type) : type));
  return slots.join('');
}

/** Converts the core values of one case to slots and back, in place. */
export interface Slots {
  pack(flat: Core[], at: number): void;
  unpack(flat: Core[], at: number): void;
}

export function slotsFor(flat: string, slots: string): Slots {
  const changes = [...flat].flatMap((type, i) => (type === slots[i] ? [] : [{ i, how: type + slots[i]! }]));
  const rest = [...slots].slice(flat.length).map((type): Core => (type === 'l' ? 0n : 0));
  return {
    pack(values, at) {
      for (const { i, how } of changes) values[at + i] = into[how]!(values[at + i]!);
      for (let i = 0; i < rest.length; i++) values[at + flat.length + i] = rest[i]!;
    },
    unpack(values, at) {
      for (const { i, how } of changes) values[at + i] = outOf[how]!(values[at + i]!);
    },
  };
}
