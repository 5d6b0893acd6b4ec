/** Every message between the coordinator and a compute worker. Results of programs travel through the kernel, not in messages. */

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
  /** The name of the lock that the worker holds for life. */
  lock: string;
  /** Addresses in kernel memory: the upper end of its stack, its thread-local storage, its thread block. */
  stackTop: Pointer;
  tls: Pointer;
  thread: Pointer;
  /** The coordinator's `performance.timeOrigin`. */
  timeOrigin: number;
  jsBridge: boolean;
  /** The URL of guest.ts, the part for guests that serve calls. */
  guest: string;
}

export interface RunMessage {
  t: 'run';
  session: number;
  module: WebAssembly.Module;
  /** For a module that imports its memory: the memory that all its threads share, or the type of an unshared one, which cannot be sent. */
  memory: WebAssembly.Memory | MemoryType | null;
  /** 0 runs the process's first thread, at _start; other values run another thread, at wasi_thread_start with this id and argument. */
  tid: number;
  argument: number;
  /** If the engine has no memory for it: true refuses the program; false asks the coordinator to free memory and try again. */
  last: boolean;
  /** Set if the program is interruptible. */
  added: Added | null;
  /** Set if the guest serves calls or has host functions. */
  guest: GuestMessage | null;
  /** The module's bytes up to the end of its exports, if `guest` is set and they were read. */
  head: Uint8Array | null;
  /** Set if the program is a component; then `module` is only the first of its modules. */
  component: ComponentMessage | undefined;
}

/** A component to be instantiated (worker/component.ts). */
export interface ComponentMessage {
  /** The URL of compute-component.js. */
  url: string;
  /** The URL of compute-typed.js, which a component needs that calls more than WASI. */
  typed: string;
  /** The instantiation plan (native/component/plan.def). */
  words: Uint32Array<ArrayBuffer>;
  names: Uint8Array<ArrayBuffer>;
  /** The core modules, in the plan's order. */
  modules: ComponentModule[];
  /** The compiled p2.wasm: the functions of WASI 0.2. */
  p2: WebAssembly.Module;
  /** Whether it is to answer a request, by its export `handle` of wasi:http/incoming-handler. */
  serves: boolean;
  /** The process's state of WASI 0.2 in kernel memory (native/wasi/p2/p2.h); 0 if there was no memory for it. */
  state: number;
}

/** A core module of a component. */
export interface ComponentModule {
  module: WebAssembly.Module;
  /** The type of the memory that the rewriter turned into an import, if it did. */
  memory: MemoryType | null;
  added: Added | null;
}

/** What the rewriter added to a module (native/rewrite/rewrite.h): how it can be interrupted. */
export interface Added {
  prefix: string;
  check: 'flag' | 'fuel';
  hasStart: boolean;
}

/** Sent to a new worker that is not booted. It reports that it is up, answers once, and is terminated. */
export interface RewriteMessage {
  t: 'rewrite';
  /** The name of the worker's lock, as in BootMessage. */
  lock: string;
  /** The URL of rewrite.wasm. */
  url: string;
  bytes: Uint8Array<ArrayBuffer>;
  /** "none": only lower the limits of its memories. */
  check: Added['check'] | 'none';
  /** The maximum of each of its memories, and of its tables together, in pages of 64 KiB; `Infinity` keeps the module's own. */
  limitPages: number;
  /** Whether it may keep objects in the engine's heap. */
  gc: boolean;
}

export interface RewrittenMessage {
  t: 'rewritten';
  bytes: Uint8Array<ArrayBuffer>;
  /** Null if nothing was added. */
  added: Added | null;
  /** The type of the memory that the module defined and the worker must now create. */
  memory: MemoryType | null;
}

/** Tells an idle worker to collect the garbage of earlier runs before the next one. */
export interface CollectMessage {
  t: 'collect';
}

/** Lets a worker import a part of its script before the run that needs it. */
export interface ImportMessage {
  t: 'import';
  url: string;
}

export type ToCompute = BootMessage | RunMessage | RewriteMessage | CollectMessage | ImportMessage;

export type FromCompute =
  | RewrittenMessage
  /** `fault` is the cause: the module, the memory limit, the ban on objects in the engine's heap, or holdfast itself ("ours"). */
  | { t: 'not-rewritten'; fault: 'module' | 'limit' | 'objects' | 'ours'; message: string }
  /** The worker is up, and holds its lock. */
  | { t: 'booted' }
  /** The worker's run is over. */
  | { t: 'idle' }
  /** The module is instantiated and its code is about to run. */
  | { t: 'started'; session: number }
  /** The module cannot be instantiated; none of its code ran. The process is gone. */
  | { t: 'refused'; session: number; kind: 'module' | 'limit' | 'options'; message: string }
  /** The engine has no memory for the module now. The process stays on this worker, which waits for the `run` message to be sent again. */
  | { t: 'no-memory'; session: number }
  /** A message for the page from a thread without a port. */
  | { t: 'host-call'; session: number; message: HostCallMessage }
  /** Rings the doorbell, in engines where the coordinator cannot wait for it. */
  | { t: 'ring' }
  /** This worker cannot boot. */
  | { t: 'unusable'; message: string }
  /** The kernel found itself in an impossible state: the runtime is lost. */
  | { t: 'fatal'; message: string };
