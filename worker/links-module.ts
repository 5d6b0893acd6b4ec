/** Instantiates the module for calls between guests (native/links) over the kernel's memory, in the workers of guests and in the coordinator. */
import bytes from '../build/wasm/links.wasm';
import type { CalleeCalls, LinkCalls } from '../build/generated/exports.ts';
import { instantiateProbe, probeModule } from './probe.ts';

/** `kernel`: the exports of the kernel's instance in this worker. */
export function instantiateLinks(kernel: object, memory: WebAssembly.Memory): CalleeCalls & LinkCalls {
  const probe = instantiateProbe(new WebAssembly.Module(probeModule()));
  const imports = { kernel: { ...kernel, probe }, env: { memory } } as unknown as WebAssembly.Imports;
  return new WebAssembly.Instance(new WebAssembly.Module(bytes as BufferSource), imports)
    .exports as unknown as CalleeCalls & LinkCalls;
}
