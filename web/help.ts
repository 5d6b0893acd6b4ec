/**
 * Error messages for unknown options, loaded on first use.
 *
 * Each list has every option of its call: a missing or wrong entry is a type error.
 */
import type { Assets } from './assets.js';
import { kindOf } from './bytes.js';
import { type Unclear } from './check.js';
import type { CompanionOption, HostSignatureOption } from './host-options.js';
import type { InstantiateOptions, Signature } from './instance.js';
import type { FileSystem, ReadableOptions, WritableOptions } from './fs.js';
import type { Limits } from './limits.js';
import type { InputRecord, Preopens, SocketOption, SpawnOptions, StartOptions } from './options.js';
import type { HttpOptions } from './http.js';
import type { ServeOptions } from './serve.js';
import type { ChildrenOption } from './children.js';
import type { ChannelOptions, PipelineOptions, PipeOptions } from './pipes.js';
import type { LoopOptions } from './loop.js';
import type { CallOptions, PluginOptions } from './plugin.js';
import type { JoinOptions } from './process.js';
import type { MinimalWASIOptions, ReactorOptions } from './reactor-go.js';
import type { QuickJSOptions } from './reactor-quickjs.js';
import type { RunOptions } from './run.js';
import type { ConnectOptions, ListenOptions } from './sockets.js';
import type { Backoff, ChildOptions, ProgramStart, SuperviseOptions } from './supervise-options.js';
import type { Supervisor } from './supervise.js';
import type { Terminal, TerminalOptions } from './terminal.js';
import type { MemoryOptions, ThreadOptions } from './threads.js';

/** Every key of the options, including each kind of a union. */
type Keys<T> = Record<T extends unknown ? keyof T : never, 1>;
type Last<T> = T extends (...args: infer A) => unknown
  ? NonNullable<Required<A> extends [...unknown[], infer L] ? L : never>
  : never;

const spawn = {
  args: 1,
  argv0: 1,
  name: 1,
  env: 1,
  stdin: 1,
  stdout: 1,
  stderr: 1,
  brokenPipe: 1,
  terminal: 1,
  preopens: 1,
  sockets: 1,
  timeout: 1,
  whenBusy: 1,
  limits: 1,
  interruptible: 1,
  signal: 1,
  onProgress: 1,
  trace: 1,
  outputBuffer: 1,
  host: 1,
  companion: 1,
  link: 1,
  children: 1,
  http: 1,
} satisfies Keys<SpawnOptions>;

const { args, argv0, terminal, companion, children, http, ...threads } = spawn;
void [args, argv0, terminal, companion, children, http];

const { stdin, terminal: _, whenBusy, ...serve } = spawn;
void [stdin, whenBusy];

