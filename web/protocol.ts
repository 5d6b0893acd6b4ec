/**
 * Every message between the page and the coordinator. Both ends import this file and nothing else of each other.
 *
 * Rules of the wire:
 * - The page chooses `id` (of a process) and `call` (of a request); each is used once.
 * - Bytes travel as a `Uint8Array` that owns its whole `ArrayBuffer`, and are transferred, never copied.
 * - Every `spawn` is answered by exactly one `spawned` or `refused`; after `spawned` follow exactly one `exited` and one `end` for each
 *   piped output stream. Every `call` is answered by exactly one `done` or `failed`, also when the runtime closes.
 */

/** Bumped whenever a message changes; both ends compare at start and fail loudly. */
export const PROTOCOL = 1;

export type StreamMode = 'pipe' | 'null';
/** File descriptors of the streams that a process starts with. */
export type OutputFd = 1 | 2;

export type SourceMessage =
  /** `url`: where it came from, if that is known; it need not be fetched, but can be. */
  | { kind: 'module'; module: WebAssembly.Module; url: string }
  | { kind: 'bytes'; bytes: Uint8Array }
  /** Absolute. Fetched and compiled (streaming) by the coordinator, once per URL for the life of the runtime. */
  | { kind: 'url'; url: string };

export interface PreopenMessage {
  /** The name that the guest sees, such as "/" or "/work". */
  guest: string;
  /** An absolute path in the runtime's file system; a directory. */
  path: string;
  readOnly: boolean;
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
  stdin: StreamMode;
  stdout: StreamMode;
  stderr: StreamMode;
  /** Standard streams say that they are a character device (isatty is true); if both outputs are pipes, they are one: stdout's. */
  tty: boolean;
  /** Bytes that the page takes of each output stream before it grants more. */
  credit: number;
  /** Milliseconds until the process is killed with the reason "timeout"; 0: never. */
  timeout: number;
  /** Whether `progress` messages are wanted. */
  progress: boolean;
}

/** File system calls, named after their `hf.fs` methods. Paths are absolute. */
export type FsRequest =
  | { op: 'readFile'; path: string }
  | { op: 'writeFile'; path: string; bytes: Uint8Array; append: boolean; exclusive: boolean }
  | { op: 'mkdir'; path: string; recursive: boolean }
  | { op: 'readdir'; path: string }
  | { op: 'stat'; path: string; follow: boolean }
  | { op: 'rename'; from: string; to: string }
  | { op: 'rm'; path: string; recursive: boolean; force: boolean }
  | { op: 'rmdir'; path: string }
  | { op: 'unlink'; path: string }
  | { op: 'symlink'; target: string; path: string }
  | { op: 'readlink'; path: string }
  | { op: 'link'; from: string; to: string }
  | { op: 'truncate'; path: string; size: number }
  /** Milliseconds since the epoch; null leaves a time as it is. */
  | { op: 'utimes'; path: string; atime: number | null; mtime: number | null; follow: boolean };

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

/** What each file system call answers with. */
export type FsResult = Uint8Array | StatMessage | DirentMessage[] | string | undefined;

export interface StatsMessage {
  workers: { total: number; idle: number; starting: number; zombies: number };
  processes: { id: number; name: string; syscalls: number; parks: number; wakeups: number; state: string }[];
  kernel: { bytes: number; blocks: number; memory: number };
  files: { bytes: number; nodes: number };
  /** "multi-memory" or "js": how system calls reach the guest's memory. */
  bridge: string;
  /** "wait-async" or "message": how workers wake the coordinator. */
  doorbell: string;
}

export interface InitMessage {
  t: 'init';
  protocol: number;
  /** Absolute URLs of the kernel and of the compute worker's script. */
  assets: { kernel: string; compute: string };
  /** Idle workers beyond `min` end after `idle` to twice `idle` milliseconds. */
  workers: { min: number; max: number; idle: number };
  /** Kernel memory in bytes: what is allocated ahead, and the most it may grow to. */
  memory: { initial: number; maximum: number };
  /** Forces the slower choice of each, for tests. */
  force: { jsBridge: boolean; messageDoorbell: boolean };
}

export type ToCoordinator =
  | InitMessage
  | SpawnMessage
  | { t: 'stdin'; id: number; bytes: Uint8Array }
  | { t: 'stdin-end'; id: number }
  | { t: 'credit'; id: number; fd: OutputFd; bytes: number }
  /** Nobody will read this stream any more: its writer gets EPIPE. */
  | { t: 'cancel'; id: number; fd: OutputFd }
  | { t: 'kill'; id: number }
  | { t: 'fs'; call: number; request: FsRequest }
  | { t: 'stats'; call: number }
  | { t: 'close' };

export type ExitReason = 'exit' | 'trap' | 'killed' | 'timeout' | 'limit' | 'crash';

export interface ExitMessage {
  reason: ExitReason;
  /** The guest's own for "exit"; 128 + a signal's number otherwise, as a shell would say it (trap 134, killed 137, timeout 124). */
  code: number;
  /** What happened, in words, when it was not "exit". */
  message: string;
  /** The wasm stack of a trap, one frame a line; else empty. */
  stack: string;
}

/** Why a spawn was refused. `kind` says whose fault it was. */
export interface RefusalMessage {
  kind: 'source' | 'module' | 'options' | 'limit' | 'closed';
  message: string;
}

export interface ErrorMessage {
  /** "ENOENT" and the like; empty when it is no system error. */
  code: string;
  /** WASI's number of it (native/include/holdfast/errno.def); absent or 0 when it is no system error. */
  errno?: number;
  message: string;
}

export type FromCoordinator =
  | { t: 'ready'; protocol: number }
  /** The runtime cannot start, or has died: every open promise is rejected with this. */
  | { t: 'fatal'; message: string }
  | { t: 'progress'; id: number; phase: 'download' | 'compile' | 'start'; loaded: number; total: number }
  | { t: 'spawned'; id: number; pid: number }
  | { t: 'refused'; id: number; refusal: RefusalMessage }
  /** The bytes of one `stdin` message are in the pipe (or its reader is gone: EPIPE). */
  | { t: 'stdin-done'; id: number; error: ErrorMessage | null }
  | { t: 'output'; id: number; fd: OutputFd; bytes: Uint8Array }
  | { t: 'end'; id: number; fd: OutputFd }
  | { t: 'exited'; id: number; exit: ExitMessage }
  | { t: 'done'; call: number; value: FsResult | StatsMessage }
  | { t: 'failed'; call: number; error: ErrorMessage }
  /** All is ready to be terminated. These locks are let go of when the last worker is gone. */
  | { t: 'closed'; locks: string[] };

/** The half of a `Worker`, `MessagePort` or Node worker that this library uses, so that tests can put a `MessageChannel` in its place. */
export interface Endpoint<Out, In> {
  post(message: Out, transfer?: Transferable[]): void;
  onmessage: ((message: In) => void) | null;
  /** The other side broke: it threw, or could not be loaded. */
  onerror: ((error: Error) => void) | null;
  terminate(): void;
  /** After `terminate`: when the other side is gone, and with it those who held these locks. */
  gone?(locks: readonly string[]): Promise<unknown>;
}
