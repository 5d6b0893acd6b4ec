/** The page's only runtime: started with the page, and again if it fails. */
import { diagnose, start, StartFailed, type Holdfast, type Problem } from '../../web/index.js';
import type { Manifest } from './manifest.ts';

export type RuntimeState =
  | { kind: 'starting' }
  | { kind: 'ready'; took: number; mode: 'workers' | 'single' }
  | { kind: 'failed'; message: string; problems: readonly Problem[] };

/** "?isolation=none" shows how programs run in a page without the headers. */
const isolation =
  new URLSearchParams(location.search).get('isolation') === 'none' ? ({ isolation: 'none' } as const) : {};

export class Runtime {
  state: RuntimeState = { kind: 'starting' };
  /** Set while the runtime is ready. */
  current: Holdfast | undefined;
  readonly #assets: Manifest['runtime'];
  readonly #changed: () => void;
  #starting: Promise<Holdfast> | undefined;

  constructor(assets: Manifest['runtime'], changed: () => void) {
    this.#assets = assets;
    this.#changed = changed;
  }

  /** Returns the runtime, and starts it if necessary. Rejects if it cannot start; `state` then has the reason. */
  get(): Promise<Holdfast> {
    return (this.#starting ??= this.#start());
  }

  /** The runtime failed; the next `get()` starts another. */
  died(message: string): void {
    this.#fail(message, []);
  }

  async #start(): Promise<Holdfast> {
    this.#set({ kind: 'starting' });
    const begun = performance.now();
    try {
      this.current = await start({ assets: this.#assets, ...isolation });
    } catch (error) {
      const known = error instanceof StartFailed ? error.problems : [];
      const problems = known.length > 0 ? known : (await diagnose({ assets: this.#assets })).problems;
      this.#fail(error instanceof Error ? error.message : String(error), problems);
      throw error;
    }
    const took = performance.now() - begun;
    this.#set({ kind: 'ready', took, mode: (await this.current.stats()).mode });
    return this.current;
  }

  #fail(message: string, problems: readonly Problem[]): void {
    this.current = undefined;
    this.#starting = undefined;
    this.#set({ kind: 'failed', message, problems });
  }

  #set(state: RuntimeState): void {
    this.state = state;
    this.#changed();
  }
}
