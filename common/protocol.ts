/**
 * Every message between the page and the coordinator.
 *
 * Rules of the wire:
 * - The page chooses `id` (of a process or a connection), `call` (of a request) and `listener`; each is used once.
 * - Bytes travel as a `Uint8Array` that owns its whole `ArrayBuffer`, and are transferred, never copied.
 * - Every `spawn` is answered by exactly one `spawned` or `refused`; after `spawned` follow exactly one `exited`, later one
 *   `released`, and one `end` for each piped output stream. Every `connect` and `accept` is answered by exactly one `connected`,
 *   unless an `abort` overtakes it; when that has no error one `end` (of fd 1) follows, and what is said of standard streams holds of
 *   the connection's. Every `call` is answered by exactly one `done` or `failed`, also when the runtime closes.
 */

import type { TRACE_FD } from '../build/generated/layouts.js';
import type { AssetName } from './files.js';
import type { GuestMessage, HostCallMessage } from './guest-protocol.js';

/** Bumped whenever a message changes; both ends compare at start and fail loudly. */
export const PROTOCOL = 17;

/** `WebAssembly.Module`, also for those whose TypeScript knows Node and not the DOM: there it is nothing that they have a name for. */
export type WasmModule = typeof globalThis extends { WebAssembly: { Module: { prototype: infer Module } } }
  ? Module
  : never;

/** A number: an end of this pipe between programs. */
export type StreamMode = 'pipe' | 'null' | number;
/** File descriptors of the streams that a process starts with. */
export type OutputFd = 1 | 2;
/** Of an output, or TRACE_FD: a process's trace (wasi/trace.h), which is like one of its outputs. */
export type StreamFd = OutputFd | typeof TRACE_FD;

export type SourceMessage =
  /** `head`: its bytes up to the end of its exports, when they are known and it imports its memory or is to be called. */
  | { kind: 'module'; module: WasmModule; head: Uint8Array | null }
  /** `where`: what they are called in messages. */
  | { kind: 'bytes'; bytes: Uint8Array; where?: string }
  /** Absolute. Fetched and compiled (streaming) by the coordinator, once per URL and version for the life of the runtime. */
  | { kind: 'url'; url: string; version?: string };

export interface PreopenMessage {
  /** The name that the guest sees, such as "/" or "/work". */
  guest: string;
  /** An absolute path in the runtime's file system; a directory. */
  path: string;
  readOnly: boolean;
  /** Instead of a directory: this pipe, and PIPE_READER or PIPE_WRITER. */
  pipe?: readonly [pipe: number, end: number];
}

/** The signals of a terminal's keys. */
export type SignalName = 'SIGINT' | 'SIGQUIT';

/** As web/limits.ts describes them; 0: none of its own. */
export interface LimitsMessage {
  cpuTime: number;
  output: number;
  memory: number;
  descriptors: number;
  fileBytes: number;
  threads: number;
  gc: boolean;
}

/** A socket that a process starts with. */
export interface SocketMessage {
  /** It listens on the port (0: any that is free), or else is connected to it. */
  listens: boolean;
  port: number;
  /** Its descriptor says O_NONBLOCK from the start. */
  nonblocking: boolean;
}

export interface SpawnMessage {
  t: 'spawn';
  id: number;
  source: SourceMessage;
  name: string;
  /** argv, argv[0] included. */
  args: string[];
  env: [string, string][];
  preopens: PreopenMessage[];
  /** Descriptors 3 and up; the preopened directories come after them. */
  sockets: SocketMessage[];
  stdin: StreamMode;
  stdout: StreamMode;
  /** "stdout": the two descriptors are one description, that of standard output. */
  stderr: StreamMode | 'stdout';
  /** What becomes of it when it writes to an output that nobody reads any more: the call fails with EPIPE, or it is ended. */
  brokenPipe: 'error' | 'end';
  /** Standard streams say that they are a character device (isatty is true); if both outputs are pipes, they are one: stdout's. */
  tty: boolean;
  /** Standard input is a terminal, read through the kernel's line discipline; `raw`, `onlcr` and `echo` as it is at the start. */
  terminal: { raw: boolean; onlcr: boolean; echo: boolean; signals: boolean } | null;
  /** Bytes that the page takes of each output stream before it grants more. */
  credit: number;
  /** While all workers are busy it waits for one; else it is refused. */
  waits: boolean;
  /** Milliseconds until the process is killed with the reason "timeout"; 0: never. */
  timeout: number;
  limits: LimitsMessage;
  /** Whether its system calls are told, on the stream TRACE_FD, from the first on. */
  trace: boolean;
  /** Whether `progress` messages are wanted. */
  progress: boolean;
  /** Rewritten, so that it can be stopped anywhere; its source is a URL or bytes. "if-possible": else it runs as it is. */
  interruptible: boolean | 'if-possible';
  /** When it is called, or calls its host. */
  guest: GuestMessage | null;
  /** The process whose child it is; 0: none. Its streams are then numbers: descriptors of the parent's, plus 1; and it has the parent's preopens. */
  parent: number;
}

