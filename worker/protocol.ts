/** Every message between the coordinator and a compute worker. Results travel through the kernel, not through these. */

export interface BootMessage {
  t: 'boot';
  /** Compiled once, by the coordinator. */
  kernel: WebAssembly.Module;
  /** See probe.ts. */
  probe: WebAssembly.Module;
  memory: WebAssembly.Memory;
  /** Of the worker: the name of the lock that it holds for life. */
  lock: string;
  /** Addresses in kernel memory: the upper end of its stack, its thread-local storage, its thread block. */
  stackTop: number;
  tls: number;
  thread: number;
  /** The coordinator's `performance.timeOrigin`. */
  timeOrigin: number;
  jsBridge: boolean;
}

export type ToCompute = BootMessage | { t: 'run'; session: number; module: WebAssembly.Module };

export type FromCompute =
  /** Waits for work: booted, or its run is over. */
  | { t: 'idle'; bridge: 'multi-memory' | 'js' }
  /** The module is instantiated and its code is about to run. */
  | { t: 'started'; session: number }
  /** The module cannot be instantiated; nothing of it ran. The process is gone. */
  | { t: 'refused'; session: number; message: string }
  /** The doorbell, where the coordinator cannot wait on it. */
  | { t: 'ring' }
  /** The kernel found itself in an impossible state, or this worker cannot boot: the runtime is lost. */
  | { t: 'fatal'; message: string };
