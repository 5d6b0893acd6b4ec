/** Spawns that wait for a worker (`whenBusy: 'wait'`), first come, first served: only the first of them looks for one. */
import { Refusal } from './modules.ts';

/** Each costs a closure and a message; so many mean that the page forgot to wait for the others. */
const MOST = 10_000;

export class Queue {
  readonly #waiting: (() => void)[] = [];
  #taken = false;

  /** Resolves when it is the caller's turn, which lasts until it calls `next`. Rejects with the signal's reason, and then there is no turn. */
  async turn(signal: AbortSignal): Promise<void> {
    if (!this.#taken) {
      this.#taken = true;
      return;
    }
    if (this.#waiting.length >= MOST) throw new Refusal('limit', `${MOST} programs wait for a worker already`);
    await new Promise<void>((resolve, reject) => {
      const leave = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(go), 1);
        reject(signal.reason as Error);
      };
      const go = (): void => {
        signal.removeEventListener('abort', leave);
        resolve();
      };
      this.#waiting.push(go);
      signal.addEventListener('abort', leave);
    });
  }

  next(): void {
    const go = this.#waiting.shift();
    if (go) go();
    else this.#taken = false;
  }
}
