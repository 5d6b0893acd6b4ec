/** How values of one type are represented. There is one codec per type; it has no state of a call. */
import type { Path } from './trap.ts';
import type { Side } from './side.ts';

/** A core value: a number for i32, f32 and f64, a bigint for i64. */
export type Core = number | bigint;

export interface Codec {
  /** The size in memory, in bytes. */
  readonly size: number;
  readonly align: number;
  /** The core types that it flattens to, a letter each: i = i32, l = i64, f = f32, d = f64. Null if there are more than MAX_FLAT. */
  readonly flat: string | null;
  /** Whether its bytes can be copied as they are: all values of the bytes are valid, and there is no padding. */
  readonly plain: boolean;
  /** Whether it contains a borrowed handle. */
  readonly borrows: boolean;
  /** The type as WIT writes it, for messages. */
  wit(): string;

  /** Throws `WrongValue` unless the value has this type. `store` and `lower` do not check values again. */
  check(value: unknown, path: Path, side: Side): void;
  /** Reads a value from memory, at an address that has been checked. */
  load(side: Side, at: number): unknown;
  /** Writes a value to memory, at an address that has been checked. */
  store(side: Side, value: unknown, at: number): void;
  /** Reads the core values from index `at` on, and may overwrite them. */
  lift(side: Side, flat: Core[], at: number): unknown;
  lower(side: Side, value: unknown, flat: Core[], at: number): void;
  /** Copies a value from one memory to another, without making a JavaScript value. */
  copy(from: Side, source: number, to: Side, target: number): void;
  /** The same for core values, which are replaced in place. */
  pass(from: Side, to: Side, flat: Core[], at: number): void;
}

/** More core values than this are passed in memory. */
export const MAX_FLAT = 16;

/** The flat types of several consecutive values. */
export function flatOf(codecs: readonly (Codec | null)[]): string | null {
  let all = '';
  for (const codec of codecs) {
    if (codec?.flat === null) return null;
    all += codec?.flat ?? '';
    if (all.length > MAX_FLAT) return null;
  }
  return all;
}

export const alignTo = (at: number, align: number): number => Math.ceil(at / align) * align;
