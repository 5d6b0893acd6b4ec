/**
 * Validators for what callers pass. Each returns the value, or throws a `TypeError` (wrong type) or `RangeError` (out of
 * range) whose message begins with `what`: the option's or argument's name.
 */
import { LONGEST_TIMER } from '../common/timers.js';
import { shown, tagOf, wrong } from './bytes.js';
import { later } from './later.js';

/** A plain record. Arrays, `Map`s and promises are rejected, because their contents would be ignored. */
export function object<T>(value: T, what: string): T & object {
  if (!/^(Object|Module)$/.test(tagOf(value))) throw wrong(what, 'an object', value);
  return value as T & object;
}

export function array<T extends readonly unknown[]>(value: T, what: string, wanted = 'an array'): T {
  if (!Array.isArray(value)) throw wrong(what, wanted, value);
  return value;
}

/** A string that C can hold. */
export function text(value: unknown, what: string): string {
  if (typeof value !== 'string') throw wrong(what, 'a string', value);
  if (value.includes('\0')) throw new TypeError(`${what} contains a NUL: ${JSON.stringify(value)}`);
  return value;
}

/** An optional flag. */
export function flag(value: unknown, what: string): boolean {
  if (value !== undefined && typeof value !== 'boolean') throw wrong(what, 'true or false', value);
  return value === true;
}

export function callable<T>(value: T, what: string): T {
  if (typeof value !== 'function') throw wrong(what, 'a function', value);
  return value;
}

/** An optional function. */
export const callback = <T>(value: T | undefined, what: string): T | undefined =>
  value === undefined ? value : callable(value, what);

/** An optional signal. */
export function abortSignal(value: AbortSignal | undefined): AbortSignal | undefined {
  if (value !== undefined && tagOf(value) !== 'AbortSignal') throw wrong('signal', 'an AbortSignal', value);
  return value;
}

export function count(value: unknown, what: string, least: number, most = Infinity): number {
  if (typeof value !== 'number') throw wrong(what, 'a number', value);
  if (!Number.isSafeInteger(value) || value < least)
    throw new RangeError(`${what} must be a whole number of at least ${least}, not ${value}`);
  if (value > most) throw new RangeError(`${what} must be at most ${most}, not ${value}`);
  return value;
}

export const portNumber = (value: unknown, what: string, least: 0 | 1): number => count(value, what, least, 65535);

/** Milliseconds to wait: 0 means not at all, `Infinity` forever. */
export function waitTime(value: unknown, what: string): number {
  if (typeof value !== 'number') throw wrong(what, 'a number of milliseconds', value);
  if (!(value >= 0)) throw new RangeError(`${what} must be 0 or more milliseconds, not ${value}`);
  return value;
}

/** Milliseconds of a limit. No limit is 0: also `Infinity`, and anything longer than a timer supports. */
export function timeLimit(value: unknown, what: string): number {
  const time = waitTime(value, what);
  return time > LONGEST_TIMER ? 0 : time;
}

export function oneOf<T extends string>(value: unknown, list: readonly T[], what: string): T {
  const found = list.find((name) => name === value);
  if (found !== undefined) return found;
  const words = list.map((name) => `"${name}"`).join(list.length > 2 ? ', ' : ' or ');
  throw new TypeError(`${what} must be ${words}, not ${shown(value)}`);
}

/** An absolute path in the runtime's file system. */
export function absolutePath(value: unknown, what: string): string {
  const path = text(value, what);
  if (!path.startsWith('/')) {
    throw new TypeError(
      `${what} must be absolute (start with "/") in the runtime's file system: ${JSON.stringify(path)}`,
    );
  }
  return path;
}

/** The URL, resolved against `base`. */
export function address(url: string | URL, base: string, what: string): URL {
  try {
    return new URL(url, base);
  } catch (error) {
    throw new TypeError(`${what} is not a URL: ${JSON.stringify(String(url))}`, { cause: error });
  }
}

/** Rejects a name that occurs twice. */
export function distinct(names: readonly string[], what: string): void {
  const seen = new Set<string>();
  for (const name of names)
    if (seen.size === seen.add(name).size) throw new TypeError(`${what}: ${JSON.stringify(name)} is listed twice`);
}

/** Rejects a lower bound above the upper one. */
export function ordered(low: number, lowest: string, high: number, highest: string): void {
  if (low > high) throw new RangeError(`${lowest} (${low}) is more than ${highest} (${high})`);
}

/**
 * What is left of the options after all known ones were taken. TypeScript reports a known option that was not taken.
 */
export type Nothing = Record<string, never>;

/** Throws `Unclear` for unknown options; `kind` is the kind of options, and `what` their name in the message. */
export function nothingMore(kind: string, rest: Nothing, what = kind): void {
  for (const name of Object.keys(rest)) throw new Unclear(kind, what, name);
}

/**
 * An unknown option, or a value that is ambiguous (`kind` is then that of the call, a dot and "stdin"). help.ts has the
 * full message.
 */
export class Unclear extends TypeError {
  constructor(
    readonly kind: string,
    readonly what: string,
    readonly option: unknown,
  ) {
    super(`${what}: no such option: ${shown(option)}`);
  }
}

/**
 * Starts `work` at once and returns its result. An `Unclear` error is replaced by the full message of help.ts, if that
 * file can be loaded.
 */
export async function helped<T>(work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof TypeError && 'kind' in error)) throw error;
    const help = await later('help.js', import('./help.js')).catch(() => undefined);
    throw help ? help.explained(error as Unclear) : error;
  }
}
