/// <reference lib="esnext.disposable" preserve="true" />
/** Guests whose exports the page calls. Loaded on first use. */
import { offAbort, onAbort } from './aborts.js';
import { copyOf, isBytes, viewOf, wrong } from './bytes.js';
import { abortSignal, count, flag, nothingMore, object, text, waitTime } from './check.js';
import { LONGEST_TIMER } from '../common/timers.js';
import { deferred, type Deferred } from './deferred.js';
import {
  DROP,
  READ,
  WRITE,
  type ComponentReady,
  type Failure,
  type Thrown,
  type FunctionType,
  type GuestMessage,
  type Kind,
  type ResultsMessage,
  type SignatureMessage,
  type ThreadMessage,
} from '../common/guest-protocol.js';
import type { SharedMessage } from '../common/protocol.js';
import type { Component } from './component.js';
import { forward, OF_PROCESS } from './forward.js';
import type { Inside } from './inside.js';
import { kinds } from './kinds.js';
import { later } from './later.js';
import { callees, type Callee } from './links.js';
import { Link, type FromWorker } from './link.js';
import { LoopSide, type Loop } from './loop.js';
import type { SpawnOptions, SpawnPlan } from './options.js';
import type { Exit, Process } from './process.js';
import type { Source } from './source.js';
import { toConsole } from './to-console.js';

/**
 * How an argument or a result of an export is passed.
 *
 * - "i32", "f32", "f64": a number, passed unchanged. "i64": a bigint.
 * - "string", "bytes", "json": text (as UTF-8), a `Uint8Array`, or any value that JSON can express, as a result with at most 1,000 levels. As an argument it is copied to memory from the
 *   guest's allocator, passed as two i32 (pointer and length), and freed after the call; text is followed by a NUL, which is not counted in the length.
 *   As a result the guest returns two i32 (pointer and length), or one i64 with the pointer in its upper and the length in its lower half, or one i32
 *   that points to text that ends with a NUL; it is copied, and then freed.
 */
export type ValueKind = Kind;

/** The declared signature of an export. */
export interface Signature {
  params?: readonly ValueKind[];
  /** Default: no result. */
  result?: ValueKind | undefined;
}

/** Options of `hf.instantiate()`. */
export interface InstantiateOptions extends SpawnOptions {
  /**
   * The export that runs first, without arguments; null: none. Default: `_initialize`, if the module exports it. A
   * command, which exports `_start`, is refused unless this is set.
   */
  entry?: string | null;
  /** Signatures of exports that take or return more than numbers. */
  signatures?: Readonly<Record<string, Signature>>;
  /** The exports that allocate and free the guest's memory. Default: `malloc` and `free`. */
  allocator?: { malloc?: string; free?: string };
  /**
   * Whether other guests may call it while it waits for the answer to one of its own calls (`link`): its functions then run in the middle of that
   * call. Default: false: calls wait until it is done, and a call that would wait for itself fails with `EDEADLK`.
   */
  reentrant?: boolean;
}

/** Options of `instance.with()`. */
export interface InstanceCallOptions {
  /** Milliseconds that a call may take. Then the instance is killed, because nothing else stops its code. */
  timeout?: number | undefined;
  /** Stops waiting when aborted: a call that has not been sent is not made; any other continues, and its result is discarded. */
  signal?: AbortSignal | undefined;
}

/** The page's version of a guest's functions, which is asynchronous. A component's are in objects, one for each interface, with classes. */
export type Exports<E> = {
  readonly [Name in keyof E]: E[Name] extends (...args: infer Args) => infer Result
    ? (...args: Args) => Promise<Awaited<Result>>
    : E[Name] extends abstract new (...args: never[]) => unknown
      ? E[Name]
      : Exports<E[Name]>;
};

type AnyFunction = (...args: unknown[]) => Promise<unknown>;

/**
 * How to call a guest's exports.
 *
 * @typeParam E - The exported functions.
 */
