/// <reference lib="esnext.disposable" preserve="true" />
/**
 * Threads on shared memories: each thread is a process that runs one export of a module, and several of them share a memory, which the page reads and
 * writes through a handle.
 *
 * @packageDocumentation
 */
import { PART, type MemoryRequest } from '../common/protocol.js';
import { WASM_PAGES_MAX } from '../build/generated/layouts.js';
import type { FromWorker, Link } from './link.js';
import { copyOf, isBytes, viewOf, wrong, type OwnedBytes } from './bytes.js';
import { array, count, helped, nothingMore, object, ordered, text, type Nothing } from './check.js';
import { within } from './deadline.js';
import { deferred } from './deferred.js';
import { forward, OF_PROCESS } from './forward.js';
import type { Holdfast } from './holdfast.js';
import { INSIDE, type Inside } from './inside.js';
import { later } from './later.js';
import type { SpawnOptions } from './options.js';
import type { Exit, JoinOptions, Process } from './process.js';
import type { Source } from './source.js';

export { JoinSet, type JoinOutcome } from './join-set.js';

/** Options of `createMemory()`. */
export interface MemoryOptions {
  /** The size in pages of 64 KiB. */
  pages: number;
  /** The size in pages to which it can grow. Default: `pages`. */
  maximum?: number;
}

/**
 * What a thread's entry returned: nothing, a number or bigint (an i32 is signed), or an array of several results. Of a
 * repeated thread, what the last call returned.
 */
export type ThreadValue = undefined | number | bigint | readonly (number | bigint)[];

/** Options of `memory.spawn()`: those of `hf.spawn()` that apply, and these. */
export interface ThreadOptions extends Omit<
  SpawnOptions,
  'args' | 'argv0' | 'terminal' | 'companion' | 'children' | 'http'
> {
  /** The module and the name under which the module imports the memory. Default: `['env', 'mem']`. */
  importAs?: readonly [module: string, name: string];
  /** How often the thread calls the entry, one call after the other. Default: 1. */
  repeat?: number;
}

/**
 * A thread: a process (`ps()`, `kill()`, `pause()`, `timeout` and limits apply) that runs one export of a module. Its
 * output goes to the console unless `stdout` and `stderr` say otherwise.
 */
export interface Thread extends Omit<Process, 'join' | 'tryJoin'> {
  /** The process, for a supervisor: `start: async () => (await memory.spawn(…)).process`, or the thread itself. */
  readonly process: Process;
  /**
   * Waits for the end and uses up the handle.
   *
   * @returns What the entry returned; nothing if the thread called `proc_exit(0)`.
   * @throws `CallFailed` when the thread ended in any other way: a trap, `kill()`, a limit, a timeout, or an exit code
   * other than 0. `exit` says which.
   * @throws `HandleError` when the thread was already joined or detached.
   * @throws `Closed` or `Fatal` when the runtime ends first.
   *
   * @example
   * const sum = await thread.join();
   */
  join(): Promise<ThreadValue>;
  /**
   * Waits for the end, with a time limit or an abort signal. Neither stops the thread or uses up the handle.
   *
   * @param options - `timeout` in milliseconds, and `signal`.
   * @returns `{ value }`, or undefined when the thread still runs after `timeout`.
   * @throws As `join()`, and the signal's reason when aborted.
   *
   * @example
   * const ended = await thread.join({ timeout: 1000 });
   * if (!ended) thread.kill();
   */
  join(options: JoinOptions): Promise<{ readonly value: ThreadValue } | undefined>;
  /**
   * Joins the thread if it has ended. Does not wait.
   *
   * @returns `{ value }`, or undefined while the thread runs.
   * @throws `CallFailed` and `HandleError`, as `join()`.
   *
   * @example
   * const sum = thread.tryJoin()?.value;
   */
  tryJoin(): { readonly value: ThreadValue } | undefined;
}