/** Keyed by the `kind` that a call passes to `nothingMore`. */
const KNOWN = {
  start: {
    workers: 1,
    assets: 1,
    memory: 1,
    signal: 1,
    startTimeout: 1,
    isolation: 1,
    force: 1,
  } satisfies Keys<StartOptions>,
  workers: { min: 1, max: 1, idle: 1 } satisfies Keys<Exclude<NonNullable<StartOptions['workers']>, number>>,
  memory: { initial: 1, maximum: 1 } satisfies Keys<NonNullable<StartOptions['memory']>>,
  force: { jsBridge: 1, messageDoorbell: 1, kernelBase: 1 } satisfies Keys<NonNullable<StartOptions['force']>>,
  assets: {
    coordinator: 1,
    compute: 1,
    kernel: 1,
    rewrite: 1,
    supervise: 1,
    files: 1,
    guest: 1,
    component: 1,
    parser: 1,
    p2: 1,
    executor: 1,
    typed: 1,
  } satisfies Keys<Exclude<Assets, string | URL>>,
  spawn,
  run: { ...spawn, encoding: 1, files: 1, outputs: 1 } satisfies Keys<RunOptions>,
  child: { ...spawn, source: 1 } satisfies Keys<ProgramStart>,
  instantiate: { ...spawn, entry: 1, signatures: 1, allocator: 1, reentrant: 1 } satisfies Keys<InstantiateOptions>,
  'shared memory': { pages: 1, maximum: 1 } satisfies Keys<MemoryOptions>,
  thread: { ...threads, importAs: 1, repeat: 1 } satisfies Keys<ThreadOptions>,
  stdin: { text: 1, bytes: 1 } satisfies Keys<InputRecord>,
  terminal: { raw: 1, onlcr: 1, echo: 1, columns: 1, rows: 1, onSignal: 1 } satisfies Keys<TerminalOptions>,
  setRaw: { onlcr: 1 } satisfies Keys<Last<Terminal['setRaw']>>,
  limits: { cpuTime: 1, output: 1, memory: 1, gc: 1, descriptors: 1, fileBytes: 1, threads: 1 } satisfies Keys<Limits>,
  preopen: { path: 1, guest: 1, readOnly: 1 } satisfies Keys<
    Exclude<Extract<Preopens, readonly unknown[]>[number], string>
  >,
  socket: { listen: 1, connect: 1, nonblocking: 1 } satisfies Keys<SocketOption>,
  join: { timeout: 1, signal: 1 } satisfies Keys<JoinOptions>,
  connect: { signal: 1, buffer: 1 } satisfies Keys<ConnectOptions>,
  allocator: { malloc: 1, free: 1 } satisfies Keys<NonNullable<InstantiateOptions['allocator']>>,
  signature: { params: 1, result: 1 } satisfies Keys<Signature>,
  'host signature': { params: 1, result: 1, into: 1, error: 1 } satisfies Keys<HostSignatureOption>,
  loop: { budget: 1, recheck: 1, onTick: 1, signal: 1 } satisfies Keys<LoopOptions>,
  reactor: { wasiImports: 1, setMemory: 1, onTick: 1, debug: 1 } satisfies Keys<ReactorOptions>,
  minimalWASI: { args: 1, env: 1, stdout: 1, stderr: 1 } satisfies Keys<MinimalWASIOptions>,
  quickjs: { args: 1, env: 1, debug: 1, stdout: 1, stderr: 1 } satisfies Keys<QuickJSOptions>,
  listen: { signal: 1 } satisfies Keys<ListenOptions>,
  supervise: {
    strategy: 1,
    maxRestarts: 1,
    within: 1,
    backoff: 1,
    signal: 1,
    children: 1,
  } satisfies Keys<SuperviseOptions>,
  'supervised child': { id: 1, start: 1, restart: 1, shutdown: 1, stop: 1 } satisfies Keys<ChildOptions>,
  backoff: { min: 1, max: 1, factor: 1, jitter: 1 } satisfies Keys<Backoff>,
  wait: { timeout: 1, signal: 1 } satisfies Keys<Last<Supervisor['wait']>>,
  plugin: {
    name: 1,
    handlers: 1,
    instance: 1,
    concurrency: 1,
    timeout: 1,
    logger: 1,
    maxMessage: 1,
    shutdown: 1,
    signal: 1,
    args: 1,
    argv0: 1,
    env: 1,
    preopens: 1,
    sockets: 1,
    whenBusy: 1,
    limits: 1,
    interruptible: 1,
    onProgress: 1,
    trace: 1,
    outputBuffer: 1,
  } satisfies Keys<PluginOptions>,
  pipe: { size: 1, keep: 1 } satisfies Keys<PipeOptions>,
  channel: { messages: 1, bytes: 1, keep: 1 } satisfies Keys<ChannelOptions>,
  pipeline: {
    stdin: 1,
    stdout: 1,
    encoding: 1,
    timeout: 1,
    signal: 1,
    pipeSize: 1,
  } satisfies Keys<PipelineOptions>,
  companion: { module: 1, options: 1, serial: 1 } satisfies Keys<Exclude<CompanionOption, string | URL>>,
  children: { max: 1 } satisfies Keys<Exclude<ChildrenOption, boolean>>,
  serve: { ...serve, max: 1 } satisfies Keys<ServeOptions>,
  http: { allow: 1, fetch: 1, uploads: 1 } satisfies Keys<HttpOptions>,
  call: { timeout: 1, signal: 1 } satisfies Keys<CallOptions>,
  readFile: { encoding: 1 } satisfies Keys<Exclude<Last<FileSystem['readFile']>, string>>,
  writeFile: { exclusive: 1 } satisfies Keys<Last<FileSystem['writeFile']>>,
  readable: { start: 1, end: 1 } satisfies Keys<ReadableOptions>,
  writable: { append: 1, exclusive: 1 } satisfies Keys<WritableOptions>,
  mkdir: { recursive: 1 } satisfies Keys<Last<FileSystem['mkdir']>>,
  readdir: { withFileTypes: 1 } satisfies Keys<Last<FileSystem['readdir']>>,
  rm: { recursive: 1, force: 1 } satisfies Keys<Last<FileSystem['rm']>>,
  utimes: { follow: 1 } satisfies Keys<Last<FileSystem['utimes']>>,
};

