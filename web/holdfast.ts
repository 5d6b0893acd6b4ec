/// <reference lib="esnext.disposable" preserve="true" />
/** The runtime, as the page sees it: one connection to a coordinator, and everything that is open on it. */
import { offAbort, onAbort } from './aborts.js';
import { within } from './deadline.js';
import { deferred, type Deferred } from './deferred.js';
import {
  Closed,
  Fatal,
  HoldfastError,
  PipeError,
  SocketError,
  SpawnRefused,
  StartFailed,
  SupervisorError,
} from './errors.js';
import { FileSystemEnd, type FileSystem } from './fs.js';
import { helped, planSpawn, type SpawnOptions, type SpawnPlan, type StartSettings } from './options.js';
import { ProcessEnd, type Process } from './process.js';
import {
  PROTOCOL,
  type Endpoint,
  type ErrorMessage,
  type FromCoordinator,
  type FsResult,
  type InitMessage,
  type PsMessage,
  type StatsMessage,
  type ToCoordinator,
} from './protocol.js';
import { later } from './later.js';
import type { RunFiles } from './run-files.js';
import { collect, inText, planRun, type RunOptions, type RunResult } from './run.js';
import type { ConnectOptions, Connection, Listener, ListenOptions, Sockets } from './sockets.js';
import { InputPipe, OutputPipe } from './streams.js';
import { bodyOf, prepareSource, refused, type Loader, type Source } from './source.js';
import type { SuperviseOptions } from './supervise-options.js';
import type { Supervisor, SupervisorEnd } from './supervise.js';

/** What the runtime is made of and busy with, for people and for tests; the fields may change between versions. */
export type Stats = Readonly<StatsMessage>;

/**
 * A process at a glance. `state`, `call` and `asleepFor` are those of the thread that was awake last; a `call` is a system call's name, and `asleepFor` how
 * many milliseconds it has waited there (0: it does not wait). `cpuTime` is in milliseconds. `memory` is the guest's, in bytes, as its system calls have
 * seen it; `fileBytes` what it has added to the file system, `files` its open descriptors. It began at `started`, in milliseconds since the epoch. `parent`
 * is null when the page started it, else whose child it is: the supervisor's `id`, and the child's own.
 */
export type ProcessInfo = Readonly<PsMessage>;

/** A running runtime. Everything is asynchronous: no call blocks the thread that it is made on. */
export interface Holdfast extends AsyncDisposable {
  /** The in-memory file system that all guests share. */
  readonly fs: FileSystem;
  /**
   * Starts a program, and resolves as soon as it runs. Rejects with `SpawnRefused` when it cannot (`kind` says whose
   * fault that is: the download, the module, the options, a limit), with `TypeError` or `RangeError` for wrong
   * options, with the signal's reason when aborted before the program runs, and with `Closed` or `Fatal` when the
   * runtime has ended. URLs are downloaded and compiled once in the life of the runtime.
   */
  spawn(source: Source, options?: SpawnOptions): Promise<Process>;
  /**
   * Starts a program and waits for its end, with everything that it wrote. Whatever the guest does is a result, not
   * an error; it rejects as `spawn()` does, and with the signal's reason when aborted.
   */
  run(source: Source, options?: RunOptions & { encoding?: 'utf-8' }): Promise<RunResult>;
  /** The same with the output as bytes. */
  run(source: Source, options: RunOptions & { encoding: 'bytes' }): Promise<RunResult<Uint8Array>>;
  /** The same with options that say so only when they are looked at. */
  run(source: Source, options?: RunOptions): Promise<RunResult<string | Uint8Array>>;
  /**
   * Connects to a port that a program of this runtime, or its page, listens on. Resolves when the connection is in the
   * listener's backlog, before it is accepted; while the backlog is full (128) it waits. Rejects with `SocketError`:
   * "ECONNREFUSED" when nobody listens, "ENOBUFS" when there are 1,024 connections already.
   */
  connect(port: number, options?: ConnectOptions): Promise<Connection>;
  /** Listens on a port, for programs that are started connected to it. 0: any that is free. Rejects with `SocketError`: "EADDRINUSE". */
  listen(port?: number, options?: ListenOptions): Promise<Listener>;
  /**
   * Starts children and keeps them running. Resolves as soon as the supervisor exists, before it starts the first child;
   * what happens then are its events. Rejects with `TypeError` or `RangeError` for wrong options, and with `Closed` or
   * `Fatal` when the runtime has ended.
   */
  supervise(options: SuperviseOptions): Promise<Supervisor>;
  /** What the runtime is busy with. */
  stats(): Promise<Stats>;
  /** The processes that there are, with what each of their threads does right now. */
  ps(): Promise<ProcessInfo[]>;
  /**
   * Ends everything: processes, workers, files. What is still open then is rejected with `Closed`. Resolves when no worker
   * is left: in a browser after a tenth of a second, or later when a worker is just coming up; in Chromium after two when a
   * program was computing that is not `interruptible`; after ten at most. Never rejects, and does no harm when called again.
   */
  close(): Promise<void>;
}

