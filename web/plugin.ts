/**
 * Plugins: programs that exchange JSON-RPC 2.0 calls with the page over their standard streams. This file is loaded with
 * the first plugin, and also exports the errors (`import { RpcError } from 'holdfast/plugin'`).
 */
import { offAbort, onAbort } from './aborts.js';
import { tagOf } from './bytes.js';
import {
  abortSignal,
  callable,
  count,
  helped,
  nothingMore,
  object,
  oneOf,
  text,
  timeLimit,
  waitTime,
} from './check.js';
import { within } from './deadline.js';
import { deferred } from './deferred.js';
import type { HoldfastError } from './errors.js';
import { planSpawn } from './options.js';
import type { SpawnOptions } from './options.js';
import { Instance, paramsOf, type CallLimits, type InstanceSettings } from './plugin-instance.js';
import type { Process } from './process.js';
import { adoptErrors, PluginClosed } from './rpc-errors.js';
import { nameOf, type Source } from './source.js';

export {
  InternalError,
  InvalidParams,
  InvalidRequest,
  MethodNotFound,
  ParseError,
  PluginClosed,
  PluginError,
  PluginExited,
  PluginOutputError,
  PluginTimeout,
  RpcError,
} from './rpc-errors.js';

/** Information for a handler about the call that it handles. */
export interface HandlerContext {
  /** The plugin's name. */
  readonly plugin: string;
  /** The `id` of the instance's process, as in `hf.ps()`. */
  readonly process: number;
  /** The id that the plugin gave its request; undefined for a notification. */
  readonly request: string | number | null | undefined;
  /** The method that was called. */
  readonly method: string;
  /** Aborted when the instance ends or the plugin cancels the request, so that the result is no longer needed. */
  readonly signal: AbortSignal;
  /**
   * Calls the plugin from within the handler. Unlike `plugin.call()`, this calls the same instance and does not wait
   * for a turn, which, with the default `concurrency`, the current call holds.
   *
   * @param method - The method.
   * @param params - An object or array that JSON can represent.
   * @param options - A time limit and an abort signal.
   * @returns The result.
   * @throws The same errors as `plugin.call()`.
   */
  call<T = unknown>(method: string, params?: object, options?: CallOptions): Promise<T>;
  /**
   * Sends this instance a notification.
   *
   * @param method - The method.
   * @param params - An object or array that JSON can represent.
   */
  notify(method: string, params?: object): Promise<void>;
}

/**
 * Handles a method that the plugin calls. The result, which may be a promise, must be a value that JSON can represent;
 * undefined becomes null. To answer with an error, throw an `RpcError`; any other error becomes an `InternalError` with
 * its message. `params` come from the plugin unchecked, so validate them.
 */
export type PluginHandler = (params: unknown, context: HandlerContext) => unknown;

/** Receives each line that an instance writes to standard error. */
export type PluginLogger = (line: string, from: { readonly plugin: string; readonly process: number }) => void;

/** Options of `hf.plugin()`. The options of `hf.spawn()` among them apply to each instance. */
export interface PluginOptions extends Pick<
  SpawnOptions,
  | 'args'
  | 'argv0'
  | 'env'
  | 'preopens'
  | 'sockets'
  | 'whenBusy'
  | 'limits'
  | 'interruptible'
  | 'onProgress'
  | 'trace'
  | 'outputBuffer'
> {
  /** The plugin's name in messages and statistics. Default: the last part of the URL's path, otherwise "plugin". */
  name?: string;
  /**
   * The methods of the page that the plugin may call, by name. Default: none.
   *
   * @example
   * handlers: { 'user.name': ({ id }, { signal }) => database.nameOf(id, { signal }) }
   */
  handlers?: Readonly<Record<string, PluginHandler>>;
  /**
   * "kept": one instance serves all calls and keeps its state; after it has ended, the next call starts another.
   * "fresh": each call gets a new instance, so calls share nothing. Default: "kept".
   */
  instance?: 'kept' | 'fresh';
  /**
   * How many calls may be open at once; further calls wait for their turn. A kept instance gets this many calls at once,
   * so the plugin must support that; fresh instances run in parallel. Default: 1 for a kept instance, 4 for fresh ones.
   */
  concurrency?: number;
  /**
   * Milliseconds that a call may take; after that the instance is killed and the call rejects with `PluginTimeout`.
   * Loading and waiting for a turn do not count; the page's handlers do. 0 means no limit. Default: 10,000.
   */
  timeout?: number;
  /** Receives standard error, line by line. Default: `console.warn`, with the plugin's name. */
  logger?: PluginLogger;
  /** The maximum length of a message from the plugin, in bytes. Default: 64 MiB. */
  maxMessage?: number;
  /** How many milliseconds after its standard input was closed an instance is killed if it has not ended. Default: 1,000. */
  shutdown?: number;
  /** Closes the plugin when aborted. */
  signal?: AbortSignal;
}

