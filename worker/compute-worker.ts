/** A compute worker: instantiates a guest with the kernel's exports as its imports, and runs it. */
import {
  CODE_TRAP,
  EXIT_MESSAGE_MAX,
  EXIT_REASON_NONE,
  EXIT_REASON_TRAP,
  EXIT_STACK_MAX,
  TEXT_MESSAGE,
  TEXT_STACK,
} from '../build/generated/layouts.ts';
import { NULL, toPointer, type Pointer } from '../common/pointer.ts';
import type { KernelImports } from '../build/generated/exports.ts';
import type { Added, BootMessage, FromCompute, RunMessage } from '../common/worker-protocol.ts';
import { bridgeKind, makeBridge } from './bridge.ts';
import { describe, isOutOfMemory } from './failures.ts';
import { instantiateProbe } from './probe.ts';
import { bytesAt, commonImports, instantiateKernel, type KernelExports } from './kernel.ts';
import { left } from '../common/parts.ts';
import type * as ComponentPart from './component.ts';
import type * as GuestPart from './guest.ts';
import type { SeatWorker } from './seat.ts';
import { originalFrames } from './offsets.ts';
import { guestImports, makesMemory, type OtherImports } from './wasi-imports.ts';

const encoder = new TextEncoder();

/** An import() that bundlers leave alone; tools/build.mjs defines it. */
declare function importUrl(url: string): Promise<unknown>;

export class ComputeWorker implements SeatWorker {
  readonly kernel: KernelExports;
  readonly #bridge;
  /** The first of the three slots in the kernel's table that hold the bridge's functions. */
  readonly #slots: number;
  /** The guest's memory. */
  memory: WebAssembly.Memory | null = null;
  /** The guest's port to the page, if it has one; kept from its first run on. */
  #port: MessagePort | null = null;

  /** `tell` sends a message to the coordinator. */
  constructor(
    readonly boot: BootMessage,
    readonly tell: (message: FromCompute) => void,
    waits?: Partial<KernelImports>,
  ) {
    const imports = commonImports(
      boot.memory,
      boot.flags,
      () => tell({ t: 'ring' }),
      (message) => tell({ t: 'fatal', message: `kernel panic: ${message}` }),
    );
    this.kernel = instantiateKernel(boot.kernel, boot.memory, { ...imports, ...waits });
    this.resetStack();
    const table = this.kernel.__indirect_function_table;
    // WebKit (2.50) leaves new entries null whatever value `grow` is given.
    const probe = table.grow(1);
    table.set(probe, instantiateProbe(boot.probe));
    this.kernel.w_boot(boot.tls, boot.thread, performance.timeOrigin - boot.timeOrigin, probe);
    this.#bridge = bridgeKind(boot.jsBridge);
    this.#slots = table.grow(3);
    tell({ t: 'booted' });
  }

  /** If it returns a promise, more of the run follows. */
  run(message: RunMessage): void | Promise<void> {
    const part = message.component?.url ?? (message.guest && this.boot.guest);
    if (part) return this.#runWith(part, message);
    this.#runToEnd(message);
  }

