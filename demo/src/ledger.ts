/** Every process that this page has started, until a while after nothing is left of it. */
import type { Exit, Process } from '../../web/index.js';

/** Milliseconds for which one that is gone is still told of. */
const REMEMBERED = 5000;

export interface Entry {
  readonly process: Process;
  /** Where in the page it was started. */
  readonly origin: string;
  exit: Exit | undefined;
  /** When it was told that it ended, and that nothing is left of it. */
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

  /** Calls when there is another process, or one has ended, is gone, or is forgotten. */
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