/** How long each half of closing, in good order and after it was terminated, may take, in milliseconds. */
const CLOSE_TIME = 5000;

type Answer = Extract<FromCoordinator, { t: 'done' }>['value'];
type Call = Deferred<Answer> & { toError(error: ErrorMessage): Error };

export class Runtime implements Holdfast {
  static readonly name = 'Holdfast';
  readonly fs: FileSystem;
  readonly #endpoint: Endpoint<ToCoordinator, FromCoordinator>;
  readonly #loader: Loader;
  readonly #processes = new Map<number, ProcessEnd>();
  #sockets: Sockets | undefined;
  readonly #supervisors = new Map<number, SupervisorEnd>();
  /** Every process and supervisor that was made here. */
  readonly #own = new WeakSet<object>();
  readonly #calls = new Map<number, Call>();
  /** Aborted as soon as the end begins: what is being loaded is given up. */
  readonly #ending = new AbortController();
  readonly #ready = deferred<void>();
  readonly #closed = deferred<readonly string[]>();
  #started = false;
  #lastId = 0;
  #lastSupervisor = 0;
  #lastCall = 0;
  #closing: Promise<void> | undefined;
  #dead: HoldfastError | undefined;
  #gone: Promise<void> | undefined;
  #unlisten = (): void => undefined;

  constructor(endpoint: Endpoint<ToCoordinator, FromCoordinator>, loader: Loader) {
    this.#endpoint = endpoint;
    this.#loader = loader;
    this.fs = new FileSystemEnd((request, transfer, toError) => {
      return this.#ask((call) => ({ t: 'fs', call, request }), transfer, toError) as Promise<FsResult>;
    });
    endpoint.onmessage = (message) => this.#receive(message);
    endpoint.onerror = (error, gone = false) => {
      if (gone) this.#closed.resolve([]);
      this.#fail(error.message, error, gone);
    };
  }