/** Options of `plugin.call()`. */
export interface CallOptions {
  /** Milliseconds that this call may take; 0 means no limit. Default: the plugin's `timeout`. */
  timeout?: number;
  /**
   * Rejects the call with the signal's reason when aborted. A fresh instance is killed. A kept one gets the notification
   * `$/cancelRequest`, and the call keeps its turn until it is answered or its timeout ends.
   */
  signal?: AbortSignal;
}

/** A program that the page calls with JSON-RPC. */
export interface Plugin extends AsyncDisposable {
  /** Its name. */
  readonly name: string;
  /** The process of the kept instance, while it runs. Do not use its streams. */
  readonly process: Process | undefined;
  /**
   * Calls a method of the plugin.
   *
   * @param method - The method.
   * @param params - An object or array that JSON can represent.
   * @param options - A time limit and an abort signal.
   * @returns The result.
   * @throws `RpcError`, or its subclass for the code, when the plugin answers with an error.
   * @throws `PluginTimeout` when the call took too long, `PluginExited` when the instance ended first,
   * `PluginOutputError` when it wrote something that is not JSON-RPC, `PluginClosed` when the plugin was closed.
   * @throws `SpawnRefused` when an instance cannot start.
   * @throws `TypeError` for parameters that JSON cannot represent, or invalid options.
   * @throws The signal's reason when aborted.
   * @throws `Closed` or `Fatal` when the runtime ends first.
   *
   * @example
   * const sum = await plugin.call<number>('add', [1, 2], { timeout: 1000 });
   */
  call<T = unknown>(method: string, params?: object, options?: CallOptions): Promise<T>;
  /**
   * Sends the kept instance a notification, which has no answer. Resolves when it is in the process's pipe.
   *
   * @param method - The method.
   * @param params - An object or array that JSON can represent.
   * @throws `TypeError` with `instance: 'fresh'`, where no instance could receive it.
   * @throws `PluginClosed`, `SpawnRefused` and `TypeError` as `call()` does, and `PipeError` when the instance no longer
   * reads its input.
   */
  notify(method: string, params?: object): Promise<void>;
  /**
   * Closes the plugin: open calls reject with `PluginClosed`, and the instances get end of file and are killed after
   * `shutdown` milliseconds. Resolves when they have ended. Never rejects, and may be called again.
   */
  close(): Promise<void>;
}

const DEFAULT_TIMEOUT = 10_000;
const DEFAULT_MAX_MESSAGE = 64 * 1024 * 1024;
const DEFAULT_SHUTDOWN = 1000;

/** What plugins need from the runtime. */
export interface PluginWire {
  /** Starts an instance. */
  spawn(source: Source, options: SpawnOptions): Promise<Process>;
  /** Reads the body of a program's response. Throws `SpawnRefused`. */
  read(response: Response): Promise<Uint8Array<ArrayBuffer>>;
  HoldfastError: typeof HoldfastError;
}

interface PluginPlan {
  readonly settings: InstanceSettings;
  readonly spawn: SpawnOptions;
  readonly fresh: boolean;
  readonly concurrency: number;
  readonly signal: AbortSignal | undefined;
}

/** Implements `hf.plugin()`. */
export async function openPlugin(source: Source, options: PluginOptions, wire: PluginWire): Promise<Plugin> {
  adoptErrors(wire.HoldfastError);
  const plan = await helped(() => planPlugin(source, options));
  plan.signal?.throwIfAborted();
  const plugin = new PluginHandle(source, plan, wire);
  await plugin.open();
  return plugin;
}

