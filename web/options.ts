/** Options as the embedder gives them, checked in full before anything is sent. */
import { describe, isBytes, tagOf } from './bytes.js';
import type { InitMessage, PreopenMessage, SpawnMessage, StreamMode } from './protocol.js';

/** Where the runtime's files are: the folder that holds them, or each by itself. */
export type Assets = string | URL | { coordinator?: string | URL; compute?: string | URL; kernel?: string | URL };

/** Options of `start()`. */
export interface StartOptions {
  /**
   * Compute workers: how many are made ahead, and how many there may be. A running guest keeps one for itself.
   * A number is the most. Those beyond `min` that had nothing to do for `idle` milliseconds end. Default: 2 ahead, 128
   * at most, 30,000 ms.
   */
  workers?: number | { min?: number; max?: number; idle?: number };
  /**
   * Where `coordinator.js`, `compute.js` and `kernel.wasm` are, when not beside this script (a relative URL is
   * resolved against the page). Scripts must be of the page's origin.
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
  /** Forces the slower of two ways where the engine has both. For tests. */
  force?: { jsBridge?: boolean; messageDoorbell?: boolean };
}

/** What a directory of the guest stands for. A string is an absolute path in the runtime's file system. */
export type PreopenTarget = string | { path: string; readOnly?: boolean };

/** The directories that a guest gets: guest name → target, or a list in which a target's path is its guest name. */
export type Preopens =
  Readonly<Record<string, PreopenTarget>> | readonly (string | { path: string; guest?: string; readOnly?: boolean })[];

/** Bytes (copied), text (sent as UTF-8), a `Blob`, or a stream that is read as the guest takes its bytes. */
export type InputData = string | ArrayBuffer | ArrayBufferView | Blob | ReadableStream<Uint8Array>;

/**
 * "pipe": `process.stdin`. "null": end of file at once. Anything else is the whole input; a string is text, but for
 * those two words.
 */
export type StdinOption = 'pipe' | 'null' | InputData;

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
  /** Default: "pipe". */
  stderr?: OutputOption;
  /**
   * The standard streams say that they are a terminal (`isatty`). A terminal has one output: what the program writes to
   * standard error comes from `stdout`, in order, and `stderr` is empty. Default: false.
   */
  tty?: boolean;
  /** Directories that the guest may use. Default: none. */
  preopens?: Preopens;
  /** Milliseconds until the process is killed, with the reason "timeout". Default: 0, never. */
  timeout?: number;
  /** Kills the process when aborted. Aborted before the process runs, it rejects `spawn()` with the signal's reason. */
  signal?: AbortSignal;
  /** Called while the program is downloaded, compiled and started. */
  onProgress?: (progress: Progress) => void;
  /** Bytes of each output stream that the page holds for a reader before the guest has to wait. Default: 1 MiB. */
  outputBuffer?: number;
}

/** Spawn options that were found right. */
export interface SpawnPlan {
  settings: Omit<SpawnMessage, 't' | 'id' | 'source' | 'name' | 'args'>;
  args: readonly string[];
  argv0: string | undefined;
  name: string | undefined;
  stdin: StdinOption;
  stdout: OutputOption;
  stderr: OutputOption;
  signal: AbortSignal | undefined;
  onProgress: ((progress: Progress) => void) | undefined;
}

const MIB = 1024 * 1024;
const MOST_WORKERS = 128;
const IDLE_TIME = 30_000;
const DEFAULT_MEMORY = { initial: 32 * MIB, maximum: 1024 * MIB };
const DEFAULT_CREDIT = MIB;
/** The kernel takes numbers of 32 bits. */
const MOST_CREDIT = 2 ** 31;
const DEFAULT_START_TIMEOUT = 60_000;

export type StartSettings = Pick<InitMessage, 'workers' | 'memory' | 'force'> & {
  signal: AbortSignal | undefined;
  startTimeout: number;
};

