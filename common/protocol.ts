/**
 * Every message between the page and the coordinator.
 *
 * Rules of the protocol:
 * - The page chooses `id` (of a process or a connection), `call` (of a request) and `listener`; each is used once.
 * - Bytes travel as a `Uint8Array` that owns its whole `ArrayBuffer`, and are transferred, never copied.
 * - Every `spawn` is answered by exactly one `spawned` or `refused`. A `spawned` is followed by exactly one `exited`, later one
 *   `released`, and one `end` for each piped output stream.
 * - Every `connect` and `accept` is answered by exactly one `connected`, unless an `abort` overtakes it. A `connected` without an error is
 *   followed by one `end` (for fd 1), and the rules for standard streams apply to the connection's streams.
 * - Every `call` is answered by exactly one `done` or `failed`, even if the runtime closes.
 */

import type { TRACE_FD } from '../build/generated/layouts.js';
import type { AssetName } from './files.js';
import type { GuestMessage, HostCallMessage } from './guest-protocol.js';

/** Increment this whenever a message changes: both ends compare it at start, and refuse to run if it differs. */
export const PROTOCOL = 20;

/** `WebAssembly.Module`, or `never` in TypeScript configurations without the DOM's types. */
export type WasmModule = typeof globalThis extends { WebAssembly: { Module: { prototype: infer Module } } }
  ? Module
  : never;

/** A number identifies a pipe between programs: the stream is one of its ends. */
export type StreamMode = 'pipe' | 'null' | number;
/** File descriptors of the streams that a process starts with. */
export type OutputFd = 1 | 2;
/** An output, or TRACE_FD: the process's trace (wasi/trace.h), which works like an output. */
export type StreamFd = OutputFd | typeof TRACE_FD;

export type SourceMessage =
  /** `head`: its bytes up to the end of its exports, if they are known and it imports its memory or the page will call it. */
  | { kind: 'module'; module: WasmModule; head: Uint8Array | null }
  /** `where`: the name of the source in error messages. */
  | { kind: 'bytes'; bytes: Uint8Array; where?: string }
  /** An absolute URL. The coordinator fetches and compiles it (streaming) once per URL and version for the life of the runtime. */
  | { kind: 'url'; url: string; version?: string };

export interface PreopenMessage {
  /** The name that the guest sees, such as "/" or "/work". */
  guest: string;
  /** An absolute path in the runtime's file system; a directory. */
  path: string;
  readOnly: boolean;
  /** Instead of a directory: a pipe, and PIPE_READER or PIPE_WRITER. */
  pipe?: readonly [pipe: number, end: number];
}

/** The shared memory of a thread, and the name under which its module imports it. */
export interface SharedMessage {
  /** The page's number of the memory. */
  memory: number;
  module: string;
  name: string;
}

/** A shared memory that the coordinator holds for the page. Sizes are in pages of 64 KiB; a range outside the memory is an EFAULT. */
export type MemoryRequest = { memory: number } &
  /** `memory` is 0; answered with the new memory's number. */
  (
    | { op: 'create'; pages: number; maximum: number }
    /** Reads at most PART bytes. */
    | { op: 'read'; pointer: number; size: number }
    /** Writes at most PART bytes. */
    | { op: 'write'; pointer: number; bytes: Uint8Array }
    /** Adds pages; 0 only returns the size. */
    | { op: 'grow'; pages: number }
    | { op: 'close' }
  );

/** The signals of a terminal's keys. */
export type SignalName = 'SIGINT' | 'SIGQUIT';

/** The limits of a process, described in web/limits.ts; 0 means no limit. */
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
  /** Whether it listens on the port (0: any free port); otherwise it is connected to the port. */
  listens: boolean;
  port: number;
  /** Its descriptor has O_NONBLOCK from the start. */
  nonblocking: boolean;
}

export interface HttpMessage {
  port: number;
  serves: boolean;
}

