/** One process as the page sees it. */
import { toTransfer, type Transfer } from '../common/endpoint.js';
import type { HostCallMessage } from '../common/guest-protocol.js';
import type {
  Calls,
  ErrorMessage,
  ExitMessage,
  OutputFd,
  RefusalMessage,
  SourceMessage,
  SpawnMessage,
  StreamFd,
  StreamMode,
  ToCoordinator,
} from '../common/protocol.js';
import { offAbort, onAbort } from './aborts.js';
import { copyOf, isBytes, viewOf, wrong } from './bytes.js';
import { abortSignal, helped, nothingMore, object, waitTime } from './check.js';
import { deferred } from './deferred.js';
import { HandleError, PipeError, SpawnRefused } from './errors.js';
import { traceOption, type InputPlan, type OutputOption, type Progress, type SpawnPlan } from './options.js';
import { TRACE_FD } from '../build/generated/layouts.js';
import type { TraceOption } from './tracing.js';
import { within } from './deadline.js';
import { later } from './later.js';
import { drain, emptyUntil, feed, type OutputTarget } from './pumps.js';
import { uncaught } from './uncaught.js';
import type { Terminal, TerminalSignal } from './terminal.js';
import { closedInput, InputPipe, OutputPipe } from './streams.js';

/**
 * How a process ended.
 *
 * - `code` is the guest's own exit code for the reason "exit"; otherwise it is the code that a shell would report (trap
 *   134, killed 137, timeout 124).
 * - `message` describes what happened when the reason is not "exit".
 * - `stack` is the wasm stack of a trap, one frame per line.
 */
export type Exit = Readonly<ExitMessage>;

