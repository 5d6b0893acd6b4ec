/** Runs the coordinator as a worker thread of Node. */
import { Worker, type TransferListItem } from 'node:worker_threads';
import type { Endpoint } from '../common/endpoint.js';
import { nodeName, SINGLE_FILES } from '../common/files.js';
import type { FromCoordinator, ToCoordinator } from '../common/protocol.js';
import { locate, type AssetName, type Assets, type Located } from './assets.js';

/** Literal URLs, as in endpoint-web.ts. */
const here: Readonly<Record<AssetName, () => URL>> = {
  coordinator: () => new URL('./coordinator.node.mjs', import.meta.url),
  compute: () => new URL('./compute.node.mjs', import.meta.url),
  kernel: () => new URL('./kernel.wasm', import.meta.url),
  rewrite: () => new URL('./rewrite.wasm', import.meta.url),
  supervise: () => new URL('./coordinator-supervise.node.mjs', import.meta.url),
  files: () => new URL('./coordinator-files.node.mjs', import.meta.url),
  guest: () => new URL('./compute-guest.node.mjs', import.meta.url),
  component: () => new URL('./coordinator-component.node.mjs', import.meta.url),
  parser: () => new URL('./component.wasm', import.meta.url),
  p2: () => new URL('./p2.wasm', import.meta.url),
  executor: () => new URL('./compute-component.node.mjs', import.meta.url),
  typed: () => new URL('./compute-typed.node.mjs', import.meta.url),
};

export const locateAssets = (assets: Assets | undefined, base: string): Located => locate(assets, base, here, nodeName);

/** Changes the located files to those with which all programs share one worker. */
export function inOneWorker(located: Located): void {
  located.coordinator = new URL(nodeName(SINGLE_FILES.coordinator), located.coordinator);
  located.kernel = new URL(SINGLE_FILES.kernel, located.kernel);
}

export function startCoordinator({ coordinator }: Located): Endpoint<ToCoordinator, FromCoordinator> {
  // Workers inherit the flags of the process; this one concerns the code of `node -e`, and workers run a file.
  const inherited = process.execArgv.some((flag) => flag.startsWith('--input-type')) ? { execArgv: [] } : {};
  const worker = new Worker(coordinator, { name: 'holdfast', ...inherited });
  let ended = false;
  const endpoint: Endpoint<ToCoordinator, FromCoordinator> = {
    // Node's names for the DOM's events.
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
  worker.on('exit', (code) => fail(new Error(`the coordinator exited unexpectedly with code ${code}`)));
  return endpoint;
}