/** Checks the options of `start()`. Throws `TypeError` and `RangeError`. */
export function planStart(options: StartOptions): StartSettings {
  object(options, 'start options');
  return {
    workers: planWorkers(options.workers ?? {}),
    memory: planMemory(options.memory ?? {}),
    force: {
      jsBridge: flag(options.force?.jsBridge, 'force.jsBridge'),
      messageDoorbell: flag(options.force?.messageDoorbell, 'force.messageDoorbell'),
    },
    signal: abortSignal(options.signal),
    startTimeout: milliseconds(options.startTimeout ?? DEFAULT_START_TIMEOUT, 'startTimeout'),
  };
}

function planWorkers(workers: number | { min?: number; max?: number; idle?: number }): InitMessage['workers'] {
  const asked: Exclude<typeof workers, number> =
    typeof workers === 'number' ? { max: workers } : object(workers, 'workers');
  const max = count(asked.max ?? Math.max(MOST_WORKERS, asked.min ?? 0), 'workers (most)', 1);
  const min = count(asked.min ?? Math.min(2, max), 'workers.min', 0);
  if (min > max) throw new RangeError(`workers.min (${min}) is more than workers.max (${max})`);
  const idle = count(asked.idle ?? IDLE_TIME, 'workers.idle', 1);
  return { min, max, idle };
}

function planMemory(memory: { initial?: number; maximum?: number }): InitMessage['memory'] {
  object(memory, 'memory');
  const maximum = count(memory.maximum ?? Math.max(DEFAULT_MEMORY.maximum, memory.initial ?? 0), 'memory.maximum', 1);
  const initial = count(memory.initial ?? Math.min(DEFAULT_MEMORY.initial, maximum), 'memory.initial', 1);
  if (initial > maximum) throw new RangeError(`memory.initial (${initial}) is more than memory.maximum (${maximum})`);
  return { initial, maximum };
}

/** Checks the options of `hf.spawn()`. Throws `TypeError` and `RangeError`. */
export function planSpawn(options: SpawnOptions): SpawnPlan {
  object(options, 'spawn options');
  const stdin = input(options.stdin ?? 'pipe');
  const stdout = output(options.stdout ?? 'pipe', 'stdout');
  const stderr = output(options.stderr ?? 'pipe', 'stderr');
  if (stdout === stderr && typeof stdout === 'object') {
    throw new TypeError('stdout and stderr cannot be the same WritableStream: pass a function to both instead');
  }
  if (options.args !== undefined && !Array.isArray(options.args)) {
    throw new TypeError(`args must be an array of strings, not ${describe(options.args)}`);
  }
  return {
    settings: {
      env: environment(options.env ?? {}),
      preopens: preopenList(options.preopens ?? []),
      stdin: stdin === 'null' ? 'null' : 'pipe',
      stdout: mode(stdout),
      stderr: mode(stderr),
      tty: flag(options.tty, 'tty'),
      credit: Math.min(count(options.outputBuffer ?? DEFAULT_CREDIT, 'outputBuffer', 1), MOST_CREDIT),
      timeout: milliseconds(options.timeout ?? 0, 'timeout'),
      progress: options.onProgress !== undefined,
    },
    args: (options.args ?? []).map((arg, i) => text(arg, `args[${i}]`)),
    argv0: options.argv0 === undefined ? undefined : text(options.argv0, 'argv0'),
    name: options.name === undefined ? undefined : text(options.name, 'name'),
    stdin,
    stdout,
    stderr,
    signal: abortSignal(options.signal),
    onProgress: callback(options.onProgress, 'onProgress'),
  };
}

const mode = (option: OutputOption): StreamMode => (option === 'null' ? 'null' : 'pipe');

function environment(env: Readonly<Record<string, string | undefined>>): [string, string][] {
  if (Array.isArray(object(env, 'env'))) throw new TypeError('env must be an object of strings, not an array');
  const entries: [string, string][] = [];
  for (const [key, value] of Object.entries(env)) {
    if (value === undefined) continue;
    if (key === '') throw new TypeError('env has an empty name');
    if (key.includes('=')) throw new TypeError(`env: the name ${JSON.stringify(key)} contains "="`);
    entries.push([text(key, 'a name in env'), text(value, `env[${JSON.stringify(key)}]`)]);
  }
  return entries;
}