export interface SpawnMessage {
  t: 'spawn';
  id: number;
  source: SourceMessage;
  name: string;
  /** argv, including argv[0]. */
  args: string[];
  env: [string, string][];
  preopens: PreopenMessage[];
  /** Descriptors 3 and up; the preopened directories come after them. */
  sockets: SocketMessage[];
  stdin: StreamMode;
  stdout: StreamMode;
  /** "stdout": both descriptors share one open file description, that of standard output. */
  stderr: StreamMode | 'stdout';
  /** What happens when it writes to an output whose reader is gone: the call fails with EPIPE, or the process ends. */
  brokenPipe: 'error' | 'end';
  /** Standard streams report that they are character devices (isatty is true); if both outputs are pipes, they share one pipe, stdout's. */
  tty: boolean;
  /** Standard input is a terminal, read through the kernel's line discipline, with `raw`, `onlcr` and `echo` as its initial settings. */
  terminal: { raw: boolean; onlcr: boolean; echo: boolean; signals: boolean } | null;
  /** How many bytes of each output stream the page accepts before it grants more credit. */
  credit: number;
  /** When all workers are busy: true waits for one, false refuses the program. */
  waits: boolean;
  /** Milliseconds until the process is killed with the reason "timeout"; 0: never. */
  timeout: number;
  limits: LimitsMessage;
  /** Whether its system calls are reported on the stream TRACE_FD, beginning with the first. */
  trace: boolean;
  /** Whether to send `progress` messages. */
  progress: boolean;
  /** Whether to rewrite it so that it can be stopped anywhere, which needs a URL or bytes as its source. "if-possible": run it unchanged if that fails. */
  interruptible: boolean | 'if-possible';
  /** Set if the program serves calls or has host functions. */
  guest: GuestMessage | null;
  /** Set if the process is a thread on a shared memory of the page (web/threads.ts); `guest.thread` then says what it runs. */
  shared?: SharedMessage;
  /**
   * For a component: the port on which the page answers its HTTP requests (PORT_HTTP), and whether it answers a request of the page (web/http.ts). Absent:
   * its requests are denied.
   */
  http?: HttpMessage;
  /** The parent process; 0 if there is none. A child's streams are numbers, descriptors of the parent plus 1, and it inherits the parent's preopens. */
  parent: number;
}

/**
 * How to open a file. "replace": on close, the written bytes replace its contents. "append": on close, they are added to its end.
 * "extend": the bytes of each message are added to its end at once.
 */
export type OpenHow = 'read' | 'replace' | 'append' | 'extend';

/** "drop": discards written bytes that are not in place yet. "too-big": answers with the error EFBIG. */
export type CloseHow = 'done' | 'drop' | 'too-big';

/**
 * File system calls by the name of their `hf.fs` method: the request, and its answer. Paths are absolute. The caller must close any handle other than 0
 * that it gets; a directory's handle closes itself after the last entry.
 */
export interface FsCalls {
  /** Answers with the file's bytes if there are at most WHOLE, else like `open`. */
  readFile: [{ path: string }, Uint8Array | OpenMessage];
  /** Writes at most WHOLE bytes, in one step. */
  writeFile: [{ path: string; bytes: Uint8Array; append: boolean; exclusive: boolean }, undefined];
  open: [{ path: string; how: OpenHow; exclusive: boolean }, OpenMessage];
  /** Reads at most PART bytes; fewer at the end of the file. */
  read: [{ handle: number; at: number; size: number }, Uint8Array];
  /** Writes at most WHOLE bytes. */
  write: [{ handle: number; bytes: Uint8Array }, undefined];
  close: [{ handle: number; how: CloseHow }, undefined];
  mkdir: [{ path: string; recursive: boolean }, undefined];
  readdir: [{ path: string }, ListingMessage];
  /** Returns more of the entries of a directory that `readdir` has opened. */
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
  /** Opens the file of a process's descriptor for reading, as `open` does. `key` identifies the file's contents. */
  childProgram: [{ process: number; fd: number }, OpenMessage & { key: string }];
  /** Creates a pipe for a process. Answers with the descriptor of the reading end and, in the upper half, of the writing end. */
  childPipe: [{ process: number }, number];
  /** Times are in milliseconds since the epoch; null leaves a time unchanged. */
  utimes: [{ path: string; atime: number | null; mtime: number | null; follow: boolean }, undefined];
}
export type FsOp = keyof FsCalls;
export type FsRequest<Op extends FsOp = FsOp> = { [Each in Op]: { op: Each } & FsCalls[Each][0] }[Op];
export type FsResult<Op extends FsOp = FsOp> = FsCalls[Op][1];