/** Calls that start programs: what applies to one applies to all. */
const PROGRAMS = ['spawn', 'run', 'child', 'instantiate'];

const directories = "`preopens` says which directories of hf.fs the program sees: preopens: { '/': '/home' }";
const fileSystem = `the file system is hf.fs, which all programs share; ${directories}`;
const noDirectory =
  'WASI has no working directory: programs take "." to be their first preopen, or "/". For /work use preopens: { \'.\': \'/work\' }';
const program = 'the program is the first argument';
const tty = 'terminal: true makes a terminal; terminal: "isatty" only makes isatty() true';
const output = '`limits` has it: limits: { output: 1e6 }';
const assets = "`assets` says where the runtime's files are";

/** Names that other libraries use, in lower case without separators, and the option to use here. */
const PROGRAM_ADVICE: Readonly<Record<string, string>> = {
  arguments: '`args` has the arguments, without argv[0]',
  argv: '`args` has the arguments, without argv[0], which is `argv0`',
  cmd: `${program}, \`args\` has its arguments`,
  command: `${program}, \`args\` has its arguments`,
  cwd: noDirectory,
  pwd: noDirectory,
  workingdirectory: noDirectory,
  dir: directories,
  dirs: directories,
  directories: directories,
  mapdir: directories,
  mapdirs: directories,
  mapped: directories,
  mount: directories,
  mounts: directories,
  volumes: directories,
  filesystem: fileSystem,
  fs: fileSystem,
  vfs: fileSystem,
  environ: '`env` has the environment',
  environment: '`env` has the environment',
  vars: '`env` has the environment',
  binary: program,
  bytes: program,
  module: program,
  path: program,
  program: program,
  url: program,
  wasm: program,
  wasmurl: program,
  source: program,
  deadline: '`timeout` has the milliseconds',
  maxtime: '`timeout` has the milliseconds',
  timelimit: '`timeout` has the milliseconds',
  timeoutms: '`timeout` has the milliseconds',
  input: '`stdin` has the input',
  in: '`stdin` has the input',
  out: '`stdout` takes the output',
  output: '`stdout` takes the output; `limits.output` limits it',
  print: '`stdout` takes a function, which is called with each chunk',
  onstdout: '`stdout` takes a function, which is called with each chunk',
  printerr: '`stderr` takes a function, which is called with each chunk',
  onstderr: '`stderr` takes a function, which is called with each chunk',
  stdio: '`stdin`, `stdout` and `stderr` are separate options',
  tty,
  isatty: tty,
  interactive: tty,
  pty: tty,
  columns: '`terminal` has it: terminal: { columns: 80 }',
  cols: '`terminal` has it: terminal: { columns: 80 }',
  rows: '`terminal` has it: terminal: { rows: 24 }',
  ports: '`sockets` has them: sockets: [{ listen: 8080 }]',
  port: '`sockets` has it: sockets: [{ listen: 8080 }]',
  listen: '`sockets` has it: sockets: [{ listen: 8080 }]',
  maxbuffer: output,
  maxoutput: output,
  maxmemory: '`limits` has it: limits: { memory: 2 ** 26 }',
  memorylimit: '`limits` has it: limits: { memory: 2 ** 26 }',
  onexit: '`process.exited` is a promise of the end',
  abortsignal: '`signal` takes an AbortSignal',
  abortcontroller: 'pass its `signal` as `signal`',
  links: 'did you mean `link`?',
  imports: '`host` has functions of the page, `link` instances whose exports the program imports',
  shell: 'there is no shell: the program is started directly',
};

