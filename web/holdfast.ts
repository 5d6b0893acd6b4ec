/// <reference lib="esnext.disposable" preserve="true" />
/** The runtime as the page sees it: one connection to a coordinator, and everything that is open on it. */
import type { Endpoint, Transfer } from '../common/endpoint.js';
import { helped } from './check.js';
import {
  PROTOCOL,
  type Answer,
  type CallMessage,
  type CallName,
  type Calls,
  type ErrorMessage,
  type FromCoordinator,
  type FsRequest,
  type InitMessage,
  type PsMessage,
  type StatsMessage,
  type ToCoordinator,
} from '../common/protocol.js';
import { offAbort, onAbort } from './aborts.js';
import { within } from './deadline.js';
import { deferred, type Deferred } from './deferred.js';
import {
  CallFailed,
  Closed,
  Fatal,
  HoldfastError,
  PipeError,
  SocketError,
  SpawnRefused,
  StartFailed,
  SupervisorError,
} from './errors.js';
import { FileSystemEnd, type AskFs, type FileSystem } from './fs.js';
import { INSIDE, type Inside } from './inside.js';
import { planSpawn, type SpawnOptions, type SpawnPlan, type StartSettings } from './options.js';
import type { Instance, InstantiateOptions } from './instance.js';
import { ProcessHandle, type Process } from './process.js';
import type { HttpService } from './http-service.js';
import { later } from './later.js';
import type { ServeOptions, Server } from './serve.js';
import type {
  ChannelOptions,
  Pipe,
  PipeOptions,
  Pipes,
  PipelineOptions,
  PipelineProgram,
  PipelineResult,
} from './pipes.js';
import type { Plugin, PluginOptions } from './plugin.js';
import type { RunFiles } from './run-files.js';
import { collect, inText, planRun, type RunOptions, type RunResult } from './run.js';
import type { ConnectOptions, Connection, Listener, ListenOptions, Sockets } from './sockets.js';
import { InputPipe, OutputPipe } from './streams.js';
import { bodyOf, prepareSource, refused, type Loader, type Source } from './source.js';
import type { SuperviseOptions } from './supervise-options.js';
import type { Supervisor, SupervisorHandle } from './supervise.js';

/**
 * A snapshot of the runtime: its workers, processes, kernel memory, files and sockets. It is meant for people and for
 * tests; its fields may change between versions.
 */
export type Stats = Readonly<StatsMessage>;

/**
 * A snapshot of one process.
 *
 * - `state`, `call` and `asleepFor` describe the thread that ran last: `call` is the name of its system call, and
 *   `asleepFor` the milliseconds that it has waited there (0 when it is not waiting).
 * - `cpuTime` is CPU time in milliseconds.
 * - `threads` has the same for each thread, with its number of system calls.
 * - `memory` is the size of the guest's memory in bytes, as of its last system call.
 * - `fileBytes` is the number of bytes that it added to the file system; `descriptors` is the number of descriptors that
 *   it has open.
 * - `started` is the start time in milliseconds since the epoch.
 * - `parent` holds the supervisor's `id` and the child's id, or the `id` of the process that started it (option
 *   `children`); it is null for a process that the page started.
 */
export type ProcessInfo = Readonly<PsMessage>;

