/** Options as the caller passes them, fully validated before anything is sent. */
import type { Link } from './link.js';
import type { CompanionOption, HostFunctions } from './host-options.js';
import type { HttpOption, HttpService } from './http.js';
import type { LinkOptions } from './link-options.js';
import type { ChildrenOption, Family } from './children.js';
import type { InitMessage, PreopenMessage, SocketMessage, SpawnMessage, StreamMode } from '../common/protocol.js';
import type { Assets } from './assets.js';
import { copyOf, isBlob, isBytes, shown, tagOf, viewOf, wrong } from './bytes.js';
import {
  abortSignal,
  absolutePath,
  array,
  callback,
  count,
  distinct,
  flag,
  nothingMore,
  object,
  oneOf,
  ordered,
  portNumber,
  text,
  timeLimit,
  Unclear,
} from './check.js';
import { planLimits, type Limits } from './limits.js';
import type { End, PipeReader, PipeWriter } from './pipes.js';
import type { ConnectOptions } from './sockets.js';
import type { TraceOption } from './tracing.js';
import type { TerminalOption, TerminalOptions, TerminalSignal } from './terminal.js';

/** Options of `start()`. */
export interface StartOptions {
  /**
   * Compute workers. `min` are started ahead of time, `max` is the upper limit; a number sets `max`. Each running guest
   * occupies one. Workers beyond `min` end after being idle for `idle` milliseconds. Default: 2 ahead, 128 at most (100
   * in Chromium, whose address space holds no more memories), 30,000 ms.
   */
  workers?: number | { min?: number; max?: number; idle?: number };
  /**
   * Where the runtime's files are, if they are not beside this script: `coordinator.js`, `compute.js` and
   * `kernel.wasm`, and `coordinator-files.js`, `rewrite.wasm` and `coordinator-supervise.js`, which are fetched for the
   * first call of `hf.fs`, `hf.ps()`, `hf.connect()` or `hf.listen()`, the first interruptible program and the first
   * supervisor. A relative URL is resolved against the page.
   *
   * If the page has a Content-Security-Policy, scripts of another origin need `blob:` and that origin in `worker-src`.
   */
  assets?: Assets;
  /**
   * The kernel's memory in bytes: allocated at start, and the maximum. In-memory files may use three quarters of it.
   * Default: 32 MiB and 1 GiB.
   */
  memory?: { initial?: number; maximum?: number };
  /**
   * Cancels the start when aborted: `start()` rejects with the signal's reason. Once started, an abort closes the
   * runtime.
   */
  signal?: AbortSignal;
  /** Milliseconds that the start may take; 0 waits forever. Default: 60,000. */
  startTimeout?: number;
  /**
   * Whether the page must be cross-origin isolated.
   *
   * - "auto": without isolation, all programs run in one worker, by turns (docs/hosting.md says what differs).
   * - "required": without isolation, `start()` throws `NotIsolated`.
   * - "none": programs run in one worker in an isolated page, too. For tests.
   *
   * Default: "auto".
   */
  isolation?: 'auto' | 'required' | 'none';
  /**
   * For tests: use the slower of two mechanisms where the engine has both, or start the kernel's memory at an address.
   */
  force?: { jsBridge?: boolean; messageDoorbell?: boolean; kernelBase?: number };
}

/** The directory behind a guest's preopen. A string is an absolute path in the runtime's file system. */
export type PreopenTarget = string | { path: string; readOnly?: boolean };

/**
 * The directories that a guest can access: an object from guest name to target, or a list in which a target's path is
 * also its guest name. In the object, an end of a pipe or of a channel is a target, too: the guest opens it by the name,
 * as a file.
 */
export type Preopens =
  | Readonly<Record<string, PreopenTarget | PipeReader | PipeWriter>>
  | readonly (string | { path: string; guest?: string; readOnly?: boolean })[];