/** A memory that threads share. The page holds a handle; the memory itself is in the runtime. */
export interface SharedMemory extends AsyncDisposable {
  /** The size in pages to which it can grow. */
  readonly maximum: number;
  /**
   * Copies bytes out of the memory. Threads that write them meanwhile may leave a mixture of old and new bytes.
   *
   * @param pointer - The address of the first byte.
   * @param length - The number of bytes.
   * @throws `RangeError` when they are outside the memory.
   * @throws `HoldfastError` when the memory was closed, and `Closed` or `Fatal` when the runtime has ended.
   *
   * @example
   * const head = new DataView((await memory.read(0, 4)).buffer).getUint32(0, true);
   */
  read(pointer: number, length: number): Promise<Uint8Array<ArrayBuffer>>;
  /**
   * Copies bytes into the memory.
   *
   * @param pointer - The address of the first byte.
   * @param bytes - The bytes, which are copied at once.
   * @throws As `read()`; nothing is then written.
   *
   * @example
   * await memory.write(0, Uint32Array.of(1)); // sets a flag for which threads look
   */
  write(pointer: number, bytes: ArrayBuffer | ArrayBufferView): Promise<void>;
  /**
   * Returns the size in pages, which threads may have changed.
   *
   * @throws `HoldfastError` when the memory was closed, and `Closed` or `Fatal` when the runtime has ended.
   */
  pages(): Promise<number>;
  /**
   * Grows the memory.
   *
   * @param pages - The number of pages to add.
   * @returns The new size in pages.
   * @throws `RangeError` when it would be larger than its maximum, or the engine has no memory left.
   * @throws `HoldfastError` when the memory was closed, and `Closed` or `Fatal` when the runtime has ended.
   *
   * @example
   * if ((await memory.pages()) < 16) await memory.grow(1);
   */
  grow(pages: number): Promise<number>;
  /**
   * Starts a thread. Resolves as soon as it runs.
   *
   * @param module - The module. It must import a shared memory, and needs no `_start`. Prefer a URL or a
   * `WebAssembly.Module`: bytes are compiled for each thread.
   * @param entry - The exported function that the thread runs.
   * @param args - Its arguments: numbers, and bigints for i64.
   * @param options - The import's name, and options of the process.
   * @returns The running thread.
   * @throws `SpawnRefused` when it cannot start: the module does not import this memory, or lacks the entry (`kind` is
   * "module" or "options"), or a limit was reached.
   * @throws `TypeError` or `RangeError` for invalid options.
   * @throws `HoldfastError` when the memory was closed, and `Closed` or `Fatal` when the runtime has ended.
   *
   * @example
   * const thread = await memory.spawn('/ring.wasm', 'produce', [1_000_000, 1023]);
   */
  spawn(module: Source, entry: string, args?: readonly (number | bigint)[], options?: ThreadOptions): Promise<Thread>;
  /**
   * Gives up the page's access to the memory. Threads that run keep it. May be called again.
   *
   * @throws `Closed` or `Fatal` when the runtime has ended.
   */
  close(): Promise<void>;
}

/** How long results may still be in transit after a normal end, in milliseconds. */
const LATE = 5000;

/**
 * Creates a memory that threads can share.
 *
 * @param hf - The runtime.
 * @param options - Its size, and the maximum, in pages of 64 KiB.
 * @returns The memory, filled with zeros.
 * @throws `TypeError` or `RangeError` for invalid options.
 * @throws `RangeError` when the engine has no memory left.
 * @throws `Closed` or `Fatal` when the runtime has ended.
 *
 * @example
 * const memory = await createMemory(hf, { pages: 1 });
 * const threads = [await memory.spawn('/ring.wasm', 'produce', [1000, 63]), await memory.spawn('/ring.wasm', 'consume', [1000, 63])];
 * await Promise.all(threads.map((thread) => thread.join()));
 */
