/**
 * Instantiates the kernel in a worker. The coordinator and every compute worker do this with the same module over the same memory, each with a stack and
 * thread-local storage of its own, so that a system call is a function call in the worker that makes it.
 */
import { flag } from '../build/generated/flag.ts';

declare const address: unique symbol;
declare const passed: unique symbol;

/** An address in wasm memory: at least 0, above 2 GiB too. 0 where there is none. */
export type Pointer = number & { readonly [address]: true };

/** A pointer as wasm passes it, an i32, which above 2 GiB is negative. Nothing can be done with it but to make an address of it. */
export interface WasmPointer {
  readonly [passed]: true;
}

/** The one conversion: what comes out of wasm goes through here, whether it was an argument, a result, or lay in memory. */
export const toPointer = (raw: WasmPointer): Pointer => ((raw as unknown as number) >>> 0) as Pointer;

export const NULL = 0 as Pointer;

/** The address so many bytes further on. */
export const after = (pointer: Pointer, bytes: number): Pointer => (pointer + bytes) as Pointer;

/** What the kernel imports (native/platform/wasm.c, coordinator/browser.h). Those that only the coordinator serves are absent elsewhere. */
export interface KernelImports {
  entropy(pointer: WasmPointer, size: number): void;
  ring(): void;
  flag_raise: WebAssembly.ExportValue;
  flag_lower: WebAssembly.ExportValue;
  panic(pointer: WasmPointer, size: number): void;
  worker_create?(worker: number, stackTop: WasmPointer, tls: WasmPointer, thread: WasmPointer): void;
  worker_run?(worker: number, session: number, tid: number, argument: number): void;
  worker_collect?(worker: number): void;
  worker_terminate?(worker: number): void;
  output?(session: number, fd: number, pointer: WasmPointer, size: number): void;
  output_end?(session: number, fd: number): void;
  stdin_ready?(session: number): void;
  connection?(connection: number, error: number): void;
  output_failed?(connection: number, fd: number, error: number): void;
  input_gone?(connection: number): void;
  connection_over?(connection: number): void;
  exited?(
    session: number,
    reason: number,
    code: number,
    message: WasmPointer,
    messageSize: number,
    stack: WasmPointer,
    stackSize: number,
  ): void;
  signal?(session: number, number: number): void;
  held?(session: number): void;
  ending?(session: number): void;
  session_over?(session: number): void;
}

/** Exports are plain functions of numbers; who calls them says of what kind (`CoordinatorCalls`, `ComputeCalls`). */
export interface KernelExports {
  [name: string]: WebAssembly.ExportValue;
  __indirect_function_table: WebAssembly.Table;
  _initialize(): void;
  __wasm_init_tls(block: Pointer): void;
  _emscripten_stack_restore(top: Pointer): void;
}

/** Calls an export by its name. */
export type Call<Calls extends Record<keyof Calls, (...args: never) => unknown>> = <Name extends keyof Calls>(
  name: Name,
  ...args: Parameters<Calls[Name]>
) => ReturnType<Calls[Name]>;

/** The exports as `Calls` describes them. */
export const callOf = <Calls extends Record<keyof Calls, (...args: never) => unknown>>(
  exports: KernelExports,
): Call<Calls> =>
  ((name: string, ...args: number[]) => (exports[name] as (...args: number[]) => unknown)(...args)) as Call<Calls>;

const coordinatorOnly = (name: string) => () => {
  throw new Error(`${name} was called outside the coordinator`);
};

export function instantiateKernel(
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
  imports: KernelImports,
): KernelExports {
  const hf: Record<string, WebAssembly.ImportValue> = {
    // Bound, not wrapped: one frame less on the path of clock_time_get.
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

/** A view of kernel memory; valid until the memory grows, so never kept. */
export const bytesAt = (memory: WebAssembly.Memory, pointer: Pointer, size: number): Uint8Array =>
  new Uint8Array(memory.buffer, pointer, size);

/** A copy in ordinary memory: what most of the Web's functions want. */
export const copyAt = (memory: WebAssembly.Memory, pointer: Pointer, size: number): Uint8Array<ArrayBuffer> => {
  const copy = new Uint8Array(size);
  copy.set(bytesAt(memory, pointer, size));
  return copy;
};

/** A name may begin with U+FEFF, which is a byte order mark only to those who look for one. Every decoder of names keeps it. */
export const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });
export const textAt = (memory: WebAssembly.Memory, pointer: Pointer, size: number): string =>
  utf8.decode(copyAt(memory, pointer, size));

/** Imports that every worker serves alike. `flags` is the memory of flag.wat; `panic` gets the text. */
export function commonImports(
  memory: WebAssembly.Memory,
  flags: WebAssembly.Memory,
  ring: () => void,
  panic: (message: string) => void,
) {
  const { flag_raise, flag_lower } = new WebAssembly.Instance(new WebAssembly.Module(flag), { hf: { flags } })
    .exports as Pick<KernelImports, 'flag_raise' | 'flag_lower'>;
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
