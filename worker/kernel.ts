/**
 * Instantiates the kernel in a worker. The coordinator and every compute worker do this with the same module over the same memory, each with its own stack
 * and thread-local storage, so that a system call is a function call in the worker that makes it.
 */
import type { ComputeCalls, CoordinatorCalls, KernelImports } from '../build/generated/exports.ts';
import { flag } from '../build/generated/flag.ts';
import { after, toPointer, type Pointer, type WasmPointer } from '../common/pointer.ts';

/** The imports that every worker provides, besides the clocks. The others are provided only in the coordinator. */
export type CommonImports = Pick<KernelImports, 'entropy' | 'ring' | 'flag_raise' | 'flag_lower' | 'panic'>;

/** The imports of kernel-single.wasm (scheduler.ts). */
export type Waits = Pick<KernelImports, 'wait' | 'wake' | 'may_wait' | 'yield'>;

/** The index signature is for system calls, which are looked up by name. */
export interface KernelExports extends CoordinatorCalls, ComputeCalls {
  [name: string]: WebAssembly.ExportValue;
  __indirect_function_table: WebAssembly.Table;
  _initialize(): void;
}

const coordinatorOnly = (name: string) => () => {
  throw new Error(`${name} was called outside the coordinator`);
};

export function instantiateKernel(
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
  imports: CommonImports & Partial<KernelImports>,
): KernelExports {
  const hf: Record<string, WebAssembly.ImportValue> = {
    // Bound, not wrapped, which saves clock_time_get a frame.
    now: performance.now.bind(performance),
    date: Date.now,
  };
  for (const entry of WebAssembly.Module.imports(module)) {
    if (entry.module === 'hf')
      hf[entry.name] ??=
        (imports as unknown as Record<string, WebAssembly.ImportValue>)[entry.name] ?? coordinatorOnly(entry.name);
  }
  const instance = new WebAssembly.Instance(module, {
    hf,
    env: { memory },
  });
  return instance.exports as KernelExports;
}

/** A view of kernel memory. It is valid until the memory grows, so it must not be kept. */
export const bytesAt = (memory: WebAssembly.Memory, pointer: Pointer, size: number): Uint8Array =>
  new Uint8Array(memory.buffer, pointer, size);

/** A copy in unshared memory, which most web APIs require. */
export const copyAt = (memory: WebAssembly.Memory, pointer: Pointer, size: number): Uint8Array<ArrayBuffer> => {
  const copy = new Uint8Array(size);
  copy.set(bytesAt(memory, pointer, size));
  return copy;
};

/** A file name may begin with U+FEFF, so decoders of names must not strip it as a byte order mark. */
export const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });
export const textAt = (memory: WebAssembly.Memory, pointer: Pointer, size: number): string =>
  utf8.decode(copyAt(memory, pointer, size));

/** The imports that are the same in every worker. `flags` is the memory of flag.wat; `panic` gets the text. */
export function commonImports(
  memory: WebAssembly.Memory,
  flags: WebAssembly.Memory,
  ring: () => void,
  panic: (message: string) => void,
): CommonImports {
  const { flag_raise, flag_lower } = new WebAssembly.Instance(new WebAssembly.Module(flag), { hf: { flags } })
    .exports as unknown as Pick<KernelImports, 'flag_raise' | 'flag_lower'>;
  return {
    flag_raise,
    flag_lower,
    entropy(pointer: WasmPointer, size: number) {
      for (let done = 0; done < size; done += 65536) {
        const part = new Uint8Array(Math.min(65536, size - done));
        crypto.getRandomValues(part);
        bytesAt(memory, after(toPointer(pointer), done), part.length).set(part);
      }
    },
    ring,
    panic(pointer: WasmPointer, size: number) {
      const message = textAt(memory, toPointer(pointer), size);
      panic(message);
      throw new Error(`kernel panic: ${message}`);
    },
  };
}
