/** Errors in calls into and out of components. */

/** The component broke a rule of the canonical ABI. It ends as after a trap in its code. */
export class Trap extends Error {
  /** Whether the message names the function. */
  named = false;
}

/** A JavaScript value does not have the function's type. No code of the component has run for the call. */
export class WrongValue extends TypeError {}

/** The path to a value inside other values; it begins with a parameter or "the result". */
export interface Path {
  readonly up: Path | null;
  key: string | number;
}

/** For example "request.headers[3].name". */
export function pathText({ up, key }: Path): string {
  if (!up) return String(key);
  return pathText(up) + (typeof key === 'number' ? `[${key}]` : `.${key}`);
}

const LONGEST = 60;

/** Puts "a" or "an" before the name of a type. */
export const withArticle = (name: string): string => `${/^([aeio]|[fs]\d)/i.test(name) ? 'an' : 'a'} ${name}`;

/** A value in an error message. */
export function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > LONGEST ? `${value.slice(0, LONGEST)}…` : value);
  if (typeof value === 'bigint') return `${value}n`;
  if (value === null || typeof value !== 'object') return typeof value === 'function' ? 'a function' : String(value);
  if (Array.isArray(value)) return `an array of ${value.length}`;
  const name = Object.prototype.toString.call(value).slice(8, -1);
  return name === 'Object' ? 'an object' : withArticle(name);
}

/** `wanted`: what the value must be, such as "a u8 (0 to 255)". */
export function refuse(path: Path, wanted: string, value: unknown): never {
  throw new WrongValue(`${pathText(path)} must be ${wanted}, not ${shown(value)}`);
}
