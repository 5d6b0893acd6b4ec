/**
 * Instantiates the kernel in a worker. The coordinator and every compute worker do this with the same module over the same memory, each with a stack and
 * thread-local storage of its own, so that a system call is a function call in the worker that makes it.
 */

/** What the kernel imports (native/platform/wasm.c, coordinator/browser.h). Those that only the coordinator serves are absent elsewhere. */
export interface KernelImports {
  entropy(pointer: number, size: number): void;
  ring(): void;
  panic(pointer: number, size: number): void;
  worker_create?(worker: number, stackTop: number, tls: number, thread: number): void;
  worker_run?(worker: number, session: number, tid: number, argument: number): void;
  worker_collect?(worker: number): void;
  worker_terminate?(worker: number): void;
  output?(session: number, fd: number, pointer: number, size: number): void;
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
    message: number,
    messageSize: number,
    stack: number,
    stackSize: number,
  ): void;
  signal?(session: number, number: number): void;
  held?(session: number): void;
  ending?(session: number): void;
  session_over?(session: number): void;
}

/** Exports are plain functions of numbers; those that are called from TypeScript are named here. */
export interface KernelExports {
  [name: string]: WebAssembly.ExportValue;
  __indirect_function_table: WebAssembly.Table;
  _initialize(): void;
  __wasm_init_tls(block: number): void;
  _emscripten_stack_restore(top: number): void;
}

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
    // Views of the memory are made anew at each use, so there is nothing to do when it grows.
    env: { memory, emscripten_notify_memory_growth: () => undefined },
  });
  return instance.exports as KernelExports;
}

/** A view of kernel memory; valid until the memory grows, so never kept. A pointer above 2 GiB comes out of wasm as a negative number. */
export const bytesAt = (memory: WebAssembly.Memory, pointer: number, size: number): Uint8Array =>
  new Uint8Array(memory.buffer, pointer >>> 0, size);

/** A copy in ordinary memory: what most of the Web's functions want. */
export const copyAt = (memory: WebAssembly.Memory, pointer: number, size: number): Uint8Array<ArrayBuffer> => {
  const copy = new Uint8Array(size);
  copy.set(bytesAt(memory, pointer, size));
  return copy;
};

/** A name may begin with U+FEFF, which is a byte order mark only to those who look for one. Every decoder of names keeps it. */
export const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });
export const textAt = (memory: WebAssembly.Memory, pointer: number, size: number): string =>
  utf8.decode(copyAt(memory, pointer, size));

/** Imports that every worker serves alike. `panic` gets the text. */
export function commonImports(memory: WebAssembly.Memory, ring: () => void, panic: (message: string) => void) {
  return {
    entropy(pointer: number, size: number) {
      for (let done = 0; done < size; done += 65536) {
        const part = new Uint8Array(Math.min(65536, size - done));
        crypto.getRandomValues(part);
        bytesAt(memory, pointer + done, part.length).set(part);
      }
    },
    ring,
    panic(pointer: number, size: number) {
      const message = textAt(memory, pointer, size);
      panic(message);
      throw new Error(`kernel panic: ${message}`);
    },
  };
}
