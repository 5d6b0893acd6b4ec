/** Browsers that can run a program: where they are found, and what each is started with. None needs a driver. */
import { constants } from 'node:fs';
import { access, readdir } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { firefoxPreferences } from './firefox-preferences.js';

/** A browser that cannot be started, or that died. */
export class BrowserError extends Error {}

export interface Browser {
  /** Environment variable that names the program. */
  variable: string;
  /** Names on PATH, then absolute paths. */
  programs: readonly string[];
  /** Folders in Playwright's cache start with one of these; the program is at one of `inCache` below. */
  cacheNames: readonly string[];
  inCache: readonly string[];
  /** What to say when it is not there. */
  install: string;
  /** Files that the fresh profile must have. */
  profileFiles: Readonly<Record<string, string>>;
  args(profile: string, url: string): string[];
  /** Variables that it gets besides ours. Its home is the profile, where it would write elsewhere otherwise. */
  environment(profile: string): Readonly<Record<string, string>>;
  /** Whether it has no headless mode: then it gets an X server of its own. */
  display: boolean;
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
    install: 'on Debian "apt install chromium", elsewhere "npx playwright install chromium"',
    profileFiles: {},
    display: false,
    environment: () => ({}),
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
      // The renderer of the list below its window's address bar: a third of the CPU time of a short run.
      '--disable-features=WebUIOmniboxPopup,WebUIOmniboxFullPopup,WebUIOmniboxAimPopup,PreloadTopChromeWebUI',
      `--user-data-dir=${profile}`,
      url,
    ],
  },
  firefox: {
    variable: 'FIREFOX',
    programs: ['firefox-esr', 'firefox', '/Applications/Firefox.app/Contents/MacOS/firefox'],
    // Not Playwright's Firefox: it is made for its driver.
    cacheNames: [],
    inCache: [],
    install: 'on Debian "apt install firefox-esr"',
    profileFiles: { 'user.js': firefoxPreferences },
    display: false,
    // Root, too, may run it only in a home of its own.
    environment: (profile) => ({ HOME: profile, MOZ_CRASHREPORTER_DISABLE: '1' }),
    args: (profile, url) => ['--headless', '--no-remote', '--profile', profile, url],
  },
  webkit: {
    variable: 'MINIBROWSER',
    // The small browser that comes with WebKitGTK, in whatever folder the distribution has it.
    programs: [
      'MiniBrowser',
      '/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser',
      '/usr/lib/aarch64-linux-gnu/webkit2gtk-4.1/MiniBrowser',
      '/usr/libexec/webkit2gtk-4.1/MiniBrowser',
      '/usr/lib/webkit2gtk-4.1/MiniBrowser',
    ],
    cacheNames: [],
    inCache: [],
    install: 'on Debian "apt install libwebkit2gtk-4.1-0 xvfb"',
    profileFiles: {},
    display: true,
    environment: (profile) => ({
      HOME: profile,
      XDG_RUNTIME_DIR: profile,
      JSC_useSharedArrayBuffer: '1', // it has the headers, but not what they are to switch on
      GSETTINGS_BACKEND: 'memory',
      NO_AT_BRIDGE: '1',
      DBUS_SESSION_BUS_ADDRESS: 'disabled:',
      WEBKIT_DISABLE_COMPOSITING_MODE: '1',
    }),
    args: (_, url) => ['--private', url],
  },
} as const satisfies Record<string, Browser>;

export type BrowserName = keyof typeof browsers;
export const browserOf = (name: BrowserName): Browser => browsers[name];
export const browserNames = Object.keys(browsers) as BrowserName[];

/** Throws `BrowserError`. */
export async function findBrowser(name: BrowserName): Promise<string> {
  const { variable, programs, cacheNames, inCache, install } = browserOf(name);
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
    `${name} was not found: install it (${install}), or say where it is in the environment variable ${variable}`,
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

export async function onPath(program: string): Promise<string | undefined> {
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
