/// <reference lib="esnext.disposable" preserve="true" />
/** Pipes between programs, and pipelines. Loaded on first use. */
import { PIPE_READER, PIPE_SIZE, PIPE_SIZE_MAX, PIPE_WRITER } from '../build/generated/layouts.js';
import type { Calls, ToCoordinator } from '../common/protocol.js';
import { tagOf, textOf } from './bytes.js';
import { count, flag, helped, nothingMore, object, oneOf } from './check.js';
import { DEFAULT_OUTPUT } from './limits.js';
import type { Holdfast } from './holdfast.js';
import type { OutputOption, SpawnOptions } from './options.js';
import type { Exit, Process } from './process.js';
import type { RunOptions, RunResult } from './run.js';
import type { Source } from './source.js';

/** Options of `hf.pipe()`. */
export interface PipeOptions {
  /** Bytes that the pipe holds before a writer must wait; rounded up to a power of two of at least 4,096. Default: 65,536. */
  size?: number;
  /**
   * Keeps both ends open for further programs, until they are closed with `close()`: for programs that use one end after
   * another, as `(a; b) | c` does in a shell. Default: false.
   */
  keep?: boolean;
}

/** Options of `hf.channel()`. */
export interface ChannelOptions {
  /** Messages that the channel holds before a sender must wait. Default: 64. */
  messages?: number;
  /** Bytes of messages that it holds before a sender must wait, at most 16 MiB; a larger message is refused. Default: 65,536. */
  bytes?: number;
  /** Keeps both ends open for further programs, until they are closed with `close()`. Default: false. */
  keep?: boolean;
}

/**
 * An end of a pipe between programs. It is open while the page or a program holds it. The page holds it until programs that were started with it are
 * running, or until `close()`; a program holds it until it closes its descriptor or ends.
 */
interface PipeEnd extends Disposable {
  /** Releases the page's hold on the end. Programs that hold it keep it. May be called again. */
  close(): void;
}

/** The end of a pipe from which programs read: `stdin: pipe.reader`. */
export interface PipeReader extends PipeEnd {
  readonly [Symbol.toStringTag]: 'PipeReader';
}

/** The end of a pipe to which programs write: `stdout: pipe.writer`, `stderr: pipe.writer`. */
export interface PipeWriter extends PipeEnd {
  readonly [Symbol.toStringTag]: 'PipeWriter';
}

/** A pipe between programs. */
export interface Pipe extends Disposable {
  readonly reader: PipeReader;
  readonly writer: PipeWriter;
  /** Closes both ends for the page. */
  close(): void;
}

/** A program of a pipeline, with its own options. Its standard input and output are the pipeline's. */
export interface PipelineProgram extends Omit<
  SpawnOptions,
  'stdin' | 'stdout' | 'stderr' | 'terminal' | 'signal' | 'timeout'
> {
  source: Source;
  /** Default: collected, as `stderr` of its result. "stdout": into the pipe, as `2>&1 |`. */
  stderr?: OutputOption | 'stdout' | PipeWriter;
}

/** Options of `hf.pipeline()`. */
export interface PipelineOptions extends Pick<RunOptions, 'encoding' | 'timeout' | 'signal' | 'stdin'> {
  /** Where the last program's output goes. Default: collected, as `stdout` of the result. */
  stdout?: OutputOption;
  /** Bytes that each pipe holds. Default: 65,536. */
  pipeSize?: number;
}

/** How the programs of a pipeline ended, and the output of the last one. */
export interface PipelineResult<Output = string> extends Exit {
  /**
   * Standard output of the last program, whose `reason` and `code` these are, too. If the time limit ended any program, they are that program's:
   * the ones after it may have ended as usual, but with a part of their input.
   */
  readonly stdout: Output;
  /** How each program ended, in order, and its standard error. */
  readonly programs: readonly (Exit & { readonly stderr: Output })[];
}

type Post = (message: ToCoordinator) => void;
/** Its name in messages. */
type Kind = 'pipe' | 'channel';