  /** Sends `init` and waits for the answer. When that fails, the coordinator ends. */
  async open(assets: InitMessage['assets'], settings: StartSettings): Promise<void> {
    const { signal, startTimeout, ...rest } = settings;
    const abort = (): void => {
      this.#ready.reject(signal?.reason);
      void this.close();
    };
    onAbort(signal, abort);
    this.#unlisten = () => offAbort(signal, abort);
    if (signal?.aborted) abort();
    const timer = startTimeout > 0 ? setTimeout(() => this.#tooSlow(startTimeout), startTimeout) : undefined;
    try {
      this.#post({ t: 'init', protocol: PROTOCOL, lock: this.#endpoint.lock ?? '', assets, ...rest });
      await this.#ready.promise;
    } finally {
      clearTimeout(timer);
    }
  }

  async spawn(source: Source, options: SpawnOptions = {}): Promise<Process> {
    return helped(() => this.#spawn(source, planSpawn(options)));
  }

  /** `prepare` is called when the program is loaded, with a signal that is aborted when that is no longer wanted. */
  async #spawn(source: Source, plan: SpawnPlan, prepare?: (signal: AbortSignal) => Promise<void>): Promise<Process> {
    const { settings } = plan;
    if (settings.interruptible === 'if-possible' && !this.#loader.loopsOutliveWorkers) settings.interruptible = false;
    const { memory, gc } = settings.limits;
    const needsBytes = memory ? 'limits.memory' : !gc ? 'limits.gc' : settings.interruptible;
    const asBytes = needsBytes === true ? 'interruptible' : needsBytes || '';
    const { message, transfer, name } = await this.#load(
      (signal) => prepareSource(source, this.#loader, signal, plan.onProgress, asBytes, plan.signal !== undefined),
      plan.signal,
    );
    if (prepare) await this.#load(prepare, plan.signal);
    this.#requireOpen(plan.signal); // at this moment, in which the process is made
    const program = { id: ++this.#lastId, name: plan.name ?? plan.argv0 ?? name, source: message, transfer };
    const process = new ProcessEnd(program, plan, this.#post, (message) => this.#ask(message));
    this.#processes.set(process.id, process);
    this.#own.add(process);
    await process.started.catch(async (error: unknown) => {
      throw process.refusal ? await refused(process.refusal) : error;
    });
    return process;
  }

  /** What it gives. When the signal is aborted or the runtime ends it is told to give up, and is not waited for. */
  async #load<T>(load: (signal: AbortSignal) => Promise<T>, signal?: AbortSignal): Promise<T> {
    this.#requireOpen(signal);
    const loading = new AbortController();
    const givenUp = deferred<never>();
    loading.signal.addEventListener('abort', givenUp.reject);
    const ending = this.#ending.signal;
    const giveUp = (): void => loading.abort((signal?.aborted ? signal : ending).reason);
    for (const from of [signal, ending]) onAbort(from, giveUp);
    try {
      return await Promise.race([load(loading.signal), givenUp.promise]);
    } finally {
      for (const from of [signal, ending]) offAbort(from, giveUp);
      loading.abort(); // so that nobody listens to it any more
      this.#requireOpen(signal); // which is why it failed, whatever failed first by that
    }
  }

  run(source: Source, options?: RunOptions & { encoding?: 'utf-8' }): Promise<RunResult>;
  run(source: Source, options: RunOptions & { encoding: 'bytes' }): Promise<RunResult<Uint8Array>>;
  run(source: Source, options?: RunOptions): Promise<RunResult<string | Uint8Array>>;
  async run(source: Source, options: RunOptions = {}): Promise<RunResult<string | Uint8Array>> {
    return helped(() => this.#run(source, options));
  }

  async #run(source: Source, options: RunOptions): Promise<RunResult<string | Uint8Array>> {
    const { limit, encoding, plan, files, outputs } = planRun(options);
    let own: RunFiles | undefined;
    const prepare = async (signal: AbortSignal): Promise<void> => {
      const file = await later('run-files.js', import('./run-files.js'));
      own = new file.RunFiles(this.fs, plan.settings.preopens, { files, outputs }, SpawnRefused);
      await own.prepare(signal);
    };
    try {
      const exit = await collect(await this.#spawn(source, plan, (files ?? outputs) && prepare), limit);
      if (exit.reason === 'killed') plan.signal?.throwIfAborted();
      const result = { ...exit, files: {}, ...(await own?.changed(limit, plan.signal)) };
      return encoding === 'bytes' ? result : inText(result);
    } finally {
      await own?.end();
    }
  }

  async connect(port: number, options?: ConnectOptions): Promise<Connection> {
    return (await this.#loadSockets()).connect(port, options);
  }

  async listen(port?: number, options?: ListenOptions): Promise<Listener> {
    return (await this.#loadSockets()).listen(port, options);
  }

  async #loadSockets(): Promise<Sockets> {
    const file = await later('sockets.js', import('./sockets.js'));
    return (this.#sockets ??= new file.Sockets({
      post: this.#post,
      ask: (message, transfer, toError) => this.#ask(message, transfer, toError),
      newId: () => ++this.#lastId,
      requireOpen: (signal) => this.#requireOpen(signal),
      InputPipe,
      OutputPipe,
      PipeError,
      SocketError,
    }));
  }

  async supervise(options: SuperviseOptions): Promise<Supervisor> {
    const { planSupervise, SupervisorEnd } = await later('supervise.js', import('./supervise.js'));
    const plan = await helped(() => planSupervise(options));
    this.#requireOpen(plan.signal);
    const toError = ({ code, message }: ErrorMessage): Error => new SupervisorError(code, message);
    const supervisor = new SupervisorEnd(++this.#lastSupervisor, plan, {
      post: this.#post,
      ask: (message) => this.#ask(message, [], toError),
      spawn: (source, spawnOptions) => this.spawn(source, spawnOptions),
      owns: (handle) => this.#own.has(handle),
      isProcess: (handle) => handle instanceof ProcessEnd,
      error: (code, message, how) => new SupervisorError(code, message, how),
      read: (response) => this.#load((signal) => bodyOf(response, signal)),
      wait: (promise, signal) => this.#load(() => promise, signal),
      forget: (id) => this.#supervisors.delete(id),
    });
    this.#supervisors.set(supervisor.id, supervisor);
    this.#own.add(supervisor);
    await supervisor.open();
    return supervisor;
  }

  async stats(): Promise<Stats> {
    return (await this.#ask((call) => ({ t: 'stats', call }))) as StatsMessage;
  }

  async ps(): Promise<ProcessInfo[]> {
    return (await this.#ask((call) => ({ t: 'ps', call }))) as PsMessage[];
  }

  close(): Promise<void> {
    if (!this.#closing) {
      // Known before anything is told of it, which may call again.
      const closed = deferred<void>();
      this.#closing = closed.promise;
      void this.#close().then(closed.resolve);
    }
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    if (!this.#dead) {
      this.#ending.abort(new Closed());
      this.#post({ t: 'close' });
      this.#closed.resolve((await within(this.#closed.promise, CLOSE_TIME)) ?? []);
      this.#die(new Closed());
    }
    await this.#gone;
  }

  #requireOpen(signal?: AbortSignal): void {
    signal?.throwIfAborted();
    if (this.#dead) throw this.#dead;
    if (this.#closing) throw new Closed();
  }

  async #ask(
    message: (call: number) => ToCoordinator,
    transfer: ArrayBuffer[] = [],
    toError: Call['toError'] = ({ message }) => new HoldfastError(message),
  ): Promise<Answer> {
    this.#requireOpen();
    const call = { ...deferred<Answer>(), toError };
    const id = ++this.#lastCall;
    this.#calls.set(id, call);
    this.#post(message(id), transfer);
    return call.promise;
  }

  readonly #post = (message: ToCoordinator, transfer: ArrayBuffer[] = []): void => {
    if (!this.#dead) this.#endpoint.post(message, transfer);
  };

  #receive(message: FromCoordinator): void {
    switch (message.t) {
      case 'ready':
        return this.#onReady(message.protocol);
      case 'fatal':
        return this.#fail(message.message);
      case 'closed':
        if (!this.#closing && !this.#dead) return this.#fail('the coordinator closed by itself');
        return this.#closed.resolve(message.locks);
      case 'done':
        return this.#takeCall(message.call)?.resolve(message.value);
      case 'failed': {
        const call = this.#takeCall(message.call);
        return call?.reject(call.toError(message.error));
      }
      case 'sup':
        return this.#supervisors.get(message.sup)?.onAction(message.action);
      default:
        if (!this.#sockets?.receive(message)) this.#toProcess(message);
    }
  }

  #toProcess(message: Extract<FromCoordinator, { id: number }>): void {
    const process = this.#processes.get(message.id);
    if (!process) return; // abandoned, or gone with its last message
    switch (message.t) {
      case 'progress':
        process.onProgress(message);
        break;
      case 'spawned':
        process.onSpawned(message.pid, message.ports);
        break;
      case 'refused':
        process.onRefused(message.refusal);
        break;
      case 'stdin-done':
        process.onInputDone(message.error);
        break;
      case 'output':
        process.onOutput(message.fd, message.bytes);
        break;
      case 'end':
        process.onEnd(message.fd);
        break;
      case 'exited':
        process.onExited(message.exit);
        break;
      case 'signal':
        process.onSignal(message.signal);
        break;
      case 'released':
        process.onReleased();
        break;
    }
    if (process.settled) this.#processes.delete(message.id);
  }

  #takeCall(id: number): Call | undefined {
    const call = this.#calls.get(id);
    this.#calls.delete(id);
    return call;
  }

  #onReady(protocol: number): void {
    if (protocol !== PROTOCOL) {
      return this.#fail(
        `the coordinator speaks version ${protocol} of the protocol and this script version ${PROTOCOL}: ` +
          'the files are of different builds. Deploy all of them from one version of the package, and clear caches.',
      );
    }
    this.#started = true;
    this.#ready.resolve();
  }

  #tooSlow(milliseconds: number): void {
    this.#fail(`no answer from the coordinator in ${milliseconds / 1000} s (startTimeout)`);
  }

