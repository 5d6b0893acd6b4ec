/** Options as the embedder gives them, checked in full before anything is sent. */
import type { Assets } from './assets.js';
import { copyOf, isBlob, isBytes, shown, tagOf, viewOf, wrong } from './bytes.js';
import { LONGEST_TIMER, waitTime } from './deadline.js';
import { later } from './later.js';
import { planLimits, type Limits } from './limits.js';
import type { InitMessage, PreopenMessage, SocketMessage, SpawnMessage, StreamMode } from './protocol.js';
import type { ConnectOptions } from './sockets.js';
import type { TraceOption } from './tracing.js';
import type { TerminalOptions, TerminalSignal } from './terminal.js';

/** Options of `start()`. */
export interface StartOptions {
  /**
   * Compute workers: how many are made ahead, and how many there may be. A running guest keeps one for itself.
   * A number is the most. Those beyond `min` that had nothing to do for `idle` milliseconds end. Default: 2 ahead, 128
   * at most (100 in Chromium, which has room for the memories of so many), 30,000 ms.
   */
  workers?: number | { min?: number; max?: number; idle?: number };
  /**
   * Where the runtime's files are, when they are not beside this script: `coordinator.js`, `compute.js`, `kernel.wasm`, and `coordinator-files.js`,
   * `rewrite.wasm` and `coordinator-supervise.js`, which are fetched for the first call of `hf.fs`, the first interruptible program and the first
   * supervisor. A relative URL is resolved against
   * the page. Scripts of another origin need a Content-Security-Policy that allows `blob:` and
   * that origin in `worker-src`, if there is one.
   */
  assets?: Assets;
  /**
   * The kernel's memory in bytes, three quarters of which the in-memory files may take: allocated at start, and the most it may
   * grow to. Default: 32 MiB and 1 GiB.
   */
  memory?: { initial?: number; maximum?: number };
  /** Gives up starting when aborted; once started, closes the runtime. */
  signal?: AbortSignal;
  /** Milliseconds that starting may take. Default: 60,000; 0 waits for ever. */
  startTimeout?: number;
  /** For tests: the slower of two ways where the engine has both; no kernel memory below an address. */
  force?: { jsBridge?: boolean; messageDoorbell?: boolean; kernelBase?: number };
}

/** What a directory of the guest stands for. A string is an absolute path in the runtime's file system. */
export type PreopenTarget = string | { path: string; readOnly?: boolean };

/** The directories that a guest gets: guest name → target, or a list in which a target's path is its guest name. */
export type Preopens =
  Readonly<Record<string, PreopenTarget>> | readonly (string | { path: string; guest?: string; readOnly?: boolean })[];

/**
 * A socket that a guest starts with: it listens on a port of this runtime (0: any that is free), or is connected to one
 * that somebody listens on. `nonblocking`: its descriptor is in non-blocking mode from the start, as Wasmtime's are, and as
 * Go programs need it that do not call `syscall.SetNonblock`. Default: false.
 */
export type SocketOption =
  | { listen: number; connect?: never; nonblocking?: boolean }
  | { connect: number; listen?: never; nonblocking?: boolean };

/** A whole input: text (sent as UTF-8), bytes (copied), a `Blob`, or a stream that is read as the guest takes its bytes. */
export type InputData = InputRecord | ArrayBuffer | ArrayBufferView | Blob | ReadableStream<Uint8Array>;

/** An input that says what it is. */
export type InputRecord = { text: string; bytes?: never } | { bytes: ArrayBuffer | ArrayBufferView; text?: never };

/**
 * "pipe": `process.stdin`. "tty": a terminal, whose keys are `process.stdin`. "null": end of file at once. Anything else is the
 * whole input. A string is always one of those modes, never text: text is `{ text: '…' }`.
 */
export type StdinOption = 'pipe' | 'tty' | 'null' | InputData;

/**
 * "pipe": `process.stdout`. "null": thrown away. A `WritableStream` is closed at the end; when it fails, the guest
 * gets EPIPE. A function is called with each chunk, which it owns; while the promise that it returns is pending, the
 * guest's output waits.
 */
export type OutputOption =
  'pipe' | 'null' | WritableStream<Uint8Array> | ((chunk: Uint8Array) => void | PromiseLike<void>);

