/** One process, as the page sees it. */
import { offAbort, onAbort } from './aborts.js';
import { copyOf, isBytes, viewOf, wrong } from './bytes.js';
import { deferred } from './deferred.js';
import { HandleError, PipeError, SpawnRefused } from './errors.js';
import {
  abortSignal,
  helped,
  nothingMore,
  object,
  traceOption,
  type InputPlan,
  type OutputOption,
  type Progress,
  type SpawnPlan,
} from './options.js';
import type {
  ErrorMessage,
  ExitMessage,
  OutputFd,
  RefusalMessage,
  SourceMessage,
  SpawnMessage,
  StreamFd,
  ToCoordinator,
} from './protocol.js';
import { TRACE_FD } from '../build/generated/layouts.js';
import type { TraceOption } from './tracing.js';
import { waitTime, within } from './deadline.js';
import { later } from './later.js';
import { drain, emptyUntil, feed } from './pumps.js';
import { uncaught } from './uncaught.js';
import type { Terminal, TerminalSignal } from './terminal.js';
import { closedInput, InputPipe, OutputPipe } from './streams.js';

/**
 * How a process ended. `code` is the guest's own for the reason "exit"; for the others it is what a shell would say
 * (trap 134, killed 137, timeout 124). `message` says in words what happened when it was not "exit", `stack` is the
 * wasm stack of a trap, one frame a line.
 */
export type Exit = Readonly<ExitMessage>;

/** A running (or ended) program. Nothing here blocks; all of it may be used from the UI thread. */
export interface Process {
  /** Unique in this runtime for ever. */
  readonly id: number;
  /** The number that the kernel gave it, which may be used again once the process is gone. */
  readonly pid: number;
  readonly name: string;
  /** The ports that it was started to listen on (`sockets`), in their order. */
  readonly ports: readonly number[];
  /**
   * Takes bytes (copied). A write finishes when its bytes are in the process's pipe, so awaiting writes is all the
   * backpressure there is; it is rejected with `PipeError` (EPIPE) when nobody reads any more. `close()` and
   * `abort()` are the guest's end of file. Without `stdin: 'pipe'` or 'tty' every write is rejected. The keys of a terminal
   * are written as soon as they are on their way, of which there may be 256 KiB. Like every `WritableStream` it has no `write` of its own: there is
   * `process.write()`, and `process.stdin.getWriter()`.
   */
  readonly stdin: WritableStream<Uint8Array>;
  /**
   * The bytes that the guest writes to descriptor 1; each chunk is the reader's own. Ends after the last one. While
   * nobody reads, at most `outputBuffer` bytes are held and the guest waits; `cancel()` makes its writes fail with
   * EPIPE. Bytes that nobody has read when the process ends are kept, with its pipes, until they are read or cancelled.
   * With a target other than 'pipe' the stream has no bytes and ends when the target has them all.
   */
  readonly stdout: ReadableStream<Uint8Array>;
  /** Descriptor 2, likewise. Empty with `stderr: 'stdout'` and with a terminal. */
  readonly stderr: ReadableStream<Uint8Array>;
  /**
   * Resolves when the process has ended, whatever the guest did; what it wrote may still be on its way in `stdout`.
   * Rejects only when the runtime itself ends first: `Closed` or `Fatal`.
   */
  readonly exited: Promise<Exit>;
  /**
   * Resolves when nothing of the process is left, `exited` long since told: its threads are idle or truly gone, and what they used is freed. A guest
   * that computes and was terminated may use its core for a while yet (Chromium: 2 s; WebKit and Bun: for ever), unless it was `interruptible`.
   */
  readonly released: Promise<void>;
  /** Its terminal, with `stdin: 'tty'`; else undefined. */
  readonly terminal: Terminal | undefined;
  /**
   * Writes to standard input: text as UTF-8, or bytes (copied). Further calls need not wait for it: what is written stays in order.
   *
   * @returns when the bytes are in the process's pipe (of a terminal: on their way), as a writer's `write` does
   * @throws `PipeError` (EPIPE) when nobody reads any more, or standard input is no pipe and no terminal; `TypeError` for what is neither text nor bytes,
   * and while somebody else writes to `process.stdin` (it is locked)
   *
   * @example
   * await p.write('print(6 * 7)\n');
   * await p.stdin.close(); // end of file
   */
  write(data: string | ArrayBuffer | ArrayBufferView): Promise<void>;
  /** Ends the process, with the reason "killed". Does nothing when it has ended. `exited` tells when it is done. */
  kill(): void;
  /**
   * Stops all its threads where they are, and resolves when all of them sleep: at the next loop's head if it is `interruptible`, else when each makes its
   * next system call, which one that waits in `memory.atomic.wait` does not before that is over. What it waits for goes on, and clocks do. A paused guest uses
   * no CPU. Resolves also when the process has ended.
   */
  pause(): Promise<void>;
  /** Lets it go on. */
  resume(): Promise<void>;
  /**
   * Tells its system calls from now on, to a function or (`true`) to the console; or stops. A traced process waits for who is told, and so does
   * `exited`, unless the process was killed in any way or is not traced any more.
   */
  trace(to: TraceOption): void;
  /**
   * Waits for the end, once: as with a thread's handle, whoever joins has the result, and the handle is spent. Rejects
   * with `HandleError` when it was joined or detached before, and as `exited` does. With `timeout` (milliseconds) it
   * gives `undefined` when the process still runs after so long; that stops nothing, and it can be joined again. So it
   * can when `signal` was aborted, whose reason it rejects with.
   */
  join(): Promise<Exit>;
  /** The same with a limit to the waiting. */
  join(options: JoinOptions): Promise<Exit | undefined>;
  /** Joins if the process has ended, and gives `undefined` while it runs. Throws `HandleError` as `join()` does. */
  tryJoin(): Exit | undefined;
  /**
   * Gives the handle up: the process runs on, and what it writes to streams that nobody reads is thrown away. Throws
   * `HandleError` when it was joined or detached before.
   */
  detach(): void;
}

