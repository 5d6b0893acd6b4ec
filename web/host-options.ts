/** Functions of the page's that guests import: the option `host`. */
import { wrong } from './bytes.js';
import type { Kind } from '../common/guest-protocol.js';
import type { WasmModule } from '../common/protocol.js';

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

/**
 * The ES module beside a guest: its URL, which may be relative to the page; or an object with more.
 *
 * - `module`: the URL.
 * - `options`: what the module finds in `context.options`; it is cloned.
 * - `serial`: whether a call waits until the one before has settled, for glue that cannot have two calls open. Default:
 *   false.
 */
export type CompanionOption = string | URL | { module: string | URL; options?: unknown; serial?: boolean };

/** What a companion is given. */
export interface CompanionContext {
  /** The guest's, compiled. */
  readonly module: WasmModule;
  /** Stands for the module wherever glue wants its bytes: `WebAssembly.instantiate(bytes)` instantiates `module`. */
  readonly bytes: ArrayBuffer;
  /** The guest's memory if it imports one, as guests with threads do. */
  readonly memory: object | null;
  /** The kernel's system calls. */
  readonly imports: {
    readonly wasi_snapshot_preview1: CompanionImports;
    readonly wasi: { 'thread-spawn'(argument: number): number };
  };
  /** The same in the shape of `node:wasi`. */
  readonly wasi: {
    readonly wasiImport: CompanionImports;
    /** Set it to true before glue instantiates the module: the kernel's system calls take the place of the glue's. */
    override: boolean;
    getImportObject(): { wasi_snapshot_preview1: CompanionImports };
    /** Calls `_initialize`, if there is one. */
    initialize(instance: object): void;
    /** Calls `_start`. */
    start(instance: object): number;
  };
  /** Null in the guest's first thread. */
  readonly thread: { readonly tid: number; readonly argument: number } | null;
  /** To the companions of the guest's other threads; messages are cloned. */
  readonly channel: {
    post(message: unknown): void;
    onmessage: ((message: unknown, tid: number) => void) | null;
  };
  /** The page's `companion.options`. */
  readonly options: unknown;
}

/** Functions by their names. */
export type CompanionImports = Record<string, (...args: never[]) => unknown>;

/** What a companion returns, or promises; nothing if it has done all by itself. */
export interface CompanionReply {
  /** Functions that the page calls with `instance.call()`; they may be async. */
  calls?: Record<string, (...args: never[]) => unknown>;
  /** What the guest imports, if the companion has not instantiated it. */
  imports?: Record<string, CompanionImports>;
  /** Called with the guest's instance before `_initialize` runs. */
  ready?(instance: { readonly exports: Record<string, unknown> }): void | Promise<void>;
}

/** The type of a companion's default export. It is called once for the guest, and once in each of its threads. */
export type Companion = (context: CompanionContext) => CompanionReply | void | Promise<CompanionReply | void>;

/** Functions by the names under which guests import them: module, then name. */
export type HostFunctions = Readonly<Record<string, Readonly<Record<string, HostFunction>>>>;

/**
 * Declares what a host function takes and returns, if that is more than numbers.
 *
 * @param signature - Its parameters and result.
 * @param fn - The function; behind its arguments it gets a `HostContext`.
 * @returns A function for the option `host`.
 * @throws `TypeError` when the second argument is no function.
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
  if (typeof fn !== 'function') throw wrong('fn', 'a function', fn);
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
