/** Attaches a screen to a process's terminal. Loaded on first use. */
import { kindOf } from './bytes.js';
import type { Process } from './process.js';
import type { Attachment, TerminalScreen } from './terminal.js';

/** Keys that are no longer read are dropped. `done` reports how the output ended. */
const ignore = (): undefined => undefined;

/** `readable`: whether the output comes from `process.stdout`. */
export function attach(process: Process, screen: TerminalScreen, readable: boolean): Attachment {
  for (const name of ['write', 'onData'] as const) {
    if (typeof (screen as Partial<TerminalScreen> | undefined)?.[name] !== 'function')
      throw new TypeError(`attach needs a Terminal of xterm.js, not ${kindOf(screen)} without the method ${name}`);
  }
  if (!readable) {
    throw new TypeError('attach: the option "stdout" takes the output, so the screen cannot show it: omit that option');
  }
  for (const name of ['stdin', 'stdout'] as const)
    if (process[name].locked)
      throw new TypeError(`attach: process.${name} is locked: another reader or writer uses it`);
  const write = (data: string | Uint8Array): void => void process.write(data).catch(ignore);
  const listeners = [
    screen.onData(write),
    screen.onBinary?.((data) => write(Uint8Array.from(data, (character) => character.charCodeAt(0)))),
  ];
  const reader = process.stdout.getReader();
  let attached = true;
  let detach!: () => void;
  const detached = new Promise<void>((resolve) => (detach = resolve));
  const dispose = (): void => {
    if (!attached) return;
    attached = false;
    detach();
    reader.releaseLock(); // rejects a pending read, which consumes nothing
    for (const listener of listeners) listener?.dispose();
  };
  const show = async (): Promise<void> => {
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        // A disposed screen no longer calls back.
        await Promise.race([new Promise<void>((shown) => screen.write(value, shown)), detached]);
        if (!attached) return;
      }
    } catch (error) {
      if (attached) throw error;
    } finally {
      dispose();
    }
  };
  const done = show();
  done.catch(ignore); // callers that care await `done`
  return { done, dispose };
}