/** A running runtime. All methods are asynchronous: none blocks the calling thread. */
export interface Holdfast extends AsyncDisposable {
  /** The in-memory file system that all guests share. */
  readonly fs: FileSystem;
  /**
   * Starts a program. Resolves as soon as the program runs. A URL is downloaded and compiled once in the life of the
   * runtime.
   *
   * Aborting `options.signal` before the program runs rejects with the signal's reason; aborting it later kills the
   * process.
   *
   * @param source - The program.
   * @param options - Arguments, environment, streams, directories, sockets and limits.
   * @returns The running process.
   * @throws `SpawnRefused` when the program cannot start; `kind` names the cause: the source, the module, the options
   * or a limit.
   * @throws `TypeError` or `RangeError` for invalid options.
   * @throws The signal's reason when aborted before the program runs.
   * @throws `Closed` or `Fatal` when the runtime has ended.
   *
   * @example
   * const p = await hf.spawn('/lines.wasm', { args: ['-n'] });
   * await p.write('one\n');
   * await p.stdin.close();
   * const text = await new Response(p.stdout).text();
   */
  spawn(source: Source, options?: SpawnOptions): Promise<Process>;
  /**
   * Starts a module and keeps it running, so that you can call its exports: a reactor (`_initialize`), a module with neither `_initialize` nor
   * `_start`, or, with the option `entry`, a command. It is a process: `ps()`, limits, `kill()` and `pause()` apply. Between calls it uses no CPU
   * time. Its output goes to the console unless `stdout` and `stderr` say otherwise.
   *
   * @typeParam E - The exported functions, for the types of `call()` and `exports`.
   * @param source - The module.
   * @param options - The options of `spawn()`, the entry, signatures, and the allocator.
   * @returns The instance, when it is initialized.
   * @throws `SpawnRefused`, `TypeError`, `RangeError`, `Closed` or `Fatal`, as `spawn()` does.
   * @throws `CallFailed` when it ends during its initialization; `exit` says how.
   * @throws The signal's reason when aborted before it is initialized; aborting it later kills the instance.
   *
   * @example
   * const q = await hf.instantiate<{ add(a: number, b: number): number }>('/sums.wasm');
   * const sum = await q.exports.add(1, 2);
   */
  instantiate<E = Record<string, (...args: unknown[]) => unknown>>(
    source: Source,
    options?: InstantiateOptions,
  ): Promise<Instance<E>>;
  /**
   * Lets a component that exports `wasi:http/incoming-handler` answer HTTP requests of the page. Each request gets a new instance, so requests cannot
   * affect each other, and an instance that traps or hangs harms only its own response. Resolves at once: the first request loads the component.
   *
   * @param source - The component. Prefer a URL: it is compiled once for all instances.
   * @param options - The options of `spawn()` for each instance, and `max`, the number of instances at a time. Their output goes to the console unless
   * `stdout` and `stderr` say otherwise.
   * @returns The server.
   * @throws `TypeError` or `RangeError` for invalid options.
   *
   * @example
   * const server = await hf.serve('/greeter.wasm', { max: 8, timeout: 10_000 });
   * const response = await server.fetch('http://localhost/greet?name=Ada');
   */
  serve(source: Source, options?: ServeOptions): Promise<Server>;
  /**
   * Runs a program to its end and collects its output. Anything that the guest does is a result, not an error: check
   * `reason` and `code`.
   *
   * Aborting `options.signal` kills the program and rejects with the signal's reason.
   *
   * @param source - The program.
   * @param options - The options of `spawn()`, and input, files and the encoding of the output.
   * @returns How the program ended, its output as text, and the files that it changed.
   * @throws `SpawnRefused`, `TypeError`, `RangeError`, `Closed` or `Fatal`, as `spawn()` does.
   * @throws `RangeError` also for more text than a string can hold (512 MiB in Chromium): pass `encoding: 'bytes'`.
   * @throws The signal's reason when aborted.
   *
   * @example
   * const { reason, code, stdout } = await hf.run('/sort.wasm', { stdin: 'b\na\n', timeout: 5000 });
   */
  run(source: Source, options?: RunOptions & { encoding?: 'utf-8' }): Promise<RunResult>;
  /**
   * Runs a program to its end and collects its output as bytes.
   *
   * @param source - The program.
   * @param options - As above, with `encoding: 'bytes'`.
   * @returns How the program ended, its output as bytes, and the files that it changed.
   */
  run(source: Source, options: RunOptions & { encoding: 'bytes' }): Promise<RunResult<Uint8Array>>;
  /**
   * Runs a program to its end, where TypeScript does not know `encoding`.
   *
   * @param source - The program.
   * @param options - As above.
   * @returns The output as text or bytes, depending on `encoding`.
   */
  run(source: Source, options?: RunOptions): Promise<RunResult<string | Uint8Array>>;
  /**
   * Creates a pipe between programs. Pass its ends as `stdout` or `stderr`, and `stdin`, of programs. The bytes go from one program to the other;
   * the page is not involved. As in a shell, a program that reads gets the end of file when no writer is left, and one that writes gets EPIPE when
   * no reader is left.
   *
   * Several programs may share an end; start them in one turn. A pipe that is not used must be closed.
   *
   * @param options - The size, and whether the ends stay open for further programs.
   * @returns The pipe.
   * @throws `TypeError` or `RangeError` for invalid options.
   *
   * @example
   * const pipe = await hf.pipe();
   * const [reader] = await Promise.all([
   *   hf.run('/sort.wasm', { stdin: pipe.reader }),
   *   hf.run('/list.wasm', { stdout: pipe.writer }),
   * ]);
   */
  pipe(options?: PipeOptions): Promise<Pipe>;
  /**
   * Creates a channel between programs: a pipe that preserves message boundaries. A write sends one message, and a read returns bytes of one
   * message; at most `messages` messages with `bytes` bytes in total wait to be read. Any number of programs may send, and any number receive: each
   * message goes to one receiver.
   *
   * @param options - The limits, and whether the ends stay open for further programs.
   * @returns The channel. Its `writer` sends and its `reader` receives. Pass each in a program's `preopens`, under the name by which the program
   * opens it, or as a standard stream.
   * @throws `TypeError` or `RangeError` for invalid options.
   *
   * @example
   * const jobs = await hf.channel({ messages: 16 });
   * const workers = [1, 2].map(() => hf.run('/worker.wasm', { preopens: { '/dev/jobs': jobs.reader } }));
   * await hf.run('/master.wasm', { preopens: { '/dev/jobs': jobs.writer } });
   */
  channel(options?: ChannelOptions): Promise<Pipe>;
  /**
   * Runs programs each of which reads the output of the one before it, like `a | b | c` in a shell, and collects the output of the last one. A
   * program that writes to one that has ended is killed (`brokenPipe: 'end'`), as in a shell.
   *
   * @param programs - The programs; for one with its own options, `{ source, args, … }`.
   * @param options - The input of the first one, a time limit, and the encoding of the output.
   * @returns How each program ended, and the output of the last one, as text.
   * @throws `SpawnRefused` when one of the programs cannot start; the others are then killed.
   * @throws `TypeError`, `RangeError`, `Closed` or `Fatal`, as `run()` does.
   * @throws The signal's reason when aborted.
   *
   * @example
   * const { stdout, programs } = await hf.pipeline(['/cat.wasm', { source: '/grep.wasm', args: ['x'] }], { stdin: 'x\ny\n' });
   * const codes = programs.map(({ code }) => code);
   */
  pipeline(
    programs: readonly (Source | PipelineProgram)[],
    options?: PipelineOptions & { encoding?: 'utf-8' },
  ): Promise<PipelineResult>;
  /**
   * Runs a pipeline and collects the output of its last program as bytes.
   *
   * @param programs - The programs.
   * @param options - As above, with `encoding: 'bytes'`.
   * @returns How each program ended, and the output of the last one, as bytes.
   */
  pipeline(
    programs: readonly (Source | PipelineProgram)[],
    options: PipelineOptions & { encoding: 'bytes' },
  ): Promise<PipelineResult<Uint8Array>>;
  /**
   * Connects to a port on which a program of this runtime, or its page, listens. Resolves when the connection is in the
   * listener's backlog, before it is accepted. Waits while the backlog is full (128 connections).
   *
   * @param port - The port, 1 to 65,535.
   * @param options - An abort signal, and the size of the read buffer in bytes.
   * @returns The page's end of the connection.
   * @throws `SocketError` with the code "ECONNREFUSED" when nothing listens on the port, or "ENOBUFS" when there are
   * already 1,024 connections.
   * @throws `TypeError` or `RangeError` for invalid arguments.
   * @throws The signal's reason when aborted before the connection exists; aborting later breaks the connection.
   *
   * @example
   * const { readable, writable } = await hf.connect(8080);
   */
  connect(port: number, options?: ConnectOptions): Promise<Connection>;
  /**
   * Listens on a port, to which programs and the page can connect.
   *
   * @param port - The port; 0 (the default) picks a free one, which `listener.port` reports.
   * @param options - An abort signal.
   * @returns The listener; iterate over it to accept connections.
   * @throws `SocketError` with the code "EADDRINUSE" when the port is taken.
   * @throws `TypeError` or `RangeError` for invalid arguments.
   * @throws The signal's reason when aborted before it listens; aborting later closes the port.
   *
   * @example
   * for await (const connection of await hf.listen(9090)) {
   *   await connection.readable.pipeTo(connection.writable); // echoes
   * }
   */
  listen(port?: number, options?: ListenOptions): Promise<Listener>;
  /**
   * Starts children and keeps them running. Resolves as soon as the supervisor exists, before it starts the first
   * child; its events report what happens next.
   *
   * @param options - The children, the restart strategy, the restart limit and the backoff.
   * @returns The supervisor.
   * @throws `TypeError` or `RangeError` for invalid options.
   * @throws `Closed` or `Fatal` when the runtime has ended.
   * @throws The signal's reason when aborted before the supervisor exists; aborting later closes it.
   *
   * @example
   * const supervisor = await hf.supervise({ children: [{ id: 'server', start: { source: '/server.wasm' } }] });
   * supervisor.on('restarting', ({ id, delay }) => console.log(`${id} restarts in ${delay} ms`));
   */
  supervise(options: SuperviseOptions): Promise<Supervisor>;
  /**
   * Starts a plugin: a program that the page calls by method, and that can call the page's `handlers`, with JSON-RPC
   * 2.0 over its standard streams (docs/plugins.md). Resolves when it runs; with `instance: 'fresh'` at once.
   *
   * @param source - The program. Prefer a URL: it is compiled once for all instances.
   * @param options - The handlers, limits of calls, and options of the processes.
   * @returns The plugin.
   * @throws `SpawnRefused` when the program cannot start.
   * @throws `TypeError` or `RangeError` for invalid options.
   * @throws The signal's reason when aborted before the program runs; aborting later closes the plugin.
   * @throws `Closed` or `Fatal` when the runtime has ended.
   *
   * @example
   * await using plugin = await hf.plugin('/spell.wasm', { handlers: { lookup: ({ word }) => dictionary.has(word) } });
   * const mistakes = await plugin.call('check', { text: 'Helo' });
   */
  plugin(source: Source, options?: PluginOptions): Promise<Plugin>;
  /**
   * Returns a snapshot of the runtime.
   *
   * @throws `Closed` or `Fatal` when the runtime has ended.
   */
  stats(): Promise<Stats>;
  /**
   * Lists all processes and what each is doing now.
   *
   * @throws `Closed` or `Fatal` when the runtime has ended.
   */
  ps(): Promise<ProcessInfo[]>;
  /**
   * Ends everything: processes, workers and files. Pending operations reject with `Closed`.
   *
   * Resolves when the workers that run programs are gone: after some milliseconds, or later when one is just starting;
   * in Chromium after two seconds when a program that is not `interruptible` was computing; after half a minute at
   * most. The coordinator's worker, which does nothing any more, ends a tenth of a second later. Never rejects, and may
   * be called again.
   */
  close(): Promise<void>;
}

