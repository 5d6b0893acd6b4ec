/** Runs the coordinator as a dedicated worker of the page. */
import type { Endpoint } from '../common/endpoint.js';
import type { FromCoordinator, InitMessage, ToCoordinator } from '../common/protocol.js';
import { trusted } from '../common/trusted-types.js';
import { hrefs, locate, type AssetName, type Assets, type Located } from './assets.js';
import { asError, StartFailed } from './errors.js';

/** The base of relative URLs. */
export const pageUrl = (): string => (typeof document === 'undefined' ? location.href : document.baseURI);

/**
 * WebKit (2.50) lets a wasm loop continue forever in a worker that was terminated. A test would leave such a loop
 * behind, so this checks the engine's name; Chromium's also contains "AppleWebKit".
 */
export const loopsOutliveWorkers = (): boolean =>
  /AppleWebKit/.test(navigator.userAgent) && !/Chrom(e|ium)/.test(navigator.userAgent);

/**
 * The `new URL('./name', import.meta.url)` are literal because bundlers look for that form: they copy the file and
 * insert its new name. None is inside a `new Worker`, because bundlers would then bundle the script again, and only
 * that call would know its URL. Each URL is created on demand, because that throws in a bundle that is not a module.
 */
const here: Readonly<Record<AssetName, () => URL>> = {
  coordinator: () => new URL('./coordinator.js', import.meta.url),
  compute: () => new URL('./compute.js', import.meta.url),
  kernel: () => new URL('./kernel.wasm', import.meta.url),
  rewrite: () => new URL('./rewrite.wasm', import.meta.url),
  supervise: () => new URL('./coordinator-supervise.js', import.meta.url),
  files: () => new URL('./coordinator-files.js', import.meta.url),
  guest: () => new URL('./compute-guest.js', import.meta.url),
  component: () => new URL('./coordinator-component.js', import.meta.url),
  parser: () => new URL('./component.wasm', import.meta.url),
  p2: () => new URL('./p2.wasm', import.meta.url),
  executor: () => new URL('./compute-component.js', import.meta.url),
  typed: () => new URL('./compute-typed.js', import.meta.url),
};

export const locateAssets = (assets: Assets | undefined): Located => locate(assets, pageUrl(), here);

/**
 * A worker's script must be on the page's origin. For a script on another origin (except a data: URL), this creates a
 * blob that imports it and lives as long as the page.
 */
const ownScripts = new Map<string, string>();
function ownScript({ href, origin }: URL): string {
  if (origin === location.origin) return href;
  let own = ownScripts.get(href);
  if (own === undefined) {
    own = URL.createObjectURL(new Blob([`import ${JSON.stringify(href)}`], { type: 'text/javascript' }));
    ownScripts.set(href, own);
  }
  return own;
}

/** Starts the coordinator. Throws `StartFailed` if the browser refuses to create the worker. */
export function startCoordinator({ coordinator }: Located): Endpoint<ToCoordinator, FromCoordinator> {
  try {
    return workerEndpoint(new Worker(trusted(ownScript(coordinator)), { type: 'module', name: 'holdfast' }));
  } catch (error) {
    throw new StartFailed(
      `the browser refuses to start the coordinator's worker: ${asError(error).message} ` +
        '(a Content-Security-Policy must allow it in worker-src, and where it requires Trusted Types, a policy named holdfast)',
      [],
      { cause: error },
    );
  }
}

/**
 * How long the coordinator outlives its workers, in milliseconds. A browser releases a worker's lock shortly before its
 * thread has ended, and Chromium can leak a coordinator that is terminated in between (native/RATIONALE.md).
 */
const RELEASE_DELAY = 100;

function workerEndpoint(worker: Worker): Endpoint<ToCoordinator, FromCoordinator> {
  const lock = `holdfast-${crypto.randomUUID()}`;
  let death: Promise<unknown> | undefined;
  /**
   * The coordinator holds this lock for life, so it is granted when the coordinator is truly gone; browsers have no
   * other signal for that.
   */
  const watch = (): Promise<unknown> =>
    (death ??= navigator.locks
      .request(lock, () => endpoint.onerror?.(new Error('the browser ended the coordinator'), true))
      .catch(() => undefined)); // the page itself is being unloaded
  const endpoint: Endpoint<ToCoordinator, FromCoordinator> = {
    lock,
    post: (message, transfer = []) => worker.postMessage(message, transfer),
    onmessage: null,
    onerror: null,
    terminate: () => void setTimeout(() => worker.terminate(), RELEASE_DELAY),
    gone: (locks) =>
      locks ? Promise.all(locks.map((name) => navigator.locks.request(name, () => undefined))) : watch(),
  };
  worker.onmessage = ({ data }: MessageEvent<FromCoordinator>) => {
    if (data.t === 'ready') void watch();
    endpoint.onmessage?.(data);
  };
  worker.onerror = (event) => {
    // A script that could not be loaded causes an event without a message or a reason.
    const text = event.message ? `the coordinator failed: ${event.message}` : 'the coordinator could not be loaded';
    endpoint.onerror?.(new Error(text), !event.message);
  };
  worker.onmessageerror = () => endpoint.onerror?.(new Error('a message of the coordinator could not be read'));
  return endpoint;
}

/** The coordinator starts the compute workers, and imports or fetches the other files. */
export const assetMessage = (located: Located): InitMessage['assets'] => ({
  ...hrefs(located),
  compute: ownScript(located.compute),
});