/** How far a program that is being started has come. */
export interface Progress {
  phase: 'download' | 'compile' | 'start';
  /** Bytes so far. */
  loaded: number;
  /** Bytes in all; 0 when unknown. */
  total: number;
}

/** Options of `hf.spawn()`. */
export interface SpawnOptions {
  /** Arguments, without argv[0]. Default: none. */
  args?: readonly string[];
  /** argv[0]. Default: `name`. */
  argv0?: string;
  /** What the process is called in messages and statistics. Default: `argv0`, else the last part of the URL's path, else "program". */
  name?: string;
  /** The whole environment; nothing is inherited. Entries whose value is `undefined` are left out. */
  env?: Readonly<Record<string, string | undefined>>;
  /** Default: "pipe". */
  stdin?: StdinOption;
  /** Default: "pipe". */
  stdout?: OutputOption;
  /**
   * "stdout": standard error is standard output, as a shell has it with `2>&1`: one stream with both in the order in which they were
   * written, `process.stdout` or what `stdout` is; `process.stderr` is empty. Default: "pipe".
   *
   * @example
   * const { stdout } = await hf.run('/clang.wasm', { stderr: 'stdout' }); // a log that reads like a terminal's
   */
  stderr?: OutputOption | 'stdout';
  /**
   * What happens when the program writes to standard output or error and nobody reads that any more: the stream was cancelled, its target
   * failed, or the handle was detached. "error": the call fails with EPIPE. "end": the program is ended, as SIGPIPE
   * does on POSIX systems: reason "killed", code 141, message "SIGPIPE". Default: "error", because WASI has no signals and many programs look at the error.
   */
  brokenPipe?: 'error' | 'end';
  /**
   * With `stdin: 'tty'` standard input is a terminal of the kernel's: lines that can be edited, with echo; ^C, ^D. What the program and the echo write comes
   * from `stdout`, with "\\r\\n" for each line's end, ready for xterm.js.
   */
  terminal?: TerminalOptions;
  /**
   * The standard streams say that they are a terminal (`isatty`); so they do with `stdin: 'tty'`. A terminal has one output: what the program writes to
   * standard error comes from `stdout`, in order, and `stderr` is empty. Default: false.
   */
  tty?: boolean;
  /** Directories that the guest may use. Default: none. */
  preopens?: Preopens;
  /**
   * Stream sockets, from descriptor 3 on in this order; the directories come after them. Default: none.
   * `process.ports` tells the ports of those that listen. A port that is taken, or that nobody listens on, refuses the
   * spawn.
   */
  sockets?: readonly SocketOption[];
  /**
   * Milliseconds from when the program begins to run until it is killed, with the reason "timeout". What is still being loaded is given up by
   * `signal`. Default: 0, never.
   */
  timeout?: number;
  /**
   * What becomes of it while all workers are busy (`workers.max` of `start()`). "reject": `SpawnRefused`, "limit". "wait": it begins when one is free; of
   * those that wait (10,000 at most) the first begins first. `timeout` does not count that wait; `signal` ends it, and so does `hf.close()`.
   * Default: "reject".
   *
   * @example
   * const results = await Promise.all(files.map((file) => hf.run('/convert.wasm', { args: [file], whenBusy: 'wait' })));
   */
  whenBusy?: 'wait' | 'reject';
  /** What it may use at most. Default: no limits of its own. */
  limits?: Limits;
  /**
   * The program is rewritten before it is compiled, so that it can be stopped in the middle of its computing: its worker
   * is then free at once, where it would otherwise be terminated, which takes some browsers seconds. It costs some
   * speed (docs/benchmarks.md). Needs the module's bytes: not for a `WebAssembly.Module`. Default: false; but in WebKit and Bun, where a loop
   * runs on for ever in a worker that was terminated, every program that can be rewritten is, unless this is false.
   */
  interruptible?: boolean;
  /**
   * Kills the process when aborted. Aborted before the process runs, it rejects `spawn()` with the signal's reason, at once: what is still
   * downloaded, rewritten or compiled for nobody else is given up.
   */
  signal?: AbortSignal;
  /** Called while the program is downloaded, compiled and started. */
  onProgress?: (progress: Progress) => void;
  /** Tells its system calls as they return, to a function or (`true`) to the console, as strace does. `process.trace()` does it later. Default: false. */
  trace?: TraceOption;
  /** Bytes of each output stream that the page holds for a reader before the guest has to wait. Default: 1 MiB. */
  outputBuffer?: number;
}