  #fail(message: string, cause?: Error, gone = false): void {
    const options = cause ? { cause } : undefined;
    if (this.#started) this.#die(new Fatal(`the runtime died: ${message}`, options), gone);
    else this.#die(new StartFailed(`the runtime cannot start: ${message}`, [], options), gone);
  }

  /** The one way out: everything that is open fails with `error`, and the coordinator ends. */
  #die(error: HoldfastError, gone = false): void {
    if (this.#dead) return;
    this.#dead = error;
    this.#unlisten();
    this.#ready.reject(error);
    this.#ending.abort(error);
    for (const call of this.#calls.values()) call.reject(error);
    for (const process of this.#processes.values()) process.onRuntimeGone(error);
    this.#sockets?.onRuntimeGone(error);
    for (const supervisor of this.#supervisors.values()) supervisor.onRuntimeGone(error);
    this.#calls.clear();
    this.#processes.clear();
    this.#supervisors.clear();
    this.#gone = this.#end(gone);
  }

  /** A coordinator that is terminated while it has workers may be left behind, and they with it: they end first. Never rejects. */
  async #end(gone: boolean): Promise<void> {
    if (!gone && !this.#closing) this.#endpoint.post({ t: 'end-workers' });
    const locks = (await within(this.#closed.promise, CLOSE_TIME)) ?? [];
    this.#endpoint.terminate();
    await within(this.#endpoint.gone?.(locks).catch(() => undefined) ?? Promise.resolve(), CLOSE_TIME);
  }
}
