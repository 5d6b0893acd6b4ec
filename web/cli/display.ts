/** An X server without a screen, for browsers that have no headless mode. */
import { spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { BrowserError, onPath } from './browsers.js';
import { endsWithUs } from './ends-with-us.js';

export interface Display {
  environment: Readonly<Record<string, string>>;
  /** Ends the server, which removes its own socket and lock. */
  stop(): void;
}

/** Starts Xvfb on a free display number. Throws `BrowserError`. */
export async function startDisplay(): Promise<Display> {
  const program = await onPath('Xvfb');
  if (program === undefined)
    throw new BrowserError('this browser needs an X server: install Xvfb (on Debian "apt install xvfb")');
  const options = ['-displayfd', '3', '-screen', '0', '1024x768x24', '-nolisten', 'tcp', '-noreset'];
  // On TERM, it removes its socket and its lock.
  const [command, ...args] = await endsWithUs('TERM', [program, ...options]);
  // In its own process group; otherwise Ctrl-C on a terminal would end it before the browser.
  const child = spawn(command as string, args, { stdio: ['ignore', 'ignore', 'ignore', 'pipe'], detached: true });
  const number = await new Promise<string>((resolve, reject) => {
    let said = '';
    (child.stdio[3] as Readable).setEncoding('utf8').on('data', (text: string) => {
      said += text;
      if (said.endsWith('\n')) resolve(said.trim());
    });
    child.once('error', (error) => reject(new BrowserError(`${program} cannot be started: ${error.message}`)));
    child.once('exit', (code, signal) =>
      reject(new BrowserError(`${program} ended (${signal ?? `exit code ${code}`})`)),
    );
  });
  return { environment: { DISPLAY: `:${number}`, WAYLAND_DISPLAY: '' }, stop: () => void child.kill() };
}