export interface Callable<E = Record<string, (...args: unknown[]) => unknown>> {
  /**
   * Calls an export. Calls run one after the other, in order; all calls of one turn are sent in one message.
   *
   * @param name - The export's name.
   * @param args - Numbers for i32, f32 and f64, bigints for i64; or the values of its declared signature.
   * @returns The export's result: nothing, a number or bigint (an i32 is signed), an array of several results, or the value of its declared signature.
   * @throws `TypeError` when there is no such export, or when the arguments do not match its signature, which the message contains.
   * @throws `CallFailed` when the instance has ended or ends during the call; `exit` says how.
   *
   * @example
   * const sum = await q.call('add', 1, 2);
   */
  call<Name extends keyof E & string>(
    name: Name,
    ...args: E[Name] extends (...args: infer Args) => unknown ? Args : unknown[]
  ): Promise<E[Name] extends (...args: never[]) => infer Result ? Awaited<Result> : unknown>;
  /** The exported functions by name: `q.exports.add(1, 2)` is `q.call('add', 1, 2)`. */
  readonly exports: Exports<E>;
}

/** The guest's memory, as it is between calls. */
export interface InstanceMemory {
  /**
   * Copies bytes out of the guest's memory, once all earlier calls have run.
   *
   * @param pointer - The address of the first byte.
   * @param length - The number of bytes.
   * @throws `RangeError` when they are outside the memory.
   */
  read(pointer: number, length: number): Promise<Uint8Array>;
  /**
   * Copies bytes into the guest's memory, once all earlier calls have run.
   *
   * @param pointer - The address of the first byte.
   * @param bytes - The bytes, which are copied at once.
   * @throws `RangeError` when they are outside the memory.
   */
  write(pointer: number, bytes: ArrayBuffer | ArrayBufferView): Promise<void>;
}

/**
 * A guest that stays alive: a process whose exports the page calls. It ends when it is killed, exits or traps.
 *
 * @typeParam E - The exported functions.
 */
export interface Instance<E = Record<string, (...args: unknown[]) => unknown>>
  extends Process, Callable<E>, AsyncDisposable {
  readonly memory: InstanceMemory;
  /** Its event loop, for Go and QuickJS guests, which need ticks. */
  readonly loop: Loop;
  /**
   * The same instance with a time limit or an abort signal for each call.
   *
   * @param options - `timeout` in milliseconds, and `signal`.
   * @returns An object that calls the same exports.
   * @throws `TypeError` or `RangeError` for invalid options.
   *
   * @example
   * const answer = await q.with({ timeout: 1000 }).call('think');
   */
  with(options: InstanceCallOptions): Callable<E>;
}

/** What instances need from the runtime. */
export type Tools = Omit<Inside, 'ask' | 'HoldfastError'>;

/** How long after the end results may still be in transit, in milliseconds. */
const LATE = 200;

interface Plan {
  guest: Omit<GuestMessage, 'port' | 'host' | 'companion' | 'callee'>;
  reentrant: boolean;
  rest: SpawnOptions;
}

function plan(options: InstantiateOptions): Plan {
  const { entry, signatures = {}, allocator = {}, reentrant = false, ...rest } = object(options, 'instantiate options');
  if (entry !== undefined && entry !== null && typeof entry !== 'string')
    throw wrong('entry', 'the name of an export, or null', entry);
  const declared = Object.entries(object(signatures, 'signatures')).map(
    ([name, signature]) => [name, planSignature(name, signature)] as const,
  );
  const { malloc = 'malloc', free = 'free', ...more } = object(allocator, 'allocator');
  nothingMore('allocator', more);
  return {
    guest: {
      called: true,
      entry,
      signatures: Object.fromEntries(declared),
      allocator: { malloc: text(malloc, 'allocator.malloc'), free: text(free, 'allocator.free') },
    },
    reentrant: flag(reentrant, 'reentrant'),
    rest: withConsole(rest),
  };
}

function planSignature(name: string, signature: Signature): SignatureMessage {
  const what = `signatures.${name}`;
  const { params, result, ...rest } = object(signature, what);
  nothingMore('signature', rest, what);
  return kinds(params, result, what);
}

const withConsole = <T extends SpawnOptions>(options: T): T => ({
  ...options,
  stdout: options.stdout ?? toConsole('log'),
  stderr: options.stderr ?? toConsole('error'),
});

/** Opens the channel for a command that calls host functions. */
export const link = (plan: SpawnPlan): Link =>
  new Link(plan, { called: false, entry: undefined, signatures: {}, allocator: { malloc: 'malloc', free: 'free' } });