/** The type of a file. */
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
  /** The size when it was opened. */
  size: number;
}

export interface ListingMessage {
  entries: DirentMessage[];
  /** For `list`; 0: there are no more entries. */
  handle: number;
}

/** A file of up to this many bytes is read or written with one message. */
export const WHOLE = 8 * 1024 * 1024;
/** A larger file is read or written in parts of this many bytes, between which the coordinator does other work. */
export const PART = 1024 * 1024;

export interface StatsMessage {
  /** Whether programs have workers of their own, or share one, because the page is not cross-origin isolated. */
  mode: 'workers' | 'single';
  workers: { total: number; idle: number; starting: number; zombies: number };
  processes: { id: number; name: string; syscalls: number; parks: number; wakeups: number; state: string }[];
  kernel: { bytes: number; blocks: number; memory: number };
  files: { bytes: number; nodes: number };
  /** Connections with at least one open end; ports that a program or the page listens on. */
  sockets: { connections: number; listeners: number };
  /** "multi-memory" or "js": how system calls reach the guest's memory. */
  bridge: string;
  /** "wait-async" or "message": how workers wake the coordinator. */
  doorbell: string;
}

/**
 * Where a thread is: in the guest's code, in a system call (`call`), paused, or waiting to be called (`idle`); where guests share a worker, also waiting
 * for others that run (`ready`).
 */
export type ThreadState = 'guest' | 'call' | 'paused' | 'ending' | 'idle' | 'ready';

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
  /** For a child of a supervisor, the supervisor's number and the child's id; for a child of a program, the program's `id`. */
  parent: { supervisor: number; child: string } | { process: number } | null;
  threads: { tid: number; state: ThreadState; call: string; asleepFor: number; syscalls: number; cpuTime: number }[];
}

export interface InitMessage {
  t: 'init';
  protocol: number;
  /** The name of the lock that the coordinator takes before it sends `ready`, and holds for life; see `Endpoint`. */
  lock: string;
  /** Absolute URLs of the runtime's files. */
  assets: Readonly<Record<AssetName, string>>;
  /** Workers beyond `min` end after they were idle for between `idle` and twice `idle` milliseconds. */
  workers: { min: number; max: number; idle: number };
  /** Kernel memory in bytes: the initial and the maximum size. */
  memory: { initial: number; maximum: number };
  /** For tests: forces the slower implementations. */
  force: { jsBridge: boolean; messageDoorbell: boolean; kernelBase: number };
}

/** A child of a supervisor. */
export interface ChildMessage {
  /** Chosen by the page; never reused in the life of a supervisor. */
  key: number;
  id: string;
  restart: 'permanent' | 'transient' | 'temporary';
  /** In milliseconds; 0: kill at once; null: the default; `Infinity`: wait forever. */
  shutdown: number | null;
}

/** Orders from the page to a supervisor. */
export type SupervisorOrder = 'restart' | 'stop' | 'close' | 'kill';

/** Why a child of a supervisor ended: a process's reason, or one of the supervisor. */
export type ChildReason = ExitReason | 'start-failed' | 'restart-limit';

/**
 * Messages about supervisors. The page answers each `start` action with one `sup-started` or `sup-ended`; a `sup-started` is later followed by a
 * `sup-ended`, although the coordinator has usually seen the end of the process already.
 */
export type ToSupervisor =
  | CallMessage<'supervise' | 'sup-add' | 'sup-order'>
  /** The child is a process or a supervisor; the number of the other kind is 0. */
  | { t: 'sup-started'; sup: number; key: number; generation: number; process: number; supervisor: number }
  | { t: 'sup-ended'; sup: number; key: number; generation: number; reason: ChildReason; code: number };

