/** The compute workers as browser objects. Which there are, and what for, the kernel decides (pool.c). */
import { host } from '#host';
import type { FromCompute, ToCompute } from '../worker/protocol.ts';
import type { WorkerHandle } from '../worker/host.ts';

export interface WorkerEvents {
  message(worker: number, message: FromCompute): void;
  /** The worker threw, or its script could not be loaded. */
  error(worker: number, error: Error): void;
  dead(worker: number): void;
}

type Handle = WorkerHandle<ToCompute, FromCompute>;

export class Workers {
  private readonly handles = new Map<number, Handle>();
  /** Makes the names of locks unique among all runtimes of the origin. */
  private readonly prefix = `holdfast-${crypto.randomUUID()}`;

  constructor(
    private readonly script: string,
    private readonly boot: Omit<Extract<ToCompute, { t: 'boot' }>, 't' | 'lock' | 'stackTop' | 'tls' | 'thread'>,
    private readonly events: WorkerEvents,
  ) {}

  create(worker: number, stackTop: number, tls: number, thread: number): void {
    const lock = `${this.prefix}-${worker}`;
    const handle: Handle = host.createWorker(this.script, lock);
    this.handles.set(worker, handle);
    handle.onmessage = (message) => this.events.message(worker, message);
    handle.onerror = (error) => this.events.error(worker, error);
    void handle.dead.then(() => {
      this.handles.delete(worker);
      this.events.dead(worker);
    });
    handle.post({ t: 'boot', ...this.boot, lock, stackTop, tls, thread });
  }

  post(worker: number, message: ToCompute): void {
    this.handles.get(worker)?.post(message);
  }

  /** No message of it is heard any more. */
  terminate(worker: number): void {
    const handle = this.handles.get(worker);
    if (!handle) return;
    handle.onmessage = null;
    handle.onerror = null;
    handle.terminate();
  }

  terminateAll(): Promise<unknown> {
    const dead = [...this.handles.values()].map((handle) => handle.dead);
    for (const worker of this.handles.keys()) this.terminate(worker);
    return Promise.all(dead);
  }
}
