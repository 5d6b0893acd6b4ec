/// <reference lib="esnext.disposable" preserve="true" />
/** The runtime, as the page sees it: one connection to a coordinator, and everything that is open on it. */
import { deferred, type Deferred } from './deferred.js';
import { Closed, Fatal, HoldfastError, StartFailed } from './errors.js';
import { FileSystemEnd, type FileSystem } from './fs.js';
import { planSpawn, type SpawnOptions, type StartSettings } from './options.js';
import { ProcessEnd, type Process } from './process.js';
import {
  PROTOCOL,
  type Endpoint,
  type ErrorMessage,
  type FromCoordinator,
  type FsResult,
  type InitMessage,
  type StatsMessage,
  type ToCoordinator,
} from './protocol.js';
import { collect, inText, planRun, type RunOptions, type RunResult } from './run.js';
import { prepareSource, type Loader, type Source } from './source.js';

/** What the runtime is made of and busy with, for people and for tests; the fields may change between versions. */
export type Stats = Readonly<StatsMessage>;

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
  run(source: Source, options: RunOptions & { encoding: 'bytes' }): Promise<RunResult<Uint8Array>>;
  run(source: Source, options?: RunOptions): Promise<RunResult<string | Uint8Array>>;
  /** What the runtime is busy with. */
  stats(): Promise<Stats>;
  /**
   * Ends everything: processes, workers, files. What is still open then is rejected with `Closed`. Never rejects, and
   * does no harm when called again.
   */
  close(): Promise<void>;
}

/** How long each half of closing, in good order and after it was terminated, may take, in milliseconds. */
const CLOSE_TIME = 5000;

/** What the promise gives, or `otherwise` when it takes too long. */
async function inTime<T>(promise: Promise<T> | undefined, otherwise: T): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<T>((resolve) => (timer = setTimeout(() => resolve(otherwise), CLOSE_TIME)));
  try {
    return await Promise.race([promise ?? otherwise, late]);
  } finally {
    clearTimeout(timer);
  }
}

type Call = Deferred<FsResult | StatsMessage> & { toError(error: ErrorMessage): Error };

export class Runtime implements Holdfast {
  readonly fs: FileSystem;
  readonly #endpoint: Endpoint<ToCoordinator, FromCoordinator>;
  readonly #loader: Loader;
  readonly #processes = new Map<number, ProcessEnd>();
  readonly #calls = new Map<number, Call>();
  readonly #ready = deferred<void>();
  readonly #closed = deferred<readonly string[]>();
  #started = false;
  #lastId = 0;
  #lastCall = 0;
  #closing: Promise<void> | undefined;
  #dead: HoldfastError | undefined;
  #unlisten = (): void => undefined;

  constructor(endpoint: Endpoint<ToCoordinator, FromCoordinator>, loader: Loader) {
    this.#endpoint = endpoint;
    this.#loader = loader;
    this.fs = new FileSystemEnd((request, transfer, toError) => {
      return this.#ask((call) => ({ t: 'fs', call, request }), transfer, toError) as Promise<FsResult>;
    });
    endpoint.onmessage = (message) => this.#receive(message);
    endpoint.onerror = (error) => this.#fail(error.message, error);
  }

