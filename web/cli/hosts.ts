/** Where `holdfast run` can run a program: one entry a host. */
import { pathToFileURL } from 'node:url';
import v8 from 'node:v8';
import { start } from '../node.js';
import type { Holdfast } from '../holdfast.js';
import type { StartOptions } from '../options.js';
import { browserNames, type BrowserName } from './browsers.js';
import { startRemote } from './remote.js';

export interface Host {
  hf: Holdfast;
  /** What `hf.spawn` takes for a file of this machine. */
  source(file: string): string;
  close(): Promise<void>;
}

/** One program is all that runs, so one worker is enough ahead. */
const SETTINGS: StartOptions = { workers: { min: 1, max: 128 } };

/** V8's baseline compiler breaks threaded modules in the worker threads of Node up to this version. */
const BASELINE_BREAKS_THREADS = 20;

async function onNode(signal: AbortSignal): Promise<Host> {
  // Before anything is compiled: the flag is of the whole process, and only new code heeds it.
  if (Number(process.versions.node.split('.')[0]) <= BASELINE_BREAKS_THREADS) v8.setFlagsFromString('--no-liftoff');
  const hf = await start({ ...SETTINGS, signal });
  return { hf, source: (file) => pathToFileURL(file).href, close: () => hf.close() };
}

async function inBrowser(name: BrowserName, signal: AbortSignal): Promise<Host> {
  const { hf, publish, close } = await startRemote(name, { ...SETTINGS, signal });
  return { hf, source: publish, close };
}

export const hostNames: readonly string[] = ['node', ...browserNames];

/** Starts a runtime on the host of that name. Aborting gives up, or closes it. */
export function openHost(name: string, signal: AbortSignal): Promise<Host> {
  return name === 'node' ? onNode(signal) : inBrowser(name as BrowserName, signal);
}