/**
 * A socket that a guest starts with. `listen` opens a port of this runtime (0: any free port); `connect` connects to a
 * port that already has a listener.
 *
 * `nonblocking` puts the descriptor into non-blocking mode from the start, as Wasmtime does; Go programs that do not
 * call `syscall.SetNonblock` need it. Default: false.
 */
export type SocketOption =
  | { listen: number; connect?: never; nonblocking?: boolean }
  | { connect: number; listen?: never; nonblocking?: boolean };

/**
 * A complete input: text (sent as UTF-8), bytes (copied), a `Blob`, or a stream that is read as the guest consumes it.
 */
export type InputData = InputRecord | ArrayBuffer | ArrayBufferView | Blob | ReadableStream<Uint8Array>;

/** An input that states its type. */
export type InputRecord = { text: string; bytes?: never } | { bytes: ArrayBuffer | ArrayBufferView; text?: never };

/**
 * Where standard input comes from. "pipe": from `process.stdin`. "null": immediate end of file. The `reader` of a pipe
 * of `hf.pipe()`: from other programs. Anything else is the complete input. A string is always one of these modes,
 * never text: pass text as `{ text: '…' }`.
 */
export type StdinOption = 'pipe' | 'null' | PipeReader | InputData;

/**
 * Where an output goes. "pipe": to the stream of the process. "null": discarded. The `writer` of a pipe of
 * `hf.pipe()`: to other programs.
 *
 * A `WritableStream` receives each chunk and is closed at the end; if it fails, the guest's writes fail with EPIPE. A
 * function is called with each chunk, which it owns; the guest's output waits while the promise that it returns is
 * pending.
 */
export type OutputOption =
  'pipe' | 'null' | PipeWriter | WritableStream<Uint8Array> | ((chunk: Uint8Array) => void | PromiseLike<void>);

/** How far the start of a program has come. */
export interface Progress {
  /** The current step. */
  phase: 'download' | 'compile' | 'start';
  /** Bytes so far. */
  loaded: number;
  /** Bytes in total; 0 when unknown. */
  total: number;
}