/** Starts a thread on a shared memory of the page. Returns its process, and the channel on which its results arrive. */
export async function openThread(
  tools: Tools,
  source: Source,
  options: SpawnOptions,
  thread: ThreadMessage,
  shared: SharedMessage,
): Promise<[Process, Link]> {
  const settings = tools.planSpawn(withConsole(options), 'thread');
  settings.settings.shared = shared;
  const own = new Link(settings, {
    called: true,
    entry: null,
    signatures: {},
    allocator: { malloc: 'malloc', free: 'free' },
    thread,
  });
  settings.link = own;
  try {
    return [await tools.spawn(source, settings), own];
  } catch (error) {
    own.abandon();
    throw error;
  }
}

export async function instantiate(tools: Tools, source: Source, options: InstantiateOptions): Promise<Instance> {
  const { guest, reentrant, rest } = plan(options);
  const settings = tools.planSpawn(rest, 'instantiate');
  settings.link = new Link(settings, guest, reentrant);
  try {
    const process = await tools.spawn(source, settings);
    const instance = new InstanceHandle(process, settings.link, guest.signatures, reentrant, tools);
    await instance.ready;
    return instance as unknown as Instance;
  } catch (error) {
    settings.link.abandon();
    if ((error as { exit?: Exit }).exit?.reason === 'killed') settings.signal?.throwIfAborted();
    throw error;
  }
}

interface Call extends Deferred<unknown> {
  /** The export's number, or READ or WRITE. */
  fn: number;
  args: unknown[];
}

interface Export {
  index: number;
  type: FunctionType | null;
  arity: number;
}

class InstanceHandle {
  static readonly name = 'Instance';
  readonly exports: Record<string, AnyFunction>;
  readonly memory: InstanceMemory;
  readonly ready: Promise<void>;
  readonly process: Process;
  readonly #link: Link;
  readonly #tools: Tools;
  readonly #signatures: Record<string, SignatureMessage>;
  readonly #ready = deferred<void>();
  readonly #ended = deferred<void>();
  #functions = new Map<string, Export>();
  /** The first number of its companion's functions. */
  #companion = Infinity;
  #lastId = 0;
  #queue: Call[] = [];
  readonly #sent = new Map<number, Call>();
  #flushing = false;
  #failure: Error | undefined;
  #loop: LoopSide | undefined;
  readonly #callee: Callee;
  /** Set if it is a component. */
  #component: Component | undefined;
  #over = false;

