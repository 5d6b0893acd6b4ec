/** Tracks the living workers that this worker has created, so that it can end all of them before it ends itself. */
import { coordinatorPlatform } from '#platform';
import type { FromCompute, ToCompute } from '../common/worker-protocol.ts';
import type { WorkerHandle } from '../worker/platform.ts';

export type Handle = WorkerHandle<ToCompute, FromCompute>;

/** A worker, and the name of the lock that it must hold for life (worker/platform.ts). */
export interface Child {
  readonly handle: Handle;
  readonly lock: string;
  /** Why it failed before `create` returned it, if it did. */
  failure?: Error;
}

/** How long to wait for workers that are starting. The sum of this and `longestDeath` must be less than the time that the page waits. */
const COMING_UP_MS = 10_000;

export const sleep = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));

export class ChildWorkers {
  readonly #alive = new Map<Handle, string>();
  /** The workers that `create` has not returned yet. */
  readonly #ahead: Child[] = [];
  /** Makes the names of locks unique among all runtimes of the origin. */
  readonly #prefix = `holdfast-${crypto.randomUUID()}`;
  #created = 0;
  #ending = false;

  /**
   * Creates `ahead` workers for the first calls of `create`: they load the script while the kernel is compiled, so the first program starts earlier
   * (native/RATIONALE.md). Throws if the engine cannot create them.
   */
  constructor(
    private readonly script: string,
    ahead: number,
  ) {
    while (this.#ahead.length < ahead) {
      const child = this.#start();
      child.handle.onerror = (error) => (child.failure ??= error);
      this.#ahead.push(child);
    }
  }

  /** The caller sets `onerror` in the same turn. Throws if the engine cannot create the worker, and after `end()` was called. */
  create(): Child {
    const child = this.#ahead.shift() ?? this.#start();
    const { handle, failure } = child;
    if (failure) queueMicrotask(() => handle.onerror?.(failure));
    return child;
  }

  #start(): Child {
    if (this.#ending) throw new Error('the runtime is being closed');
    const lock = `${this.#prefix}-${this.#created++}`;
    const handle: Handle = coordinatorPlatform.createWorker(this.script, lock);
    this.#alive.set(handle, lock);
    void handle.dead.then(() => this.#alive.delete(handle));
    return { handle, lock };
  }

  /**
   * Ends all workers; after that none can be created. Resolves when all are gone or the time is up, to the locks of those that
   * are still alive. This is needed because Chromium can leak the workers of a worker that it terminates (native/RATIONALE.md).
   */
  async end(): Promise<string[]> {
    this.#ending = true;
    const late = sleep(COMING_UP_MS);
    const ends = [...this.#alive.keys()].map(async (handle) => {
      await Promise.race([handle.settled, late]);
      handle.terminate();
      await Promise.race([handle.dead, sleep(coordinatorPlatform.longestDeath)]);
    });
    await Promise.all(ends);
    return [...this.#alive.values()];
  }
}