/** Options of `hf.spawn()`. */
export interface SpawnOptions {
  /** Arguments, without argv[0]. Default: none. */
  args?: readonly string[];
  /** argv[0]. Default: `name`. */
  argv0?: string;
  /**
   * The name in messages and statistics. Default: `argv0`, otherwise the last part of the URL's path, otherwise
   * "program".
   */
  name?: string;
  /** The complete environment; nothing is inherited. Entries whose value is `undefined` are omitted. */
  env?: Readonly<Record<string, string | undefined>>;
  /** Where standard input comes from. With a terminal it must be "pipe". Default: "pipe". */
  stdin?: StdinOption;
  /** Where standard output goes. Default: "pipe". */
  stdout?: OutputOption;
  /**
   * Where standard error goes. "stdout" merges it into standard output in the order of the writes, as `2>&1` does in a
   * shell; `process.stderr` is then empty. Default: "pipe".
   *
   * @example
   * const { stdout } = await hf.run('/clang.wasm', { stderr: 'stdout' }); // one log with both, in order
   */
  stderr?: OutputOption | 'stdout';
  /**
   * What happens when the program writes to an output that no longer has a reader: the stream was cancelled, its target
   * failed, or the handle was detached.
   *
   * "error": the call fails with EPIPE. "end": the program is killed, as SIGPIPE does on POSIX systems (reason
   * "killed", code 141, message "SIGPIPE"). Default: "error", because WASI has no signals and many programs check the
   * error.
   */
  brokenPipe?: 'error' | 'end';
  /**
   * Whether the standard streams are a terminal.
   *
   * - `true`, or an object with its options: a terminal in the kernel, with line editing, echo, ^C and ^D. Its keys come
   *   from `process.stdin`. Program output and echo both go to `stdout`, with `\r\n` at the end of each line, ready for
   *   xterm.js. For `spawn()` only.
   * - "isatty": the standard streams only report that they are a terminal (`isatty`), for programs that then use colors
   *   or a prompt. Bytes pass unchanged in both directions.
   *
   * A terminal has one output: with either, standard error goes to `stdout`, in order, and `stderr` is empty. Default:
   * false.
   *
   * @example
   * const p = await hf.spawn('/python.wasm', { terminal: { columns: 80, rows: 24 } });
   * const { stdout } = await hf.run('/ls.wasm', { terminal: 'isatty' }); // colored
   */
  terminal?: TerminalOption;
  /** Directories that the guest can access. Default: none. */
  preopens?: Preopens;
  /**
   * Stream sockets, from descriptor 3 in this order; directories follow them. `process.ports` has the ports of the
   * listening ones. The spawn is refused if a port to listen on is taken, or nothing listens on a port to connect to.
   * Default: none.
   */
  sockets?: readonly SocketOption[];
  /**
   * Milliseconds that the program may run; then it is killed, with the reason "timeout". Loading does not count: use
   * `signal` to cancel that. Default: 0, no limit.
   */
  timeout?: number;
  /**
   * What to do while all workers are busy (`workers.max` of `start()`). "reject": fail with `SpawnRefused` ("limit").
   * "wait": queue the program; the queue is first in, first out, and holds at most 10,000. Time in the queue does not
   * count toward `timeout`; `signal` and `hf.close()` end the wait. Default: "reject".
   *
   * @example
   * const results = await Promise.all(files.map((file) => hf.run('/convert.wasm', { args: [file], whenBusy: 'wait' })));
   */
  whenBusy?: 'wait' | 'reject';
  /** Resource limits of this program, besides the runtime's. Default: none. */
  limits?: Limits;
  /**
   * Rewrites the program before it is compiled so that it can be stopped while computing. Its worker is then free at
   * once; otherwise the worker must be terminated, which takes seconds in some browsers. It costs some speed
   * (docs/benchmarks.md). Needs the module's bytes, so it does not work with a `WebAssembly.Module`.
   *
   * Default: false; in WebKit and Bun, true for every program that can be rewritten, because there a loop continues
   * forever after its worker was terminated.
   */
  interruptible?: boolean;
  /**
   * Kills the process when aborted. If aborted before the program runs, `spawn()` rejects at once with the signal's
   * reason, and a download, rewrite or compilation that no other caller needs is cancelled.
   */
  signal?: AbortSignal;
  /** Called while the program is downloaded, compiled and started. */
  onProgress?: (progress: Progress) => void;
  /**
   * Reports each system call as it returns, as strace does: to a function, or with `true` to the console. Use
   * `process.trace()` to start later. Default: false.
   */
  trace?: TraceOption;
  /**
   * Functions of the page that the program imports, by module and name: `{ env: { now: () => Date.now() } }`. They may be async: the program waits,
   * the page does not. Numbers are passed unchanged; for anything else use `hostFunction()`. If a function throws, the program traps, unless the
   * function declares an `error`. As its last argument each function gets a `HostContext`: the caller, and a signal that is aborted when the program has ended.
   */
  host?: HostFunctions;
  /**
   * An ES module that runs beside the program in its worker, and in the worker of each of its threads. It provides functions that the program
   * imports and calls directly, and can drive the program: the glue code of many packages works there. Its default export is called with a
   * `CompanionContext` and returns a `CompanionReply`. Limits, `pause()` and `kill()` apply to the program; only `kill()` applies to the module's own code.
   *
   * For a bundler, the file must be a separate entry; `new URL('./glue.js', import.meta.url)` is its URL.
   *
   * @example
   * const q = await hf.instantiate('/quickjs.wasm', { companion: new URL('./quickjs.js', import.meta.url) });
   * const six = await q.call('eval', '1 + 2 + 3');
   */
  companion?: CompanionOption;
  /**
   * Instances whose exports the program imports, by module: `{ math: instance }`. A call goes from worker to worker: the program waits while the
   * instance runs the function, and neither the page nor the coordinator is involved. Numbers are passed unchanged; declare text and bytes with
   * `{ instance, functions: { upper: { params: ['string'], result: 'string' } } }`, as for `hostFunction()`. If a call fails, the program traps with a message that names the function, unless the function declares an `error`.
   */
  link?: LinkOptions;
  /**
   * Lets the program and its children start programs, with functions that they import from `holdfast_v1` (native/guest/holdfast.h). `max` is the
   * number of descendants that the program may have at a time; ended ones count until their parent has waited for them. A program's children are
   * killed when it ends. Default: false.
   *
   * @example
   * const { stdout } = await hf.run('/shell.wasm', { children: { max: 8 }, preopens: { '/bin': '/bin' } });
   */
  children?: ChildrenOption;
  /**
   * Whether a component may make HTTP requests (wasi:http), by the page's `fetch`: to any origin (`true`), or as the object says. Otherwise its
   * requests fail with HTTP-request-denied. Default: false.
   *
   * @example
   * const { stdout } = await hf.run('/client.wasm', { http: { allow: ['https://api.example.com'] } });
   */
  http?: HttpOption;
  /** Bytes of each output stream that the page buffers before the guest must wait. Default: 1 MiB. */
  outputBuffer?: number;
}

