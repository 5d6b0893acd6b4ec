/** One run of a program: from a click on Run until it has ended and its last byte is shown. */
import { Closed, Fatal, type Exit, type Process, type Progress, type SpawnOptions } from '../../web/index.js';
import { FrameRecorder } from './frames.ts';
import type { Ledger } from './ledger.ts';
import type { Program } from './manifest.ts';
import type { Runtime } from './runtime.ts';

export type RunState =
  | { kind: 'starting'; progress: Progress | undefined }
  | { kind: 'running' }
  | { kind: 'stopping' }
  | { kind: 'ended'; exit: Exit; took: number }
  /** None of the program ran. */
  | { kind: 'refused'; message: string; cancelled: boolean };

/** The visitor's choices for it. */
export type RunSettings = Pick<SpawnOptions, 'interruptible' | 'limits' | 'terminal'>;

export interface RunEvents {
  /** The run's display may be out of date. */
  changed(): void;
  /** Called once, at its end. */
  over(): void;
  /** The guest waits while the returned promise, if any, is pending. */
  output(bytes: Uint8Array): Promise<void> | undefined;
}

/** Bytes that may be in transit to the terminal before the guest must wait. */
const OUTPUT_BUFFER = 65536;

export class Run {
  state: RunState = { kind: 'starting', progress: undefined };
  /** The page's frames while it ran. */
  readonly frames = new FrameRecorder();
  /** The process's number in `hf.stats()`. */
  id: number | undefined;
  /** When it began to run. */
  began: number | undefined;
  /** When it has ended and is completely released; a loop that was terminated may continue for a while. */
  released = false;
  readonly #program: Program;
  readonly #settings: RunSettings;
  readonly #ledger: Ledger;
  readonly #events: RunEvents;
  readonly #abort = new AbortController();
  readonly #encoder = new TextEncoder();
  #process: Process | undefined;
  #input: WritableStreamDefaultWriter<Uint8Array> | undefined;
  #early = '';

  constructor(program: Program, settings: RunSettings, ledger: Ledger, events: RunEvents) {
    this.#program = program;
    this.#settings = settings;
    this.#ledger = ledger;
    this.#events = events;
  }

  get over(): boolean {
    return this.state.kind === 'ended' || this.state.kind === 'refused';
  }

  /** Resolves when it is over. Never rejects. */
  async go(runtime: Runtime): Promise<void> {
    try {
      await this.#run(runtime);
    } catch (error) {
      if (error instanceof Fatal || error instanceof Closed) runtime.died(error.message);
      const cancelled = this.#abort.signal.aborted;
      const message = cancelled ? 'stopped before it began' : error instanceof Error ? error.message : String(error);
      this.#set({ kind: 'refused', message, cancelled });
    }
  }

  /** Sends keys to its terminal. Keys typed before the program runs are kept for it. */
  send(keys: string): void {
    if (!this.#process) this.#early += keys;
    // Rejects if the program no longer reads, which is not an error here.
    this.#input?.write(this.#encoder.encode(keys)).catch(() => undefined);
  }

  stop(): void {
    if (this.over) return;
    this.#set({ kind: 'stopping' });
    if (this.#process) this.#process.kill();
    else this.#abort.abort();
  }

  async #run(runtime: Runtime): Promise<void> {
    const { url, argv0, args, env, files } = this.#program;
    const hf = await runtime.get();
    this.#abort.signal.throwIfAborted();
    const process = await hf.spawn(url, {
      argv0,
      args,
      env,
      ...(files ? { preopens: { '/': '/' } } : {}),
      ...this.#settings,
      stdout: (chunk) => this.#events.output(chunk),
      outputBuffer: OUTPUT_BUFFER,
      signal: this.#abort.signal,
      onProgress: (progress) => this.#onProgress(progress),
    });
    this.#process = process;
    this.#input = process.stdin.getWriter();
    this.#input.closed.catch(() => undefined);
    if (this.#early !== '') this.send(this.#early);
    this.#ledger.add(process, 'terminal');
    process.released.then(
      () => {
        this.released = true;
        this.#events.changed();
      },
      () => undefined,
    );
    this.id = process.id;
    this.began = performance.now();
    if (this.state.kind === 'starting') this.#set({ kind: 'running' });
    const exit = await process.exited;
    const took = performance.now() - this.began;
    await process.stdout.getReader().closed;
    this.#input = undefined;
    this.#set({ kind: 'ended', exit, took });
  }

  #onProgress(progress: Progress): void {
    if (this.state.kind === 'starting') this.#set({ kind: 'starting', progress });
  }

  #set(state: RunState): void {
    this.state = state;
    this.#events.changed();
    if (this.over) this.#events.over();
  }
}
