/** A compute worker: waits for work, instantiates a guest with the kernel's exports for imports, runs it, and waits again. */
import { host } from '#host';
import { EXIT_REASON } from '../build/generated/abi.ts';
import { bridgeKind, makeBridge } from './bridge.ts';
import { instantiateProbe } from './probe.ts';
import { bytesAt, commonImports, instantiateKernel, UNWIND, type KernelExports } from './kernel.ts';
import type { BootMessage, FromCompute, ToCompute } from './protocol.ts';
import { wasiImports } from './wasi-imports.ts';

const port = host.parent<FromCompute, ToCompute>();
const encoder = new TextEncoder();

/** The limits of native/kernel/process.h. */
const MESSAGE_MAX = 512;
const STACK_MAX = 8192;

class ComputeWorker {
  private readonly kernel: KernelExports;
  private readonly bridge;
  /** Where the bridge's three functions stand in the kernel's table. */
  private readonly slots: number;

  constructor(private readonly boot: BootMessage) {
    const imports = commonImports(
      boot.memory,
      () => port.post({ t: 'ring' }),
      (message) => port.post({ t: 'fatal', message: `kernel panic: ${message}` }),
    );
    this.kernel = instantiateKernel(boot.kernel, boot.memory, imports);
    this.kernel.__wasm_init_tls(boot.tls);
    this.resetStack();
    const table = this.kernel.__indirect_function_table;
    const probe = table.grow(1, instantiateProbe(boot.probe));
    this.call('w_boot', boot.thread, performance.timeOrigin - boot.timeOrigin, probe);
    this.bridge = bridgeKind(boot.jsBridge);
    this.slots = table.grow(3);
    this.idle();
  }

  run(session: number, module: WebAssembly.Module): void {
    const instance = this.instantiate(session, module);
    if (instance) {
      port.post({ t: 'started', session });
      this.start(instance);
    }
    this.idle();
  }

  private idle(): void {
    port.post({ t: 'idle', bridge: this.bridge });
  }

  private call(name: string, ...args: number[]): number {
    return (this.kernel[name] as (...args: number[]) => number)(...args);
  }

  /** An unwound guest leaves the kernel's stack pointer where it was; every run, and every report after one, begins at the top. */
  private resetStack(): void {
    this.kernel._emscripten_stack_restore(this.boot.stackTop);
  }

  /** The guest's instance, with the kernel bound to its memory; null when there is none, which has been reported then. */
  private instantiate(session: number, module: WebAssembly.Module): WebAssembly.Instance | null {
    try {
      const instance = new WebAssembly.Instance(module, wasiImports(module, this.kernel));
      this.bindMemory(instance.exports.memory as WebAssembly.Memory);
      return instance;
    } catch (error) {
      this.resetStack();
      if (error === UNWIND) {
        this.call('w_returned'); // it called proc_exit in its start function
        port.post({ t: 'started', session });
      } else if (error instanceof WebAssembly.RuntimeError) {
        this.report(error);
        port.post({ t: 'started', session });
      } else {
        // The reason NONE says: the page is told by this message, not by the process's end.
        port.post({ t: 'refused', session, message: error instanceof Error ? error.message : String(error) });
        this.call('w_ended', EXIT_REASON.NONE, 0, 0, 0, 0, 0);
      }
      return null;
    }
  }

  private bindMemory(memory: WebAssembly.Memory): void {
    const table = this.kernel.__indirect_function_table;
    makeBridge(this.bridge, this.boot.memory, memory).forEach((fn, i) => table.set(this.slots + i, fn));
    this.call('w_bind', this.slots, this.slots + 1, this.slots + 2);
  }

  private start(instance: WebAssembly.Instance): void {
    try {
      (instance.exports._start as () => void)();
      this.resetStack();
      this.call('w_returned');
    } catch (error) {
      this.resetStack();
      if (error === UNWIND) this.call('w_returned');
      else this.report(error);
    }
  }

  /** The guest trapped: a RuntimeError, or the RangeError of a stack that ran over, or an exception that it threw and nobody caught. */
  private report(error: unknown): void {
    const message = this.put(0, describe(error), MESSAGE_MAX);
    const stack = this.put(1, error instanceof Error ? wasmFrames(error.stack ?? '') : '', STACK_MAX);
    this.call('w_ended', EXIT_REASON.TRAP, 134, message.pointer, message.size, stack.pointer, stack.size);
  }

  private put(which: 0 | 1, text: string, most: number): { pointer: number; size: number } {
    const pointer = this.call('w_text', which);
    const encoded = encoder.encode(text).subarray(0, most);
    bytesAt(this.boot.memory, pointer, encoded.length).set(encoded);
    return { pointer, size: encoded.length };
  }
}

function describe(error: unknown): string {
  if (error instanceof RangeError) return 'call stack exhausted';
  if (error instanceof Error) return error.message;
  return `uncaught exception: ${String(error)}`;
}

/** The frames of the stack that are wasm, one a line; those of this worker say nothing to the guest's author. */
function wasmFrames(stack: string): string {
  const lines = stack.split('\n').filter((line) => /wasm/.test(line) && !/compute(\.node)?\.js/.test(line));
  return lines.map((line) => line.trim()).join('\n');
}

let worker: ComputeWorker | null = null;
port.onmessage = (message) => {
  switch (message.t) {
    case 'boot':
      void host.holdForLife(message.lock).then(() => {
        try {
          worker = new ComputeWorker(message);
        } catch (error) {
          port.post({
            t: 'fatal',
            message: `a compute worker cannot start: ${error instanceof Error ? error.message : String(error)}`,
          });
        }
      });
      break;
    case 'run':
      worker!.run(message.session, message.module);
      break;
  }
};
