/** Tracks the living workers that this worker has created, so that it can end all of them before it ends itself. */
import { coordinatorPlatform } from '#platform';
import type { FromCompute, ToCompute } from '../common/worker-protocol.ts';
import type { WorkerHandle } from '../worker/platform.ts';

export type Handle = WorkerHandle<ToCompute, FromCompute>;

/** How long to wait for workers that are starting. The sum of this and DYING_MS must be less than the page's own wait. */
const COMING_UP_MS = 2000;
/** How long to wait for terminated workers. Chromium takes two seconds to end a loop; WebKit never does. */
const DYING_MS = 2500;

export const sleep = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));

export class ChildWorkers {
  readonly #alive = new Map<Handle, string>();
  #ending = false;

  /** `lock`: a unique name; see worker/platform.ts. Throws if the engine cannot create the worker, and after `end()` was called. */
  create(script: string, lock: string): Handle {
    if (this.#ending) throw new Error('the runtime is being closed');
    const handle: Handle = coordinatorPlatform.createWorker(script, lock);
    this.#alive.set(handle, lock);
    void handle.dead.then(() => this.#alive.delete(handle));
    return handle;
  }

  /**
   * Ends all workers; after that none can be created. Resolves when all are gone, or when that takes too long; `locks()` then
   * returns the locks of the remaining ones. This is needed because Chromium can leak the workers of a worker that it terminates (native/RATIONALE.md).
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

  /** The locks of workers that are still alive. */
  locks(): string[] {
    return [...this.#alive.values()];
  }
}
