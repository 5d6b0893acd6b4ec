/** Host functions, which guests import from the page: the option `host`. */
import { wrong } from './bytes.js';
import type { Kind } from '../common/guest-protocol.js';
import type { WasmModule } from '../common/protocol.js';

/** The last argument of a host function. */
export interface HostContext {
  /** The calling process: its `id`, `pid` and `name`. */
  readonly id: number;
  readonly pid: number;
  readonly name: string;
  /** The calling thread, which waits for the result. */
  readonly tid: number;
  /** Aborted when the process has ended and the result is no longer needed. */
  readonly signal: AbortSignal;
}

/**
 * The signature of a host function, which must match the guest's import.
 *
 * - "i32", "i64", "f32", "f64" are one parameter or result each: numbers, and bigints for "i64".
 * - "string" (UTF-8), "bytes" and "json" are two i32 parameters: pointer and length.
 * - For a result of these kinds, the guest passes a buffer in two further parameters, pointer and capacity, and gets the
 *   length as an i32. If the length is greater than the capacity, nothing was written; the same call with a larger
 *   buffer then gets the same result, without calling the function again.
 * - With `into: 'allocator'` the guest instead passes one further parameter, a pointer to a 32-bit word that receives the
 *   length. It gets a pointer to memory from its own allocator (`malloc`), which it must free.
 */
export interface HostSignatureOption {
  params?: readonly Kind[];
  /** Default: no result. */
  result?: Kind | undefined;
  into?: 'buffer' | 'allocator';
  /** The result for the guest when the function throws or rejects. Default: the guest traps, with a message that names the function. */
  error?: number | bigint;
}

/** A function that guests call. It may be async: the guest waits for the result, and the page does not block. */
export interface HostFunction {
  (...args: never[]): unknown;
  /** Set by `hostFunction()`. */
  signature?: HostSignatureOption | undefined;
}

/**
 * The ES module that drives a guest from its worker: a URL, which may be relative to the page, or an object with options.
 *
 * - `module`: the URL.
 * - `options`: passed to the module as `context.options`; cloned.
 * - `serial`: whether each call waits until the previous one has settled, for glue code that cannot handle two calls at
 *   once. Default: false.
 */
export type CompanionOption = string | URL | { module: string | URL; options?: unknown; serial?: boolean };

/** The argument of a companion. */
export interface CompanionContext {
  /** The guest's compiled module. */
  readonly module: WasmModule;
  /** A placeholder for glue code that needs the module's bytes: `WebAssembly.instantiate(bytes)` instantiates `module`. */
  readonly bytes: ArrayBuffer;
  /** The guest's memory if it imports one, as guests with threads do. */
  readonly memory: object | null;
  /** The kernel's system calls. */
  readonly imports: {
    readonly wasi_snapshot_preview1: CompanionImports;
    readonly wasi: {
      /** Starts another thread of the guest, as wasi-threads defines it. */
      'thread-spawn'(argument: number): number;
    };
  };
  /** The system calls with the API of `node:wasi`. */
  readonly wasi: {
    readonly wasiImport: CompanionImports;
    /** Set this to true before the glue code instantiates the module to replace its own system calls with the kernel's. */
    override: boolean;
    /** Returns the imports for the module. */
    getImportObject(): { wasi_snapshot_preview1: CompanionImports };
    /** Calls `_initialize`, if there is one. */
    initialize(instance: object): void;
    /** Calls `_start`. */
    start(instance: object): number;
  };
  /** Null in the guest's first thread. */
  readonly thread: { readonly tid: number; readonly argument: number } | null;
  /** Exchanges messages with the companions of the guest's other threads. Messages are cloned. */
  readonly channel: {
    /** Sends a message to all of them. */
    post(message: unknown): void;
    /** Called with each message, and the thread that sent it. */
    onmessage: ((message: unknown, tid: number) => void) | null;
  };
  /** The option `companion.options` of the page. */
  readonly options: unknown;
}

/** Functions by name. */
export type CompanionImports = Record<string, (...args: never[]) => unknown>;

/** What a companion returns or resolves to. It may return nothing if it has instantiated the guest itself and offers no calls. */
export interface CompanionReply {
  /** Functions that the page can call with `instance.call()`; they may be async. */
  calls?: Record<string, (...args: never[]) => unknown>;
  /** The guest's imports, if the companion has not instantiated it. */
  imports?: Record<string, CompanionImports>;
  /** Called with the guest's instance before `_initialize` runs. */
  ready?(instance: { readonly exports: Record<string, unknown> }): void | Promise<void>;
}

/** The type of a companion's default export. It is called once for the guest and once in each of its threads. */
export type Companion = (context: CompanionContext) => CompanionReply | void | Promise<CompanionReply | void>;

/**
 * A class that implements a resource type which a component imports. Its key is the type's name with capital letters ("Blob" for `blob`); its
 * constructor, methods and static functions have the names of the type's in camel case. `[Symbol.dispose]`, if there is one, is called when the component
 * drops an object that it owns.
 */
export type HostClass = new (...args: never[]) => object;

/** Host functions by the module and the name under which guests import them. */
export type HostFunctions = Readonly<Record<string, Readonly<Record<string, HostFunction | HostClass>>>>;

/**
 * Declares the signature of a host function that takes or returns more than numbers.
 *
 * @param signature - Its parameters and result.
 * @param fn - The function. Its last argument is a `HostContext`.
 * @returns A function for the option `host`.
 * @throws `TypeError` if `fn` is not a function.
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

/** The JavaScript values of kinds. */
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
