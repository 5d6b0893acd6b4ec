/**
 * holdfast on Node (20 or newer): the same API over worker threads. Sources may also be `file:` URLs, and strings are
 * resolved against the working directory.
 *
 * @packageDocumentation
 */
import { readFile, stat } from 'node:fs/promises';
import { helped } from './check.js';
import { pathToFileURL } from 'node:url';
import { AT_START, FILES, nodeName } from '../common/files.js';
import { assetNames, hrefs, type AssetName } from './assets.js';
import type { Diagnosis } from './diagnose.js';
import { inOneWorker, locateAssets, startCoordinator } from './endpoint-node.js';
import { asError, SpawnRefused, StartFailed, type Problem } from './errors.js';
import { Runtime, type Holdfast } from './holdfast.js';
import { later } from './later.js';
import { planStart, type StartOptions } from './options.js';
import { compiled, isComponent } from './download.js';
import { importsMemory, inOurWords, type Loader } from './source.js';

export * from './public.js';
export type { Diagnosis } from './diagnose.js';

const nodeMajor = Number(process.versions.node.split('.')[0]);

const workingDirectory = (): string => pathToFileURL(`${process.cwd()}/`).href;

/**
 * Starts a runtime in this process. Node stays alive until the runtime is closed.
 *
 * @param options - Workers, kernel memory, the location of the runtime's files, an abort signal and a time limit.
 * @returns The running runtime.
 * @throws `StartFailed` when the runtime cannot start; `problems` lists each problem with its fix.
 * @throws `TypeError` or `RangeError` for invalid options.
 * @throws The signal's reason when `options.signal` is aborted before the runtime has started.
 */
export async function start(options: StartOptions = {}): Promise<Holdfast> {
  const settings = await helped(() => planStart(options));
  settings.signal?.throwIfAborted();
  const assets = await helped(() => locateAssets(options.assets, workingDirectory()));
  const file = options.isolation !== undefined && (await later('single.js', import('./single.js')));
  const single = file && file.checkIsolation(options) === 'none';
  if (single) {
    if (!('Suspending' in WebAssembly)) throw new StartFailed(`this Node cannot start: ${file.NO_JSPI}`, []);
    inOneWorker(assets);
    settings.force.messageDoorbell = true;
  }
  try {
    const runtime = new Runtime(startCoordinator(assets), fileLoader(single));
    await runtime.open(hrefs(assets), settings);
    return runtime;
  } catch (error) {
    if (!(error instanceof StartFailed || isDenied(error))) throw error;
    const { problems } = await diagnose(options);
    throw new StartFailed(asError(error).message, problems, { cause: error });
  }
}

/**
 * Reports what prevents the runtime from starting in this process. It never rejects.
 *
 * @param options - `assets`, as you would pass it to `start()`.
 * @returns `ok`, and a list of problems, each with its reason and its fix.
 */
export async function diagnose(options: Pick<StartOptions, 'assets' | 'isolation'> = {}): Promise<Diagnosis> {
  const problems: Problem[] = [];
  if (nodeMajor < 20) {
    const what = `This is Node ${process.versions.node}.`;
    problems.push({ what, why: 'The runtime supports Node 20 and newer.', fix: 'Use a newer Node.' });
  }
  try {
    const located = locateAssets(options.assets, workingDirectory());
    const found = await Promise.all(assetNames.map((name) => lookFor(located[name])));
    const those = (what: Found): AssetName[] => assetNames.filter((_, index) => found[index] === what);
    const filesOf = (names: AssetName[]): URL[] => names.map((name) => located[name]);
    if (those('missing').some((name) => (AT_START as readonly AssetName[]).includes(name)))
      problems.push(missingFiles(filesOf(those('missing'))));
    if (those('denied').length > 0) problems.push(deniedFiles(filesOf(those('denied'))));
    if (process.permission?.has('worker') === false) problems.push(DENIED_WORKERS);
  } catch (error) {
    const fix = 'Pass the URL of the folder that holds the files of this package.';
    problems.push({ what: asError(error).message, why: 'The runtime loads its other files from there.', fix });
  }
  const ok = problems.length === 0;
  const mode = options.isolation === 'none' ? 'single' : 'workers';
  return { ok, mode: ok ? mode : null, problems, lacks: [] };
}