const loadHttp = () => later('http.js', import('./http.js'));
const loadInstance = () => later('instance.js', import('./instance.js'));

/** How long the coordinator may take to end its workers, and how long those that did not end then are waited for, in milliseconds. */
const CLOSE_TIME = 25_000;
const LATE_TIME = 5000;

interface Call extends Pick<Deferred<unknown>, 'reject'> {
  /** The call's name, which the message had, determines the type of the value. */
  resolve(value: unknown): void;
  toError(error: ErrorMessage): Error;
}

/** Asks the coordinator. An error reply is thrown as `toError` converts it. */
export type Ask = <Name extends CallName>(
  name: Name,
  question: Calls[Name][0],
  toError?: Call['toError'],
  transfer?: ArrayBuffer[],
) => Promise<Answer<Name>>;

export class Runtime implements Holdfast {
  static readonly name = 'Holdfast';
  readonly fs: FileSystem;
  readonly #endpoint: Endpoint<ToCoordinator, FromCoordinator>;
  readonly #loader: Loader;
  readonly #processes = new Map<number, ProcessHandle>();
  #sockets: Sockets | undefined;
  readonly #supervisors = new Map<number, SupervisorHandle>();
  /** Every process and supervisor that this runtime created. */
  readonly #own = new WeakSet<object>();
  readonly #calls = new Map<number, Call>();
  /** Aborted as soon as the shutdown begins: everything still loading is given up. */
  readonly #ending = new AbortController();
  readonly #ready = deferred<void>();
  readonly #closed = deferred<readonly string[] | undefined>();
  #started = false;
  #lastId = 0;
  #lastCall = 0;
  #closing: Promise<void> | undefined;
  #dead: HoldfastError | undefined;
  #gone: Promise<void> | undefined;
  #unlisten = (): void => undefined;
  /** The operation determines the type of the reply, as `Ask` cannot know. */
  readonly #askFs = ((request: FsRequest, transfer: ArrayBuffer[], toError: Call['toError']) =>
    this.#ask('fs', { request }, toError, transfer)) as AskFs;