/**
 * How a file is opened. "replace": what is written takes the place of its contents when it is closed; "append": is added to its end then;
 * "extend": each message's bytes are added to its end at once.
 */
export type OpenHow = 'read' | 'replace' | 'append' | 'extend';

/** "drop": what was written and not put in place is forgotten. "too-big": the answer is the error EFBIG. */
export type CloseHow = 'done' | 'drop' | 'too-big';

/**
 * File system calls by the name of their `hf.fs` method: the request, and what it is answered with. Paths are absolute. Whoever is answered with a
 * handle that is not 0 closes it; one of a directory closes itself behind the last entry.
 */
export interface FsCalls {
  /** Answered with its bytes when it has at most WHOLE, else as `open`. */
  readFile: [{ path: string }, Uint8Array | OpenMessage];
  /** Of at most WHOLE bytes, with all of its effect at once. */
  writeFile: [{ path: string; bytes: Uint8Array; append: boolean; exclusive: boolean }, undefined];
  open: [{ path: string; how: OpenHow; exclusive: boolean }, OpenMessage];
  /** At most PART bytes; fewer at the end of the file. */
  read: [{ handle: number; at: number; size: number }, Uint8Array];
  /** At most WHOLE bytes. */
  write: [{ handle: number; bytes: Uint8Array }, undefined];
  close: [{ handle: number; how: CloseHow }, undefined];
  mkdir: [{ path: string; recursive: boolean }, undefined];
  readdir: [{ path: string }, ListingMessage];
  /** What `readdir` has not told yet. */
  list: [{ handle: number }, ListingMessage];
  stat: [{ path: string; follow: boolean }, StatMessage];
  rename: [{ from: string; to: string }, undefined];
  rm: [{ path: string; recursive: boolean; force: boolean }, undefined];
  rmdir: [{ path: string }, undefined];
  unlink: [{ path: string }, undefined];
  symlink: [{ target: string; path: string }, undefined];
  readlink: [{ path: string }, string];
  link: [{ from: string; to: string }, undefined];
  truncate: [{ path: string; size: number }, undefined];
  chmod: [{ path: string; readOnly: boolean }, undefined];
  /** A program behind a descriptor of a process's; opened as `open` does to read, and what identifies its contents. */
  childProgram: [{ process: number; fd: number }, OpenMessage & { key: string }];
  /** Makes a pipe for a process: its reading end's descriptor, and in the upper half its writing end's. */
  childPipe: [{ process: number }, number];
  /** Milliseconds since the epoch; null leaves a time as it is. */
  utimes: [{ path: string; atime: number | null; mtime: number | null; follow: boolean }, undefined];
}
export type FsOp = keyof FsCalls;
export type FsRequest<Op extends FsOp = FsOp> = { [Each in Op]: { op: Each } & FsCalls[Each][0] }[Op];
export type FsResult<Op extends FsOp = FsOp> = FsCalls[Op][1];

/** What a file is. */
export type FileType = 'file' | 'directory' | 'symlink' | 'character-device' | 'block-device' | 'socket' | 'unknown';

export interface StatMessage {
  type: FileType;
  ino: number;
  nlink: number;
  size: number;
  /** Milliseconds since the epoch, with fractions. */
  atime: number;
  mtime: number;
  ctime: number;
}

