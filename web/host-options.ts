/** Functions of the page's that guests import: the option `host`. */
import type { Kind } from '../common/guest-protocol.js';

/** What a host function gets behind its arguments. */
export interface HostContext {
  /** The calling process: its `id`, `pid` and `name`. */
  readonly id: number;
  readonly pid: number;
  readonly name: string;
  /** The thread that called, and waits. */
  readonly tid: number;
  /** Aborted when the process has ended: nobody waits for the answer any more. */
  readonly signal: AbortSignal;
}

/**
 * The signature of a host function, as the guest's import has it.
 *
 * - "i32", "i64", "f32", "f64" are one parameter or result each: numbers, and bigints for "i64".
 * - "string" (UTF-8), "bytes" and "json" are two i32 parameters: pointer and length.
 * - Of such a result the guest gets the length, as an i32, and the bytes in a buffer that it passes in two further
 *   parameters: pointer and capacity. If the length is greater than the capacity, nothing was written, and the same
 *   call with a larger buffer gets the same result, without another call of the function.
 * - With `into: 'allocator'` there is one further parameter instead, a pointer to where the length goes (32 bits); the
 *   guest gets a pointer to memory from its own allocator (`malloc`), which it frees.
 */
export interface HostSignatureOption {
  params?: readonly Kind[];
  /** Default: no result. */
  result?: Kind | undefined;
  into?: 'buffer' | 'allocator';
  /** What the guest gets when the function throws or rejects. Default: the guest traps, and the message names the function. */
  error?: number | bigint;
}

/** A function that guests call. It may be async: the guest waits, the page does not. */
export interface HostFunction {
  (...args: never[]): unknown;
  /** Set by `hostFunction()`. */
  signature?: HostSignatureOption | undefined;
}

/** Functions by the names under which guests import them: module, then name. */
export type HostFunctions = Readonly<Record<string, Readonly<Record<string, HostFunction>>>>;

/**
 * Declares what a host function takes and returns, if that is more than numbers.
 *
 * @param signature - Its parameters and result.
 * @param fn - The function; behind its arguments it gets a `HostContext`.
 * @returns A function for the option `host`.
 *
 * @example
 * const host = {
 *   env: {
 *     log: hostFunction({ params: ['string'] }, (text) => console.log(text)),
 *     fetch_text: hostFunction({ params: ['string'], result: 'string', error: -1 }, async (url, { signal }) =>
 *       (await fetch(url, { signal })).text(),
 *     ),
 *   },
 * };
 */
export function hostFunction<const P extends readonly Kind[]>(
  signature: HostSignatureOption & { params?: P },
  fn: (...args: [...Values<P>, HostContext]) => unknown,
): HostFunction {
  return Object.assign((...args: [...Values<P>, HostContext]) => fn(...args), { signature }) as HostFunction;
}

/** The values of JavaScript for kinds. */
export type Values<P extends readonly Kind[]> = {
  -readonly [I in keyof P]: P[I] extends 'i64'
    ? bigint
    : P[I] extends 'string'
      ? string
      : P[I] extends 'bytes'
        ? Uint8Array
        : P[I] extends 'json'
          ? // eslint-disable-next-line @typescript-eslint/no-explicit-any
            any
          : number;
};
