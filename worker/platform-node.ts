/** The platform for Node's worker threads. */
import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import v8 from 'node:v8';
import { parentPort, Worker, type MessagePort, type Transferable } from 'node:worker_threads';
import type { Endpoint } from '../common/endpoint.ts';
import type { CoordinatorPlatform, Platform, WorkerHandle } from './platform.ts';

function parent<Out, In>(): Endpoint<Out, In> {
  const port = parentPort as MessagePort;
  const endpoint: Endpoint<Out, In> = {
    post: (message, transfer = []) => port.postMessage(message, transfer as unknown as Transferable[]),
    onmessage: null,
    onerror: null,
    terminate: () => process.exit(),
  };
  port.on('message', (message: In) => endpoint.onmessage?.(message));
  return endpoint;
}

function createWorker<Out, In>(url: string): WorkerHandle<Out, In> {
  const worker = new Worker(new URL(url));
  const handle: WorkerHandle<Out, In> = {
    post: (message, transfer = []) => worker.postMessage(message, transfer as unknown as Transferable[]),
    onmessage: null,
    onerror: null,
    terminate() {
      handle.onmessage = handle.onerror = null;
      void worker.terminate();
    },
    settled: new Promise((resolve) => {
      for (const event of ['online', 'exit']) worker.once(event, () => resolve());
    }),
    dead: new Promise((resolve) => worker.on('exit', () => resolve())),
  };
  worker.on('message', (message: In) => handle.onmessage?.(message));
  worker.on('error', (error) => handle.onerror?.(error instanceof Error ? error : new Error(String(error))));
  worker.on('exit', () => handle.onerror?.(new Error('the worker exited'))); // called before code that awaits `dead` continues
  return handle;
}

async function readUrl(url: string, signal: AbortSignal | null = null): Promise<Response> {
  if (!url.startsWith('file:')) return fetch(url, { signal });
  const bytes = await readFile(new URL(url), { signal: signal ?? undefined });
  return new Response(new Uint8Array(bytes), {
    headers: { 'content-type': 'application/wasm', 'content-length': String(bytes.length) },
  });
}

/** Up to Node 20, V8's baseline compiler miscompiles atomics, so modules with shared memory are compiled eagerly by the optimizing compiler. */
const baselineIsBroken = Number(process.versions.node.split('.')[0]) < 22;

function withoutBaseline<T>(compile: () => T): T {
  if (!baselineIsBroken) return compile();
  v8.setFlagsFromString('--no-liftoff');
  v8.setFlagsFromString('--no-wasm-lazy-compilation');
  try {
    return compile();
  } finally {
    v8.setFlagsFromString('--liftoff');
    v8.setFlagsFromString('--wasm-lazy-compilation');
  }
}

/**
 * V8 reuses code that it compiled for the same bytes, whichever compiler produced it, and the page's side has already compiled this module. An empty custom
 * section at the end makes the bytes differ.
 */
function compileApart(bytes: Uint8Array): WebAssembly.Module {
  const apart = new Uint8Array(bytes.length + APART.length);
  apart.set(bytes);
  apart.set(APART, bytes.length);
  return withoutBaseline(() => new WebAssembly.Module(apart));
}
/** A custom section (0) of 6 bytes, with a name of 5. */
const APART = [0, 6, 5, ...Buffer.from('apart')];

export const platform: Platform = {
  parent,
  holdForLife: () => Promise.resolve(), // Node reports the exit of a worker
  fetch: readUrl,
  collectGarbage: () => undefined,
  exit: () => process.exit(),
};

export const coordinatorPlatform: CoordinatorPlatform = {
  createWorker,
  releaseDelay: 0,
  async compileKernel(url) {
    const bytes = await readFile(new URL(url));
    return withoutBaseline(() => new WebAssembly.Module(bytes));
  },
  ...(baselineIsBroken && { compileThreaded: async (bytes: Uint8Array) => compileApart(bytes) }),
  emptyMemoryIsFatal: false,
  cores: availableParallelism(),
};
