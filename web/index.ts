/**
 * holdfast: runs unmodified WASI programs in a page. They block; the page never freezes.
 *
 * @packageDocumentation
 */
import type { Diagnosis } from './diagnose.js';
import { assetMessage, locateAssets, loopsOutliveWorkers, pageUrl, startCoordinator } from './endpoint-web.js';
import { asError, NotIsolated, StartFailed, type Problem } from './errors.js';
import { Runtime, type Holdfast } from './holdfast.js';
import { later } from './later.js';
import { helped, planStart, type StartOptions } from './options.js';
import type { Loader } from './source.js';

export * from './public.js';
export type { Diagnosis } from './diagnose.js';

/** URLs go to the coordinator, which downloads and compiles each once. */
const loader: Loader = {
  base: pageUrl,
  load: (url) => ({ kind: 'url', url: url.href }),
  loopsOutliveWorkers: loopsOutliveWorkers(),
};

/**
 * Starts a runtime in this page: a coordinator and its workers. The page must be cross-origin isolated.
 *
 * Rejects with `NotIsolated` (which header is missing) or `StartFailed` (what else is wrong, and what to do), with
 * `TypeError` or `RangeError` for wrong options, and with the signal's reason when aborted.
 */
export async function start(options: StartOptions = {}): Promise<Holdfast> {
  const settings = await helped(() => planStart(options));
  settings.signal?.throwIfAborted();
  if (globalThis.crossOriginIsolated !== true) {
    const { problems } = await diagnose(options);
    throw new NotIsolated('this page is not cross-origin isolated', problems);
  }
  const assets = await helped(() => locateAssets(options.assets));
  const runtime = new Runtime(startCoordinator(assets), loader);
  try {
    await runtime.open(assetMessage(assets), settings);
  } catch (error) {
    if (!(error instanceof StartFailed)) throw error;
    const { problems } = await diagnose(options);
    throw new StartFailed(error.message, problems, { cause: error });
  }
  return runtime;
}

/**
 * Finds out what keeps the runtime from starting in this page. Fetches the headers of the page and of the runtime's
 * files, and waits 10 s at most for each; never rejects.
 */
export async function diagnose(options: Pick<StartOptions, 'assets'> = {}): Promise<Diagnosis> {
  const problems = await problemsOf(options).catch((error: unknown): Problem[] => [
    {
      what: asError(error).message,
      why: 'It finds out what keeps the runtime from starting.',
      fix: 'Put that file beside the script of this package.',
    },
  ]);
  return { ok: problems.length === 0, problems };
}

async function problemsOf({ assets }: Pick<StartOptions, 'assets'>): Promise<Problem[]> {
  const file = await later('diagnose.js', import('./diagnose.js'));
  return file.problemsOf(() => locateAssets(assets));
}
