/** The compute workers as browser objects. The kernel decides how many there are and what they run (pool.c). */
import type { Transfer } from '../common/endpoint.ts';
import { coordinatorPlatform } from '#platform';
import type { Pointer } from '../common/pointer.ts';
import type { FromCompute, ToCompute } from '../common/worker-protocol.ts';
import { sleep, type ChildWorkers, type Handle } from './child-workers.ts';

export interface WorkerEvents {
  message(worker: number, message: FromCompute): void;
  /** Called when the worker threw, or its script could not be loaded. */
  error(worker: number, error: Error): void;
  dead(worker: number): void;
}

/** On a busy machine, a dead worker's memory is freed some time after its lock, and memory that a worker collected even later. */
const FREEING_MS = 1000;

export class Workers {
  readonly #handles = new Map<number, Handle>();
  /** The terminated workers that are not dead yet. */
  readonly #dying = new Set<Handle>();
  /** When a worker last died or was asked to collect its garbage. */
  #lastFreed = -Infinity;

  readonly #children: ChildWorkers;
  readonly #boot: Omit<Extract<ToCompute, { t: 'boot' }>, 't' | 'lock' | 'stackTop' | 'tls' | 'thread'>;
  readonly #events: WorkerEvents;

  constructor(
    children: ChildWorkers,
    boot: Omit<Extract<ToCompute, { t: 'boot' }>, 't' | 'lock' | 'stackTop' | 'tls' | 'thread'>,
    events: WorkerEvents,
  ) {
    this.#children = children;
    this.#boot = boot;
    this.#events = events;
  }

  create(worker: number, stackTop: Pointer, tls: Pointer, thread: Pointer): void {
    const { handle, lock } = this.#children.create();
    this.#handles.set(worker, handle);
    handle.onmessage = (message) => this.#events.message(worker, message);
    handle.onerror = (error) => this.#events.error(worker, error);
    void handle.dead.then(() => {
      this.#handles.delete(worker);
      this.#dying.delete(handle);
      this.#lastFreed = performance.now();
      this.#events.dead(worker);
    });
    handle.post({ t: 'boot', ...this.#boot, lock, stackTop, tls, thread });
  }

  post(worker: number, message: ToCompute, transfer: Transfer[] = []): void {
    if (message.t === 'collect') this.#lastFreed = performance.now();
    this.#handles.get(worker)?.post(message, transfer);
  }

  /** Terminates a worker. No more messages come from it. */
  terminate(worker: number): void {
    const handle = this.#handles.get(worker);
    if (!handle) return;
    handle.terminate();
    this.#dying.add(handle);
  }

  /** Resolves when all terminated workers, except those in `others`, are dead. */
  async #allDead(others: ReadonlySet<Handle>): Promise<void> {
    const dying = [...this.#dying].filter((handle) => !others.has(handle));
    if (dying.length === 0) return;
    await Promise.all(dying.map((handle) => handle.dead));
    await sleep(coordinatorPlatform.releaseDelay);
  }

  /**
   * Waits until a terminated worker is dead, up to `longestDeath`. If there is none, waits a moment. Returns false if no worker died and
   * no memory was freed recently.
   */
  async nextDeath(): Promise<boolean> {
    const dying = [...this.#dying].map((handle) => handle.dead.then(() => true));
    if (dying.length === 0) {
      const recent = performance.now() - this.#lastFreed <= FREEING_MS;
      // The last attempt waits, too, because the engine frees collected memory in the background.
      await sleep(FREEING_MS / 10);
      return recent;
    }
    const gone = await Promise.race([...dying, sleep(coordinatorPlatform.longestDeath).then(() => false)]);
    await sleep(coordinatorPlatform.releaseDelay);
    return gone;
  }

  /** Calls `terminate`, which ends some workers, and waits until they are dead. */
  async terminateAndWait<T>(terminate: () => T): Promise<T> {
    const others = new Set(this.#dying);
    const result = terminate();
    await this.#allDead(others);
    return result;
  }
}