const START_ADVICE: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    ['wasmurl', 'workerurl', 'baseurl', 'url', 'path', 'publicpath', 'locatefile', 'kernel', 'kernelurl'].map(
      (name) => [name, assets],
    ),
  ),
  maxworkers: '`workers` is the maximum',
  poolsize: '`workers` is the maximum',
  concurrency: '`workers` is the maximum',
  threads: '`workers` is the maximum',
  timeout: '`startTimeout` has the milliseconds',
  timeoutms: '`startTimeout` has the milliseconds',
  fs: 'the file system is hf.fs, once the runtime has started',
  filesystem: 'the file system is hf.fs, once the runtime has started',
};

const FILES_ADVICE =
  'it is an option of hf.run; here write them first, with hf.fs.writeFiles, and pass their directory in `preopens`';
const DESCRIPTORS_ADVICE = '`descriptors` limits the open ones, `fileBytes` the bytes in files';
const NO_FILES = 'there are no files here; hf.instantiate() has `preopens`';
const TEXT_ADVICE = '`encoding` says how: hf.fs.readFile(path, "utf-8")';

const ADVICE: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  start: START_ADVICE,
  spawn: PROGRAM_ADVICE,
  run: PROGRAM_ADVICE,
  child: PROGRAM_ADVICE,
  instantiate: PROGRAM_ADVICE,
  terminal: { cols: 'did you mean `columns`?', width: 'did you mean `columns`?', height: 'did you mean `rows`?' },
  limits: { files: DESCRIPTORS_ADVICE, fds: DESCRIPTORS_ADVICE, openfiles: DESCRIPTORS_ADVICE },
  preopen: {
    ro: 'did you mean `readOnly`?',
    mode: '`readOnly` is the only option',
    host: '`path` is the directory in hf.fs',
    target: '`path` is the directory in hf.fs',
    source: '`path` is the directory in hf.fs',
    name: '`guest` is the name that the program sees',
  },
  socket: {
    port: 'either `listen` or `connect` has the port',
    host: 'sockets connect only within the runtime: there are no host names',
  },
  quickjs: { fs: NO_FILES, preopens: NO_FILES, stdin: 'pushStdin() adds to standard input' },
  loop: {
    timeout: '`budget` has the milliseconds of a round; stop() or `signal` ends the loop',
    interval: '`recheck` has the milliseconds after which an idle guest is ticked again',
    wait: 'the worker waits for the timers',
  },
  plugin: {
    stdin: 'it carries the messages',
    stdout: 'it carries the messages',
    stderr: '`logger` takes its lines',
    log: 'did you mean `logger`?',
    methods: '`handlers` has the methods that the plugin can call',
    imports: '`handlers` has the methods that the plugin can call',
    hostfunctions: '`handlers` has the methods that the plugin can call',
    functions: '`handlers` has the methods that the plugin can call',
    timeoutms: 'did you mean `timeout`?',
    workers: '`concurrency` says how many calls run at once',
    poolsize: '`concurrency` says how many calls run at once',
  },
  pipe: {
    capacity: 'did you mean `size`?',
    buffer: 'did you mean `size`?',
    highwatermark: '`size` has the bytes that it holds',
  },
  pipeline: {
    args: 'it belongs to a program: [{ source, args }, …]',
    env: 'it belongs to a program: [{ source, env }, …]',
    preopens: 'it belongs to a program: [{ source, preopens }, …]',
    limits: 'it belongs to a program: [{ source, limits }, …]',
    stderr: 'it belongs to a program: [{ source, stderr }, …]',
    pipefail: 'each program of the result has its `code`',
  },
  call: { timeoutms: 'did you mean `timeout`?' },
  join: { timeoutms: 'did you mean `timeout`?' },
  wait: { timeoutms: 'did you mean `timeout`?' },
  connect: { host: 'sockets connect only within the runtime: there are no host names' },
  listen: {
    host: 'sockets connect only within the runtime: there are no host names',
    port: 'the port is the first argument',
  },
  'supervised child': {
    name: 'did you mean `id`?',
    source: '`start` has it: start: { source }',
    type: 'did you mean `restart`?',
  },
  supervise: {
    maxseconds: '`within` has the time, in milliseconds',
    period: '`within` has the time, in milliseconds',
    intensity: 'did you mean `maxRestarts`?',
  },
  readFile: { text: TEXT_ADVICE, as: TEXT_ADVICE, astext: TEXT_ADVICE },
  writeFile: {
    flag: '`exclusive` refuses a file that exists; hf.fs.appendFile adds to one',
    append: 'use hf.fs.appendFile',
  },
  readable: { length: '`end` is the offset after the last byte', offset: 'did you mean `start`?' },
  writable: { flags: '`append` adds to the end' },
  mkdir: { parents: 'did you mean `recursive`?' },
  readdir: { recursive: 'it lists one directory: call it for each directory below' },
};