/** A running (or ended) program. Nothing here blocks; all of it may be used on the UI thread. */
export interface Process {
  /** A number that is unique for the life of this runtime. */
  readonly id: number;
  /** The kernel's process number, which may be reused after the process is gone. */
  readonly pid: number;
  /** The name in messages and statistics, as the `name` option of `spawn()` describes. */
  readonly name: string;
  /** The ports on which it was started to listen (`sockets`), in the order of that option. */
  readonly ports: readonly number[];
  /**
   * Standard input, as bytes (copied).
   *
   * A write resolves when its bytes are in the process's pipe, so await writes for backpressure. Keys for a terminal
   * are sent at once; up to 256 KiB may be in transit. A write rejects with `PipeError` (EPIPE) when the guest can no
   * longer read, and always when the option `stdin` is not "pipe". `close()` and `abort()` both mean end of file to
   * the guest.
   *
   * A `WritableStream` has no `write` method: use `process.write()`, or a writer from `process.stdin.getWriter()`.
   */
  readonly stdin: WritableStream<Uint8Array>;
  /**
   * The bytes that the guest writes to descriptor 1. The reader owns each chunk. The stream ends after the last byte.
   *
   * While the page does not read, at most `outputBuffer` bytes are buffered, and then the guest waits. `cancel()` makes
   * the guest's writes fail with EPIPE. Unread bytes stay available after the process has ended, until they are read or
   * the stream is cancelled. When the option `stdout` is not "pipe", this stream is empty and ends when the target has
   * received everything.
   */
  readonly stdout: ReadableStream<Uint8Array>;
  /**
   * The bytes that the guest writes to descriptor 2, as `stdout`. Empty with `stderr: 'stdout'` and with a terminal.
   */
  readonly stderr: ReadableStream<Uint8Array>;
  /**
   * Resolves when the process has ended, whatever the guest did; some of its output may still be on its way to
   * `stdout`. Rejects only with `Closed` or `Fatal`, when the runtime ends first.
   */
  readonly exited: Promise<Exit>;
  /**
   * Resolves after `exited`, when nothing of the process is left: its threads are idle or truly gone, and its
   * resources are freed. The worker of a guest that was terminated while computing may use its core for longer
   * (Chromium: 2 s; WebKit and Bun: forever), unless the program was `interruptible`. Rejects as `exited` does.
   */
  readonly released: Promise<void>;
  /** The process's terminal with `terminal: true` or an object, otherwise undefined. */
  readonly terminal: Terminal | undefined;
  /**
   * Writes to standard input. Calls need not be awaited one by one: data stays in order.
   *
   * @param data - Text (sent as UTF-8) or bytes (copied).
   * @returns A promise that resolves when the bytes are in the process's pipe (for a terminal: when they are sent).
   * @throws `PipeError` (EPIPE) when the guest can no longer read, or when standard input is neither a pipe nor a
   * terminal.
   * @throws `TypeError` when `data` is neither text nor bytes, or while another writer locks `process.stdin`.
   *
   * @example
   * await p.write('print(6 * 7)\n');
   * await p.stdin.close(); // end of file
   */
  write(data: string | ArrayBuffer | ArrayBufferView): Promise<void>;
  /**
   * Kills the process; its reason is "killed". Returns at once: await `exited` for the end. Does nothing when the
   * process has ended.
   */
  kill(): void;
  /**
   * Stops all threads of the process. Resolves when all of them are stopped, or when the process has ended. A paused
   * guest uses no CPU.
   *
   * An `interruptible` thread stops at the next loop iteration; any other stops at its next system call, so a thread in
   * `memory.atomic.wait` stops only after that wait ends. Clocks, and the operations that the threads wait for,
   * continue.
   *
   * @throws `Closed` or `Fatal` when the runtime ends.
   */
  pause(): Promise<void>;
  /**
   * Continues a paused process. Resolves when the request has taken effect, or when the process has ended.
   *
   * @throws `Closed` or `Fatal` when the runtime ends.
   */
  resume(): Promise<void>;
  /**
   * Starts or stops tracing the process's system calls. A traced process waits for the function's promises, and so does
   * `exited`, unless the process is killed or tracing stops.
   *
   * @param to - A function that receives each call, `true` for the console, or `false` to stop.
   * @throws `TypeError` for anything else.
   */
  trace(to: TraceOption): void;
  /**
   * Waits for the end and uses up the handle: like a thread, a process can be joined once.
   *
   * @returns How the process ended.
   * @throws `HandleError` when the process was already joined or detached.
   * @throws `Closed` or `Fatal` when the runtime ends first.
   */
  join(): Promise<Exit>;
  /**
   * Waits for the end, with a time limit or an abort signal.
   *
   * Neither a timeout nor an abort stops the process or uses up the handle: it can be joined again.
   *
   * @param options - `timeout` in milliseconds, and `signal`.
   * @returns How the process ended, or `undefined` when it still runs after `timeout`.
   * @throws `HandleError` when the process was already joined or detached.
   * @throws The signal's reason when aborted.
   * @throws `Closed` or `Fatal` when the runtime ends first.
   *
   * @example
   * const exit = await p.join({ timeout: 1000 });
   * if (!exit) p.kill();
   */
  join(options: JoinOptions): Promise<Exit | undefined>;
  /**
   * Joins the process if it has ended. Does not wait.
   *
   * @returns How the process ended, or `undefined` while it runs.
   * @throws `HandleError` when the process was already joined or detached.
   */
  tryJoin(): Exit | undefined;
  /**
   * Gives up the handle. The process continues; output on streams that the page does not read is discarded.
   *
   * @throws `HandleError` when the process was already joined or detached.
   */
  detach(): void;
}

/** Options of `process.join()`. */
export interface JoinOptions {
  /** Milliseconds to wait. Default: no limit. */
  timeout?: number | undefined;
  /** Stops waiting when aborted: `join()` rejects with the signal's reason, and the process continues. */
  signal?: AbortSignal | undefined;
}

const was = { 'being joined': 'joined already, and has not ended', joined: 'joined before', detached: 'detached' };

/** Sends a message that has a reply. */
type Ask = (name: 'pause', question: Calls['pause'][0]) => Promise<undefined>;
type Post = (message: ToCoordinator, transfer?: Transfer[]) => void;

/** What to start, in addition to the plan. */
export interface Program {
  id: number;
  name: string;
  source: SourceMessage;
  transfer: Transfer[];
}

export class ProcessHandle implements Process {
  static readonly name = 'Process';
  readonly id: number;
  readonly name: string;
  readonly stdin: WritableStream<Uint8Array>;
  readonly stdout: ReadableStream<Uint8Array>;
  readonly stderr: ReadableStream<Uint8Array>;
  readonly exited: Promise<Exit>;
  readonly released: Promise<void>;
  readonly terminal: Terminal | undefined;
  /** Why the coordinator refused to start it, once known. */
  refusal: RefusalMessage | undefined;
  /** Resolves when the coordinator has started the process. */
  readonly started: Promise<void>;
  pid = 0;
  ports: readonly number[] = [];