const MADE_OF = `The runtime consists of ${assetNames.map((name) => nodeName(FILES[name])).join(', ')}.`;

const missingFiles = (files: URL[]): Problem => ({
  what: `Not there: ${files.map((url) => url.href).join(', ')}.`,
  why: MADE_OF,
  fix:
    'A bundler may have left them behind: make the package external to the bundle, or copy the files from node_modules/holdfast/dist ' +
    'beside it, or say in the option "assets" where they are.',
});

const deniedFiles = (files: URL[]): Problem => ({
  what: `This process may not read ${files.map((url) => url.href).join(', ')}.`,
  why: MADE_OF,
  fix: isDeno
    ? 'Run it with --allow-read, or with --allow-read=FOLDER for the folder of these files; programs that are fetched need --allow-net.'
    : 'Run it with --allow-fs-read=FOLDER/* for the folder of these files.',
});

const DENIED_WORKERS: Problem = {
  what: 'This process may not start worker threads.',
  why: 'Programs run in workers.',
  fix: 'Run it with --allow-worker.',
};

const isDeno = 'deno' in process.versions;

/** Whether the process lacks a permission: the errors of Deno 2, Deno 1 and Node. */
function isDenied(error: unknown): boolean {
  const { name, code } = error as { name?: string; code?: string };
  return name === 'NotCapable' || name === 'PermissionDenied' || code === 'ERR_ACCESS_DENIED';
}

type Found = 'there' | 'missing' | 'denied';

/** Anything that is not a file is fetched later, and reported by the code that fetches it. */
async function lookFor(url: URL): Promise<Found> {
  if (url.protocol !== 'file:') return 'there';
  return stat(url).then(
    (found) => (found.isFile() ? 'there' : 'missing'),
    (error) => (isDenied(error) ? 'denied' : 'missing'),
  );
}

/** Reads files here and compiles each version of a file once; the coordinator loads all other URLs. */
function fileLoader(single: boolean): Loader {
  const known = new Map<string, { version: string; module: Promise<WebAssembly.Module | null> }>();
  /** Null for a component, which the coordinator compiles. */
  const compileFile = async (url: URL): Promise<WebAssembly.Module | null> => {
    const bytes = await readFile(url).catch((error: unknown) => unreadable(url, error));
    return isComponent(bytes) ? null : inOurWords(() => compiled(url.href, WebAssembly.compile(bytes)));
  };
  return {
    base: workingDirectory,
    // Bun's engine is WebKit's.
    interrupts: single || 'bun' in process.versions,
    threadsNeedBytes: nodeMajor < 22,
    async load(url, asBytes) {
      if (url.protocol !== 'file:') return { kind: 'url', url: url.href };
      const { mtimeMs, size, ino } = await stat(url).catch((error: unknown) => unreadable(url, error));
      const version = `${ino} ${size} ${mtimeMs}`;
      // The coordinator then reads the file, and caches each version of it.
      const forCoordinator = { kind: 'url', url: url.href, version } as const;
      if (asBytes) return forCoordinator;
      let entry = known.get(url.href);
      if (entry?.version !== version) {
        entry = { version, module: compileFile(url) };
        known.set(url.href, entry);
        entry.module.catch(() => known.delete(url.href));
      }
      const module = await entry.module;
      return !module || importsMemory(module) ? forCoordinator : { kind: 'module', module, head: null };
    },
  };
}

function unreadable(url: URL, error: unknown): never {
  throw new SpawnRefused('source', `${url.href} cannot be read: ${asError(error).message}`, { cause: error });
}