export interface DirentMessage {
  name: string;
  type: FileType;
  ino: number;
}

export interface OpenMessage {
  handle: number;
  /** When it was opened. */
  size: number;
}

export interface ListingMessage {
  entries: DirentMessage[];
  /** For `list`; 0: these were the last. */
  handle: number;
}

/** A file of up to so many bytes is read or written by one message … */
export const WHOLE = 8 * 1024 * 1024;
/** … a larger one in parts of so many, between which the coordinator does other work. */
export const PART = 1024 * 1024;

export interface StatsMessage {
  workers: { total: number; idle: number; starting: number; zombies: number };
  processes: { id: number; name: string; syscalls: number; parks: number; wakeups: number; state: string }[];
  kernel: { bytes: number; blocks: number; memory: number };
  files: { bytes: number; nodes: number };
  /** Connections that have an end which is not closed yet; ports that a program or the page listens on. */
  sockets: { connections: number; listeners: number };
  /** "multi-memory" or "js": how system calls reach the guest's memory. */
  bridge: string;
  /** "wait-async" or "message": how workers wake the coordinator. */
  doorbell: string;
}

/** Where a thread is: in the guest's code, in a system call (`call`), paused, or waiting to be called (`idle`). */
export type ThreadState = 'guest' | 'call' | 'paused' | 'ending' | 'idle';

export interface PsMessage {
  id: number;
  pid: number;
  name: string;
  state: ThreadState;
  call: string;
  asleepFor: number;
  cpuTime: number;
  memory: number;
  fileBytes: number;
  descriptors: number;
  /** Milliseconds since the epoch. */
  started: number;
  /** The child of a supervisor: the supervisor's number, and the child's id; or that of a program: the program's `id`. */
  parent: { supervisor: number; child: string } | { process: number } | null;
  threads: { tid: number; state: ThreadState; call: string; asleepFor: number; syscalls: number; cpuTime: number }[];
}

export interface InitMessage {
  t: 'init';
  protocol: number;
  /** The name of the lock that the coordinator holds for life, from before it says `ready`; see `Endpoint`. */
  lock: string;
  /** Absolute URLs of the runtime's files. */
  assets: Readonly<Record<AssetName, string>>;
  /** Idle workers beyond `min` end after `idle` to twice `idle` milliseconds. */
  workers: { min: number; max: number; idle: number };
  /** Kernel memory in bytes: what is allocated ahead, and the most it may grow to. */
  memory: { initial: number; maximum: number };
  /** Forces the slower choice of each, for tests. */
  force: { jsBridge: boolean; messageDoorbell: boolean; kernelBase: number };
}

/** A child of a supervisor. */
export interface ChildMessage {
  /** Chosen by the page; used once in the life of a supervisor. */
  key: number;
  id: string;
  restart: 'permanent' | 'transient' | 'temporary';
  /** Milliseconds, 0: killed at once; null: the usual. `Infinity` is for ever. */
  shutdown: number | null;
}

/** What the page orders a supervisor to do. */
export type SupervisorOrder = 'restart' | 'stop' | 'close' | 'kill';

/** Why a child of a supervisor ended: as a process, or otherwise. */
export type ChildReason = ExitReason | 'start-failed' | 'restart-limit';

/**
 * Messages about supervisors. Each `start` action is answered by one `sup-started` or `sup-ended`; after `sup-started`
 * comes a `sup-ended` too, which says what the coordinator has mostly seen before.
 */
export type ToSupervisor =
  | CallMessage<'supervise' | 'sup-add' | 'sup-order'>
  /** The child is this process, or this supervisor; the other one is 0. */
  | { t: 'sup-started'; sup: number; key: number; generation: number; process: number; supervisor: number }
  | { t: 'sup-ended'; sup: number; key: number; generation: number; reason: ChildReason; code: number };