/** The input to send; text is already encoded. */
export type InputPlan = Uint8Array | Blob | ReadableStream<Uint8Array>;
export type StdinPlan = 'pipe' | 'null' | PipeReader | InputPlan;

/** Validated spawn options. */
export interface SpawnPlan {
  settings: Omit<SpawnMessage, 't' | 'id' | 'source' | 'name' | 'args'>;
  args: readonly string[];
  argv0: string | undefined;
  name: string | undefined;
  stdin: StdinPlan;
  stdout: OutputOption;
  stderr: OutputOption | 'stdout';
  /** Its streams that are ends of pipes between programs. */
  ends: readonly End[];
  signal: AbortSignal | undefined;
  onProgress: ((progress: Progress) => void) | undefined;
  onSignal: ((signal: TerminalSignal) => void) | undefined;
  trace: TraceOption;
  host: HostFunctions | undefined;
  companion: CompanionOption | undefined;
  links: LinkOptions | undefined;
  children: ChildrenOption | Family | undefined;
  http: HttpOption | HttpService | undefined;
  /** The channel to the worker of a guest that serves calls; otherwise created for `host`. */
  link?: Link;
}

const MIB = 1024 * 1024;
const MOST_WORKERS = 128;
/**
 * Chromium has room for about 124 memories in a process, of which 8 may be garbage of earlier programs
 * (coordinator/pool.c).
 */
const MOST_WORKERS_CHROMIUM = 100;
const IDLE_TIME = 30_000;
const DEFAULT_MEMORY = { initial: 32 * MIB, maximum: 1024 * MIB };
const DEFAULT_CREDIT = MIB;
/** The kernel uses 32-bit numbers. */
const MOST_CREDIT = 2 ** 31;
/** Sockets of one process at its start. */
const MOST_SOCKETS = 64;
const DEFAULT_START_TIMEOUT = 60_000;

export type StartSettings = Pick<InitMessage, 'workers' | 'memory' | 'force'> & {
  signal: AbortSignal | undefined;
  startTimeout: number;
};

/** Validates the options of `start()`. Throws `TypeError` and `RangeError`. */
export function planStart(options: StartOptions): StartSettings {
  const {
    workers = {},
    memory = {},
    force = {},
    signal,
    startTimeout = DEFAULT_START_TIMEOUT,
    isolation: _isolation, // single.ts checks it
    assets: _,
    ...rest
  } = object(options, 'start options');
  nothingMore('start', rest);
  const { jsBridge, messageDoorbell, kernelBase = 0, ...more } = object(force, 'force');
  nothingMore('force', more);
  return {
    workers: planWorkers(workers),
    memory: planMemory(memory),
    force: {
      jsBridge: flag(jsBridge, 'force.jsBridge'),
      messageDoorbell: flag(messageDoorbell, 'force.messageDoorbell'),
      kernelBase: count(kernelBase, 'force.kernelBase', 0),
    },
    signal: abortSignal(signal),
    startTimeout: timeLimit(startTimeout, 'startTimeout'),
  };
}

