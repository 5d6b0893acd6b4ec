/** The coordinator as a worker thread of Node. */
import { Worker, type TransferListItem } from 'node:worker_threads';
import { overridesOf } from './assets.js';
import type { Assets } from './options.js';
import type { Endpoint, FromCoordinator, ToCoordinator } from './protocol.js';

const NAMES = {
  coordinator: 'coordinator.node.js',
  compute: 'compute.node.js',
  kernel: 'kernel.wasm',
  rewrite: 'rewrite.wasm',
  supervise: 'coordinator-supervise.js',
};

export interface NodeAssets {
  coordinator: URL;
  compute: URL;
  kernel: URL;
  rewrite: URL;
  supervise: URL;
}

export function locateAssets(assets: Assets | undefined, base: string): NodeAssets {
  const { coordinator, compute, kernel, rewrite, supervise } = overridesOf(assets, NAMES, base);
  return {
    coordinator: coordinator ?? new URL(NAMES.coordinator, import.meta.url),
    compute: compute ?? new URL(NAMES.compute, import.meta.url),
    kernel: kernel ?? new URL(NAMES.kernel, import.meta.url),
    rewrite: rewrite ?? new URL(NAMES.rewrite, import.meta.url),
    supervise: supervise ?? new URL(NAMES.supervise, import.meta.url),
  };
}

export function startCoordinator({ coordinator }: NodeAssets): Endpoint<ToCoordinator, FromCoordinator> {
  // Flags of the process are the workers' too; this one is about the text of `node -e`, and no file is run with it.
  const inherited = process.execArgv.some((flag) => flag.startsWith('--input-type')) ? { execArgv: [] } : {};
  const worker = new Worker(coordinator, { name: 'holdfast', ...inherited });
  let ended = false;
  const endpoint: Endpoint<ToCoordinator, FromCoordinator> = {
    // The DOM's name and Node's for the same things.
    post: (message, transfer = []) => worker.postMessage(message, transfer as unknown as TransferListItem[]),
    onmessage: null,
    onerror: null,
    terminate: () => {
      ended = true;
      void worker.terminate();
    },
    gone: () => worker.terminate(),
  };
  const fail = (error: Error): void => {
    if (ended) return;
    ended = true;
    endpoint.onerror?.(error, true);
  };
  worker.on('message', (message: FromCoordinator) => endpoint.onmessage?.(message));
  worker.on('messageerror', fail);
  worker.on('error', (error) => fail(new Error(`the coordinator failed: ${error.message}`, { cause: error })));
  worker.on('exit', (code) => fail(new Error(`the coordinator ended by itself, with exit code ${code}`)));
  return endpoint;
}