/** The actions and reports of a supervisor. `generation` is the number of the start that the message is about. */
export type SupervisorAction =
  /** The page must start the child. */
  | { a: 'start'; key: number; generation: number }
  /** The coordinator asks a process to stop (closes its standard input) or kills it; the page does this for a child that is still being started. */
  | { a: 'ask' | 'kill'; key: number; generation: number; within: number }
  | { a: 'started'; key: number; generation: number }
  /** `forgotten`: the child was temporary, and has been removed. */
  | { a: 'ended' | 'stopped'; key: number; generation: number; reason: ChildReason; code: number; forgotten: boolean }
  | { a: 'restarting'; key: number; delay: number; restarts: number }
  | { a: 'limit'; key: number; reason: ChildReason; code: number; restarts: number }
  /** No child runs or waits to be started. */
  | { a: 'completed'; restarts: number }
  /** The last message of a supervisor. */
  | { a: 'finished'; restarts: number };

/** The page's calls, by the `t` of the message: the rest of the message, and the `value` of the `done` that answers it. */
export interface Calls {
  fs: [{ request: FsRequest }, FsResult];
  stats: [object, StatsMessage];
  ps: [object, PsMessage[]];
  /** Loads what connections and listeners need; answered before the first message about any of them. */
  sockets: [object, undefined];
  /** `port`: 0 for any; PORT_HTTP for any of those. Answered with the port. */
  listen: [{ listener: number; port: number }, number];
  /** Creates a pipe between programs, or a channel if `messages`, its capacity, is not 0. Answers with its number, or 0 if there is no memory. */
  pipe: [{ size: number; messages: number }, number];
  /** Creates a callee, through which other guests call an instance. Answers with its number, or 0 if there is no memory. */
  callee: [{ name: string; reentrant: boolean }, number];
  /** Answers with the bytes read, or with the memory's size in pages. */
  memory: [{ request: MemoryRequest }, number | Uint8Array];
  /** A pause is answered when no thread of the process runs guest code, or when the process has ended; a resumption is answered at once. */
  pause: [{ id: number; paused: boolean }, undefined];
  supervise: [
    {
      sup: number;
      strategy: 'one-for-one' | 'one-for-all' | 'rest-for-one';
      maxRestarts: number;
      /** In milliseconds; null: forever. */
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
  /** The page no longer reads this stream: its writer gets EPIPE. */
  | { t: 'cancel'; id: number; fd: StreamFd }
  | { t: 'kill'; id: number }
  /** The answer of a host function that this thread called (common/values.ts). */
  | { t: 'host-answer'; id: number; tid: number; call: number; bytes: Uint8Array }
  /** Starts or stops reporting its system calls, and grants credit for the reports. */
  | { t: 'trace'; id: number; on: boolean; credit: number }
  /** The mode of its terminal. */
  | { t: 'raw'; id: number; raw: boolean; onlcr: boolean }
  | { t: 'echo'; id: number; echo: boolean }
  /** The page releases its hold on PIPE_READER or PIPE_WRITER, at most once each. */
  | { t: 'pipe-close'; pipe: number; end: number }
  | CalleeMessage
  | { t: 'connect'; id: number; port: number; credit: number }
  /** Accepts the next connection to a port on which the page listens. */
  | { t: 'accept'; id: number; listener: number; credit: number }
  /**
   * The page no longer writes to the connection, and its other end gets an error (default: ECONNRESET); a connection that is not open yet is abandoned.
   */
  | { t: 'abort'; id: number; errno?: number }
  | { t: 'listen-end'; listener: number }
  | EndMessage;

/**
 * An order about an instance that other guests call. "nudge": wake its worker, because there is a message for it. "close": the instance has ended.
 * "forget": a process that may call it has ended. "release": none of that process's workers runs any more. "free": none of the instance's workers runs any
 * more, and no process may call it.
 */
export interface CalleeMessage {
  t: 'called';
  callee: number;
  order: 'nudge' | 'close' | 'forget' | 'release' | 'free';
  /** The process to forget. */
  pid?: number;
}

/** "close" shuts the runtime down in an orderly way; "end-workers" ends only the workers of a broken runtime. Answered by `closed`, the last message. */
export interface EndMessage {
  t: 'close' | 'end-workers';
}

/** Why a process ended; web/process.ts describes the exit code for each reason. */
export type ExitReason = 'exit' | 'trap' | 'killed' | 'timeout' | 'limit' | 'crash';

export interface ExitMessage {
  reason: ExitReason;
  /** For "exit" the guest's own code; otherwise the status that a shell would show (trap 134, killed 137, timeout 124). */
  code: number;
  /** A description, unless the reason is "exit". */
  message: string;
  /** The wasm stack of a trap, one frame per line; else empty. */
  stack: string;
  /** For the reason "limit": the limit's name and value. */
  limit?: { name: string; most: number };
}

/** Why a spawn was refused. `kind` names the part at fault; if there are `faults`, the page builds the message from them. */
export interface RefusalMessage {
  kind: 'source' | 'module' | 'options' | 'limit' | 'closed';
  message: string;
  faults?: ModuleFaults | SpawnFaults | undefined;
}

/** Why the kernel did not create the process: its error, and the socket or the preopen at fault. `workers` is the largest number of workers. */
export interface SpawnFaults {
  errno: number;
  code: string;
  socket: SocketMessage | undefined;
  preopen: PreopenMessage | undefined;
  workers: number;
}

/** Why a core module cannot run, and the names from which the page recognizes its toolchain. */
export interface ModuleFaults {
  /** The first unknown imports, as "module.name (kind)"; `unknown` is the number of all of them. */
  missing: string[];
  unknown: number;
  /** The first few modules that it imports from, and the first few names that it exports. */
  modules: string[];
  exports: string[];
  /** Whether it should serve calls instead of running as a command. */
  called: boolean;
  /** Whether it exports `_start` and `_initialize`. */
  start: boolean;
  reactor: boolean;
  /** Set if it starts threads. The faults: it exports no `wasi_thread_start`, does not import its memory, or imports one that is not shared. */
  threads: false | { start: boolean; memory: boolean; shared: boolean };
  /** Whether it lacks an exported memory that it needs. */
  memory: boolean;
}

export interface ErrorMessage {
  /** The name of a system error, such as "ENOENT"; empty for other errors. */
  code: string;
  /** WASI's error number (native/include/holdfast/errno.def); absent or 0 for other errors. */
  errno?: number;
  /** The message, without the code. */
  message: string;
}

/**
 * A question and its answer: a sign of life, where programs share the coordinator's worker (web/single.ts, worker/platform-single.ts). Neither side passes it
 * on.
 */
export interface PulseMessage {
  t: 'pulse';
}

export type FromCoordinator =
  | { t: 'ready'; protocol: number }
  /** The runtime cannot start, or has died: the page rejects all open promises with this message. */
  | { t: 'fatal'; message: string }
  | { t: 'progress'; id: number; phase: 'download' | 'compile' | 'start'; loaded: number; total: number }
  /** `ports`: the ports that its sockets listen on, in the order of the sockets. */
  | { t: 'spawned'; id: number; pid: number; ports: number[] }
  | { t: 'refused'; id: number; refusal: RefusalMessage }
  /** The bytes of one `stdin` message are in the pipe (or its reader is gone: EPIPE). */
  | { t: 'stdin-done'; id: number; error: ErrorMessage | null }
  | { t: 'output'; id: number; fd: StreamFd; bytes: Uint8Array }
  /** `error`: a connection's other end was closed by force, and bytes were lost. */
  | { t: 'end'; id: number; fd: StreamFd; error?: ErrorMessage }
  | { t: 'connected'; id: number; error: ErrorMessage | null }
  /** The other end of the connection no longer reads. */
  | { t: 'input-gone'; id: number }
  /** A key of its terminal raised this signal, and the page handles its signals. */
  | { t: 'signal'; id: number; signal: SignalName }
  | { t: 'exited'; id: number; exit: ExitMessage }
  /** A thread that has no port calls a host function. */
  | { t: 'host-call'; id: number; message: HostCallMessage }
  /** Its workers are free or truly dead, and their memory is freed. */
  | { t: 'released'; id: number }
  | { t: 'sup'; sup: number; action: SupervisorAction }
  | { t: 'done'; call: number; value: Answer }
  | { t: 'failed'; call: number; error: ErrorMessage }
  /** The coordinator can now be terminated. The remaining workers release these locks when they are gone. */
  | { t: 'closed'; locks: string[] };
