/**
 * holdfast on Node (20 or newer): the same API over worker threads. Sources may also be `file:` URLs, and strings are
 * resolved against the working directory.
 *
 * @packageDocumentation
 */
import { readFile, stat } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { assetNames, hrefs, type AssetName } from './assets.js';
import type { Diagnosis } from './diagnose.js';
import { locateAssets, startCoordinator } from './endpoint-node.js';
import { asError, SpawnRefused, StartFailed, type Problem } from './errors.js';
import { AT_START, FILES, nodeName } from './files.js';
import { Runtime, type Holdfast } from './holdfast.js';
import { helped, planStart, type StartOptions } from './options.js';
import { compiled, requireCore } from './download.js';
import { importsMemory, inOurWords, type Loader } from './source.js';

export * from './public.js';
export type { Diagnosis } from './diagnose.js';

const nodeMajor = Number(process.versions.node.split('.')[0]);

const workingDirectory = (): string => pathToFileURL(`${process.cwd()}/`).href;

/** Starts a runtime in this process. Node stays alive until it is closed. Rejects as it does in a page. */
export async function start(options: StartOptions = {}): Promise<Holdfast> {
  const settings = await helped(() => planStart(options));
  settings.signal?.throwIfAborted();
  const assets = await helped(() => locateAssets(options.assets, workingDirectory()));
  const runtime = new Runtime(startCoordinator(assets), fileLoader());
  try {
    await runtime.open(hrefs(assets), settings);
  } catch (error) {
    if (!(error instanceof StartFailed)) throw error;
    const { problems } = await diagnose(options);
    throw new StartFailed(error.message, problems, { cause: error });
  }
  return runtime;
}

/** What keeps the runtime from starting in this process, in words. Never rejects. */
export async function diagnose(options: Pick<StartOptions, 'assets'> = {}): Promise<Diagnosis> {
  const problems: Problem[] = [];
  if (nodeMajor < 20) {
    const what = `This is Node ${process.versions.node}.`;
    problems.push({ what, why: 'The runtime is made and tested for 20 and newer.', fix: 'Use a newer Node.' });
  }
  try {
    const located = locateAssets(options.assets, workingDirectory());
    const there = await Promise.all(assetNames.map((name) => isThere(located[name])));
    const missing = assetNames.filter((_, index) => !there[index]);
    if (missing.some((name) => (AT_START as readonly AssetName[]).includes(name)))
      problems.push(missingFiles(missing.map((name) => located[name])));
  } catch (error) {
    const fix = 'Pass the URL of the folder that holds the files of this package.';
    problems.push({ what: asError(error).message, why: 'The runtime loads its other files from there.', fix });
  }
  return { ok: problems.length === 0, problems };
}

const missingFiles = (files: URL[]): Problem => ({
  what: `Not there: ${files.map((url) => url.href).join(', ')}.`,
  why: `The runtime is made of ${assetNames.map((name) => nodeName(FILES[name])).join(', ')}.`,
  fix:
    'A bundler may have left them behind: make the package external to the bundle, or copy the files from node_modules/holdfast/dist ' +
    'beside it, or say in the option "assets" where they are.',
});

/** Of what is no file, the one who fetches it hears. */
const isThere = async (url: URL): Promise<boolean> =>
  url.protocol !== 'file:' ||
  stat(url).then(
    (found) => found.isFile(),
    () => false,
  );

/** Reads files here, and compiles each version of one once; other URLs are the coordinator's. */
function fileLoader(): Loader {
  const known = new Map<string, { version: string; module: Promise<WebAssembly.Module> }>();
  const compileFile = async (url: URL): Promise<WebAssembly.Module> => {
    const bytes = await readFile(url).catch((error: unknown) => unreadable(url, error));
    return inOurWords(async () => {
      requireCore(bytes);
      return compiled(url.href, WebAssembly.compile(bytes));
    });
  };
  return {
    base: workingDirectory,
    // Bun's engine is WebKit's.
    loopsOutliveWorkers: 'bun' in process.versions,
    threadsNeedBytes: nodeMajor < 22,
    async load(url, asBytes) {
      if (url.protocol !== 'file:') return { kind: 'url', url: url.href };
      const { mtimeMs, size, ino } = await stat(url).catch((error: unknown) => unreadable(url, error));
      const version = `${ino} ${size} ${mtimeMs}`;
      // The coordinator reads the file then, and remembers each version of it.
      const forCoordinator = { kind: 'url', url: url.href, version } as const;
      if (asBytes) return forCoordinator;
      let entry = known.get(url.href);
      if (entry?.version !== version) {
        entry = { version, module: compileFile(url) };
        known.set(url.href, entry);
        entry.module.catch(() => known.delete(url.href));
      }
      const module = await entry.module;
      return importsMemory(module) ? forCoordinator : { kind: 'module', module, head: null };
    },
  };
}

function unreadable(url: URL, error: unknown): never {
  throw new SpawnRefused('source', `${url.href} cannot be read: ${asError(error).message}`, { cause: error });
}
