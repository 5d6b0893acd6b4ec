/** Starts a browser on one page, headless and with a fresh profile; ends it with all of its processes and files. */
import { spawn, type ChildProcess } from 'node:child_process';
import { rmSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { browserOf, findBrowser, type BrowserName } from './browsers.js';
import { startDisplay } from './display.js';
import { endsWithUs } from './ends-with-us.js';

/** A browser that is running. */
export interface RunningBrowser {
  /** Settles with the reason when the browser ends. */
  ended: Promise<string>;
  /** Ends the browser with all its processes, and removes its profile. Never rejects. */
  stop(): Promise<void>;
}

/** Starts a headless browser with a fresh profile, on a page that other users cannot read. Throws `BrowserError`. */
export async function startBrowser(name: BrowserName, html: string): Promise<RunningBrowser> {
  const browser = browserOf(name);
  const program = await findBrowser(name);
  const display = browser.display ? await startDisplay() : undefined;
  const folder = await mkdtemp(path.join(os.tmpdir(), 'holdfast-'));
  const profile = await makeProfile(folder, browser.profileFiles);
  // Only we can read the folder, while all users can read a command line.
  const page = path.join(folder, 'start.html');
  await writeFile(page, html, { mode: 0o600 });
  const [command, ...args] = await endsWithUs('KILL', [program, ...browser.args(profile, pathToFileURL(page).href)]);
  // In its own process group, so that exactly the browser's processes can be ended.
  const child = spawn(command as string, args, {
    stdio: ['ignore', 'ignore', 'pipe'],
    detached: true,
    env: { ...process.env, ...temporaryFolder(folder), ...browser.environment(profile), ...display?.environment },
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(-4000)));
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(`${program} cannot be started: ${error.message}`));
    child.once('exit', (code, signal) =>
      resolve(`${program} ended (${signal ?? `exit code ${code}`})\n${lastWords(said)}`.trimEnd()),
    );
  });
  const onExit = (): void => {
    killGroup(child);
    display?.stop();
    rmSync(folder, { recursive: true, force: true, maxRetries: 3, retryDelay: 50 });
  };
  process.once('exit', onExit);
  const stop = async (): Promise<void> => {
    process.removeListener('exit', onExit);
    killGroup(child);
    if (child.pid !== undefined) await ended;
    display?.stop();
    // The browser's last processes may still write there for a moment.
    await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 }).catch(() => undefined);
  };
  return { ended, stop };
}

async function makeProfile(folder: string, files: Readonly<Record<string, string>>): Promise<string> {
  const profile = path.join(folder, 'profile');
  await mkdir(profile);
  for (const [file, text] of Object.entries(files)) await writeFile(path.join(profile, file), text);
  return profile;
}

/**
 * The browser's temporary folder, inside ours, so that the files of a killed browser are removed too. Its sockets are
 * also there, and a socket's path is limited to about a hundred characters.
 */
const temporaryFolder = (folder: string): { TMPDIR?: string } => (folder.length > 50 ? {} : { TMPDIR: folder });

/** The end of the browser's error output, without its usual complaints on a machine without a desktop. */
const lastWords = (said: string): string =>
  said
    .split('\n')
    .filter((line) => !line.includes('dbus'))
    .slice(-8)
    .join('\n');

function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // it has ended already
  }
}