/** An end, as a spawn needs it for a stream. */
export class End implements PipeEnd {
  /** The pipe's number in messages. */
  readonly pipe: number;
  /** PIPE_READER or PIPE_WRITER. */
  readonly end: number;
  readonly #post: Post;
  readonly #kind: Kind;
  readonly #keep: boolean;
  /** The number of spawns with this end that are in progress, and whether one has ever succeeded. */
  #starting = 0;
  #used = false;
  #wanted = true;
  #open = true;

  constructor(post: Post, kind: Kind, pipe: number, end: number, keep: boolean) {
    this.#post = post;
    this.#kind = kind;
    this.pipe = pipe;
    this.end = end;
    this.#keep = keep;
  }

  /** Spawn options recognize an end by this tag. */
  get [Symbol.toStringTag](): string {
    return this.end === PIPE_READER ? 'PipeReader' : 'PipeWriter';
  }

  /** Call this before a program is started with these ends. Pass the start's promise to the function that it returns. */
  take(ends: readonly End[], post: Post): (starting: Promise<unknown>) => void {
    for (const end of ends) end.#check(post);
    for (const end of ends) end.#starting++;
    const done = (used: boolean): void => {
      for (const end of ends) end.#taken(used);
    };
    return (starting) =>
      void starting.then(
        () => done(true),
        () => done(false),
      );
  }