export async function createMemory(hf: Holdfast, options: MemoryOptions): Promise<SharedMemory> {
  const inside = (hf as Partial<{ [INSIDE]: Inside }> | null | undefined)?.[INSIDE];
  if (!inside) throw wrong('the first argument of createMemory', 'a runtime (of start())', hf);
  const { pages, maximum } = await helped(() => planMemory(options));
  const request = { op: 'create', memory: 0, pages, maximum } as const;
  const id = await inside.ask('memory', { request }, ({ message }) => new RangeError(message));
  return new MemoryHandle(id as number, maximum, inside);
}

function planMemory(options: MemoryOptions): Required<MemoryOptions> {
  const { pages, maximum = pages, ...rest } = object(options, 'memory options');
  nothingMore('shared memory', rest, 'createMemory');
  count(pages, 'pages', 0, WASM_PAGES_MAX);
  count(maximum, 'maximum', 1, WASM_PAGES_MAX);
  ordered(pages, 'pages', maximum, 'maximum');
  return { pages, maximum };
}

/** A request without the number of the memory. */
type Request = MemoryRequest extends infer Each ? (Each extends MemoryRequest ? Omit<Each, 'memory'> : never) : never;

class MemoryHandle implements SharedMemory {
  static readonly name = 'SharedMemory';
  readonly maximum: number;
  readonly #id: number;
  readonly #inside: Inside;
  #closed = false;

  constructor(id: number, maximum: number, inside: Inside) {
    this.#id = id;
    this.maximum = maximum;
    this.#inside = inside;
  }

  async ask(request: Request, transfer?: ArrayBuffer[]): Promise<number | Uint8Array> {
    this.#requireOpen();
    const whole = { memory: this.#id, ...request } as MemoryRequest;
    const { ask, HoldfastError } = this.#inside;
    return ask(
      'memory',
      { request: whole },
      ({ code, message }) => (code === 'EBADF' ? new HoldfastError(message) : new RangeError(message)),
      transfer,
    );
  }

  #requireOpen(): void {
    if (this.#closed) throw new this.#inside.HoldfastError('the memory was closed');
  }

  /** Throws a RangeError if the range is outside the memory, before any part of it is copied. */
  async #requireRange(pointer: number, length: number): Promise<void> {
    count(pointer, 'pointer', 0);
    count(length, 'length', 0);
    // One part is checked when it is copied. For several, or none, reading nothing at the end of the range checks all of it: a memory never shrinks.
    if (length === 0 || length > PART) await this.ask({ op: 'read', pointer: pointer + length, size: 0 });
  }

  async read(pointer: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    await this.#requireRange(pointer, length);
    const bytes = new Uint8Array(length);
    for (let at = 0; at < length; at += PART) {
      const part = { op: 'read', pointer: pointer + at, size: Math.min(PART, length - at) } as const;
      bytes.set((await this.ask(part)) as Uint8Array, at);
    }
    return bytes;
  }

  async write(pointer: number, bytes: ArrayBuffer | ArrayBufferView): Promise<void> {
    if (!isBytes(bytes)) throw wrong('what is written', 'bytes', bytes);
    const view = copyOf(viewOf(bytes));
    await this.#requireRange(pointer, view.length);
    for (let at = 0; at < view.length; at += PART) {
      const part: OwnedBytes = view.length > PART ? copyOf(view, at, at + PART) : view;
      await this.ask({ op: 'write', pointer: pointer + at, bytes: part }, [part.buffer]);
    }
  }

  pages(): Promise<number> {
    return this.ask({ op: 'grow', pages: 0 }) as Promise<number>;
  }

  async grow(pages: number): Promise<number> {
    return (await this.ask({ op: 'grow', pages: count(pages, 'pages', 0) })) as number;
  }

