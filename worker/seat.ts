/** What a guest needs from its worker (compute.ts). */
import { EXIT_MESSAGE_MAX, TEXT_MESSAGE } from '../build/generated/layouts.ts';
import type { HostCallMessage } from '../common/guest-protocol.ts';
import type { Pointer } from '../common/pointer.ts';
import type { Added, BootMessage, FromCompute, RunMessage } from '../common/worker-protocol.ts';
import { copyAt, type KernelExports } from './kernel.ts';
import type { OtherImports } from './wasi-imports.ts';

/** How the stacks of guests are suspended where all guests share one worker (single.ts). */
export interface Stacks {
  /** Calls a function of wasm. */
  call<Args extends unknown[], Result>(fn: (...args: Args) => Result, ...args: Args): Promise<Result>;
  /** An import whose caller is suspended until the promise is settled. */
  suspending(work: (...args: unknown[]) => Promise<unknown>): WebAssembly.ImportValue;
  /** Does the work in a task of its own, after all earlier work of this guest. */
  inTurn(work: () => Promise<void>): void;
  /** Calls the module's start function, if the instance was made without. */
  callStart(): Promise<void>;
}

/** The guest's worker (compute.ts). */
export interface Seat {
  readonly kernel: KernelExports;
  readonly kernelMemory: WebAssembly.Memory;
  /** The thread's block in the kernel. */
  readonly thread: Pointer;
  /** The guest's memory, once it is bound. */
  memory(): WebAssembly.Memory | null;
  /** Returns a copy of bytes in the kernel's memory. */
  bytes(pointer: Pointer, size: number): Uint8Array<ArrayBuffer>;
  /** Sends a message to the page through the coordinator. */
  post(message: HostCallMessage): void;
  /** Ends the process with this text, as a trap does, and unwinds the guest. */
  fail(text: string): void;
  /** Ends the process after the guest trapped or was unwound. */
  fault(error: unknown): void;
  readonly worker: SeatWorker;
}

/** The worker's functions that a guest needs. */
export interface SeatWorker {
  /** Set where all guests share one worker. */
  readonly stacks?: Stacks;
  readonly boot: BootMessage;
  readonly kernel: KernelExports;
  /** The guest's memory, once it is bound. */
  readonly memory: WebAssembly.Memory | null;
  /** Stores a text where w_fail and w_ended expect it. */
  put(which: number, text: string, most: number): { pointer: Pointer; size: number };
  tell(message: FromCompute): void;
  /** Makes this memory the one that preview 1's system calls access. */
  bindMemory(memory: WebAssembly.Memory): void;
  /** Prepares an instance of a module that was rewritten. */
  makeInterruptible(instance: WebAssembly.Instance, added: Added): void;
  /** Call this before other code of the kernel runs after a guest was unwound. */
  resetStack(): void;
  /** Ends the process with this exception, unless the kernel unwound the guest. `frames` selects the guest's frames, by default those of the module. */
  report(error: unknown, module: WebAssembly.Module, frames?: (lines: string[]) => string[]): void;
  /** Frees the worker once the guest has left its process. */
  leave(): void;
  /** Returns null if the guest did not start, which has been reported, and undefined if the same run will be sent again. */
  begin(message: RunMessage, others: OtherImports): WebAssembly.Instance | null | undefined;
  /** Runs the command or the thread until it ends. Where all guests share one worker, the functions return promises. */
  start(instance: Pick<WebAssembly.Instance, 'exports'>, message: RunMessage): void | Promise<void>;
  /** Reports a guest that could not start, and ends its process. */
  refuse(session: number, kind: 'module' | 'limit' | 'options', message: string): void;
}

export const seatOf = (worker: SeatWorker, { session, module }: RunMessage): Seat => ({
  kernel: worker.kernel,
  memory: () => worker.memory,
  kernelMemory: worker.boot.memory,
  thread: worker.boot.thread,
  bytes: (pointer, size) => copyAt(worker.boot.memory, pointer, size),
  post: (message) => worker.tell({ t: 'host-call', session, message }),
  fail(text) {
    const { pointer, size } = worker.put(TEXT_MESSAGE, text, EXIT_MESSAGE_MAX);
    worker.kernel.w_fail(pointer, size);
  },
  fault(error) {
    worker.resetStack();
    worker.report(error, module);
  },
  worker,
});
