/** Lets the kernel wake the coordinator: through a word on which the coordinator waits without blocking or, in engines without waitAsync, a message. */
import { later } from '../common/later.ts';
import type { Pointer } from '../common/pointer.ts';

export type DoorbellKind = 'wait-async' | 'message';

interface WaitAsync {
  waitAsync?(
    view: Int32Array,
    index: number,
    value: number,
  ): { async: false; value: string } | { async: true; value: Promise<string> };
}

export const doorbellKind = (forceMessage: boolean): DoorbellKind =>
  !forceMessage && typeof (Atomics as WaitAsync).waitAsync === 'function' ? 'wait-async' : 'message';

/** Answers the doorbell at `address` until `drain` returns false. */
export function answer(memory: WebAssembly.Memory, address: Pointer, drain: () => boolean): void {
  // A shared buffer stays valid when its memory grows, so one view lasts.
  const view = new Int32Array(memory.buffer);
  const listen = () => {
    for (;;) {
      const rung = (Atomics as Required<WaitAsync>).waitAsync(view, address / 4, 0);
      if (rung.async) {
        void rung.value.then(() => {
          if (drain()) listen();
        });
        return;
      }
      if (!drain()) return;
      // It rang again meanwhile. Return to the event loop first, or a busy guest would keep messages from the page waiting.
      if (Atomics.load(view, address / 4) !== 0) {
        return again();
      }
    }
  };
  const again = later(listen);
  listen();
}