/** What a supervisor does and tells. `generation` is the number of the start that it is about. */
export type SupervisorAction =
  /** For the page to do. */
  | { a: 'start'; key: number; generation: number }
  /** The coordinator asks (closes its standard input) or kills a process; what is still being started is the page's. */
  | { a: 'ask' | 'kill'; key: number; generation: number; within: number }
  | { a: 'started'; key: number; generation: number }
  /** `forgotten`: it was temporary, and is no child any more. */
  | { a: 'ended' | 'stopped'; key: number; generation: number; reason: ChildReason; code: number; forgotten: boolean }
  | { a: 'restarting'; key: number; delay: number; restarts: number }
  | { a: 'limit'; key: number; reason: ChildReason; code: number; restarts: number }
  /** No child runs or waits to. */
  | { a: 'completed'; restarts: number }
  /** The last message of a supervisor. */
  | { a: 'finished'; restarts: number };

/** What the page asks, by the `t` of the message: the rest of the message, and the `value` of the `done` that answers it. */
export interface Calls {
  fs: [{ request: FsRequest }, FsResult];
  stats: [object, StatsMessage];
  ps: [object, PsMessage[]];
  /** Answered with the port. */
  listen: [{ listener: number; port: number }, number];
  /** Makes a pipe between programs, with `messages` a channel for so many; answered with its number, or 0 without memory. */
  pipe: [{ size: number; messages: number }, number];
  /** Makes what other guests call an instance by; answered with its number, or 0 without memory. */
  callee: [{ name: string; reentrant: boolean }, number];
  /** Answered when no thread of it runs its code, or it has ended; a resumption at once. */
  pause: [{ id: number; paused: boolean }, undefined];
  supervise: [
    {
      sup: number;
      strategy: 'one-for-one' | 'one-for-all' | 'rest-for-one';
      maxRestarts: number;
      /** Milliseconds; null: for ever. */
      within: number | null;
      backoff: { min: number; max: number; factor: number; jitter: number };
      children: ChildMessage[];
    },
    undefined,
  ];
  'sup-add': [{ sup: number; child: ChildMessage }, undefined];
  'sup-order': [{ sup: number; order: SupervisorOrder; key: number }, undefined];
}
export type CallName = keyof Calls;
export type CallMessage<Name extends CallName = CallName> = {
  [Each in Name]: { t: Each; call: number } & Calls[Each][0];
}[Name];
export type Answer<Name extends CallName = CallName> = Calls[Name][1];

export type ToCoordinator =
  | CallMessage
  | ToSupervisor
  | InitMessage
  | SpawnMessage
  | { t: 'stdin'; id: number; bytes: Uint8Array }
  | { t: 'stdin-end'; id: number }
  | { t: 'credit'; id: number; fd: StreamFd; bytes: number }
  /** Nobody will read this stream any more: its writer gets EPIPE. */
  | { t: 'cancel'; id: number; fd: StreamFd }
  | { t: 'kill'; id: number }
  /** Of a host function that this thread called (common/values.ts). */
  | { t: 'host-answer'; id: number; tid: number; call: number; bytes: Uint8Array }
  /** Begins or stops to tell its system calls; with so much credit more for them. */
  | { t: 'trace'; id: number; on: boolean; credit: number }
  /** Of its terminal. */
  | { t: 'raw'; id: number; raw: boolean; onlcr: boolean }
  | { t: 'echo'; id: number; echo: boolean }
  /** The page lets go of PIPE_READER or PIPE_WRITER of it, once each: until then it holds them. */
  | { t: 'pipe-close'; pipe: number; end: number }
  | CalleeMessage
  | { t: 'connect'; id: number; port: number; credit: number }
  /** Takes the next connection to a port of the page's. */
  | { t: 'accept'; id: number; listener: number; credit: number }
  /** The connection will not be written to any more, and its other end is told by an error; before it is open: it is given up. */
  | { t: 'abort'; id: number }
  | { t: 'listen-end'; listener: number }
  | EndMessage;

/**
 * Of an instance that other guests call. nudge: wakes its worker for a message; close: it has ended; forget: a process that may call it has ended; release:
 * and none of that one's workers runs any more; free: neither do the instance's own, and nobody calls it.
 */
export interface CalleeMessage {
  t: 'called';
  callee: number;
  order: 'nudge' | 'close' | 'forget' | 'release' | 'free';
  /** The process to forget. */
  pid?: number;
}