/** False on Node, where each thread has its own address space for memories. */
const isChromium = (): boolean => /Chrom(e|ium)/.test(globalThis.navigator?.userAgent ?? '');

function planWorkers(workers: number | { min?: number; max?: number; idle?: number }): InitMessage['workers'] {
  const asked: Exclude<typeof workers, number> =
    typeof workers === 'number' ? { max: workers } : object(workers, 'workers');
  const { min: least, max: most, idle = IDLE_TIME, ...rest } = asked;
  nothingMore('workers', rest);
  const max = count(
    most ?? Math.max(isChromium() ? MOST_WORKERS_CHROMIUM : MOST_WORKERS, least ?? 0),
    'workers (most)',
    1,
  );
  const min = count(least ?? Math.min(2, max), 'workers.min', 0);
  ordered(min, 'workers.min', max, 'workers.max');
  return { min, max, idle: count(idle, 'workers.idle', 1) };
}

function planMemory(memory: { initial?: number; maximum?: number }): InitMessage['memory'] {
  const { initial: first, maximum: most, ...rest } = object(memory, 'memory');
  nothingMore('memory', rest);
  const maximum = count(most ?? Math.max(DEFAULT_MEMORY.maximum, first ?? 0), 'memory.maximum', 1);
  const initial = count(first ?? Math.min(DEFAULT_MEMORY.initial, maximum), 'memory.initial', 1);
  ordered(initial, 'memory.initial', maximum, 'memory.maximum');
  return { initial, maximum };
}

/**
 * Validates the options of `hf.spawn()`, or of another `call`; `what` is its name in messages. Throws `TypeError` and
 * `RangeError`; callers wrap it in `helped` so that the message includes suggestions.
 */
export function planSpawn(
  options: SpawnOptions,
  call: 'spawn' | 'run' | 'child' | 'instantiate' | 'serve' | 'thread' = 'spawn',
  what?: string,
): SpawnPlan {
  const {
    args = [],
    argv0,
    name,
    env = {},
    stdin: input = 'pipe',
    stdout: out = 'pipe',
    stderr: err = 'pipe',
    brokenPipe = 'error',
    terminal: terminalOption = false,
    preopens = [],
    sockets = [],
    timeout = 0,
    whenBusy = 'reject',
    limits = {},
    interruptible,
    signal,
    onProgress,
    trace,
    outputBuffer = DEFAULT_CREDIT,
    host,
    companion,
    link,
    children,
    http,
    ...rest
  } = object(options, what ?? `${call} options`);
  nothingMore(call, rest, what);
  const stdin = planInput(input, call);
  const stdout = output(out, 'stdout');
  const stderr = err === 'stdout' ? err : output(err, 'stderr');
  if (stdout === stderr && typeof stdout === 'object' && !isEnd(stdout)) {
    throw new TypeError('stdout and stderr cannot be the same WritableStream: pass a function to both instead');
  }
  const terminal = planTerminal(terminalOption, stdin, call);
  return {
    settings: {
      env: environment(env, terminal?.env),
      preopens: preopenList(preopens),
      sockets: socketList(sockets),
      stdin: mode(stdin),
      stdout: mode(stdout),
      stderr: stderr === 'stdout' ? stderr : mode(stderr),
      brokenPipe: oneOf(brokenPipe, ['error', 'end'], 'brokenPipe'),
      tty: terminalOption !== false,
      terminal: terminal ? wireTerminal(terminal) : null,
      credit: Math.min(count(outputBuffer, 'outputBuffer', 1), MOST_CREDIT),
      timeout: timeLimit(timeout, 'timeout'),
      waits: oneOf(whenBusy, ['reject', 'wait'], 'whenBusy') === 'wait',
      limits: planLimits(limits),
      trace: traceOption(trace) !== false,
      progress: onProgress !== undefined,
      interruptible: interruptible === undefined ? 'if-possible' : flag(interruptible, 'interruptible'),
      guest: null,
      parent: 0,
    },
    args: array(args, 'args', 'an array of strings').map((arg, i) => text(arg, `args[${i}]`)),
    argv0: argv0 === undefined ? undefined : text(argv0, 'argv0'),
    name: name === undefined ? undefined : text(name, 'name'),
    stdin,
    stdout,
    stderr,
    ends: ([stdin, stdout, stderr, ...Object.values(preopens)] as unknown[]).filter(isEnd),
    signal: abortSignal(signal),
    onProgress: callback(onProgress, 'onProgress'),
    onSignal: terminal?.onSignal,
    trace: traceOption(trace),
    companion,
    host: host && object(host, 'host'),
    links: link && object(link, 'link'),
    children,
    http,
  };
}

