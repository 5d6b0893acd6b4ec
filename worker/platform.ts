/** What differs between a browser's workers and Node's. One of platform-web.ts and platform-node.ts is bundled, by the import "#platform". */
import type { Endpoint } from '../common/endpoint.ts';

export interface WorkerHandle<Out, In> extends Endpoint<Out, In> {
  /** When it has come up and spoken, or failed to. */
  readonly settled: Promise<void>;
  /** When nothing of the worker runs any more. Chromium lets a terminated wasm loop run on for two seconds. */
  readonly dead: Promise<void>;
  /** Nothing of it is heard any more. */
  terminate(): void;
}

/** What each worker needs. */
export interface Platform {
  /** To the worker or page that created this one. */
  parent<Out, In>(): Endpoint<Out, In>;
  /** Called once by a worker about itself. Resolves once its death is sure to be seen. */
  holdForLife(lock: string): Promise<void>;
  /** Fetches a URL; Node's may be a file. An abort of the signal ends it, its body too. */
  fetch(url: string, signal?: AbortSignal): Promise<Response>;
  /** Collects this worker's garbage, in an engine whose workers run out of memories for that of others: Chromium. */
  collectGarbage(): void;
  /** Ends this worker. */
  exit(): void;
}

/** What only the coordinator needs: a constant of its own, so that the compute workers' script is without it. */
export interface CoordinatorPlatform {
  /** `lock`: what the new worker must pass to `holdForLife`, so that its death is seen. */
  createWorker<Out, In>(url: string, lock: string): WorkerHandle<Out, In>;
  /** How long after its death a worker may still hold resources, in milliseconds. */
  readonly releaseDelay: number;
  /** Compiles the kernel, with whatever the engine needs for it. */
  compileKernel(url: string): Promise<WebAssembly.Module>;
  /** Compiles a guest that has threads, where that takes another compiler than the usual one; else absent. */
  readonly compileThreaded?: (bytes: Uint8Array<ArrayBuffer>) => Promise<WebAssembly.Module>;
  /** Whether the engine dies of a shared memory that can have no pages: WebKit (2.50) does, and the page with it. */
  readonly emptyMemoryIsFatal: boolean;
  readonly cores: number;
}