  constructor(endpoint: Endpoint<ToCoordinator, FromCoordinator>, loader: Loader) {
    this.#endpoint = endpoint;
    this.#loader = loader;
    // The operation determines the type of the reply, as `Ask` cannot know.
    this.fs = new FileSystemEnd(this.#askFs);
    endpoint.onmessage = (message) => this.#receive(message);
    endpoint.onerror = (error, gone = false) => {
      if (gone) this.#closed.resolve([]);
      this.#fail(error.message, error, gone);
    };
  }

  /** Sends `init` and waits for the reply. If that fails, the coordinator is terminated. */
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

  /** `prepare` runs once the program is loaded; its signal is aborted when the result is no longer needed. */
  async #spawn(source: Source, plan: SpawnPlan, prepare?: (signal: AbortSignal) => Promise<void>): Promise<Process> {
    const take = plan.ends[0]?.take(plan.ends, this.#post);
    const starting = this.#start(source, plan, prepare);
    take?.(starting);
    return starting;
  }

  async #start(source: Source, plan: SpawnPlan, prepare?: (signal: AbortSignal) => Promise<void>): Promise<Process> {
    const { settings } = plan;
    if (settings.interruptible === 'if-possible' && !this.#loader.interrupts) settings.interruptible = false;
    const { memory, gc } = settings.limits;
    const needsBytes = memory ? 'limits.memory' : !gc ? 'limits.gc' : settings.interruptible;
    // The types of its exports are in the bytes.
    const asBytes = needsBytes === true ? 'interruptible' : needsBytes || (settings.guest?.called ? 'if-possible' : '');
    const { message, transfer, name } = await this.#load(
      (signal) => prepareSource(source, this.#loader, signal, plan.onProgress, asBytes, plan.signal !== undefined),
      plan.signal,
    );
    if (prepare) await this.#load(prepare, plan.signal);
    const link =
      (plan.host ?? plan.companion ?? plan.links ?? plan.children) && !settings.guest
        ? (await loadInstance()).link(plan)
        : plan.link;
    let http: HttpService | undefined;
    try {
      await link?.connect(this.#ask, this.#post, (program, own) => this.#spawn(program, own), name);
      if (plan.http) http = await (await loadHttp()).openHttp(plan, this.#loadSockets());
      this.#requireOpen(plan.signal); // checked again, at the moment when the process is created
    } catch (error) {
      link?.abandon();
      http?.abandon();
      throw error;
    }
    const ports = settings.guest?.port ? [settings.guest.port] : [];
    const program = {
      id: ++this.#lastId,
      name: plan.name ?? plan.argv0 ?? name,
      source: message,
      transfer: [...transfer, ...ports],
    };
    const process = new ProcessHandle(program, plan, this.#post, this.#ask);
    this.#processes.set(process.id, process);
    this.#own.add(process);
    link?.attach(process, this.#post);
    http?.attach(process);
    await process.started.catch(async (error: unknown) => {
      throw process.refusal ? await refused(process.refusal) : error;
    });
    return process;
  }

  /**
   * Returns the result of `load`. When the signal is aborted or the runtime ends, `load` is asked to stop, and this
   * does not wait for it.
   */
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
      loading.abort(); // removes the listeners of whatever it loaded
      this.#requireOpen(signal); // an abort or the runtime's end is the real cause of any failure
    }
  }

  async instantiate<E = Record<string, (...args: unknown[]) => unknown>>(
    source: Source,
    options: InstantiateOptions = {},
  ): Promise<Instance<E>> {
    const file = await loadInstance();
    return helped(() => file.instantiate(this[INSIDE], source, options)) as Promise<Instance<E>>;
  }

  get [INSIDE](): Inside {
    return {
      planSpawn,
      spawn: (source, plan) => this.#spawn(source, plan),
      ask: this.#ask,
      HoldfastError,
      failed: (message, exit) => new CallFailed(message, exit),
    };
  }

  async serve(source: Source, options: ServeOptions = {}): Promise<Server> {
    const file = await loadHttp();
    return helped(() => file.serve(this[INSIDE], source, options));
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
      own = new file.RunFiles(this.fs, this.#askFs, plan.settings.preopens, { files, outputs }, SpawnRefused);
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

  async pipe(options?: PipeOptions): Promise<Pipe> {
    return (await this.#loadPipes()).pipe(options);
  }

  async channel(options?: ChannelOptions): Promise<Pipe> {
    return (await this.#loadPipes()).channel(options);
  }

  pipeline(
    programs: readonly (Source | PipelineProgram)[],
    options?: PipelineOptions & { encoding?: 'utf-8' },
  ): Promise<PipelineResult>;
  pipeline(
    programs: readonly (Source | PipelineProgram)[],
    options: PipelineOptions & { encoding: 'bytes' },
  ): Promise<PipelineResult<Uint8Array>>;
  async pipeline(
    programs: readonly (Source | PipelineProgram)[],
    options?: PipelineOptions,
  ): Promise<PipelineResult<never>> {
    return (await this.#loadPipes()).pipeline(programs, options) as Promise<PipelineResult<never>>;
  }

  async #loadPipes(): Promise<Pipes> {
    const file = await later('pipes.js', import('./pipes.js'));
    return new file.Pipes(this.#ask, this.#post, this, collect);
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
      load: () => this.#ask('sockets', {}),
      post: this.#post,
      ask: this.#ask,
      newId: () => ++this.#lastId,
      requireOpen: (signal) => this.#requireOpen(signal),
      InputPipe,
      OutputPipe,
      PipeError,
      SocketError,
    }));
  }

  async supervise(options: SuperviseOptions): Promise<Supervisor> {
    const file = await later('supervise.js', import('./supervise.js'));
    return file.openSupervisor(options, {
      newId: () => ++this.#lastId,
      requireOpen: (signal) => this.#requireOpen(signal),
      post: this.#post,
      ask: this.#ask,
      spawn: (source, spawnOptions) => this.spawn(source, spawnOptions),
      own: this.#own,
      isProcess: (handle) => handle instanceof ProcessHandle,
      SupervisorError,
      read: this.#read,
      wait: (promise, signal) => this.#load(() => promise, signal),
      open: this.#supervisors,
    });
  }

  async plugin(source: Source, options: PluginOptions = {}): Promise<Plugin> {
    const { openPlugin } = await later('plugin.js', import('./plugin.js'));
    return openPlugin(source, options, { spawn: this.spawn.bind(this), read: this.#read, HoldfastError });
  }

  readonly #read = (response: Response) => this.#load((signal) => bodyOf(response, signal));

  async stats(): Promise<Stats> {
    return this.#ask('stats', {});
  }

  async ps(): Promise<ProcessInfo[]> {
    return this.#ask('ps', {});
  }

  close(): Promise<void> {
    if (!this.#closing) {
      // Set before anything else learns of it: callbacks may call close() again.
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
      const locks = await within(this.#closed.promise, CLOSE_TIME);
      // The kernel reports releases, but the coordinator stops calling it before it ends the last workers.
      if (locks?.length === 0) for (const process of this.#processes.values()) process.onWorkersGone();
      this.#closed.resolve(locks);
      this.#die(new Closed());
    }
    await this.#gone;
  }

  #requireOpen(signal?: AbortSignal): void {
    signal?.throwIfAborted();
    if (this.#dead) throw this.#dead;
    if (this.#closing) throw new Closed();
  }

  readonly #ask: Ask = async (name, question, toError = ({ message }) => new HoldfastError(message), transfer) => {
    this.#requireOpen();
    const answer = deferred<Answer<typeof name>>();
    const call = ++this.#lastCall;
    this.#calls.set(call, { ...answer, toError });
    this.#post({ t: name, call, ...question } as CallMessage, transfer);
    return answer.promise;
  };

  readonly #post = (message: ToCoordinator, transfer: Transfer[] = []): void => {
    if (!this.#dead) this.#endpoint.post(message, transfer);
  };

  #receive(message: FromCoordinator): void {
    switch (message.t) {
      case 'ready':
        return this.#onReady(message.protocol);
      case 'fatal':
        return this.#fail(message.message);
      case 'closed':
        if (!this.#closing && !this.#dead) return this.#fail('the coordinator closed unexpectedly');
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
    if (!process) return; // abandoned, or it has already received its last message
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
      case 'host-call':
        process.onHostCall?.(message.message);
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
        `coordinator.js (protocol ${protocol}) and this script (${PROTOCOL}) are from different builds: deploy both together, and clear caches`,
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

  /** The single exit path: fails everything that is open with `error`, and ends the coordinator. */
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

  /**
   * Ends the workers first: a coordinator that is terminated while it has workers may survive along with them. Never
   * rejects.
   */
  async #end(gone: boolean): Promise<void> {
    if (!gone && !this.#closing) this.#endpoint.post({ t: 'end-workers' });
    const locks = await within(this.#closed.promise, CLOSE_TIME);
    this.#endpoint.terminate();
    await within(this.#endpoint.gone?.(locks).catch(() => undefined) ?? Promise.resolve(), LATE_TIME);
  }
}
