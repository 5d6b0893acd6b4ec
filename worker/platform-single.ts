/**
 * The platform for a page that is not cross-origin isolated: its workers cannot share memory, so guests run in the coordinator's worker (single.ts). Only
 * the rewriter, which shares nothing, has a worker.
 */
import { platform as other, coordinatorPlatform as otherCoordinator } from '#engine';
import { leave } from '../common/parts.ts';
import type { Endpoint } from '../common/endpoint.ts';
import type { PulseMessage } from '../common/protocol.ts';
import type { BootMessage, FromCompute, ToCompute } from '../common/worker-protocol.ts';
import type { CoordinatorPlatform, Platform, WorkerHandle } from './platform.ts';
import { Scheduler } from './scheduler.ts';
import { SingleWorker } from './single.ts';

const scheduler = new Scheduler();

/** For `hf.stats()` (coordinator/files.ts). */
leave({ single: true });

type Handle = WorkerHandle<ToCompute, FromCompute>;

/** Becomes a real worker if its first message is for the rewriter. */
function createHandle(url: string, lock: string): Handle {
  let settle: () => void, bury: () => void;
  let real: Handle | undefined;
  let guest: SingleWorker | undefined;
  const tell = (message: FromCompute): void => queueMicrotask(() => handle.onmessage?.(message));
  const fail = (error: unknown): void => handle.onerror?.(error instanceof Error ? error : new Error(String(error)));
  const rewriter = (): Handle => {
    other.collectGarbage(); // its memory may need the room of programs that have ended
    const worker = otherCoordinator.createWorker<ToCompute, FromCompute>(url, lock);
    worker.onmessage = (message) => handle.onmessage?.(message);
    worker.onerror = (error, gone) => handle.onerror?.(error, gone);
    void worker.settled.then(settle);
    void worker.dead.then(bury);
    return worker;
  };
  const boot = (message: BootMessage): void => {
    settle();
    try {
      guest = new SingleWorker(message, tell, fail, scheduler);
    } catch (error) {
      fail(error);
    }
  };
  const handle: Handle = {
    post(message, transfer) {
      if (message.t === 'rewrite') real ??= rewriter();
      if (real) real.post(message, transfer);
      else if (message.t === 'boot') boot(message);
      else if (message.t === 'run') scheduler.enqueue(() => guest?.run(message));
      else if (message.t === 'collect') other.collectGarbage();
    },
    onmessage: null,
    onerror: null,
    terminate() {
      handle.onmessage = handle.onerror = null;
      settle();
      if (real) real.terminate();
      else
        void Promise.resolve(guest?.terminate()).then(() => {
          guest = undefined;
          other.collectGarbage(); // the memories of its guests
          bury();
        });
    },
    settled: new Promise((resolve) => (settle = resolve)),
    dead: new Promise((resolve) => (bury = resolve)),
  };
  return handle;
}

export const platform: Platform = {
  ...other,
  parent<Out, In>(): Endpoint<Out, In> {
    const page = other.parent<Out, In>();
    const endpoint: Endpoint<Out, In> = { ...page, onmessage: null };
    page.onmessage = (message) => {
      scheduler.newTask();
      if ((message as PulseMessage).t === 'pulse') page.post(message as never);
      else endpoint.onmessage?.(message);
    };
    return endpoint;
  },
};

export const coordinatorPlatform: CoordinatorPlatform = {
  ...otherCoordinator,
  createWorker: createHandle as CoordinatorPlatform['createWorker'],
  releaseDelay: 0,
  cores: 1,
  waits: scheduler.imports,
};