/** Answered by `closed`, and nothing else is after it: all ends in good order; or, when the runtime is broken, its workers do. */
export interface EndMessage {
  t: 'close' | 'end-workers';
}

/** Why a process ended; web/process.ts says what the code is then. */
export type ExitReason = 'exit' | 'trap' | 'killed' | 'timeout' | 'limit' | 'crash';

export interface ExitMessage {
  reason: ExitReason;
  /** The guest's own for "exit"; 128 + a signal's number otherwise, as a shell would say it (trap 134, killed 137, timeout 124). */
  code: number;
  /** What happened, in words, when it was not "exit". */
  message: string;
  /** The wasm stack of a trap, one frame a line; else empty. */
  stack: string;
  /** For the reason "limit": which one, and how much it allowed. */
  limit?: { name: string; most: number };
}

/** Why a spawn was refused. `kind` says whose fault it was; with `faults` the page words the message. */
export interface RefusalMessage {
  kind: 'source' | 'module' | 'options' | 'limit' | 'closed';
  message: string;
  faults?: FaultsMessage | undefined;
}

/** What keeps a module from running: it is a component, of which these are the first bytes; or else. */
export type FaultsMessage = { component: Uint8Array } | ModuleFaults;

/** What keeps a core module from running as a command, and what tells who made it. */
export interface ModuleFaults {
  /** The first of the imports that there are not, as "module.name (kind)"; `unknown`: how many there are. */
  missing: string[];
  unknown: number;
  /** The modules that it imports from, and the names that it exports: of each the first few. */
  modules: string[];
  exports: string[];
  /** Whether it is wanted to be called, not to be run. */
  called: boolean;
  /** What it exports: `_start`, `_initialize`. */
  start: boolean;
  reactor: boolean;
  /** If it starts threads: it has nowhere for them to start; it does not import its memory; that is not shared. */
  threads: false | { start: boolean; memory: boolean; shared: boolean };
  /** It exports no memory. */
  memory: boolean;
}

export interface ErrorMessage {
  /** "ENOENT" and the like; empty when it is no system error. */
  code: string;
  /** WASI's number of it (native/include/holdfast/errno.def); absent or 0 when it is no system error. */
  errno?: number;
  /** Without the code. */
  message: string;
}

export type FromCoordinator =
  | { t: 'ready'; protocol: number }
  /** The runtime cannot start, or has died: every open promise is rejected with this. */
  | { t: 'fatal'; message: string }
  | { t: 'progress'; id: number; phase: 'download' | 'compile' | 'start'; loaded: number; total: number }
  /** `ports`: those that its sockets listen on, in their order. */
  | { t: 'spawned'; id: number; pid: number; ports: number[] }
  | { t: 'refused'; id: number; refusal: RefusalMessage }
  /** The bytes of one `stdin` message are in the pipe (or its reader is gone: EPIPE). */
  | { t: 'stdin-done'; id: number; error: ErrorMessage | null }
  | { t: 'output'; id: number; fd: StreamFd; bytes: Uint8Array }
  /** `error`: a connection's other end was closed by force, and bytes were lost. */
  | { t: 'end'; id: number; fd: StreamFd; error?: ErrorMessage }
  | { t: 'connected'; id: number; error: ErrorMessage | null }
  /** Nobody will read what is written to the connection. */
  | { t: 'input-gone'; id: number }
  /** A key of its terminal asks for it, and it was wanted as an event. */
  | { t: 'signal'; id: number; signal: SignalName }
  | { t: 'exited'; id: number; exit: ExitMessage }
  /** A thread that has no port calls a host function. */
  | { t: 'host-call'; id: number; message: HostCallMessage }
  /** Its workers are free or truly dead, and what they stood on is freed. */
  | { t: 'released'; id: number }
  | { t: 'sup'; sup: number; action: SupervisorAction }
  | { t: 'done'; call: number; value: Answer }
  | { t: 'failed'; call: number; error: ErrorMessage }
  /** All is ready to be terminated. These locks are let go of when the last worker is gone. */
  | { t: 'closed'; locks: string[] };