  /** Sends `init` and waits for the answer. When that fails, the coordinator is gone. */
  async open(assets: InitMessage['assets'], settings: StartSettings): Promise<void> {
    const { signal, startTimeout, ...rest } = settings;
    const onAbort = (): void => {
      this.#ready.reject(signal?.reason);
      void this.close();
    };
    signal?.addEventListener('abort', onAbort, { once: true });
    this.#unlisten = () => signal?.removeEventListener('abort', onAbort);
    if (signal?.aborted) onAbort();
    const timer = startTimeout > 0 ? setTimeout(() => this.#tooSlow(startTimeout), startTimeout) : undefined;
    try {
      this.#post({ t: 'init', protocol: PROTOCOL, assets, ...rest });
      await this.#ready.promise;
    } finally {
      clearTimeout(timer);
    }
  }

  async spawn(source: Source, options: SpawnOptions = {}): Promise<Process> {
    const plan = planSpawn(options);
    this.#requireOpen(plan.signal);
    const { message, transfer, name } = await prepareSource(source, this.#loader, plan.onProgress);
    this.#requireOpen(plan.signal);
    const program = { id: ++this.#lastId, name: plan.name ?? plan.argv0 ?? name, source: message, transfer };
    const process = new ProcessEnd(program, plan, this.#post);
    this.#processes.set(process.id, process);
    await process.started;
    return process;
  }

  run(source: Source, options?: RunOptions & { encoding?: 'utf-8' }): Promise<RunResult>;
  run(source: Source, options: RunOptions & { encoding: 'bytes' }): Promise<RunResult<Uint8Array>>;
  run(source: Source, options?: RunOptions): Promise<RunResult<string | Uint8Array>>;
  async run(source: Source, options: RunOptions = {}): Promise<RunResult<string | Uint8Array>> {
    const { limit, encoding, spawn } = planRun(options);
    const result = await collect(await this.spawn(source, spawn), limit);
    if (result.reason === 'killed') spawn.signal?.throwIfAborted();
    return encoding === 'bytes' ? result : inText(result);
  }

  async stats(): Promise<Stats> {
    const toError = ({ message }: ErrorMessage): Error => new HoldfastError(message);
    return (await this.#ask((call) => ({ t: 'stats', call }), [], toError)) as StatsMessage;
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    this.#post({ t: 'close' });
    const locks = await inTime(this.#closed.promise, []);
    this.#die(new Closed());
    await inTime(this.#endpoint.gone?.(locks), undefined);
  }

  #requireOpen(signal?: AbortSignal): void {
    signal?.throwIfAborted();
    if (this.#dead) throw this.#dead;
    if (this.#closing) throw new Closed();
  }

  async #ask(
    message: (call: number) => ToCoordinator,
    transfer: Transferable[],
    toError: Call['toError'],
  ): Promise<FsResult | StatsMessage> {
    this.#requireOpen();
    const call = { ...deferred<FsResult | StatsMessage>(), toError };
    const id = ++this.#lastCall;
    this.#calls.set(id, call);
    this.#post(message(id), transfer);
    return call.promise;
  }

  readonly #post = (message: ToCoordinator, transfer: Transferable[] = []): void => {
    if (!this.#dead) this.#endpoint.post(message, transfer);
  };

  #receive(message: FromCoordinator): void {
    switch (message.t) {
      case 'ready':
        return this.#onReady(message.protocol);
      case 'fatal':
        return this.#fail(message.message);
      case 'closed':
        if (!this.#closing) return this.#fail('the coordinator closed by itself');
        return this.#closed.resolve(message.locks);
      case 'done':
        return this.#takeCall(message.call)?.resolve(message.value);
      case 'failed': {
        const call = this.#takeCall(message.call);
        return call?.reject(call.toError(message.error));
      }
      default:
        return this.#toProcess(message);
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
        process.onSpawned(message.pid);
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

  #fail(message: string, cause?: Error): void {
    const options = cause ? { cause } : undefined;
    if (this.#started) this.#die(new Fatal(`the runtime died: ${message}`, options));
    else this.#die(new StartFailed(`the runtime cannot start: ${message}`, [], options));
  }

  /** The one way out: everything that is open fails with `error`, and the coordinator is terminated. */
  #die(error: HoldfastError): void {
    if (this.#dead) return;
    this.#dead = error;
    this.#unlisten();
    this.#ready.reject(error);
    this.#closed.resolve([]);
    for (const call of this.#calls.values()) call.reject(error);
    for (const process of this.#processes.values()) process.onRuntimeGone(error);
    this.#calls.clear();
    this.#processes.clear();
    this.#endpoint.terminate();
  }
}