  constructor(
    process: Process,
    link: Link,
    signatures: Record<string, SignatureMessage>,
    reentrant: boolean,
    tools: Tools,
  ) {
    this.process = process;
    this.#link = link;
    this.#tools = tools;
    this.#signatures = signatures;
    this.ready = this.#ready.promise;
    this.exports = this.#exportsWith({});
    this.memory = {
      read: (pointer, length) => this.#read(pointer, length),
      write: (pointer, bytes) => this.#write(pointer, bytes),
    };
    this.#callee = {
      name: process.name,
      functions: [],
      arities: [],
      reentrant,
      requireAlive: () => {
        if (this.#over) throw new TypeError(`the instance ${process.name} has ended`);
        if (this.#loop !== undefined || this.#companion !== Infinity)
          throw new TypeError(
            `the instance ${process.name} cannot be called by guests, because it needs its event loop`,
          );
      },
      isOf: (post) => post === link.runtime,
      station: link.own && Promise.resolve(link.own),
      serve: (station) => {
        if (link.station) return;
        link.post({ t: 'serve', callee: station.callee });
        link.station = station;
      },
    };
    callees.set(this, this.#callee);
    link.onLost = () => {
      this.#fail(tools.failed('a result was lost, because it is too large or nests too deeply', undefined));
      process.kill();
    };
    link.listen((message) => this.#receive(message));
    const released = (): void => void this.#callee.station?.then((station) => station.released());
    void process.released.then(released, released);
    void process.exited.then(
      (exit) => this.#onExit(exit),
      (error: unknown) => this.#fail(error as Error),
    );
  }

  call(name: string, ...args: unknown[]): Promise<unknown> {
    return this.#call({}, name, args);
  }

  with(options: InstanceCallOptions): Callable {
    const { timeout, signal, ...rest } = object(options, 'call options');
    nothingMore('call', rest);
    if (timeout !== undefined) waitTime(timeout, 'timeout');
    abortSignal(signal);
    const call = (name: string, ...args: unknown[]): Promise<unknown> => this.#call({ timeout, signal }, name, args);
    return { call, exports: this.#exportsWith({ timeout, signal }) } as Callable;
  }

  get loop(): Loop {
    if (this.#loop) return this.#loop;
    const loop = new LoopSide({
      ask: async (operation, args) => this.#ask(operation, args, {}, 'loop'),
      failed: (message) => this.#tools.failed(message, undefined),
    });
    this.#link.onInput = () => loop.input();
    return (this.#loop = loop);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.process.kill();
    await this.process.exited;
  }

  /** Names that are not exported are undefined, so that the object is not mistaken for a promise. */
  #exportsWith(options: InstanceCallOptions): Record<string, AnyFunction> {
    const made = new Map<string, AnyFunction>();
    let ofComponent: Record<string, unknown> | undefined;
    const component = (): Record<string, unknown> | undefined =>
      (ofComponent ??= this.#component?.exports((own, args) => this.#call(options, own, args)));
    const get = (name: string): AnyFunction | undefined => {
      if (component()) return component()![name] as AnyFunction | undefined;
      if (!this.#functions.has(name)) return undefined;
      if (!made.has(name)) made.set(name, (...args) => this.#call(options, name, args));
      return made.get(name);
    };
    return new Proxy(Object.create(null) as Record<string, AnyFunction>, {
      get: (_, name) => (typeof name === 'string' ? get(name) : undefined),
      has: (_, name) => typeof name === 'string' && get(name) !== undefined,
      ownKeys: () => (component() ? Object.keys(component()!) : [...this.#functions.keys()]),
      getOwnPropertyDescriptor: (_, name) =>
        typeof name === 'string' && get(name)
          ? { value: get(name), enumerable: true, configurable: true, writable: false }
          : undefined,
      set: () => false,
    });
  }

  async #call(options: InstanceCallOptions, name: string, args: unknown[]): Promise<unknown> {
    const found = this.#export(name);
    if (this.#component) return this.#callComponent(this.#component, found, args, options, name);
    const checked = found.index >= this.#companion ? args : this.#check(name, found, args);
    return this.#ask(found.index, checked, options, name);
  }

  async #callComponent(
    component: Component,
    { index }: Export,
    args: unknown[],
    options: InstanceCallOptions,
    name: string,
  ): Promise<unknown> {
    try {
      const given = component.given(args);
      return component.taken(await this.#ask(index, Array.isArray(given) ? given : await given, options, name));
    } catch (error) {
      throw component.takenError(error);
    }
  }

  #export(name: string): Export {
    const found = this.#functions.get(name);
    if (!found) throw new TypeError(this.#missing(name));
    return found;
  }

  #missing(name: string): string {
    const names = [...this.#functions.keys()];
    const list = names.length > 20 ? `${names.slice(0, 20).join(', ')}, …` : names.join(', ');
    return `the module exports no function ${JSON.stringify(name)}; it exports ${list || 'none'}`;
  }

  #check(name: string, found: Export, args: unknown[]): unknown[] {
    const declared = Object.hasOwn(this.#signatures, name) ? this.#signatures[name] : undefined;
    const params = declared?.params ?? found.type?.params ?? (Array(found.arity).fill('any') as 'any'[]);
    const shown = declared
      ? signatureText(name, declared.params, declared.result === null ? [] : [declared.result])
      : signatureText(name, params, found.type?.results);
    if (declared && found.type && found.type.params.length !== flatSize(declared.params))
      throw new TypeError(
        `${shown}, as declared in signatures, does not match the module's export: ${signatureText(name, found.type.params, found.type.results)}`,
      );
    if (args.length !== params.length)
      throw new TypeError(
        `${shown} takes ${params.length} argument${params.length === 1 ? '' : 's'}, not ${args.length}`,
      );
    return args.map((arg, i) => checkArgument(arg, params[i]!, i, shown));
  }

  async #read(pointer: number, length: number): Promise<Uint8Array> {
    count(pointer, 'pointer', 0);
    count(length, 'length', 0);
    return (await this.#ask(READ, [pointer, length], {}, 'memory.read')) as Uint8Array;
  }

  async #write(pointer: number, bytes: ArrayBuffer | ArrayBufferView): Promise<void> {
    count(pointer, 'pointer', 0);
    if (!isBytes(bytes)) throw wrong('what is written', 'bytes', bytes);
    await this.#ask(WRITE, [pointer, copyOf(viewOf(bytes))], {}, 'memory.write');
  }

  #ask(fn: number, args: unknown[], { timeout, signal }: InstanceCallOptions, what: string): Promise<unknown> {
    signal?.throwIfAborted();
    if (this.#failure) throw this.#failure;
    const call: Call = { ...deferred<unknown>(), fn, args };
    this.#queue.push(call);
    this.#flushSoon();
    return timeout === undefined && !signal ? call.promise : this.#limit(call, timeout, signal, what);
  }

  async #limit(
    call: Call,
    timeout: number | undefined,
    signal: AbortSignal | undefined,
    what: string,
  ): Promise<unknown> {
    const giveUp = (): void => {
      this.#queue = this.#queue.filter((other) => other !== call);
      call.reject(signal?.reason);
    };
    onAbort(signal, giveUp);
    const limited = timeout !== undefined && timeout <= LONGEST_TIMER;
    const timer = limited ? setTimeout(() => this.#tooSlow(what, timeout), timeout) : undefined;
    try {
      return await call.promise;
    } finally {
      clearTimeout(timer);
      offAbort(signal, giveUp);
    }
  }

  #tooSlow(what: string, timeout: number): void {
    this.#fail(this.#tools.failed(`${what} took longer than ${timeout} ms, and the instance was killed`, undefined));
    this.process.kill();
  }

  /** All calls of one turn are sent together; so are those made while the guest is busy, once it is done. */
  #flushSoon(): void {
    if (this.#flushing || (this.#sent.size > 0 && this.#companion === Infinity)) return;
    this.#flushing = true;
    queueMicrotask(() => {
      this.#flushing = false;
      this.#flush();
    });
  }

  #flush(): void {
    const queue = this.#queue;
    if (queue.length === 0 || this.#failure) return;
    this.#queue = [];
    const first = this.#lastId + 1;
    const calls: unknown[] = [];
    const transfer: ArrayBuffer[] = [];
    for (const call of queue) {
      this.#sent.set(++this.#lastId, call);
      calls.push(call.fn, call.args.length, ...call.args);
      if (call.fn < this.#companion)
        for (const arg of call.args) if (isBytes(arg)) transfer.push(viewOf(arg).buffer as ArrayBuffer);
    }
    try {
      this.#link.post({ t: 'calls', first, calls }, transfer);
    } catch {
      queue.forEach((call, i) => this.#sendOne(first + i, call));
    }
  }

  /** A companion takes arguments that can be cloned; one that cannot be cloned must not fail other calls. */
  #sendOne(id: number, call: Call): void {
    try {
      this.#link.post({ t: 'calls', first: id, calls: [call.fn, call.args.length, ...call.args] });
    } catch (error) {
      this.#sent.delete(id);
      const text = `an argument of the call cannot be sent: ${(error as Error).message}`;
      call.reject(new TypeError(text, { cause: error }));
    }
  }

  #begin(): void {
    const wrong = Object.keys(this.#signatures).find((name) => !this.#functions.has(name));
    if (wrong === undefined) return this.#ready.resolve();
    this.#fail(new TypeError(`signatures.${wrong}: ${this.#missing(wrong)}`));
    this.process.kill();
  }

  async #beginComponent(ready: ComponentReady): Promise<void> {
    try {
      const file = await later('component.js', import('./component.js'));
      this.#component = new file.Component(
        [...this.#functions.keys()],
        ready,
        (name, args) => this.#call({}, name, args),
        (id) => this.#ask(DROP, [id], {}, 'drop'),
        this.#link.objects(file),
      );
      this.#begin();
    } catch (error) {
      this.#fail(error as Error);
      this.process.kill();
    }
  }

  #receive(message: FromWorker): void {
    switch (message.t) {
      case 'ready':
        this.#functions = new Map(message.exports.map(([name, type, arity], index) => [name, { index, type, arity }]));
        if (message.companion.length > 0) this.#companion = message.exports.length;
        message.companion.forEach((name, i) =>
          this.#functions.set(name, { index: this.#companion + i, type: null, arity: 0 }),
        );
        this.#callee.functions = message.exports.map(([name]) => name);
        this.#callee.arities = message.exports.map(([, , arity]) => arity);
        return message.component ? void this.#beginComponent(message.component) : this.#begin();
      case 'results':
        return this.#settle(message);
      case 'loop':
        return this.#loop?.receive(message);
      case 'end':
        return this.#ended.resolve();
    }
  }

  #settle({ values, failures }: ResultsMessage): void {
    for (let i = 0; i < values.length; i += 2) this.#take(values[i] as number)?.resolve(values[i + 1]);
    for (const failure of failures) this.#take(failure[0])?.reject(this.#errorOf(failure));
    if (this.#sent.size === 0) this.#flush();
  }

  #take(id: number): Call | undefined {
    const call = this.#sent.get(id);
    this.#sent.delete(id);
    return call;
  }

  #errorOf([, error, type]: Failure): Error {
    if (typeof type === 'object') return revived(error, type);
    if (type === 'TypeError') return new TypeError(error);
    return type === 'RangeError' ? new RangeError(error) : this.#tools.failed(error, undefined);
  }

  /** Results that it sent before its end may arrive a moment after it. */
  async #onExit(exit: Exit): Promise<void> {
    this.#over = true;
    void this.#callee.station?.then((station) => station.ended());
    if (exit.reason === 'exit' || exit.reason === 'trap') {
      let timer;
      const late = new Promise((resolve) => (timer = setTimeout(resolve, LATE)));
      await Promise.race([this.#ended.promise, late]);
      clearTimeout(timer);
    }
    const how = exit.reason === 'exit' ? `it exited with code ${exit.code}` : exit.message || exit.reason;
    this.#fail(this.#tools.failed(`the instance has ended: ${how}`, exit));
  }

  #fail(error: Error): void {
    if (this.#failure) return;
    this.#failure = error;
    this.#over = true;
    const open = [...this.#sent.values(), ...this.#queue];
    this.#sent.clear();
    this.#queue = [];
    for (const call of open) call.reject(error);
    this.#ready.reject(error);
    this.#loop?.ended(error);
    this.#link.close();
  }
}

/** Recreates an error that a companion threw, or that a component returned. */
function revived(message: string, thrown: Thrown): Error {
  const { name, stack } = thrown;
  const kinds: Partial<Record<string, ErrorConstructor>> = {
    TypeError,
    RangeError,
    SyntaxError,
    ReferenceError,
    URIError,
  };
  const error = new (kinds[name] ?? Error)(message);
  const value = (text: string): PropertyDescriptor => ({ value: text, configurable: true, writable: true });
  if ('payload' in thrown) Object.assign(error, { payload: thrown.payload });
  return Object.defineProperties(error, { name: value(name), stack: value(stack || `${name}: ${message}`) });
}

forward(InstanceHandle.prototype, [...OF_PROCESS, 'join', 'tryJoin', 'detach']);

/** The number of wasm parameters for these kinds. */
const flatSize = (params: readonly Kind[]): number =>
  params.reduce((sum, kind) => sum + (/^[if]/.test(kind) ? 1 : 2), 0);

const signatureText = (name: string, params: readonly string[], results: readonly string[] | undefined): string => {
  const result =
    results === undefined || results.length === 0
      ? ''
      : `: ${results.length === 1 ? results[0]! : `[${results.join(', ')}]`}`;
  return `${name}(${params.join(', ')})${result}`;
};

const isIntegerIn = (value: number | bigint, low: number | bigint, high: number | bigint): boolean =>
  (typeof value === 'bigint' || Number.isInteger(value)) && value >= low && value <= high;

function checkArgument(arg: unknown, kind: Kind | 'other' | 'any', index: number, shown: string): unknown {
  const refuse = (wanted: string): never => {
    throw wrong(`argument ${index} of ${shown}`, wanted, arg);
  };
  switch (kind) {
    case 'any':
      return typeof arg === 'number' || typeof arg === 'bigint' ? arg : refuse('a number or a bigint');
    case 'other':
      throw new TypeError(`${shown} cannot be called: its parameter ${index} is neither a number nor a bigint`);
    case 'i32':
      return typeof arg === 'number' && isIntegerIn(arg, -(2 ** 31), 2 ** 32 - 1)
        ? arg
        : refuse('a whole number of 32 bits');
    case 'f32':
    case 'f64':
      return typeof arg === 'number' ? arg : refuse('a number');
    case 'i64':
      return typeof arg === 'bigint' && isIntegerIn(arg, -(2n ** 63n), 2n ** 64n - 1n)
        ? arg
        : refuse('a bigint of 64 bits');
    case 'string':
      return typeof arg === 'string' ? arg : refuse('a string');
    case 'bytes':
      return isBytes(arg) ? copyOf(viewOf(arg)) : refuse('bytes');
    case 'json': {
      const text = JSON.stringify(arg) as string | undefined;
      return text ?? refuse('a value that JSON can express');
    }
  }
}