  readonly #plan: SpawnPlan;
  readonly #post: Post;
  readonly #ask: Ask;
  readonly #started = deferred<void>();
  readonly #exited = deferred<Exit>();
  readonly #released = deferred<void>();
  readonly #input: InputPipe | undefined;
  readonly #outputs: Record<OutputFd, OutputPipe | undefined>;
  readonly #drained: Record<OutputFd, ReturnType<typeof deferred<void>>> = { 1: deferred(), 2: deferred() };
  /** Aborted when the guest can no longer read standard input. */
  readonly #gone = new AbortController();
  /** Messages still expected from the coordinator. */
  readonly #awaited = new Set<'exit' | 'release' | StreamFd>(['exit', 'release']);
  #running = false;
  #tracePipe: OutputPipe | undefined;
  /** Resolves when all of its traced calls have been delivered. */
  #traced: Promise<void> | undefined;
  #traceTo: TraceOption;
  /** The end, once it is known. */
  exit: Exit | undefined;
  /** The state of the handle. */
  #handle: 'free' | 'being joined' | 'joined' | 'detached' = 'free';
  /** Why the page side killed it, when the caller did not ask for it. */
  #cause = '';

  constructor(program: Program, plan: SpawnPlan, post: Post, ask: Ask) {
    this.id = program.id;
    this.name = program.name;
    this.#plan = plan;
    this.#traceTo = plan.trace;
    this.#post = post;
    this.#ask = ask;
    this.#input =
      plan.settings.stdin === 'pipe'
        ? new InputPipe(
            this.#inputWire(),
            'stdin',
            plan.settings.terminal ? { raw: plan.settings.terminal.raw } : undefined,
          )
        : undefined;
    this.#outputs = { 1: this.#openOutput(1, plan.settings.stdout), 2: this.#openOutput(2, plan.settings.stderr) };
    this.stdin = plan.stdin === 'pipe' && this.#input ? this.#input.stream : closedInput();
    this.stdout = this.#visible(1, plan.stdout);
    this.stderr = this.#visible(2, plan.stderr);
    this.exited = this.#exited.promise;
    this.released = this.#released.promise;
    this.started = this.#started.promise;
    this.terminal = plan.settings.terminal ? this.#openTerminal() : undefined;
    if (plan.trace) this.#openTrace();
    onAbort(plan.signal, this.#abort);
    post(spawnMessage(program, plan), program.transfer);
  }

  #openTerminal(): Terminal {
    const { id } = this;
    return {
      attach: async (screen) =>
        (await later('attach.js', import('./attach.js'))).attach(this, screen, this.#plan.stdout === 'pipe'),
      setRaw: (raw, options = {}) => {
        const { onlcr = true, ...rest } = object(options, 'setRaw options');
        nothingMore('setRaw', rest);
        this.#input?.setRaw(raw === true);
        this.#post({ t: 'raw', id, raw: raw === true, onlcr: onlcr !== false });
      },
      setEcho: (echo) => this.#post({ t: 'echo', id, echo: echo !== false }),
    };
  }

  async write(data: string | ArrayBuffer | ArrayBufferView): Promise<void> {
    if (typeof data !== 'string' && !isBytes(data)) throw wrong('what is written', 'text or bytes', data);
    const bytes = typeof data === 'string' ? new TextEncoder().encode(data) : copyOf(viewOf(data));
    if (this.stdin.locked) throw new TypeError('process.stdin is locked: write with the writer that locks it');
    const writer = this.stdin.getWriter();
    const written = writer.write(bytes);
    writer.releaseLock(); // does not affect the pending write
    await written;
  }

  kill(): void {
    if (this.#awaited.has('exit')) this.#post({ t: 'kill', id: this.id });
    else this.#dropTrace();
  }

  pause(): Promise<void> {
    return this.#setPaused(true);
  }

  resume(): Promise<void> {
    return this.#setPaused(false);
  }

  async #setPaused(paused: boolean): Promise<void> {
    if (this.#awaited.has('exit')) await this.#ask('pause', { id: this.id, paused });
    else await this.exited; // no effect after the end; rejects if the runtime is gone
  }

  trace(to: TraceOption): void {
    this.#traceTo = traceOption(to);
    if (!this.#awaited.has('exit')) {
      if (!to) this.#dropTrace();
      return;
    }
    const credit = to && !this.#tracePipe ? this.#plan.settings.credit : 0;
    if (credit > 0) this.#openTrace();
    this.#post({ t: 'trace', id: this.id, on: to !== false, credit });
  }

  /** Drops unread trace records after the process has ended, so that neither its exit nor the kernel waits for them. */
  #dropTrace(): void {
    if (this.#awaited.has(TRACE_FD)) this.#post({ t: 'cancel', id: this.id, fd: TRACE_FD });
    this.#tellExit();
  }

  #openTrace(): void {
    this.#awaited.add(TRACE_FD);
    this.#tracePipe = this.#outputPipe(TRACE_FD);
    if (this.#running) this.#readTrace(this.#tracePipe);
  }

  #readTrace(pipe: OutputPipe): void {
    const silence = (): void => this.trace(false);
    const reading = later('trace.js', import('./trace.js')).then(
      ({ readTrace }) =>
        readTrace(this.pid, pipe.stream, () => this.#traceTo, silence, this.#plan.settings.guest?.host),
      (error: unknown) => {
        uncaught(error);
        silence();
        return pipe.stream.cancel();
      },
    );
    this.#traced = reading.catch(() => undefined);
  }

  join(): Promise<Exit>;
  join(options: JoinOptions): Promise<Exit | undefined>;
  async join(options: JoinOptions = {}): Promise<Exit | undefined> {
    return helped(() => this.#join(options));
  }

  async #join(options: JoinOptions): Promise<Exit | undefined> {
    const { timeout, signal, ...rest } = object(options, 'join options');
    nothingMore('join', rest);
    const limit = timeout === undefined ? Infinity : waitTime(timeout, 'timeout');
    abortSignal(signal)?.throwIfAborted();
    this.#take('being joined');
    try {
      await within(this.exited, limit, signal);
    } catch (error) {
      this.#handle = signal?.aborted ? 'free' : 'joined';
      throw error;
    }
    this.#handle = this.exit ? 'joined' : 'free';
    return this.exit;
  }

  tryJoin(): Exit | undefined {
    this.#take('free');
    if (this.exit) this.#handle = 'joined';
    return this.exit;
  }

  detach(): void {
    this.#take('detached');
    this.discard();
  }

  #take(state: 'free' | 'being joined' | 'detached'): void {
    if (this.#handle !== 'free') {
      throw new HandleError(`the handle of process ${this.id} (${this.name}) is spent: it was ${was[this.#handle]}`);
    }
    this.#handle = state;
  }

  /** Discards output that is not being read. */
  discard(): void {
    for (const stream of [this.stdout, this.stderr]) if (!stream.locked) void stream.cancel();
  }

  /** Whether no further message about this process can arrive. */
  get settled(): boolean {
    return this.#awaited.size === 0;
  }

  onSpawned(pid: number, ports: readonly number[]): void {
    this.pid = pid;
    this.ports = ports;
    if (this.#tracePipe) this.#readTrace(this.#tracePipe);
    this.#running = true;
    this.#started.resolve();
    const { stdin, stdout, stderr } = this.#plan;
    if (this.#input && typeof stdin === 'object') void this.#feed(this.#input.stream, stdin as InputPlan);
    void this.#drain(1, stdout);
    void this.#drain(2, stderr);
    if (this.#plan.signal?.aborted) this.#abandon();
  }

  onProgress({ phase, loaded, total }: Progress): void {
    this.#plan.onProgress?.({ phase, loaded, total });
  }

  /** Called by a thread that has no port of its own to the page. */
  onHostCall: ((message: HostCallMessage) => unknown) | undefined;

  onSignal(signal: TerminalSignal): void {
    this.#plan.onSignal?.(signal);
  }

  onRefused(refusal: RefusalMessage): void {
    this.refusal = refusal;
    this.#finish(new SpawnRefused(refusal.kind, refusal.message));
  }

  endInput(): void {
    this.#post({ t: 'stdin-end', id: this.id });
  }

  onInputDone(error: ErrorMessage | null): void {
    this.#input?.done(error);
    if (error) this.#gone.abort();
  }

  onOutput(fd: StreamFd, bytes: Uint8Array): void {
    this.#pipeOf(fd)?.push(bytes);
  }

  onEnd(fd: StreamFd): void {
    this.#awaited.delete(fd);
    this.#pipeOf(fd)?.end();
  }

  #pipeOf(fd: StreamFd): OutputPipe | undefined {
    return fd === TRACE_FD ? this.#tracePipe : this.#outputs[fd];
  }

  onExited(exit: Exit): void {
    this.#awaited.delete('exit');
    offAbort(this.#plan.signal, this.#abort);
    this.#endInput(new PipeError());
    const why = exit.reason === 'killed' && this.#cause !== '' ? { message: this.#cause } : {};
    this.exit = { ...exit, ...why };
    // A trace function may never return, so only a normal end waits for it.
    const itsOwn = exit.reason === 'exit' || exit.reason === 'trap';
    if (this.#traced && this.#traceTo && itsOwn) void this.#traced.then(this.#tellExit);
    else this.#tellExit();
  }

  readonly #tellExit = (): void => {
    if (this.exit) this.#exited.resolve(this.exit);
  };

  onReleased(): void {
    this.#awaited.delete('release');
    this.#released.resolve();
  }

  onWorkersGone(): void {
    if (!this.#awaited.has('exit')) this.onReleased();
  }

  onRuntimeGone(error: Error): void {
    this.#finish(error);
  }

  /** It never started, or the runtime ended: fails everything that is open with `error`. */
  #finish(error: Error): void {
    this.#awaited.clear();
    offAbort(this.#plan.signal, this.#abort);
    this.#endInput(error);
    for (const fd of [1, 2] as const) {
      this.#outputs[fd]?.fail(error);
      this.#drained[fd].resolve();
    }
    this.#tracePipe?.fail(error);
    this.#started.reject(error);
    this.#exited.reject(error);
    this.#released.reject(error);
  }

  readonly #abort = (): void => {
    this.kill();
    if (!this.#running) this.#started.reject(this.#plan.signal?.reason);
  };

  /** Aborted during the start: the caller never got the streams, so nothing would ever read them to their end. */
  #abandon(): void {
    if (this.#plan.stdout === 'pipe') void this.stdout.cancel();
    if (this.#plan.stderr === 'pipe') void this.stderr.cancel();
  }

  #endInput(error: Error): void {
    this.#input?.gone(error);
    this.#gone.abort();
  }

  #inputWire(): ConstructorParameters<typeof InputPipe>[0] {
    return {
      send: (bytes) => this.#post({ t: 'stdin', id: this.id, bytes }, toTransfer(bytes)),
      end: () => this.endInput(),
    };
  }

  #openOutput(fd: OutputFd, mode: StreamMode | 'stdout'): OutputPipe | undefined {
    if (mode !== 'pipe') return undefined;
    this.#awaited.add(fd);
    return this.#outputPipe(fd);
  }

  #outputPipe(fd: StreamFd): OutputPipe {
    return new OutputPipe(this.#plan.settings.credit, {
      credit: (bytes) => this.#post({ t: 'credit', id: this.id, fd, bytes }),
      cancel: () => this.#post({ t: 'cancel', id: this.id, fd }),
    });
  }

  #visible(fd: OutputFd, option: OutputOption | 'stdout'): ReadableStream<Uint8Array> {
    const pipe = this.#outputs[fd];
    return option === 'pipe' && pipe ? pipe.stream : emptyUntil(this.#drained[fd].promise);
  }

  async #drain(fd: OutputFd, option: OutputOption | 'stdout'): Promise<void> {
    const pipe = this.#outputs[fd];
    if (pipe && option !== 'pipe') await drain(pipe.stream, option as OutputTarget);
    this.#drained[fd].resolve();
  }

  async #feed(stdin: WritableStream<Uint8Array>, data: InputPlan): Promise<void> {
    const error = await feed(stdin, data, this.#gone.signal);
    if (!error) return;
    this.#cause = `killed, because its standard input failed: ${error.message}`;
    this.kill();
  }
}

const spawnMessage = ({ id, name, source }: Program, plan: SpawnPlan): SpawnMessage => ({
  t: 'spawn',
  id,
  source,
  name,
  args: [plan.argv0 ?? name, ...plan.args],
  ...plan.settings,
});
