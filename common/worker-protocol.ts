/** Every message between the coordinator and a compute worker. Results travel through the kernel, not through these. */

import type { GuestMessage, HostCallMessage } from './guest-protocol.ts';
import type { Pointer } from './pointer.ts';
import type { MemoryType } from './module-bytes.ts';

export interface BootMessage {
  t: 'boot';
  /** Compiled once, by the coordinator. */
  kernel: WebAssembly.Module;
  /** See probe.ts. */
  probe: WebAssembly.Module;
  memory: WebAssembly.Memory;
  /** See flag.wat. */
  flags: WebAssembly.Memory;
  /** Of the worker: the name of the lock that it holds for life. */
  lock: string;
  /** Addresses in kernel memory: the upper end of its stack, its thread-local storage, its thread block. */
  stackTop: Pointer;
  tls: Pointer;
  thread: Pointer;
  /** The coordinator's `performance.timeOrigin`. */
  timeOrigin: number;
  jsBridge: boolean;
  /** The URL of guest.ts, the part for guests that are called. */
  guest: string;
}

export interface RunMessage {
  t: 'run';
  session: number;
  module: WebAssembly.Module;
  /** For a module that imports its memory: the memory, which all its threads share; or, if it is not to be shared, its type: then it cannot be sent. */
  memory: WebAssembly.Memory | MemoryType | null;
  /** 0: the process's first thread, at _start; else one more, at wasi_thread_start with this id and argument. */
  tid: number;
  argument: number;
  /** Whether there is nothing left to try if the engine has no memory for it: then it is refused. */
  last: boolean;
  /** When it is interruptible. */
  added: Added | null;
  /** When it is called, or calls its host. */
  guest: GuestMessage | null;
  /** Of such a guest: its module's bytes up to the end of its exports, where they were read. */
  head: Uint8Array | null;
}

/** What the rewriter added to a module (native/rewrite/rewrite.h): how it can be interrupted. */
export interface Added {
  prefix: string;
  check: 'flag' | 'fuel';
  hasStart: boolean;
}

/** To a fresh worker that is not booted: it says that it is up, answers once, and is thrown away. */
export interface RewriteMessage {
  t: 'rewrite';
  /** Of the worker, as a BootMessage's. */
  lock: string;
  /** Of rewrite.wasm. */
  url: string;
  bytes: Uint8Array<ArrayBuffer>;
  /** "none": only its memories' limits are lowered. */
  check: Added['check'] | 'none';
  /** The most pages of 64 KiB that each memory of it may have, and its tables together; `Infinity`: no limit of its own. */
  limitPages: number;
  /** Whether it may keep objects in the engine's heap. */
  gc: boolean;
}

export interface RewrittenMessage {
  t: 'rewritten';
  bytes: Uint8Array<ArrayBuffer>;
  /** Null where nothing was added. */
  added: Added | null;
  /** Those that the module defined and the worker must create. */
  memory: MemoryType | null;
}

/** To an idle worker: collect what is left of earlier runs before the next one. */
export interface CollectMessage {
  t: 'collect';
}

export type ToCompute = BootMessage | RunMessage | RewriteMessage | CollectMessage;

export type FromCompute =
  | RewrittenMessage
  /** `fault`: of the module, of the limit, or of what is ours. */
  | { t: 'not-rewritten'; fault: 'module' | 'limit' | 'objects' | 'ours'; message: string }
  /** It is up, and holds its lock. */
  | { t: 'booted' }
  /** Its run is over. */
  | { t: 'idle' }
  /** The module is instantiated and its code is about to run. */
  | { t: 'started'; session: number }
  /** The module cannot be instantiated; nothing of it ran. The process is gone. */
  | { t: 'refused'; session: number; kind: 'module' | 'limit'; message: string }
  /** The engine has no memory for the module now. The process stays on this worker, which waits for the same run again. */
  | { t: 'no-memory'; session: number }
  /** For the page, of a thread that has no port of its own to it. */
  | { t: 'host-call'; session: number; message: HostCallMessage }
  /** The doorbell, where the coordinator cannot wait on it. */
  | { t: 'ring' }
  /** This worker cannot boot. */
  | { t: 'unusable'; message: string }
  /** The kernel found itself in an impossible state: the runtime is lost. */
  | { t: 'fatal'; message: string };