  #runToEnd(message: RunMessage): void {
    const instance = this.begin(message);
    if (instance) void this.start(instance, message);
    if (instance !== undefined) this.leave();
  }

  /** Runs a guest with the part of this script at the URL. */
  async #runWith(part: string, message: RunMessage): Promise<void> {
    const { component, guest, session, tid } = message;
    try {
      await importUrl(part);
    } catch (error) {
      this.refuse(session, 'module', `${part} cannot be loaded: ${describe(error)}. Is the file deployed?`);
      this.leave();
      return;
    }
    // The coordinator transferred the port with the first run; a retry comes without it.
    this.#port = guest?.port ?? (tid === 0 ? this.#port : null);
    const { runComponent, runGuest } = left<typeof ComponentPart & typeof GuestPart>();
    return (component ? runComponent : runGuest)(this, message, this.#port);
  }

  /** Returns null if the guest did not start, which has been reported, and undefined if there is no memory yet and the run will be sent again. */
  begin(message: RunMessage, others?: OtherImports): WebAssembly.Instance | null | undefined {
    const instance = this.#instantiate(message, others);
    if (instance === 'no memory') {
      this.#unbindMemory();
      this.tell({ t: 'no-memory', session: message.session });
      return undefined;
    }
    if (instance && message.tid === 0) this.tell({ t: 'started', session: message.session });
    return instance;
  }

  leave(): void {
    this.#unbindMemory();
    this.tell({ t: 'idle' });
  }

  /** Unwinding a guest does not restore the kernel's stack pointer, so every run, and every report after one, resets it. */
  resetStack(): void {
    this.kernel.w_stack(this.boot.stackTop);
  }

  /** Instantiates the guest and binds the kernel to its memory. Returns null after a failure, which has been reported. */
  #instantiate(message: RunMessage, others: OtherImports): WebAssembly.Instance | 'no memory' | null {
    const { session, module, memory: given, tid, added } = message;
    try {
      const memory = given && !(given instanceof WebAssembly.Memory) ? new WebAssembly.Memory(given) : given;
      // An imported memory exists before the module's start function runs. A memory that the module defines does not, and is bound later even if the
      // rewriter turned it into an import.
      const imported = memory && !makesMemory(module, added);
      if (imported) this.bindMemory(memory);
      this.kernel.w_begin();
      const instance = new WebAssembly.Instance(
        module,
        guestImports(module, this.kernel, memory, added && { added, memory: this.boot.flags }, others),
      );
      if (added) this.makeInterruptible(instance, added);
      const own = memory ?? (instance.exports.memory as WebAssembly.Memory | undefined);
      if (!imported && own) this.bindMemory(own);
      return instance;
    } catch (error) {
      this.resetStack();
      // These are failures to instantiate, not traps of the start function.
      const noMemory = isOutOfMemory(error);
      const refused = noMemory || error instanceof WebAssembly.LinkError || error instanceof TypeError;
      if (tid !== 0 || !refused) {
        this.report(error, module);
        if (tid === 0) this.tell({ t: 'started', session });
      } else if (noMemory && !message.last) {
        this.kernel.w_begin_later();
        return 'no memory';
      } else {
        this.refuse(session, noMemory ? 'limit' : 'module', describe(error));
      }
      return null;
    }
  }

  /** Reports a guest that could not start. The reason NONE means that the page learns of it from this message, not from the process's exit. */
  refuse(session: number, kind: 'module' | 'limit' | 'options', message: string): void {
    this.tell({ t: 'refused', session, kind, message });
    this.kernel.w_ended(EXIT_REASON_NONE, 0, NULL, 0, NULL, 0);
  }

  /** When a check finds the order to stop, the guest calls the kernel, which unwinds it. See native/rewrite/rewrite.h. */
  makeInterruptible({ exports }: WebAssembly.Instance, { prefix, check, hasStart }: Added): void {
    const table = exports[`${prefix}:stop`] as WebAssembly.Table;
    table.set(0, this.kernel.w_interrupt);
    // The guest's memory.atomic.wait and notify instructions became calls to the kernel.
    if (table.length > 1)
      [this.kernel.w_wait32, this.kernel.w_wait64, this.kernel.w_notify].forEach((fn, i) => table.set(i + 1, fn));
    if (check === 'flag') (exports[`${prefix}:word`] as WebAssembly.Global).value = this.kernel.w_flag();
    if (hasStart) (exports[`${prefix}:start`] as () => void)();
  }

  bindMemory(memory: WebAssembly.Memory): void {
    this.memory = memory;
    const table = this.kernel.__indirect_function_table;
    makeBridge(this.#bridge, this.boot.memory, memory).forEach((fn, i) => table.set(this.#slots + i, fn));
    this.kernel.w_bind(this.#slots, this.#slots + 1, this.#slots + 2);
  }

  /** An idle worker must not keep a guest's memory from being collected. */
  #unbindMemory(): void {
    this.memory = null;
    for (let i = 0; i < 3; i++) this.kernel.__indirect_function_table.set(this.#slots + i, null);
  }

  start(
    { exports }: Pick<WebAssembly.Instance, 'exports'>,
    { tid, argument, module }: RunMessage,
  ): void | Promise<void> {
    try {
      if (tid === 0) (exports._start as () => void)();
      else (exports.wasi_thread_start as (tid: number, argument: number) => void)(tid, argument);
    } catch (error) {
      this.resetStack();
      this.report(error, module);
      return;
    }
    this.resetStack();
    // Returning ends the whole process on the first thread, and only the thread itself on others (wasi-threads).
    if (tid === 0) this.kernel.w_returned();
    else this.kernel.w_thread_returned();
  }

  /** Reports a trap: a RuntimeError, a stack overflow, or an exception that the guest threw and did not catch. */
  report(error: unknown, module: WebAssembly.Module, frames = framesOf(module)): void {
    if (this.kernel.w_unwound()) {
      this.kernel.w_returned(); // not a trap: the process has ended, and the kernel unwound the guest
      return;
    }
    const message = this.put(TEXT_MESSAGE, describe(error), EXIT_MESSAGE_MAX);
    const stack = this.put(
      TEXT_STACK,
      error instanceof Error
        ? frames(wasmFrames(error.stack ?? ''))
            .slice(0, mostFrames)
            .join('\n')
        : '',
      EXIT_STACK_MAX,
    );
    this.kernel.w_ended(EXIT_REASON_TRAP, CODE_TRAP, message.pointer, message.size, stack.pointer, stack.size);
  }

  put(which: number, text: string, most: number): { pointer: Pointer; size: number } {
    const pointer = toPointer(this.kernel.w_text(which));
    const encoded = encoder.encode(text).subarray(0, most);
    bytesAt(this.boot.memory, pointer, encoded.length).set(encoded);
    return { pointer, size: encoded.length };
  }
}

/** V8's limit of frames in a stack trace. It is raised because frames of the rewriter, the probe or a system call may lie on top of the guest's. */
const mostFrames = Error.stackTraceLimit ?? Infinity;
Error.stackTraceLimit = mostFrames + 8;

/** The module that a frame names: "wasm://wasm/0a1b2c3d:", or the URL that it was loaded from. */
const moduleOf = (frame: string): string | undefined => /([^\s(@]*)wasm-function\[/.exec(frame)?.[1];

/** The frames of wasm modules, one per line, the innermost first. */
const wasmFrames = (stack: string): string[] =>
  stack
    .split('\n')
    .filter((line) => /wasm/.test(line) && !/compute(\.node)?\.js/.test(line))
    .map((line) => line.trim());

/**
 * Returns the guest's frames, with offsets in the original module. Frames of this worker, the kernel and the probe are left out.
 * The outermost wasm frame belongs to the guest, because the kernel never calls the guest.
 */
const framesOf =
  (module: WebAssembly.Module) =>
  (lines: string[]): string[] => {
    const guest = moduleOf(lines.at(-1) ?? '');
    return originalFrames(
      module,
      lines.filter((line) => moduleOf(line) === guest),
    );
  };