const quoted = (name: string): string => JSON.stringify(name);
const own = <T>(record: Readonly<Record<string, T>>, name: string): T | undefined =>
  Object.hasOwn(record, name) ? record[name] : undefined;

/** Returns the error with its full message. */
export function explained({ kind, what, option }: Unclear): TypeError {
  if (kind.endsWith('.stdin')) return new TypeError(aboutInput(option, kind.startsWith('run')));
  const name = String(option);
  return new TypeError(`${what}: unknown option ${quoted(name)}; ${advice(kind, name)}`);
}

function advice(kind: string, name: string): string {
  const plain = name.toLowerCase().replace(/[^a-z0-9]/g, '');
  const known = Object.keys(own(KNOWN as Record<string, Record<string, 1>>, kind) ?? {});
  const same = known.find((option) => option.toLowerCase() === plain);
  const found = same ?? nearest(plain, known);
  return (
    (same ? undefined : (own(own(ADVICE, kind) ?? {}, plain) ?? elsewhere(kind, name))) ??
    (found === undefined ? listOf(known) : `did you mean ${quoted(found)}?`)
  );
}

/** The name is an option of another call. */
function elsewhere(kind: string, name: string): string | undefined {
  if (PROGRAMS.includes(kind)) {
    if (name === 'files') return FILES_ADVICE;
    if (own<1>(KNOWN.limits, name)) return `\`limits\` has it: limits: { ${name}: … }`;
    if (own<1>(KNOWN.run, name)) return 'it is an option of hf.run';
    if (own<1>(KNOWN.start, name)) return 'it is an option of start';
  }
  if (kind === 'start' && own<1>(KNOWN.run, name)) return 'it is an option of hf.spawn and hf.run';
  return undefined;
}

const listOf = (known: readonly string[]): string =>
  known.length === 1 ? `the only one is ${quoted(known[0]!)}` : `the options are ${known.map(quoted).join(', ')}`;

/** The option that was probably meant: up to a third of its letters may differ. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  let best: string | undefined;
  let least = Infinity;
  for (const option of known) {
    const wanted = option.toLowerCase();
    const most = Math.max(1, Math.floor(Math.max(name.length, wanted.length) / 3));
    if (Math.abs(name.length - wanted.length) > most) continue;
    const far = distance(name, wanted);
    if (far < least && far <= most) {
      best = option;
      least = far;
    }
  }
  return best;
}

/** The number of letters inserted, deleted, replaced or swapped with their neighbor (optimal string alignment). */
function distance(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const [above, row] = [rows[i - 1]!, [i]];
    for (let j = 1; j <= b.length; j++) {
      const change = a[i - 1] === b[j - 1] ? 0 : 1;
      let cost = Math.min(above[j]! + 1, row[j - 1]! + 1, above[j - 1]! + change);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        cost = Math.min(cost, rows[i - 2]![j - 2]! + 1);
      row.push(cost);
    }
    rows.push(row);
  }
  return rows[a.length]![b.length]!;
}

/** An invalid value of `stdin`. Long texts are shortened. */
function aboutInput(value: unknown, isRun: boolean): string {
  if (typeof value === 'string') {
    const text = quoted(value.length > 40 ? `${value.slice(0, 40)}…` : value);
    return isRun
      ? `stdin: ${text} is not an input of hf.run, which has no keyboard; use hf.spawn for that, omit stdin for no input, or pass text as stdin: { text: ${text} }`
      : value === 'tty'
        ? 'stdin: "tty" is not a mode; for a terminal use terminal: true'
        : `stdin: ${text} is not one of the modes "pipe" and "null"; to pass text use stdin: { text: ${text} }`;
  }
  const choice = isRun ? 'a string' : '"pipe", "null"';
  return `stdin must be ${choice}, { text }, { bytes }, bytes, a Blob, a ReadableStream or a pipe's reader, not ${kindOf(value)}`;
}
