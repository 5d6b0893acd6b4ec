/** Binds the kernel to a guest's memory, through the multi-memory bridge or, in engines without multi-memory, a JavaScript one. */
import { WASM_PAGE } from '../build/generated/layouts.ts';
import { bridge as bridgeBytes } from '../build/generated/bridge.ts';
import { bridgeJs as bridgeJsBytes } from '../build/generated/bridge-js.ts';
import { bridgeShared as bridgeSharedBytes } from '../build/generated/bridge-shared.ts';

export type BridgeKind = 'multi-memory' | 'js';

const multiMemory = WebAssembly.validate(bridgeBytes);
const modules: { multi?: WebAssembly.Module; shared?: WebAssembly.Module; js?: WebAssembly.Module } = {};

/** The fastest bridge that this engine supports, or the JavaScript one if forced. */
export const bridgeKind = (forceJs: boolean): BridgeKind => (multiMemory && !forceJs ? 'multi-memory' : 'js');

function jsFunctions(kernel: WebAssembly.Memory, guest: WebAssembly.Memory): Record<string, WebAssembly.ImportValue> {
  // Growing a memory detaches its old buffer (a shared one keeps its old length), so the views are renewed whenever the buffer changes.
  let kernelView = new Uint8Array(kernel.buffer);
  let guestView = new Uint8Array(guest.buffer);
  const refresh = () => {
    if (kernelView.buffer !== kernel.buffer) kernelView = new Uint8Array(kernel.buffer);
    if (guestView.buffer !== guest.buffer) guestView = new Uint8Array(guest.buffer);
  };
  const copy = (to: Uint8Array, at: number, from: Uint8Array, start: number, size: number) => {
    if (size > 16) to.set(from.subarray(start, start + size), at);
    else for (let i = 0; i < size; i++) to[at + i] = from[start + i]!;
  };
  return {
    copy_in(to: number, from: number, size: number) {
      refresh();
      copy(kernelView, to >>> 0, guestView, from >>> 0, size >>> 0);
    },
    copy_out(to: number, from: number, size: number) {
      refresh();
      copy(guestView, to >>> 0, kernelView, from >>> 0, size >>> 0);
    },
    pages: () => guest.buffer.byteLength / WASM_PAGE,
  };
}

/** Returns the three functions in the order of their slots in the kernel's table: copy_in, copy_out, pages. */
export function makeBridge(
  kind: BridgeKind,
  kernel: WebAssembly.Memory,
  guest: WebAssembly.Memory,
): CallableFunction[] {
  let instance: WebAssembly.Instance;
  if (kind === 'multi-memory') {
    // By its tag, because a page that is not isolated has such memory, but not the name.
    const shared = String(guest.buffer) === '[object SharedArrayBuffer]';
    const module = shared
      ? (modules.shared ??= new WebAssembly.Module(bridgeSharedBytes))
      : (modules.multi ??= new WebAssembly.Module(bridgeBytes));
    instance = new WebAssembly.Instance(module, { kernel: { memory: kernel }, guest: { memory: guest } });
  } else {
    modules.js ??= new WebAssembly.Module(bridgeJsBytes);
    instance = new WebAssembly.Instance(modules.js, { bridge: jsFunctions(kernel, guest) });
  }
  const { copy_in, copy_out, pages } = instance.exports as Record<string, CallableFunction>;
  return [copy_in!, copy_out!, pages!];
}
