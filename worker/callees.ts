/** The guests that other guests call. The coordinator creates them for the page, wakes their workers, and ends them. */
import type { CalleeCalls } from '../build/generated/exports.ts';
import { CALLEE_NAME } from '../build/generated/layouts.ts';
import { after, NULL, toPointer, type Pointer } from '../common/pointer.ts';
import type { CalleeMessage } from '../common/protocol.ts';
import { bytesAt } from './kernel.ts';
import { instantiateLinks } from './links-module.ts';
import { noProbe } from './probe.ts';

/** The part of the kernel used here. */
interface Kernel {
  readonly call: { c_alloc(size: number): Parameters<typeof toPointer>[0]; c_free(block: Pointer): void };
  readonly memory: WebAssembly.Memory;
}

class Callees {
  private readonly calls: CalleeCalls;
  /** Holds the pointer to the table of all callees, followed by room for a name. */
  private readonly table: Pointer;

  constructor(private readonly kernel: Kernel) {
    this.calls = instantiateLinks(kernel.call, kernel.memory, noProbe, () => 0); // the coordinator serves no calls
    this.table = toPointer(kernel.call.c_alloc(8 + CALLEE_NAME));
    if (this.table) bytesAt(kernel.memory, this.table, 8).fill(0);
  }

  /** Returns 0 if memory is exhausted or there are too many callees. */
  create(name: string, reentrant: boolean): Pointer {
    if (!this.table) return NULL;
    const at = after(this.table, 8);
    const bytes = shortened(name);
    bytesAt(this.kernel.memory, at, bytes.length).set(bytes);
    return toPointer(this.calls.lc_create(this.table, at, bytes.length, Number(reentrant)));
  }

  perform({ callee, order, pid }: CalleeMessage): void {
    const pointer = callee as Pointer;
    switch (order) {
      case 'nudge':
        return this.calls.lc_nudge(pointer);
      case 'close':
        return this.calls.lc_close(pointer);
      case 'forget':
        return this.calls.lc_forget(pointer, pid!, 0);
      case 'release':
        return this.calls.lc_forget(pointer, pid!, 1);
      case 'free':
        return this.calls.lc_free(pointer);
    }
  }
}

let callees: Callees | undefined;

/** Creates a callee and returns its number, or 0 on failure. */
export const callee = (kernel: Kernel, { name, reentrant }: { name: string; reentrant: boolean }): Pointer =>
  (callees ??= new Callees(kernel)).create(name, reentrant);

export const called = (message: CalleeMessage): void => callees!.perform(message);

/** Cuts the name to CALLEE_NAME bytes of UTF-8 without splitting a character. */
function shortened(name: string): Uint8Array {
  const bytes = new TextEncoder().encode(name);
  let size = Math.min(bytes.length, CALLEE_NAME);
  if (size < bytes.length) while ((bytes[size]! & 0xc0) === 0x80) size--;
  return bytes.subarray(0, size);
}
