/** Every process that this page has started, until some time after it is completely gone. */
import type { Exit, Process } from '../../web/index.js';

/** How long a process that is gone is still listed, in milliseconds. */
const REMEMBERED = 5000;

export interface Entry {
  readonly process: Process;
  /** Which part of the page started it. */
  readonly origin: string;
  exit: Exit | undefined;
  /** When its end, and its complete release, were reported. */
  ended: number | undefined;
  released: number | undefined;
}

export class Ledger {
  readonly #entries = new Map<number, Entry>();
  readonly #listeners = new Set<() => void>();

  /** In the order of their start. */
  get entries(): readonly Entry[] {
    return [...this.#entries.values()];
  }

  /** Calls `listener` when a process is added, ends, is gone, or is forgotten. */
  listen(listener: () => void): void {
    this.#listeners.add(listener);
  }

  add(process: Process, origin: string): void {
    const entry: Entry = { process, origin, exit: undefined, ended: undefined, released: undefined };
    this.#entries.set(process.id, entry);
    this.#changed();
    void this.#follow(entry);
  }

  async #follow(entry: Entry): Promise<void> {
    try {
      entry.exit = await entry.process.exited;
      entry.ended = performance.now();
      this.#changed();
      await entry.process.released;
      entry.released = performance.now();
      this.#changed();
      await new Promise((resolve) => setTimeout(resolve, REMEMBERED));
    } catch {
      // The runtime ended, and every process with it.
    }
    this.#entries.delete(entry.process.id);
    this.#changed();
  }

  #changed(): void {
    for (const listener of this.#listeners) listener();
  }
}