  async spawn(
    module: Source,
    entry: string,
    args: readonly (number | bigint)[] = [],
    options: ThreadOptions = {},
  ): Promise<Thread> {
    const { thread, as, rest } = await helped(() => planThread(entry, args, options));
    const { openThread } = await later('instance.js', import('./instance.js'));
    this.#requireOpen();
    const shared = { memory: this.#id, module: as[0], name: as[1] };
    const [process, link] = await helped(() => openThread(this.#inside, module, rest, thread, shared));
    return new ThreadHandle(process, link, this.#inside, entry) as unknown as Thread;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    const closing = this.ask({ op: 'close' });
    this.#closed = true;
    await closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

function planThread(entry: string, args: readonly (number | bigint)[], options: ThreadOptions) {
  const { importAs = ['env', 'mem'], repeat = 1, ...others } = object(options, 'thread options');
  const { args: wrongPlace, argv0, terminal, companion, children, http, ...rest } = others as SpawnOptions;
  if (wrongPlace !== undefined)
    throw new TypeError('args: the arguments of the entry are the third argument of memory.spawn()');
  nothingMore('thread', definedOnly({ argv0, terminal, companion, children, http }));
  if (rest.limits?.memory !== undefined)
    throw new TypeError('limits.memory: the maximum of a shared memory is set by createMemory()');
  text(entry, 'entry');
  for (const [i, arg] of array(args, 'args').entries())
    if (typeof arg !== 'number' && typeof arg !== 'bigint') throw wrong(`args[${i}]`, 'a number or a bigint', arg);
  array(importAs, 'importAs', 'an array of the module and the name');
  if (importAs.length !== 2) throw new TypeError('importAs must have two entries, the module and the name');
  for (const name of importAs) text(name, 'importAs');
  return {
    thread: { entry, args, repeat: count(repeat, 'repeat', 1) },
    as: importAs,
    rest: { ...rest, name: rest.name ?? entry },
  };
}

const definedOnly = (options: object): Nothing =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Nothing;

class ThreadHandle {
  static readonly name = 'Thread';
  readonly process: Process;
  readonly #inside: Inside;
  readonly #entry: string;
  /** Resolves when no more results can arrive. */
  readonly #sent = deferred<void>();
  #value: ThreadValue;
  /** Set once the end is known and its results have arrived. */
  #over = false;
  readonly #ended: Promise<void>;
  #spent = false;

  constructor(process: Process, link: Link, inside: Inside, entry: string) {
    this.process = process;
    this.#inside = inside;
    this.#entry = entry;
    link.listen((message) => this.#receive(message));
    this.#ended = process.exited.then((exit) => this.#onExit(exit, link));
    this.#ended.catch(() => undefined); // callers that join get it
  }

  join(): Promise<ThreadValue>;
  join(options: JoinOptions): Promise<{ readonly value: ThreadValue } | undefined>;
  async join(options?: JoinOptions): Promise<unknown> {
    const exit = await (options ? this.process.join(options) : this.process.join());
    if (!exit) return undefined;
    this.#spent = true;
    await this.#ended;
    const value = this.#result(exit);
    return options ? { value } : value;
  }

  tryJoin(): { readonly value: ThreadValue } | undefined {
    // The results may still be in transit when the process has ended.
    if (!this.#over && !this.#spent) return undefined;
    const exit = this.process.tryJoin();
    this.#spent = true;
    return exit && { value: this.#result(exit) };
  }

  detach(): void {
    this.process.detach();
    this.#spent = true;
  }

  #receive(message: FromWorker): void {
    if (message.t === 'results') this.#value = message.values[1] as ThreadValue;
    else if (message.t === 'end') this.#sent.resolve();
  }

  async #onExit(exit: Exit, link: Link): Promise<void> {
    if (exit.reason === 'exit') await within(this.#sent.promise, LATE);
    this.#over = true;
    link.close();
  }

  #result(exit: Exit): ThreadValue {
    if (exit.reason === 'exit' && exit.code === 0) return this.#value;
    const how = exit.reason === 'exit' ? `it exited with code ${exit.code}` : exit.message || exit.reason;
    throw this.#inside.failed(`the thread ${this.#entry} has ended: ${how}`, exit);
  }
}

forward(ThreadHandle.prototype, OF_PROCESS);
