/** The platform for Node's worker threads. */
import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import v8 from 'node:v8';
import { parentPort, Worker, type MessagePort, type Transferable } from 'node:worker_threads';
import type { Endpoint } from '../common/endpoint.ts';
import { optimizedLazily } from './compilation-hints.ts';
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

/**
 * Up to Node 20, V8's baseline compiler miscompiles atomics, so functions of modules with shared memory are compiled by the optimizing compiler, each at
 * its first call. The hints also keep V8 from reusing code that the page's side has compiled from the same bytes without them. The flag stays set, because
 * it is the process's, and another runtime may be compiling; it affects only modules with hints.
 */
const baselineIsBroken = Number(process.versions.node.split('.')[0]) < 22;
if (baselineIsBroken) v8.setFlagsFromString('--experimental-wasm-compilation-hints');

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
  longestDeath: 'bun' in process.versions ? 2500 : 10_000,
  async compileKernel(url) {
    const bytes = await readFile(new URL(url));
    return new WebAssembly.Module(baselineIsBroken ? optimizedLazily(bytes) : bytes);
  },
  ...(baselineIsBroken && { compileThreaded: (bytes: Uint8Array) => WebAssembly.compile(optimizedLazily(bytes)) }),
  emptyMemoryIsFatal: false,
  cores: availableParallelism(),
};
