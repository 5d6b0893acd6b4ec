/** Browsers that can run a program: where they are found, and how each is started without a driver. */
import { spawn, type ChildProcess } from 'node:child_process';
import { constants, rmSync } from 'node:fs';
import { access, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';

/** A browser that cannot be started, or that died. */
export class BrowserError extends Error {}

interface Browser {
  /** Environment variable that names the program. */
  variable: string;
  /** Names on PATH, then absolute paths. */
  programs: readonly string[];
  /** Folders in Playwright's cache start with one of these; the program is at one of `inCache` below. */
  cacheNames: readonly string[];
  inCache: readonly string[];
  /** Files that the fresh profile must have. */
  profileFiles: Readonly<Record<string, string>>;
  args(profile: string, url: string): string[];
}

const browsers = {
  chromium: {
    variable: 'CHROMIUM',
    programs: [
      'chromium',
      'chromium-browser',
      'google-chrome',
      'google-chrome-stable',
      '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
      '/Applications/Chromium.app/Contents/MacOS/Chromium',
    ],
    cacheNames: ['chromium-', 'chromium_headless_shell-'],
    inCache: [
      'chrome-linux/chrome',
      'chrome-linux64/chrome',
      'chrome-linux/headless_shell',
      'chrome-headless-shell-linux64/chrome-headless-shell',
      'chrome-mac/Chromium.app/Contents/MacOS/Chromium',
    ],
    profileFiles: {},
    args: (profile, url) => [
      '--headless=new',
      ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--no-default-browser-check',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--disable-extensions',
      '--disable-breakpad',
      '--disable-background-timer-throttling',
      '--disable-renderer-backgrounding',
      '--disable-dev-shm-usage',
      `--user-data-dir=${profile}`,
      url,
    ],
  },
} as const satisfies Record<string, Browser>;

export type BrowserName = keyof typeof browsers;
export const browserNames = Object.keys(browsers) as BrowserName[];

/** A browser that is running. */
export interface RunningBrowser {
  /** Settles when it ends, with why. */
  ended: Promise<string>;
  /** Ends it with all its processes, and removes its profile. Never rejects. */
  stop(): Promise<void>;
}

/** Starts a browser, headless and with a profile of its own, on one URL. Throws `BrowserError`. */
export async function startBrowser(name: BrowserName, url: string): Promise<RunningBrowser> {
  const browser: Browser = browsers[name];
  const program = await findBrowser(name);
  const folder = await mkdtemp(path.join(os.tmpdir(), 'holdfast-'));
  const profile = await makeProfile(folder, browser.profileFiles);
  const [command, ...args] = await diesWithUs([program, ...browser.args(profile, url)]);
  // A process group of its own, so that all of the browser's processes can be ended, and no other.
  const child = spawn(command as string, args, {
    stdio: ['ignore', 'ignore', 'pipe'],
    detached: true,
    env: { ...process.env, ...temporaryFolder(folder) },
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
    rmSync(folder, { recursive: true, force: true, maxRetries: 3, retryDelay: 50 });
  };
  process.once('exit', onExit);
  const stop = async (): Promise<void> => {
    process.removeListener('exit', onExit);
    killGroup(child);
    if (child.pid !== undefined) await ended;
    // Its last processes may still write there for a moment.
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
 * What a browser that is killed leaves in its temporary folder goes with ours. Its sockets are there too, whose paths
 * may have about a hundred characters.
 */
const temporaryFolder = (folder: string): { TMPDIR?: string } => (folder.length > 50 ? {} : { TMPDIR: folder });

/** The end of what a browser complained about, without its steady complaints of a machine without a desktop. */
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

/** Where there is `setpriv` (Linux), the browser ends even when we are killed outright. */
async function diesWithUs(command: string[]): Promise<string[]> {
  const setpriv = process.platform === 'linux' ? await onPath('setpriv') : undefined;
  return setpriv === undefined ? command : [setpriv, '--pdeathsig', 'KILL', ...command];
}

/** Throws `BrowserError`. */
export async function findBrowser(name: BrowserName): Promise<string> {
  const { variable, programs, cacheNames, inCache }: Browser = browsers[name];
  const named = process.env[variable];
  if (named !== undefined && named !== '') {
    const found = path.isAbsolute(named) || named.includes(path.sep) ? await executable(named) : await onPath(named);
    if (found !== undefined) return found;
    throw new BrowserError(`${variable}=${named}: there is no such program`);
  }
  for (const program of programs) {
    const found = path.isAbsolute(program) ? await executable(program) : await onPath(program);
    if (found !== undefined) return found;
  }
  const cached = await inPlaywrightCache(cacheNames, inCache);
  if (cached !== undefined) return cached;
  throw new BrowserError(
    `${name} was not found: install it (on Debian "apt install ${name}", elsewhere "npx playwright install ${name}"), ` +
      `or say where it is in the environment variable ${variable}`,
  );
}

async function inPlaywrightCache(names: readonly string[], places: readonly string[]): Promise<string | undefined> {
  const home = os.homedir();
  const usual = process.platform === 'darwin' ? 'Library/Caches/ms-playwright' : '.cache/ms-playwright';
  const cache = process.env['PLAYWRIGHT_BROWSERS_PATH'] || path.join(home, usual);
  const folders = (await readdir(cache).catch(() => [])).sort(byRevision);
  for (const folder of folders.filter((folder) => names.some((name) => folder.startsWith(name)))) {
    for (const place of places) {
      const found = await executable(path.join(cache, folder, place));
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

/** Newest first. */
const byRevision = (a: string, b: string): number => revision(b) - revision(a);
const revision = (folder: string): number => Number(/-(\d+)$/.exec(folder)?.[1] ?? 0);

async function onPath(program: string): Promise<string | undefined> {
  for (const folder of (process.env['PATH'] ?? '').split(path.delimiter)) {
    const found = folder === '' ? undefined : await executable(path.join(folder, program));
    if (found !== undefined) return found;
  }
  return undefined;
}

const executable = (file: string): Promise<string | undefined> =>
  access(file, constants.X_OK).then(
    () => file,
    () => undefined,
  );
