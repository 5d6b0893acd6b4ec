/** Where `holdfast run` can run a program: one entry a host. */
import { pathToFileURL } from 'node:url';
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

/** One program is all that the command runs, so one worker is enough ahead. */
const SETTINGS: StartOptions = { workers: { min: 1, max: 128 } };

async function onNode(options: StartOptions): Promise<Host> {
  const hf = await start(options);
  return { hf, source: (file) => pathToFileURL(file).href, close: () => hf.close() };
}

async function inBrowser(name: BrowserName, options: StartOptions): Promise<Host> {
  const { hf, publish, close } = await startRemote(name, options);
  return { hf, source: publish, close };
}

export const hostNames: readonly string[] = ['node', ...browserNames];

/** Starts a runtime on the host of that name. Aborting gives up, or closes it. `settings`: other than the command's. */
export function openHost(name: string, signal: AbortSignal, settings: StartOptions = {}): Promise<Host> {
  const options = { ...SETTINGS, ...settings, signal };
  return name === 'node' ? onNode(options) : inBrowser(name as BrowserName, options);
}