function preopenList(preopens: Preopens): PreopenMessage[] {
  object(preopens, 'preopens');
  const list = isList(preopens)
    ? preopens.map((entry, i) =>
        onePreopen(typeof entry === 'object' ? entry?.guest : undefined, entry, `preopens[${i}]`),
      )
    : Object.entries(preopens).map(([guest, entry]) => onePreopen(guest, entry, `preopens[${JSON.stringify(guest)}]`));
  const seen = new Set<string>();
  for (const { guest } of list) {
    if (seen.has(guest)) throw new TypeError(`preopens: ${JSON.stringify(guest)} is there twice`);
    seen.add(guest);
  }
  return list;
}

const isList = (preopens: Preopens): preopens is Extract<Preopens, readonly unknown[]> => Array.isArray(preopens);

function onePreopen(guest: string | undefined, entry: PreopenTarget, what: string): PreopenMessage {
  const target = typeof entry === 'string' ? { path: entry } : object(entry, what);
  const path = absolutePath(target.path, `${what} path`);
  const name = text(guest ?? path, `${what} guest name`);
  if (name === '') throw new TypeError(`${what}: the guest's name for a directory cannot be empty`);
  return { guest: name, path, readOnly: flag(target.readOnly, `${what} readOnly`) };
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
  if (typeof value !== 'string') throw new TypeError(`${what} must be a string, not ${describe(value)}`);
  if (value.includes('\0')) throw new TypeError(`${what} contains a NUL: ${JSON.stringify(value)}`);
  return value;
}

function input(value: StdinOption): StdinOption {
  if (typeof value === 'string' || isBytes(value) || tagOf(value) === 'Blob' || tagOf(value) === 'File') return value;
  if (tagOf(value) === 'ReadableStream') {
    if ((value as ReadableStream).locked) throw new TypeError('stdin: the ReadableStream is locked to another reader');
    return value;
  }
  throw new TypeError(`stdin must be "pipe", "null", text, bytes, a Blob or a ReadableStream, not ${describe(value)}`);
}

function output(value: OutputOption, what: string): OutputOption {
  if (value === 'pipe' || value === 'null' || typeof value === 'function') return value;
  if (tagOf(value) === 'WritableStream') {
    if (value.locked) throw new TypeError(`${what}: the WritableStream is locked to another writer`);
    return value;
  }
  const got = typeof value === 'string' ? JSON.stringify(value) : describe(value);
  throw new TypeError(`${what} must be "pipe", "null", a WritableStream or a function, not ${got}`);
}

function object<T>(value: T, what: string): T & object {
  if (typeof value !== 'object' || value === null)
    throw new TypeError(`${what} must be an object, not ${describe(value)}`);
  return value;
}

function flag(value: unknown, what: string): boolean {
  if (value !== undefined && typeof value !== 'boolean') {
    throw new TypeError(`${what} must be true or false, not ${describe(value)}`);
  }
  return value === true;
}

function callback<T>(value: T | undefined, what: string): T | undefined {
  if (value !== undefined && typeof value !== 'function') {
    throw new TypeError(`${what} must be a function, not ${describe(value)}`);
  }
  return value;
}

export function abortSignal(value: AbortSignal | undefined): AbortSignal | undefined {
  if (value !== undefined && tagOf(value) !== 'AbortSignal') {
    throw new TypeError(`signal must be an AbortSignal, not ${describe(value)}`);
  }
  return value;
}

export function count(value: unknown, what: string, least: number): number {
  if (typeof value !== 'number') throw new TypeError(`${what} must be a number, not ${describe(value)}`);
  if (!Number.isSafeInteger(value) || value < least) {
    throw new RangeError(`${what} must be a whole number of at least ${least}, not ${value}`);
  }
  return value;
}

/** Timers go no further (24.8 days); what is set for later would go off at once. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** A duration; `Infinity`, and what is further away than timers go, is "never", as 0 is on the wire. */
function milliseconds(value: unknown, what: string): number {
  if (typeof value !== 'number')
    throw new TypeError(`${what} must be a number of milliseconds, not ${describe(value)}`);
  if (Number.isNaN(value) || value < 0) throw new RangeError(`${what} must be 0 or more milliseconds, not ${value}`);
  return value > LONGEST_TIMER ? 0 : value;
}