/** Throws `TypeError`. */
export function traceOption(value: TraceOption = false): TraceOption {
  if (typeof value !== 'boolean' && typeof value !== 'function') {
    throw wrong('trace', 'true, false or a function', value);
  }
  return value;
}

/** The terminal in the kernel, if it is to have one. */
function planTerminal(terminal: TerminalOption, stdin: StdinPlan, call: string) {
  if (terminal === false || terminal === 'isatty') return undefined;
  if (terminal !== true && tagOf(terminal) !== 'Object') {
    throw wrong('terminal', 'true, false, "isatty" or an object', terminal);
  }
  if (call === 'run') {
    throw new TypeError(
      'terminal: hf.run has no keyboard: use hf.spawn, or terminal: "isatty" for a program that only checks',
    );
  }
  if (stdin !== 'pipe') throw new TypeError('stdin: with a terminal it must be "pipe", which takes the keys');
  const options: TerminalOptions = terminal === true ? {} : terminal;
  const { raw, onlcr, echo, columns, rows, onSignal, ...rest } = options;
  nothingMore('terminal', rest);
  const size = (value: number | undefined, what: string) =>
    value === undefined ? undefined : String(count(value, `terminal.${what}`, 1));
  return {
    raw: flag(raw, 'terminal.raw'),
    onlcr: flag(onlcr ?? true, 'terminal.onlcr'),
    echo: flag(echo ?? true, 'terminal.echo'),
    env: { COLUMNS: size(columns, 'columns'), LINES: size(rows, 'rows') },
    onSignal: callback(onSignal, 'terminal.onSignal'),
  };
}

type TerminalPlan = NonNullable<ReturnType<typeof planTerminal>>;

const wireTerminal = ({ raw, onlcr, echo, onSignal }: TerminalPlan): SpawnMessage['terminal'] => ({
  raw,
  onlcr,
  echo,
  signals: onSignal !== undefined,
});

const isEnd = (value: unknown): value is End => /^Pipe[RW]/.test(tagOf(value));
const mode = (option: unknown): StreamMode => (isEnd(option) ? option.pipe : option === 'null' ? 'null' : 'pipe');

type Environment = Readonly<Record<string, string | undefined>>;

function environment(env: Environment, defaults: Environment = {}): [string, string][] {
  const entries: [string, string][] = [];
  for (const [key, value] of Object.entries({ ...defaults, ...object(env, 'env') })) {
    if (value === undefined) continue;
    if (key === '') throw new TypeError('env has an empty name');
    if (key.includes('=')) throw new TypeError(`env: the name ${JSON.stringify(key)} contains "="`);
    entries.push([text(key, 'a name in env'), text(value, `env[${JSON.stringify(key)}]`)]);
  }
  return entries;
}