  #check(post: Post): void {
    const kind = this.#kind;
    const name = `the ${kind}'s ${this.end === PIPE_READER ? 'reader' : 'writer'}`;
    if (post !== this.#post) throw new TypeError(`${name} belongs to another runtime`);
    if (!this.#wanted) throw new TypeError(`${name} is closed`);
    if (!this.#open)
      throw new TypeError(
        `${name} is closed: only the programs that were started with it hold it now. Start all of them in one turn, or make the ${kind} with keep: true`,
      );
  }

  #taken(used: boolean): void {
    this.#starting--;
    this.#used ||= used;
    this.#settle();
  }

  close(): void {
    this.#wanted = false;
    this.#settle();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #settle(): void {
    if (!this.#open || this.#starting > 0 || (this.#wanted && (this.#keep || !this.#used))) return;
    this.#open = false;
    this.#post({ t: 'pipe-close', pipe: this.pipe, end: this.end });
  }
}

type Ask = (name: 'pipe', question: Calls['pipe'][0]) => Promise<number>;
type Collect = (process: Process, most: number) => Promise<Omit<RunResult<Uint8Array>, 'files'>>;

export class Pipes {
  readonly #ask: Ask;
  readonly #post: Post;
  readonly #runtime: Pick<Holdfast, 'spawn'>;
  readonly #collect: Collect;

  constructor(ask: Ask, post: Post, runtime: Pick<Holdfast, 'spawn'>, collect: Collect) {
    this.#ask = ask;
    this.#post = post;
    this.#runtime = runtime;
    this.#collect = collect;
  }

  pipe(options: PipeOptions = {}): Promise<Pipe> {
    return helped(() => {
      const { size = PIPE_SIZE, keep, ...rest } = object(options, 'pipe options');
      nothingMore('pipe', rest);
      return this.#pipe(count(size, 'size', 1, PIPE_SIZE_MAX), flag(keep, 'keep'));
    });
  }

  channel(options: ChannelOptions = {}): Promise<Pipe> {
    return helped(() => {
      const { messages = MESSAGES, bytes = PIPE_SIZE, keep, ...rest } = object(options, 'channel options');
      nothingMore('channel', rest);
      const size = count(bytes, 'bytes', 1, MOST_CHANNEL_BYTES);
      return this.#pipe(size, flag(keep, 'keep'), count(messages, 'messages', 1, MOST_MESSAGES));
    });
  }

  /** `messages`: the capacity of a channel, or 0 for a pipe. */
  async #pipe(size: number, keep = false, messages = 0): Promise<Pipe> {
    const pipe = await this.#ask('pipe', { size, messages });
    const kind = messages ? 'channel' : 'pipe';
    if (!pipe) throw new RangeError(`the kernel has no memory for a ${kind} of ${size} bytes`);
    const reader = new End(this.#post, kind, pipe, PIPE_READER, keep);
    const writer = new End(this.#post, kind, pipe, PIPE_WRITER, keep);
    const close = (): void => {
      reader.close();
      writer.close();
    };
    return {
      reader: reader as unknown as PipeReader,
      writer: writer as unknown as PipeWriter,
      close,
      [Symbol.dispose]: close,
    };
  }

  /** Creates all of them or none. */
  async #pipes(count: number, size: number): Promise<Pipe[]> {
    const made = await Promise.allSettled(Array.from({ length: count }, () => this.#pipe(size)));
    const pipes = made.flatMap((pipe) => (pipe.status === 'fulfilled' ? pipe.value : []));
    for (const pipe of made) {
      if (pipe.status === 'fulfilled') continue;
      for (const other of pipes) other.close();
      throw pipe.reason;
    }
    return pipes;
  }

  pipeline(programs: readonly Stage[], options: PipelineOptions = {}): Promise<PipelineResult<string | Uint8Array>> {
    return helped(() => this.#pipeline(programs, options));
  }

  async #pipeline(programs: readonly Stage[], options: PipelineOptions) {
    const {
      encoding = 'utf-8',
      stdin,
      stdout = 'pipe',
      pipeSize = PIPE_SIZE,
      timeout = 0,
      signal,
      ...rest
    } = object(options, 'pipeline options');
    nothingMore('pipeline', rest);
    oneOf(encoding, ['utf-8', 'bytes'], 'encoding');
    if (!Array.isArray(programs) || programs.length === 0)
      throw new TypeError('pipeline: the programs must be an array with at least one');
    const input = typeof stdin === 'string' ? { text: stdin } : (stdin ?? 'null');
    const size = count(pipeSize, 'pipeSize', 1, PIPE_SIZE_MAX);
    const stages = programs.map((program: Stage) => (isProgram(program) ? program : { source: program }));
    stages.forEach(requireNoneOfThePipelines);
    const pipes = await this.#pipes(stages.length - 1, size);
    const starting = stages.map(({ source, ...own }, i) =>
      this.#runtime.spawn(source, {
        brokenPipe: 'end',
        ...own,
        stdin: pipes[i - 1]?.reader ?? input,
        stdout: pipes[i]?.writer ?? stdout,
        timeout,
        ...(signal && { signal }),
      }),
    );
    try {
      const ends = (await Promise.all(starting)).map((process, i) =>
        this.#collect(process, stages[i]!.limits?.output ?? DEFAULT_OUTPUT),
      );
      const all = await Promise.all(ends);
      if (all.some(({ reason }) => reason === 'killed')) signal?.throwIfAborted();
      return encoding === 'bytes' ? resultOf(all, (bytes) => bytes) : resultOf(all, textOf);
    } catch (error) {
      for (const started of await Promise.allSettled(starting)) if ('value' in started) started.value.kill();
      throw error;
    } finally {
      for (const pipe of pipes) pipe.close();
    }
  }
}

const MESSAGES = 64;
/** With the memory that the kernel needs for each message, this is at most as much as for the largest pipe. */
const MOST_MESSAGES = 2 ** 20;
/** A message is moved in one step, which neither a kill nor another program interrupts. */
const MOST_CHANNEL_BYTES = 2 ** 24;

/** Options of the whole pipeline, which would be ignored in a single program. */
function requireNoneOfThePipelines(program: PipelineProgram, i: number): void {
  for (const name of ['stdin', 'stdout', 'signal', 'timeout'])
    if (name in program) throw new TypeError(`programs[${i}]: "${name}" is an option of the pipeline`);
}

type Stage = Source | PipelineProgram;

const isProgram = (program: Stage): program is PipelineProgram =>
  tagOf(program) === 'Object' && 'source' in (program as object);

function resultOf<Output>(
  all: Awaited<ReturnType<Collect>>[],
  shown: (bytes: Uint8Array) => Output,
): PipelineResult<Output> {
  const programs = all.map(({ stdout: _, stderr, ...exit }) => ({ ...exit, stderr: shown(stderr) }));
  const { stderr: _, ...decisive } = programs.find(({ reason }) => reason === 'timeout') ?? programs.at(-1)!;
  return { ...decisive, stdout: shown(all.at(-1)!.stdout), programs };
}
