/** Instantiates the module for calls between guests (native/links) over the kernel's memory, in the workers of guests and in the coordinator. */
import bytes from '../build/wasm/links.wasm';
import type { CalleeCalls, LinkCalls } from '../build/generated/exports.ts';

/** lw_serve takes the functions that it runs from the table. */
export type LinkExports = CalleeCalls & LinkCalls & { readonly __indirect_function_table: WebAssembly.Table };

/**
 * `kernel`: the exports of the kernel's instance in this worker. `probe`: see probe.ts. `perform` runs the function of the call in this slot, and returns 1 if the call has yet
 * to be answered, otherwise 0.
 */
export function instantiateLinks(
  kernel: object,
  memory: WebAssembly.Memory,
  probe: CallableFunction,
  perform: (slot: number) => number,
): LinkExports {
  const imports = { kernel: { ...kernel, probe, perform }, env: { memory } } as unknown as WebAssembly.Imports;
  return new WebAssembly.Instance(new WebAssembly.Module(bytes as BufferSource), imports)
    .exports as unknown as LinkExports;
}