function planPlugin(source: Source, options: PluginOptions): PluginPlan {
  const {
    name = defaultName(source),
    handlers = {},
    instance = 'kept',
    concurrency,
    timeout = DEFAULT_TIMEOUT,
    logger = logged,
    maxMessage = DEFAULT_MAX_MESSAGE,
    shutdown = DEFAULT_SHUTDOWN,
    signal,
    args,
    argv0,
    env,
    preopens,
    sockets,
    whenBusy,
    limits,
    interruptible,
    onProgress,
    trace,
    outputBuffer,
    ...rest
  } = object(options, 'plugin options');
  nothingMore('plugin', rest);
  const given = {
    name: text(name, 'name'),
    args,
    argv0,
    env,
    preopens,
    sockets,
    whenBusy,
    limits,
    interruptible,
    onProgress,
    trace,
    outputBuffer,
  };
  const spawn = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as SpawnOptions;
  planSpawn(spawn); // reports invalid options now instead of at a later start
  for (const [method, handler] of Object.entries(object(handlers, 'handlers')))
    callable(handler, `handlers[${JSON.stringify(method)}]`);
  const fresh = oneOf(instance, ['kept', 'fresh'], 'instance') === 'fresh';
  const usual = duration(timeout);
  return {
    settings: {
      name,
      handlers,
      logger: callable(logger, 'logger'),
      maxMessage: count(maxMessage, 'maxMessage', 1),
      shutdown: waitTime(shutdown, 'shutdown'),
      limits: (call) => planCall(call, usual),
    },
    spawn,
    fresh,
    concurrency: concurrency === Infinity ? Infinity : count(concurrency ?? (fresh ? 4 : 1), 'concurrency', 1),
    signal: abortSignal(signal),
  };
}

function planCall(options: CallOptions, usual: number): CallLimits {
  const { timeout, signal, ...rest } = object(options, 'call options');
  nothingMore('call', rest);
  return { timeout: timeout === undefined ? usual : duration(timeout), signal: abortSignal(signal) };
}

const duration = (value: unknown): number => timeLimit(value, 'timeout') || Infinity;

const logged: PluginLogger = (line, { plugin }) => console.warn(`${plugin}: ${line}`);

function defaultName(source: unknown): string {
  if (typeof source !== 'string' && tagOf(source) !== 'URL') return 'plugin';
  try {
    return nameOf(new URL(String(source), 'file:///'));
  } catch {
    return 'plugin'; // the start reports what is wrong
  }
}

class PluginHandle implements Plugin {
  static readonly name = 'Plugin';
  readonly #source: Source;
  readonly #plan: PluginPlan;
  readonly #wire: PluginWire;
  /** The source in a reusable form. */
  #program: Promise<Source> | undefined;
  /** The kept instance; rejected if it could not start. */
  #kept: Promise<Instance> | undefined;
  #current: Instance | undefined;
  readonly #instances = new Set<Instance>();
  /** Aborted when the plugin is closed. */
  readonly #closing = new AbortController();
  #closed: Promise<void> | undefined;
  #open = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(source: Source, plan: PluginPlan, wire: PluginWire) {
    this.#source = source;
    this.#plan = plan;
    this.#wire = wire;
    onAbort(plan.signal, this.#abort);
  }

  get name(): string {
    return this.#plan.settings.name;
  }

  get process(): Process | undefined {
    return this.#current?.over === false ? this.#current.process : undefined;
  }

