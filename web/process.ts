/** One process, as the page sees it. */
import { deferred } from './deferred.js';
import { PipeError, SpawnRefused } from './errors.js';
import type { InputData, OutputOption, Progress, SpawnPlan } from './options.js';
import type {
  ErrorMessage,
  ExitMessage,
  OutputFd,
  RefusalMessage,
  SourceMessage,
  SpawnMessage,
  ToCoordinator,
} from './protocol.js';
import { drain, emptyUntil, feed } from './pumps.js';
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
  /**
   * Takes bytes (copied). A write finishes when its bytes are in the process's pipe, so awaiting writes is all the
   * backpressure there is; it is rejected with `PipeError` (EPIPE) when nobody reads any more. `close()` and
   * `abort()` are the guest's end of file. Without `stdin: 'pipe'` every write is rejected.
   */
  readonly stdin: WritableStream<Uint8Array>;
  /**
   * The bytes that the guest writes to descriptor 1; each chunk is the reader's own. Ends after the last one. While
   * nobody reads, at most `outputBuffer` bytes are held and the guest waits; `cancel()` makes its writes fail with
   * EPIPE. Bytes that nobody has read when the process ends are kept, with its pipes, until they are read or cancelled.
   * With a target other than 'pipe' the stream has no bytes and ends when the target has them all.
   */
  readonly stdout: ReadableStream<Uint8Array>;
  /** Descriptor 2, likewise. */
  readonly stderr: ReadableStream<Uint8Array>;
  /**
   * Resolves when the process has ended, whatever the guest did; what it wrote may still be on its way in `stdout`.
   * Rejects only when the runtime itself ends first: `Closed` or `Fatal`.
   */
  readonly exited: Promise<Exit>;
  /** Ends the process, with the reason "killed". Does nothing when it has ended. `exited` tells when it is done. */
  kill(): void;
}

type Post = (message: ToCoordinator, transfer?: Transferable[]) => void;

/** What to start, beside the plan. */
export interface Program {
  id: number;
  name: string;
  source: SourceMessage;
  transfer: Transferable[];
}

export class ProcessEnd implements Process {
  readonly id: number;
  readonly name: string;
  readonly stdin: WritableStream<Uint8Array>;
  readonly stdout: ReadableStream<Uint8Array>;
  readonly stderr: ReadableStream<Uint8Array>;
  readonly exited: Promise<Exit>;
  /** Resolves when the coordinator has started the process. */
  readonly started: Promise<void>;
  pid = 0;

  readonly #plan: SpawnPlan;
  readonly #post: Post;
  readonly #started = deferred<void>();
  readonly #exited = deferred<Exit>();
  readonly #input: InputPipe | undefined;
  readonly #outputs: Record<OutputFd, OutputPipe | undefined>;
  readonly #drained: Record<OutputFd, ReturnType<typeof deferred<void>>> = { 1: deferred(), 2: deferred() };
  /** Aborted when nobody will read standard input any more. */
  readonly #gone = new AbortController();
  /** What has yet to be told by the coordinator. */
  readonly #awaited = new Set<'exit' | OutputFd>(['exit']);
  #running = false;
  /** Why we killed it, when it was not the embedder's wish. */
  #cause = '';

  constructor(program: Program, plan: SpawnPlan, post: Post) {
    this.id = program.id;
    this.name = program.name;
    this.#plan = plan;
    this.#post = post;
    this.#input = plan.settings.stdin === 'pipe' ? new InputPipe(this.#inputWire()) : undefined;
    this.#outputs = { 1: this.#openOutput(1, plan.stdout), 2: this.#openOutput(2, plan.stderr) };
    this.stdin = plan.stdin === 'pipe' && this.#input ? this.#input.stream : closedInput();
    this.stdout = this.#visible(1, plan.stdout);
    this.stderr = this.#visible(2, plan.stderr);
    this.exited = this.#exited.promise;
    this.started = this.#started.promise;
    plan.signal?.addEventListener('abort', this.#onAbort);
    post(spawnMessage(program, plan), program.transfer);
  }

  kill(): void {
    if (this.#awaited.has('exit')) this.#post({ t: 'kill', id: this.id });
  }

  /** Whether no message about this process can come any more. */
  get settled(): boolean {
    return this.#awaited.size === 0;
  }

  onSpawned(pid: number): void {
    this.pid = pid;
    this.#running = true;
    this.#started.resolve();
    const { stdin, stdout, stderr } = this.#plan;
    if (this.#input && stdin !== 'pipe') void this.#feed(this.#input.stream, stdin);
    void this.#drain(1, stdout);
    void this.#drain(2, stderr);
    if (this.#plan.signal?.aborted) this.#abandon();
  }

  onProgress({ phase, loaded, total }: Progress): void {
    this.#plan.onProgress?.({ phase, loaded, total });
  }

  onRefused({ kind, message }: RefusalMessage): void {
    this.#finish(new SpawnRefused(kind, message));
  }

  onInputDone(error: ErrorMessage | null): void {
    this.#input?.done(error);
    if (error) this.#gone.abort();
  }

  onOutput(fd: OutputFd, bytes: Uint8Array): void {
    this.#outputs[fd]?.push(bytes);
  }

  onEnd(fd: OutputFd): void {
    this.#awaited.delete(fd);
    this.#outputs[fd]?.end();
  }

  onExited(exit: Exit): void {
    this.#awaited.delete('exit');
    this.#plan.signal?.removeEventListener('abort', this.#onAbort);
    this.#endInput(new PipeError());
    const why = exit.reason === 'killed' && this.#cause !== '' ? { message: this.#cause } : {};
    this.#exited.resolve({ ...exit, ...why });
  }

  onRuntimeGone(error: Error): void {
    this.#finish(error);
  }

  /** It never started, or the runtime ended: everything that is open fails with `error`. */
  #finish(error: Error): void {
    this.#awaited.clear();
    this.#plan.signal?.removeEventListener('abort', this.#onAbort);
    this.#endInput(error);
    for (const fd of [1, 2] as const) {
      this.#outputs[fd]?.fail(error);
      this.#drained[fd].resolve();
    }
    this.#started.reject(error);
    this.#exited.reject(error);
  }

  readonly #onAbort = (): void => {
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

  #openOutput(fd: OutputFd, option: OutputOption): OutputPipe | undefined {
    if (option === 'null') return undefined;
    this.#awaited.add(fd);
    return new OutputPipe(this.#plan.settings.credit, {
      credit: (bytes) => this.#post({ t: 'credit', id: this.id, fd, bytes }),
      cancel: () => this.#post({ t: 'cancel', id: this.id, fd }),
    });
  }

  #visible(fd: OutputFd, option: OutputOption): ReadableStream<Uint8Array> {
    const pipe = this.#outputs[fd];
    return option === 'pipe' && pipe ? pipe.stream : emptyUntil(this.#drained[fd].promise);
  }

  async #drain(fd: OutputFd, option: OutputOption): Promise<void> {
    const pipe = this.#outputs[fd];
    if (pipe && option !== 'pipe' && option !== 'null') await drain(pipe.stream, option);
    this.#drained[fd].resolve();
  }

  async #feed(stdin: WritableStream<Uint8Array>, data: InputData): Promise<void> {
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
