/** The hosts on which `holdfast run` can run a program, one entry each. */
import { pathToFileURL } from 'node:url';
import { start } from '../node.js';
import { Runtime, type Holdfast } from '../holdfast.js';
import type { StartOptions } from '../options.js';
import { browserNames, type BrowserName } from './browsers.js';

export interface Host {
  hf: Holdfast;
  /** Converts a file of this machine to a source for `hf.spawn`. */
  source(file: string): string;
  close(): Promise<void>;
  /** Called when this process is about to exit: ends only what would outlive it. */
  leave(): Promise<void>;
}

/** The command runs only one program, so one worker started ahead is enough. */
const SETTINGS: StartOptions = { workers: { min: 1 } };

async function onNode(options: StartOptions): Promise<Host> {
  const hf = await start(options);
  return { hf, source: (file) => pathToFileURL(file).href, close: () => hf.close(), leave: () => Promise.resolve() };
}

async function inBrowser(name: BrowserName, options: StartOptions): Promise<Host> {
  const { startRemote } = await import('./cli-remote.js');
  const { hf, publish, close } = await startRemote(name, options, Runtime);
  return { hf, source: publish, close, leave: close };
}

export const hostNames: readonly string[] = ['node', ...browserNames];

/**
 * Starts a runtime on the named host. An abort cancels the start, or closes the runtime. `settings` override the
 * command's.
 */
export function openHost(name: string, signal: AbortSignal, settings: StartOptions = {}): Promise<Host> {
  const options = { ...SETTINGS, ...settings, signal };
  return name === 'node' ? onNode(options) : inBrowser(name as BrowserName, options);
}
