/** Browsers that can run a program: where to find each, and its arguments. None needs a driver. */
import { constants } from 'node:fs';
import { access, readdir } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { firefoxPreferences } from './firefox-preferences.js';

/** A browser that could not be started, or that died. */
export class BrowserError extends Error {
  override readonly name = 'BrowserError';
}

export interface Browser {
  /** Environment variable with the path of the program. */
  variable: string;
  /** Names on PATH, then absolute paths. */
  programs: readonly string[];
  /** Folders in Playwright's cache start with one of these; the program is at one of `inCache` below. */
  cacheNames: readonly string[];
  inCache: readonly string[];
  /** The advice when it is missing. */
  install: string;
  /** Files that the fresh profile must have. */
  profileFiles: Readonly<Record<string, string>>;
  args(profile: string, url: string): string[];
  /**
   * Additional environment variables. HOME is the profile, because the browser would write to the user's home
   * otherwise.
   */
  environment(profile: string): Readonly<Record<string, string>>;
  /** Whether it has no headless mode: then it gets its own X server. */
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
      // Avoids the renderer of the list below the address bar: a third of the CPU time of a short run.
      '--disable-features=WebUIOmniboxPopup,WebUIOmniboxFullPopup,WebUIOmniboxAimPopup,PreloadTopChromeWebUI',
      `--user-data-dir=${profile}`,
      url,
    ],
  },
  firefox: {
    variable: 'FIREFOX',
    programs: ['firefox-esr', 'firefox', '/Applications/Firefox.app/Contents/MacOS/firefox'],
    // Not Playwright's Firefox, which only works with its driver.
    cacheNames: [],
    inCache: [],
    install: 'on Debian "apt install firefox-esr"',
    profileFiles: { 'user.js': firefoxPreferences },
    display: false,
    // Even root may run it only if root owns HOME.
    environment: (profile) => ({ HOME: profile, MOZ_CRASHREPORTER_DISABLE: '1' }),
    args: (profile, url) => ['--headless', '--no-remote', '--profile', profile, url],
  },
  webkit: {
    variable: 'MINIBROWSER',
    // WebKitGTK's small browser, whose folder depends on the distribution.
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
      JSC_useSharedArrayBuffer: '1', // it recognizes the headers, but does not enable shared memory for them
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
    throw new BrowserError(`${variable}=${named}: no such program`);
  }
  for (const program of programs) {
    const found = path.isAbsolute(program) ? await executable(program) : await onPath(program);
    if (found !== undefined) return found;
  }
  const cached = await inPlaywrightCache(cacheNames, inCache);
  if (cached !== undefined) return cached;
  throw new BrowserError(
    `${name} was not found: install it (${install}), or set the environment variable ${variable} to its path`,
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