/** Options of `process.join()`. */
export interface JoinOptions {
  /** Milliseconds to wait. Default: for ever. */
  timeout?: number | undefined;
  /** Gives up waiting when aborted. */
  signal?: AbortSignal | undefined;
}

const was = { 'being joined': 'joined already, and has not ended', joined: 'joined before', detached: 'detached' };

/** Sends a message that is answered. */
type Ask = (message: (call: number) => ToCoordinator) => Promise<unknown>;
type Post = (message: ToCoordinator, transfer?: ArrayBuffer[]) => void;

/** What to start, beside the plan. */
export interface Program {
  id: number;
  name: string;
  source: SourceMessage;
  transfer: ArrayBuffer[];
}

export class ProcessEnd implements Process {
  static readonly name = 'Process';
  readonly id: number;
  readonly name: string;
  readonly stdin: WritableStream<Uint8Array>;
  readonly stdout: ReadableStream<Uint8Array>;
  readonly stderr: ReadableStream<Uint8Array>;
  readonly exited: Promise<Exit>;
  readonly released: Promise<void>;
  readonly terminal: Terminal | undefined;
  /** Why it was not started, when the coordinator has said so. */
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
  /** Aborted when nobody will read standard input any more. */
  readonly #gone = new AbortController();
  /** What has yet to be told by the coordinator. */
  readonly #awaited = new Set<'exit' | 'release' | StreamFd>(['exit', 'release']);
  #running = false;
  #tracePipe: OutputPipe | undefined;
  /** Resolves when all of its calls have been told. */
  #traced: Promise<void> | undefined;
  #traceTo: TraceOption;
  /** The end, once it is known. */
  exit: Exit | undefined;
  /** What became of the handle. */
  #handle: 'free' | 'being joined' | 'joined' | 'detached' = 'free';
  /** Why we killed it, when it was not the embedder's wish. */
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
            plan.stdin === 'tty' ? { raw: plan.settings.terminal?.raw === true } : undefined,
          )
        : undefined;
    this.#outputs = { 1: this.#openOutput(1, plan.stdout), 2: this.#openOutput(2, plan.stderr) };
    this.stdin = (plan.stdin === 'pipe' || plan.stdin === 'tty') && this.#input ? this.#input.stream : closedInput();
    this.stdout = this.#visible(1, plan.stdout);
    this.stderr = this.#visible(2, plan.stderr);
    this.exited = this.#exited.promise;
    this.released = this.#released.promise;
    this.started = this.#started.promise;
    this.terminal = plan.stdin === 'tty' ? this.#openTerminal() : undefined;
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
    writer.releaseLock(); // what is written is written all the same
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
    if (this.#awaited.has('exit')) await this.#ask((call) => ({ t: 'pause', id: this.id, call, paused }));
    else await this.exited; // of no effect then; or the runtime is gone, and this says so
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

  /** What of it nobody has taken when the process has ended: neither its end nor the kernel waits for that any more. */
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
      ({ readTrace }) => readTrace(this.pid, pipe.stream, () => this.#traceTo, silence),
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

  /** Throws away what is not being read. */
  discard(): void {
    for (const stream of [this.stdout, this.stderr]) if (!stream.locked) void stream.cancel();
  }

  /** Whether no message about this process can come any more. */
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
    if (this.#input && typeof stdin === 'object') void this.#feed(this.#input.stream, stdin);
    void this.#drain(1, stdout);
    void this.#drain(2, stderr);
    if (this.#plan.signal?.aborted) this.#abandon();
  }

  onProgress({ phase, loaded, total }: Progress): void {
    this.#plan.onProgress?.({ phase, loaded, total });
  }

  onSignal(signal: TerminalSignal): void {
    this.#plan.onSignal?.(signal);
  }

  onRefused(refusal: RefusalMessage): void {
    this.refusal = refusal;
    this.#finish(new SpawnRefused(refusal.kind, refusal.message));
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
    // Who is told its calls may never come back.
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

  onRuntimeGone(error: Error): void {
    this.#finish(error);
  }

  /** It never started, or the runtime ended: everything that is open fails with `error`. */
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

  /** Aborted while it was being started: nobody has its streams, so nobody would ever read them to their end. */
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
      send: (bytes) => this.#post({ t: 'stdin', id: this.id, bytes }, [bytes.buffer]),
      end: () => this.#post({ t: 'stdin-end', id: this.id }),
    };
  }

  #openOutput(fd: OutputFd, option: OutputOption | 'stdout'): OutputPipe | undefined {
    if (option === 'null' || option === 'stdout') return undefined;
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
    if (pipe && option !== 'pipe' && option !== 'null' && option !== 'stdout') await drain(pipe.stream, option);
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
