/** Every worker that this one has created and that is not yet dead, so that all of them can be ended before this one is. */
import { coordinatorPlatform } from '#platform';
import type { FromCompute, ToCompute } from '../common/worker-protocol.ts';
import type { WorkerHandle } from '../worker/platform.ts';

export type Handle = WorkerHandle<ToCompute, FromCompute>;

/** How long to wait for workers that are starting, and then for those that are dying. Together less than the page waits. */
const COMING_UP_MS = 2000;
/** Chromium takes two seconds to end a loop; WebKit never does. */
const DYING_MS = 2500;

export const sleep = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));

export class ChildWorkers {
  readonly #alive = new Map<Handle, string>();
  #ending = false;

  /** `lock`: a name of its own; see worker/platform.ts. Throws when the engine refuses, and once the end has begun. */
  create(script: string, lock: string): Handle {
    if (this.#ending) throw new Error('the runtime is being closed');
    const handle: Handle = coordinatorPlatform.createWorker(script, lock);
    this.#alive.set(handle, lock);
    void handle.dead.then(() => this.#alive.delete(handle));
    return handle;
  }

  /**
   * Ends all of them for good; none can be created after that. Resolves when nothing is left of them, or when that takes too long; `locks` then
   * returns those that remain. Chromium leaves a worker that is terminated while it has workers behind, and those with it (native/RATIONALE.md).
   */
  async end(): Promise<void> {
    this.#ending = true;
    const late = sleep(COMING_UP_MS);
    const ends = [...this.#alive.keys()].map(async (handle) => {
      await Promise.race([handle.settled, late]);
      handle.terminate();
      await Promise.race([handle.dead, sleep(DYING_MS)]);
    });
    await Promise.all(ends);
    await sleep(coordinatorPlatform.releaseDelay);
  }

  /** Held by workers that are still alive. */
  locks(): string[] {
    return [...this.#alive.values()];
  }
}