  /** Starts the kept instance. */
  async open(): Promise<void> {
    try {
      if (!this.#plan.fresh) await this.#instance();
    } catch (error) {
      offAbort(this.#plan.signal, this.#abort);
      this.#plan.signal?.throwIfAborted();
      throw error;
    }
  }

  async call<T = unknown>(method: string, params?: object, options: CallOptions = {}): Promise<T> {
    const limits = await helped(() => this.#plan.settings.limits(options));
    const text = paramsOf(method, params);
    limits.signal?.throwIfAborted();
    await this.#turn(limits.signal);
    let settled: Promise<unknown> = Promise.resolve();
    try {
      const instance = await this.#started(this.#instance(), limits.signal);
      const call = instance.call(method, text, limits);
      settled = this.#plan.fresh ? this.#dismiss(instance, call.result) : call.settled;
      return (await call.result) as T;
    } finally {
      void settled.then(() => this.#next());
    }
  }

  async notify(method: string, params?: object): Promise<void> {
    if (this.#plan.fresh) throw new TypeError("notify() needs the option instance: 'kept'");
    const text = paramsOf(method, params);
    await (await this.#instance()).notify(method, text);
  }

  close(): Promise<void> {
    return this.#close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  readonly #abort = (): void => void this.#close(this.#plan.signal?.reason);

  #close(cause?: unknown): Promise<void> {
    if (!this.#closed) {
      const closed = deferred<void>();
      this.#closed = closed.promise;
      offAbort(this.#plan.signal, this.#abort);
      this.#closing.abort(this.#closedError(cause));
      for (const wake of this.#waiting.splice(0)) wake();
      const kept = this.#kept?.catch(() => undefined);
      void Promise.all([kept, ...[...this.#instances].map((instance) => instance.close(cause))]).then(() =>
        closed.resolve(),
      );
    }
    return this.#closed;
  }

  #closedError(cause: unknown): PluginClosed {
    const end = { plugin: this.name, process: 0, stderr: '' };
    return new PluginClosed(`plugin "${this.name}" was closed`, end, cause === undefined ? undefined : { cause });
  }

  /** Waits until another call may be opened. */
  async #turn(signal: AbortSignal | undefined): Promise<void> {
    this.#closing.signal.throwIfAborted();
    if (this.#open < this.#plan.concurrency) {
      this.#open++;
      return;
    }
    const turn = deferred<void>();
    this.#waiting.push(turn.resolve);
    try {
      await within(turn.promise, Infinity, signal);
    } catch (error) {
      const at = this.#waiting.indexOf(turn.resolve);
      if (at >= 0) this.#waiting.splice(at, 1);
      else this.#next(); // its turn had just come
      throw error;
    }
    this.#closing.signal.throwIfAborted();
  }

  /** Passes the turn of an ended call to the next one. */
  #next(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#open--;
  }

  /** Waits for a start, which continues for other calls when this one is aborted. */
  async #started(starting: Promise<Instance>, signal: AbortSignal | undefined): Promise<Instance> {
    try {
      return (await within(starting, Infinity, signal))!;
    } catch (error) {
      if (this.#plan.fresh) void starting.then((instance) => instance.kill()).catch(() => undefined);
      throw error;
    }
  }

  async #instance(): Promise<Instance> {
    if (this.#plan.fresh) return this.#start();
    for (;;) {
      const kept = (this.#kept ??= this.#start());
      const instance = await kept.catch((error: unknown) => {
        if (this.#kept === kept) this.#kept = undefined; // the next call tries again
        throw error;
      });
      this.#closing.signal.throwIfAborted();
      if (!instance.over) return instance;
      if (this.#kept === kept) this.#kept = undefined;
    }
  }

  async #start(): Promise<Instance> {
    this.#closing.signal.throwIfAborted();
    this.#program ??= this.#reusable();
    const starting = new AbortController(); // aborts only the start; a running instance is closed instead of killed
    const giveUp = (): void => starting.abort(this.#closing.signal.reason);
    onAbort(this.#closing.signal, giveUp);
    try {
      const options = { ...this.#plan.spawn, signal: starting.signal };
      const instance = new Instance(await this.#wire.spawn(await this.#program, options), this.#plan.settings);
      this.#current = instance;
      this.#instances.add(instance);
      void instance.ended.then(() => this.#instances.delete(instance));
      return instance;
    } finally {
      offAbort(this.#closing.signal, giveUp);
    }
  }

  /** Returns the source, or the bytes of a response, which can be read only once. */
  async #reusable(): Promise<Source> {
    const source = await Promise.resolve(this.#source).catch(() => undefined);
    if (source === undefined) return this.#source; // the start reports why it failed
    return tagOf(source) === 'Response' ? this.#wire.read(source as Response) : source;
  }

  /** Ends a fresh instance after its call; an aborted or failed call does not wait for it. */
  async #dismiss(instance: Instance, result: Promise<unknown>): Promise<void> {
    await result.catch(() => instance.kill());
    await instance.close();
  }
}
