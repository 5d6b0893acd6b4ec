/** The differences between workers in a browser and in Node. The import "#platform" selects platform-web.ts or platform-node.ts for the bundle. */
import type { Endpoint } from '../common/endpoint.ts';
import type { Waits } from './kernel.ts';

export interface WorkerHandle<Out, In> extends Endpoint<Out, In> {
  /** Resolves when the worker has sent its first message, or has failed to start. */
  readonly settled: Promise<void>;
  /** Resolves when no code of the worker runs any more. In Chromium a terminated wasm loop keeps running for two seconds. */
  readonly dead: Promise<void>;
  /** Terminates the worker; no more messages come from it. */
  terminate(): void;
}

/** The functions that every worker needs. */
export interface Platform {
  /** The endpoint to the worker or page that created this worker. */
  parent<Out, In>(): Endpoint<Out, In>;
  /** Takes the lock that this worker holds for life. Resolves when others can detect the worker's death. Call it once. */
  holdForLife(lock: string): Promise<void>;
  /** Fetches a URL, which in Node may be a file. Aborting the signal also ends the body. */
  fetch(url: string, signal?: AbortSignal): Promise<Response>;
  /** Collects this worker's garbage in Chromium, where uncollected memories keep other workers from allocating theirs. */
  collectGarbage(): void;
  /** Ends this worker. */
  exit(): void;
}

/** The functions that only the coordinator needs. They are a separate constant, so that the compute workers' script does not contain them. */
export interface CoordinatorPlatform {
  /** `lock`: the name that the new worker must pass to `holdForLife`, so that the coordinator can detect its death. */
  createWorker<Out, In>(url: string, lock: string): WorkerHandle<Out, In>;
  /** How long after its death a worker may still hold resources, in milliseconds. */
  readonly releaseDelay: number;
  /** How long to wait for the death of terminated workers, in milliseconds: longer than they take on a busy machine, except where a loop never ends. */
  readonly longestDeath: number;
  /** Compiles the kernel, with workarounds for the engine. */
  compileKernel(url: string): Promise<WebAssembly.Module>;
  /** Compiles a guest with threads; absent if the engine does not need a different compiler for them. */
  readonly compileThreaded?: (bytes: Uint8Array<ArrayBuffer>) => Promise<WebAssembly.Module>;
  /** Whether a shared memory with a maximum of 0 pages crashes the engine and the page: WebKit (2.50). */
  readonly emptyMemoryIsFatal: boolean;
  readonly cores: number;
  /** How guests in this worker wait; present in platform-single.ts only. */
  readonly waits?: Waits;
}
