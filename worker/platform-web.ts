/** The platform for browser workers. */
import type { Endpoint } from '../common/endpoint.ts';
import { requireBody } from '../common/download.ts';
import { trusted } from '../common/trusted-types.ts';
import type { CoordinatorPlatform, Platform, WorkerHandle } from './platform.ts';

const scope = self as unknown as DedicatedWorkerGlobalScope;
const isChromium = (): boolean => /Chrom(e|ium)/.test(navigator.userAgent);
/** Chromium's name also contains "AppleWebKit". */
const isWebKit = (): boolean => /AppleWebKit/.test(navigator.userAgent) && !isChromium();

function parent<Out, In>(): Endpoint<Out, In> {
  const endpoint: Endpoint<Out, In> = {
    post: (message, transfer = []) => scope.postMessage(message, transfer),
    onmessage: null,
    onerror: null,
    terminate: () => scope.close(),
  };
  scope.onmessage = (event: MessageEvent<In>) => endpoint.onmessage?.(event.data);
  // An unhandled rejection becomes an error event in the parent, as in Node.
  scope.addEventListener('unhandledrejection', (event) => {
    event.preventDefault();
    reportError(event.reason);
  });
  return endpoint;
}

function createWorker<Out, In>(url: string, lock: string): WorkerHandle<Out, In> {
  const worker = new Worker(trusted(url), { type: 'module', name: lock });
  let bury: () => void, settle: () => void;
  const dead = new Promise<void>((resolve) => (bury = resolve));
  const settled = new Promise<void>((resolve) => (settle = resolve));
  let watched = false;
  /** The worker holds the lock for life, so the lock is granted here once the worker is gone, or at once if the worker never took it. */
  const watch = (): void => {
    if (watched) return;
    watched = true;
    void navigator.locks.request(lock, () => {
      handle.onerror?.(new Error('the browser ended the worker'));
      bury();
    });
  };
  const handle: WorkerHandle<Out, In> = {
    post: (message, transfer = []) => worker.postMessage(message, transfer),
    onmessage: null,
    onerror: null,
    terminate() {
      handle.onmessage = handle.onerror = null;
      worker.terminate();
      settle();
      watch();
    },
    settled,
    dead,
  };
  worker.onmessage = (event: MessageEvent<In>) => {
    settle();
    watch(); // a worker that sends messages holds the lock
    handle.onmessage?.(event.data);
  };
  worker.onerror = (event) => {
    event.preventDefault();
    settle();
    handle.onerror?.(new Error(event.message || `the worker's script could not be loaded: ${url}`));
  };
  return handle;
}

export const platform: Platform = {
  parent,
  holdForLife: (lock) =>
    new Promise((resolve) => {
      void navigator.locks.request(lock, () => {
        resolve();
        return new Promise<never>(() => undefined);
      });
    }),
  fetch: (url, signal) => fetch(url, { signal: signal ?? null }),
  collectGarbage() {
    if (!isChromium()) return;
    try {
      void new ArrayBuffer(2 ** 33);
    } catch {
      // V8 collects garbage before it reports that there is no memory; that takes under 2 ms for a worker's small heap.
    }
  },
  exit: () => scope.close(),
};

// Its properties have no side effects, so that scripts that do not use it do not contain it.
export const coordinatorPlatform: CoordinatorPlatform = {
  createWorker,
  // The browser releases the lock shortly before the worker's thread has ended.
  releaseDelay: 100,
  // Chromium takes two seconds to end a loop, longer on a busy machine. WebKit never does.
  longestDeath: /* @__PURE__ */ isWebKit() ? 2500 : 10_000,
  async compileKernel(url) {
    const response = await fetch(url);
    requireBody(response, url);
    return WebAssembly.compile(await response.arrayBuffer());
  },
  emptyMemoryIsFatal: /* @__PURE__ */ isWebKit(), // a trial would crash the page
  get cores() {
    return navigator.hardwareConcurrency;
  },
};
