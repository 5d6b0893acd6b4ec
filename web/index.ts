/**
 * holdfast runs unmodified WASI programs in a web page. Programs can block; the page never freezes.
 *
 * @packageDocumentation
 */
import type { Diagnosis } from './diagnose.js';
import { helped } from './check.js';
import { assetMessage, locateAssets, loopsOutliveWorkers, pageUrl, startCoordinator } from './endpoint-web.js';
import { asError, NotIsolated, StartFailed } from './errors.js';
import { Runtime, type Holdfast } from './holdfast.js';
import { later } from './later.js';
import { planStart, type StartOptions } from './options.js';
import type { Loader } from './source.js';

export * from './public.js';
export type { Diagnosis } from './diagnose.js';

/** The coordinator downloads and compiles each URL once. */
const loader: Loader = {
  base: pageUrl,
  load: (url) => ({ kind: 'url', url: url.href }),
  interrupts: loopsOutliveWorkers(),
};

/**
 * Starts a runtime in this page: a coordinator and its workers. If the page is not cross-origin isolated, all programs share one worker (docs/hosting.md).
 *
 * @param options - Workers, kernel memory, the location of the runtime's files, an abort signal and a time limit.
 * @returns The running runtime. Call `close()` when you no longer need it.
 * @throws `NotIsolated` when the page is not cross-origin isolated and the browser or the option `isolation` requires that; the message names the missing
 * header.
 * @throws `StartFailed` when anything else prevents the start; `problems` lists each problem with its fix.
 * @throws `TypeError` or `RangeError` for invalid options.
 * @throws The signal's reason when `options.signal` is aborted before the runtime has started.
 *
 * @example
 * const hf = await start();
 * const { stdout } = await hf.run('/hello.wasm');
 * await hf.close();
 */
export async function start(options: StartOptions = {}): Promise<Holdfast> {
  const settings = await helped(() => planStart(options));
  settings.signal?.throwIfAborted();
  const assets = await helped(() => locateAssets(options.assets));
  const isolated = globalThis.crossOriginIsolated === true;
  try {
    const single =
      (!isolated || options.isolation !== undefined) &&
      (await later('single.js', import('./single.js'))).endpoint(options, isolated, assets, settings, startCoordinator);
    if (!single && !isolated) throw new NotIsolated('this page is not cross-origin isolated', []);
    const runtime = new Runtime(single || startCoordinator(assets), single ? { ...loader, interrupts: true } : loader);
    await runtime.open(assetMessage(assets), settings);
    return runtime;
  } catch (error) {
    if (!(error instanceof StartFailed)) throw error;
    const { problems } = await diagnose(options);
    throw new (error.constructor as typeof StartFailed)(error.message, problems, { cause: error });
  }
}

/**
 * Reports what prevents the runtime from starting in this page. It fetches the headers of the page and of the runtime's
 * files, and waits at most 10 s for each. It never rejects.
 *
 * @param options - `assets` and `isolation`, as you would pass them to `start()`.
 * @returns `ok`, how programs would run, and a list of problems, each with its reason and its fix.
 *
 * @example
 * const { ok, problems } = await diagnose();
 * if (!ok) for (const { what, fix } of problems) console.warn(what, fix);
 */
export async function diagnose(options: Pick<StartOptions, 'assets' | 'isolation'> = {}): Promise<Diagnosis> {
  try {
    const file = await later('diagnose.js', import('./diagnose.js'));
    return await file.diagnosis(options, () => locateAssets(options.assets));
  } catch (error) {
    const why = 'It finds out what keeps the runtime from starting.';
    const fix = 'Put that file beside the script of this package.';
    return { ok: false, mode: null, problems: [{ what: asError(error).message, why, fix }], lacks: [] };
  }
}