/** What is fed to a program, text as bytes of our own. */
export type InputPlan = Uint8Array | Blob | ReadableStream<Uint8Array>;
export type StdinPlan = 'pipe' | 'tty' | 'null' | InputPlan;

/** Spawn options that were found right. */
export interface SpawnPlan {
  settings: Omit<SpawnMessage, 't' | 'id' | 'source' | 'name' | 'args'>;
  args: readonly string[];
  argv0: string | undefined;
  name: string | undefined;
  stdin: StdinPlan;
  stdout: OutputOption;
  stderr: OutputOption | 'stdout';
  signal: AbortSignal | undefined;
  onProgress: ((progress: Progress) => void) | undefined;
  onSignal: ((signal: TerminalSignal) => void) | undefined;
  trace: TraceOption;
}

const MIB = 1024 * 1024;
const MOST_WORKERS = 128;
/** Chromium has room for about 124 memories in a process, of which 16 may be garbage of programs that ran (coordinator/pool.c). */
const MOST_WORKERS_CHROMIUM = 100;
const IDLE_TIME = 30_000;
const DEFAULT_MEMORY = { initial: 32 * MIB, maximum: 1024 * MIB };
const DEFAULT_CREDIT = MIB;
/** The kernel takes numbers of 32 bits. */
const MOST_CREDIT = 2 ** 31;
/** Of one process, at its start. */
const MOST_SOCKETS = 64;
const DEFAULT_START_TIMEOUT = 60_000;

export type StartSettings = Pick<InitMessage, 'workers' | 'memory' | 'force'> & {
  signal: AbortSignal | undefined;
  startTimeout: number;
};

/** Checks the options of `start()`. Throws `TypeError` and `RangeError`. */
export function planStart(options: StartOptions): StartSettings {
  const {
    workers = {},
    memory = {},
    force = {},
    signal,
    startTimeout = DEFAULT_START_TIMEOUT,
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
    startTimeout: milliseconds(startTimeout, 'startTimeout'),
  };
}

/** Of Node's threads each has room of its own. */
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
  if (min > max) throw new RangeError(`workers.min (${min}) is more than workers.max (${max})`);
  return { min, max, idle: count(idle, 'workers.idle', 1) };
}

function planMemory(memory: { initial?: number; maximum?: number }): InitMessage['memory'] {
  const { initial: first, maximum: most, ...rest } = object(memory, 'memory');
  nothingMore('memory', rest);
  const maximum = count(most ?? Math.max(DEFAULT_MEMORY.maximum, first ?? 0), 'memory.maximum', 1);
  const initial = count(first ?? Math.min(DEFAULT_MEMORY.initial, maximum), 'memory.initial', 1);
  if (initial > maximum) throw new RangeError(`memory.initial (${initial}) is more than memory.maximum (${maximum})`);
  return { initial, maximum };
}

/**
 * Checks the options of `hf.spawn()`, or of `call`, which is called `what` in messages. Throws `TypeError` and `RangeError`; who calls it passes what it
 * throws through `helped`.
 */
