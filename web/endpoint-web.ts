/** The coordinator as a dedicated worker of the page. */
import { overridesOf } from './assets.js';
import { StartFailed } from './errors.js';
import type { Assets } from './options.js';
import type { Endpoint, FromCoordinator, InitMessage, ToCoordinator } from './protocol.js';

const NAMES = {
  coordinator: 'coordinator.js',
  compute: 'compute.js',
  kernel: 'kernel.wasm',
  rewrite: 'rewrite.wasm',
  supervise: 'coordinator-supervise.js',
};

/** What relative URLs are resolved against. */
export const pageUrl = (): string => (typeof document === 'undefined' ? location.href : document.baseURI);

/** WebKit (2.50) lets a loop of wasm run on for ever in a worker that was terminated. Trying would leave one such loop behind, so the name has to do; Chromium's has "AppleWebKit" too. */
export const loopsOutliveWorkers = (): boolean =>
  /AppleWebKit/.test(navigator.userAgent) && !/Chrom(e|ium)/.test(navigator.userAgent);

/** Where everything is; `coordinator` is undefined when a bundler has put it somewhere that only `new Worker` knows. */
export interface WebAssets {
  coordinator: URL | undefined;
  compute: URL;
  kernel: URL;
  rewrite: URL;
  supervise: URL;
}

/**
 * The `new URL('./name', import.meta.url)` are literal because that is what bundlers look for: they copy the file and
 * put its new name in.
 */
export function locateAssets(assets: Assets | undefined): WebAssets {
  const given = overridesOf(assets, NAMES, pageUrl());
  const kernel = new URL('./kernel.wasm', import.meta.url);
  const compute = new URL('./compute.js', import.meta.url);
  const rewrite = new URL('./rewrite.wasm', import.meta.url);
  const supervise = new URL('./coordinator-supervise.js', import.meta.url);
  const bundled = !kernel.pathname.endsWith(`/${NAMES.kernel}`);
  return {
    coordinator: given.coordinator ?? (bundled ? undefined : new URL(NAMES.coordinator, kernel)),
    compute: given.compute ?? compute,
    kernel: given.kernel ?? kernel,
    rewrite: given.rewrite ?? rewrite,
    supervise: given.supervise ?? supervise,
  };
}

/** Starts the coordinator. Throws `StartFailed` when the browser refuses even to try. */
export function startCoordinator(assets: Assets | undefined): Endpoint<ToCoordinator, FromCoordinator> {
  const { coordinator } = overridesOf(assets, NAMES, pageUrl());
  try {
    return workerEndpoint(
      coordinator
        ? new Worker(coordinator, { type: 'module', name: 'holdfast' })
        : new Worker(new URL('./coordinator.js', import.meta.url), { type: 'module', name: 'holdfast' }),
    );
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new StartFailed(
      `the browser refuses to start the coordinator's worker: ${reason} ` +
        '(its script must be of the same origin as the page, and a Content-Security-Policy must allow it in worker-src)',
      [],
      { cause: error },
    );
  }
}

function workerEndpoint(worker: Worker): Endpoint<ToCoordinator, FromCoordinator> {
  const lock = `holdfast-${crypto.randomUUID()}`;
  let death: Promise<unknown> | undefined;
  /** The lock is granted when the coordinator, which holds it for life, is truly gone; browsers tell of that in no other way. */
  const watch = (): Promise<unknown> =>
    (death ??= navigator.locks
      .request(lock, () => endpoint.onerror?.(new Error('the browser ended the coordinator'), true))
      .catch(() => undefined)); // the page itself is going
  const endpoint: Endpoint<ToCoordinator, FromCoordinator> = {
    lock,
    post: (message, transfer = []) => worker.postMessage(message, transfer),
    onmessage: null,
    onerror: null,
    terminate: () => worker.terminate(),
    gone: (locks) => Promise.all([watch(), ...locks.map((name) => navigator.locks.request(name, () => undefined))]),
  };
  worker.onmessage = ({ data }: MessageEvent<FromCoordinator>) => {
    if (data.t === 'ready') void watch();
    endpoint.onmessage?.(data);
  };
  worker.onerror = (event) => {
    // A script that could not be loaded gives an event without a message, and says nowhere why.
    const text = event.message ? `the coordinator failed: ${event.message}` : 'the coordinator could not be loaded';
    endpoint.onerror?.(new Error(text), !event.message);
  };
  worker.onmessageerror = () => endpoint.onerror?.(new Error('a message of the coordinator could not be read'));
  return endpoint;
}

export const assetMessage = ({ compute, kernel, rewrite, supervise }: WebAssets): InitMessage['assets'] => ({
  compute: compute.href,
  kernel: kernel.href,
  rewrite: rewrite.href,
  supervise: supervise.href,
});