function preopenList(preopens: Preopens): PreopenMessage[] {
  const list = isList(preopens)
    ? preopens.map((entry, i) =>
        onePreopen(typeof entry === 'object' ? entry?.guest : undefined, entry, `preopens[${i}]`),
      )
    : Object.entries(object(preopens, 'preopens')).map(([guest, entry]) => {
        const what = `preopens[${JSON.stringify(guest)}]`;
        return isEnd(entry)
          ? { ...onePreopen(guest, '/', what), pipe: [entry.pipe, entry.end] as const }
          : onePreopen(guest, entry as PreopenTarget, what);
      });
  distinct(
    list.map(({ guest }) => guest),
    'preopens',
  );
  return list;
}

const isList = (preopens: Preopens): preopens is Extract<Preopens, readonly unknown[]> => Array.isArray(preopens);

function onePreopen(guest: string | undefined, entry: PreopenTarget, what: string): PreopenMessage {
  const target: Extract<Preopens, readonly unknown[]>[number] & object =
    typeof entry === 'string' ? { path: entry } : object(entry, what);
  const { path: where, readOnly, guest: _, ...rest } = target;
  nothingMore('preopen', rest, what);
  const path = absolutePath(where, `${what} path`);
  const name = text(guest ?? path, `${what} guest name`);
  if (name === '') throw new TypeError(`${what}: the guest's name for a directory cannot be empty`);
  return { guest: name, path, readOnly: flag(readOnly, `${what} readOnly`) };
}

function socketList(sockets: readonly SocketOption[]): SocketMessage[] {
  count(array(sockets, 'sockets').length, 'the number of sockets', 0, MOST_SOCKETS);
  return sockets.map((entry, i) => {
    const what = `sockets[${i}]`;
    const { listen, connect, nonblocking: mode, ...rest } = object(entry, what);
    nothingMore('socket', rest, what);
    const nonblocking = flag(mode, `${what}.nonblocking`);
    if ((listen === undefined) === (connect === undefined)) {
      throw new TypeError(`${what} must have a port as either listen or connect`);
    }
    return listen === undefined
      ? { listens: false, port: portNumber(connect, `${what}.connect`, 1), nonblocking }
      : { listens: true, port: portNumber(listen, `${what}.listen`, 0), nonblocking };
  });
}

/** Validates the options of `hf.connect()`. */
export function planConnect(options: ConnectOptions): { credit: number; signal: AbortSignal | undefined } {
  const { buffer, signal, ...rest } = object(options, 'connect options');
  nothingMore('connect', rest);
  return { credit: Math.min(count(buffer ?? DEFAULT_CREDIT, 'buffer', 1), MOST_CREDIT), signal: abortSignal(signal) };
}

function planInput(value: StdinOption, call: string): StdinPlan {
  if (value === 'pipe' || value === 'null' || isBlob(value)) return value;
  if (isBytes(value)) return copyOf(viewOf(value));
  switch (tagOf(value)) {
    case 'ReadableStream':
      if ((value as ReadableStream).locked)
        throw new TypeError('stdin: the ReadableStream is locked to another reader');
      return value as ReadableStream<Uint8Array>;
    case 'PipeReader':
      return value as PipeReader;
    case 'Object': {
      const { text: words, bytes, ...rest } = value as InputRecord;
      nothingMore('stdin', rest);
      if (bytes === undefined && typeof words === 'string') return new TextEncoder().encode(words);
      if (words === undefined && isBytes(bytes)) return copyOf(viewOf(bytes));
    }
  }
  throw new Unclear(`${call}.stdin`, 'stdin', value);
}

function output(value: OutputOption, what: string): OutputOption {
  const tag = tagOf(value);
  if (value === 'pipe' || value === 'null' || typeof value === 'function' || tag === 'PipeWriter') return value;
  if (tag === 'WritableStream') {
    if ((value as WritableStream).locked)
      throw new TypeError(`${what}: the WritableStream is locked to another writer`);
    return value;
  }
  throw new TypeError(
    `${what} must be "pipe", "null", ${what === 'stderr' ? '"stdout", ' : ''}a pipe's writer, a WritableStream or a function, not ${shown(value)}`,
  );
}