export function planSpawn(options: SpawnOptions, call: 'spawn' | 'run' | 'child' = 'spawn', what?: string): SpawnPlan {
  const {
    args = [],
    argv0,
    name,
    env = {},
    stdin: input = 'pipe',
    stdout: out = 'pipe',
    stderr: err = 'pipe',
    brokenPipe = 'error',
    terminal: tty,
    tty: isTty,
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
    ...rest
  } = object(options, what ?? `${call} options`);
  nothingMore(call, rest, what);
  const stdin = planInput(input, call);
  const stdout = output(out, 'stdout');
  const stderr = err === 'stdout' ? err : output(err, 'stderr');
  if (stdout === stderr && typeof stdout === 'object') {
    throw new TypeError('stdout and stderr cannot be the same WritableStream: pass a function to both instead');
  }
  if (!Array.isArray(args)) throw wrong('args', 'an array of strings', args);
  const terminal = planTerminal(tty, stdin);
  return {
    settings: {
      env: environment(env, terminal?.env),
      preopens: preopenList(preopens),
      sockets: socketList(sockets),
      stdin: stdin === 'null' ? 'null' : 'pipe',
      stdout: mode(stdout),
      stderr: stderr === 'stdout' ? stderr : mode(stderr),
      brokenPipe: oneOf(brokenPipe, ['error', 'end'], 'brokenPipe'),
      tty: flag(isTty, 'tty') || stdin === 'tty',
      terminal: terminal ? wireTerminal(terminal) : null,
      credit: Math.min(count(outputBuffer, 'outputBuffer', 1), MOST_CREDIT),
      timeout: milliseconds(timeout, 'timeout'),
      waits: oneOf(whenBusy, ['reject', 'wait'], 'whenBusy') === 'wait',
      limits: planLimits(object(limits, 'limits'), count, nothingMore),
      trace: traceOption(trace) !== false,
      progress: onProgress !== undefined,
      interruptible: interruptible === undefined ? 'if-possible' : flag(interruptible, 'interruptible'),
    },
    args: args.map((arg, i) => text(arg, `args[${i}]`)),
    argv0: argv0 === undefined ? undefined : text(argv0, 'argv0'),
    name: name === undefined ? undefined : text(name, 'name'),
    stdin,
    stdout,
    stderr,
    signal: abortSignal(signal),
    onProgress: callback(onProgress, 'onProgress'),
    onSignal: terminal?.onSignal,
    trace: traceOption(trace),
  };
}

/** Throws `TypeError`. */
export function traceOption(value: TraceOption = false): TraceOption {
  if (typeof value !== 'boolean' && typeof value !== 'function') {
    throw wrong('trace', 'true, false or a function', value);
  }
  return value;
}

function planTerminal(terminal: TerminalOptions | undefined, stdin: StdinPlan) {
  if (stdin !== 'tty') {
    if (terminal !== undefined) throw new TypeError('terminal: these options are for stdin: "tty"');
    return undefined;
  }
  const { raw, onlcr, echo, columns, rows, onSignal, ...rest } = object(terminal ?? {}, 'terminal') as TerminalOptions;
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

const mode = (option: OutputOption): StreamMode => (option === 'null' ? 'null' : 'pipe');

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
    : Object.entries(object(preopens, 'preopens')).map(([guest, entry]) =>
        onePreopen(guest, entry, `preopens[${JSON.stringify(guest)}]`),
      );
  const seen = new Set<string>();
  for (const { guest } of list) {
    if (seen.has(guest)) throw new TypeError(`preopens: ${JSON.stringify(guest)} is there twice`);
    seen.add(guest);
  }
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
  if (!Array.isArray(sockets)) throw wrong('sockets', 'an array', sockets);
  if (sockets.length > MOST_SOCKETS) throw new RangeError(`sockets: at most ${MOST_SOCKETS}, not ${sockets.length}`);
  return (sockets as readonly SocketOption[]).map((entry, i) => {
    const what = `sockets[${i}]`;
    const { listen, connect, nonblocking: mode, ...rest } = object(entry, what);
    nothingMore('socket', rest, what);
    const nonblocking = flag(mode, `${what}.nonblocking`);
    if ((listen === undefined) === (connect === undefined)) {
      throw new TypeError(`${what} must have either listen or connect, a port`);
    }
    return listen === undefined
      ? { listens: false, port: portNumber(connect, `${what}.connect`, 1), nonblocking }
      : { listens: true, port: portNumber(listen, `${what}.listen`, 0), nonblocking };
  });
}

/** A port, or a `TypeError` or `RangeError`. */
export function portNumber(value: unknown, what: string, least: 0 | 1): number {
  const port = count(value, what, least);
  if (port > 65535) throw new RangeError(`${what} must be at most 65535, not ${port}`);
  return port;
}

/** Checks the options of `hf.connect()`. */
export function planConnect(options: ConnectOptions): { credit: number; signal: AbortSignal | undefined } {
  const { buffer, signal, ...rest } = object(options, 'connect options');
  nothingMore('connect', rest);
  return { credit: Math.min(count(buffer ?? DEFAULT_CREDIT, 'buffer', 1), MOST_CREDIT), signal: abortSignal(signal) };
}

/** An absolute path in the runtime's file system, or a `TypeError`. */
export function absolutePath(value: unknown, what: string): string {
  const path = text(value, what);
  if (!path.startsWith('/')) {
    throw new TypeError(
      `${what} must be absolute (start with "/") in the runtime's file system: ${JSON.stringify(path)}`,
    );
  }
  return path;
}

/** A string that C can hold, or a `TypeError`. */
export function text(value: unknown, what: string): string {
  if (typeof value !== 'string') throw wrong(what, 'a string', value);
  if (value.includes('\0')) throw new TypeError(`${what} contains a NUL: ${JSON.stringify(value)}`);
  return value;
}

function planInput(value: StdinOption, call: string): StdinPlan {
  if (value === 'pipe' || value === 'tty' || value === 'null' || isBlob(value)) return value;
  if (isBytes(value)) return copyOf(viewOf(value));
  switch (tagOf(value)) {
    case 'ReadableStream':
      if ((value as ReadableStream).locked)
        throw new TypeError('stdin: the ReadableStream is locked to another reader');
      return value as ReadableStream<Uint8Array>;
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
  if (value === 'pipe' || value === 'null' || typeof value === 'function') return value;
  if (tagOf(value) === 'WritableStream') {
    if (value.locked) throw new TypeError(`${what}: the WritableStream is locked to another writer`);
    return value;
  }
  throw new TypeError(
    `${what} must be "pipe", "null", ${what === 'stderr' ? '"stdout", ' : ''}a WritableStream or a function, not ${shown(value)}`,
  );
}

/** A record, which an array, a `Map` or a promise is not: what they hold would not be seen. */
export function object<T>(value: T, what: string): T & object {
  if (!/^(Object|Module)$/.test(tagOf(value))) throw wrong(what, 'an object', value);
  return value as T & object;
}

/** What is left of options when all that a call knows were taken. An option that was forgotten there is a type error. */
export type Nothing = Record<string, never>;

/** Throws `Unclear` for what a call does not know; `kind` says which options they are, `what` what they are called in the message. */
export function nothingMore(kind: string, rest: Nothing, what = kind): void {
  for (const name of Object.keys(rest)) throw new Unclear(kind, what, name);
}

/** An option that a call does not know, or (`kind` is that of its call, a point and "stdin") a value that says nothing: help.ts finds the words. */
export class Unclear extends TypeError {
  constructor(
    readonly kind: string,
    readonly what: string,
    readonly option: unknown,
  ) {
    super(`${what}: no such option: ${shown(option)}`);
  }
}

/** What `work` gives, which begins at once. When it fails because of unclear options, the error is that of help.ts, if that can be loaded. */
export async function helped<T>(work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof TypeError && 'kind' in error)) throw error;
    const help = await later('help.js', import('./help.js')).catch(() => undefined);
    throw help ? help.explained(error as Unclear) : error;
  }
}

export function flag(value: unknown, what: string): boolean {
  if (value !== undefined && typeof value !== 'boolean') {
    throw wrong(what, 'true or false', value);
  }
  return value === true;
}

export function callback<T>(value: T | undefined, what: string): T | undefined {
  if (value !== undefined && typeof value !== 'function') {
    throw wrong(what, 'a function', value);
  }
  return value;
}

export function abortSignal(value: AbortSignal | undefined): AbortSignal | undefined {
  if (value !== undefined && tagOf(value) !== 'AbortSignal') {
    throw wrong('signal', 'an AbortSignal', value);
  }
  return value;
}

export function count(value: unknown, what: string, least: number): number {
  if (typeof value !== 'number') throw wrong(what, 'a number', value);
  if (!Number.isSafeInteger(value) || value < least) {
    throw new RangeError(`${what} must be a whole number of at least ${least}, not ${value}`);
  }
  return value;
}

/** One of several words. */
export function oneOf<T extends string>(value: unknown, list: readonly T[], what: string): T {
  const found = list.find((name) => name === value);
  if (found !== undefined) return found;
  const words = list.map((name) => `"${name}"`).join(list.length > 2 ? ', ' : ' or ');
  throw new TypeError(`${what} must be ${words}, not ${shown(value)}`);
}

/** A duration; `Infinity`, and what is further away than timers go, is "never", as 0 is on the wire. */
function milliseconds(value: unknown, what: string): number {
  const time = waitTime(value, what);
  return time > LONGEST_TIMER ? 0 : time;
}
