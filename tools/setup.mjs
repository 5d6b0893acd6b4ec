// Setup: provides everything that the other tools need, starting from a fresh clone with only Node and git. As root on Debian,
// it installs missing packages with apt; elsewhere it lists them and says how to install them. If nothing is missing, it
// takes well under a second.
import fs from 'node:fs';
import path from 'node:path';
import {
  Complaint,
  capture,
  exists,
  fromRoot,
  isMain,
  machine,
  main,
  readJson,
  run,
  say,
  sha256,
  which,
  withLock,
  writeIfChanged,
} from './lib.mjs';
import { bun } from './bun.mjs';
import { deno } from './deno.mjs';
import { jco } from './jco.mjs';
import { node24 } from './node24.mjs';
import { toolchain } from './toolchain.mjs';

const oldestNode = 20;

/**
 * A browser for the tests and for `holdfast run --host chromium`: $HOLDFAST_CHROMIUM, or one on PATH, or Playwright's.
 */
export function chromiumOnPath() {
  if (process.env.HOLDFAST_CHROMIUM) return process.env.HOLDFAST_CHROMIUM;
  return ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome']
    .map((name) => which(name))
    .find(Boolean);
}

async function playwrightChromium() {
  if (!exists(fromRoot('node_modules/@playwright/test'))) return undefined;
  const script = "import('@playwright/test').then(({ chromium }) => console.log(chromium.executablePath()))";
  const file = (await capture(process.execPath, ['-e', script]))?.trim();
  return file && exists(file) ? file : undefined;
}

/** WebKitGTK's MiniBrowser, wherever it is installed, and the X server that it needs. */
export function webkitPath() {
  const folders = ['lib/x86_64-linux-gnu', 'lib/aarch64-linux-gnu', 'libexec', 'lib'];
  const found = folders.map((folder) => `/usr/${folder}/webkit2gtk-4.1/MiniBrowser`).find(exists);
  return which('Xvfb') ? (process.env.MINIBROWSER ?? which('MiniBrowser') ?? found) : undefined;
}

const sbin = ['/usr/sbin', '/usr/local/sbin', '/sbin'].join(path.delimiter);
export const nginxPath = () => which('nginx') ?? which('nginx', sbin);

/** Whether there is a clang with the run-time libraries of its sanitizers; the answer is cached for each clang. */
async function hasSanitizers() {
  const clang = which('clang');
  if (!clang) return false;
  const real = fs.realpathSync(clang);
  const key = `${real} ${fs.statSync(real).mtimeMs}`;
  const memory = fromRoot('build/sanitizers.json');
  if (readJson(memory)?.key === key) return true;
  const source = 'int LLVMFuzzerTestOneInput(const char *d, unsigned long n) { return d && n > 9; }';
  for (const flag of ['fuzzer,address,undefined', 'fuzzer,thread']) {
    const args = ['-x', 'c', '-', '-pthread', `-fsanitize=${flag}`, '-o', '/dev/null'];
    const { code } = await run(clang, args, { quiet: true, allowFailure: true, input: source });
    if (code !== 0) return false;
  }
  writeIfChanged(memory, JSON.stringify({ key }));
  return true;
}

/**
 * The programs that setup can provide: how to detect each, its Debian packages, and how to install it elsewhere. Setup installs
 * `optional` programs where it can install packages, and does not require them elsewhere.
 */
const programs = {
  python: { present: () => which('python3'), debian: ['python3'], brew: 'python3', what: 'python3 (runs Emscripten)' },
  cmake: { present: () => which('cmake'), debian: ['cmake'], brew: 'cmake', what: 'cmake' },
  ninja: { present: () => which('ninja'), debian: ['ninja-build'], brew: 'ninja', what: 'ninja' },
  nginx: { present: nginxPath, debian: ['nginx-light'], brew: 'nginx', what: 'nginx' },
  chromium: {
    present: async () => chromiumOnPath() ?? (await playwrightChromium()),
    debian: ['chromium', 'fonts-dejavu-core'],
    elsewhere: 'npx playwright install chromium',
    what: 'a Chromium',
  },
  firefox: {
    present: () => process.env.FIREFOX ?? which('firefox-esr') ?? which('firefox'),
    debian: ['firefox-esr'],
    brew: '--cask firefox',
    what: 'a Firefox',
  },
  webkit: {
    present: webkitPath,
    debian: ['libwebkit2gtk-4.1-0', 'xvfb'],
    what: "WebKitGTK's MiniBrowser",
    optional: true,
  },
  sanitizers: {
    present: hasSanitizers,
    debian: [
      'clang',
      machine().codename === 'bookworm' ? 'libclang-rt-14-dev' : 'libclang-rt-dev',
      'libc6-dev',
      'llvm',
    ],
    brew: 'llvm',
    what: "clang with its sanitizers' libraries",
  },
  tcc: {
    present: () => which('tcc'),
    debian: ['tcc', 'libc6-dev'],
    what: 'tcc (native/host/wasm2c.mjs is quicker with it)',
    optional: true,
  },
  clangFormat: {
    present: () => which('clang-format'),
    debian: ['clang-format'],
    brew: 'clang-format',
    what: 'clang-format',
  },
};

const build = ['python', 'cmake', 'ninja', 'toolchain'];

/**
 * The sets that the tools request. All include the npm packages; 'toolchain', 'node24', 'bun', 'deno' and 'jco' are provided by the files of
 * that name in tools/.
 */
export const needs = {
  packages: [],
  native: ['cmake', 'ninja', 'sanitizers'],
  build,
  guests: [...build, 'chromium', 'firefox', 'webkit', 'node24'],
  demo: ['python', 'cmake', 'ninja', 'toolchain', 'nginx'],
  browser: ['python', 'cmake', 'ninja', 'toolchain', 'nginx', 'chromium'],
  check: ['python', 'toolchain', 'sanitizers', 'clangFormat'],
};
needs.all = [...new Set(Object.values(needs).flat())];

/** Prepares this machine for `wanted`: a list of the names in `needs`. */
export async function setup(wanted = needs.all) {
  const [major] = process.versions.node.split('.').map(Number);
  if (major < oldestNode) throw new Complaint(`Node ${oldestNode} or newer is needed; this is ${process.version}`);
  if (!which('git')) throw new Complaint('git is needed');
  const names = wanted.filter((name) => programs[name]);
  const { debian, root } = machine();
  const first = installPrograms(names.filter((name) => name !== 'chromium'));
  if (!debian || !root) await first; // it only checks, and reports missing programs before any download
  const inOrder = async () => {
    await Promise.all([first, installPackages()]);
    if (names.includes('chromium')) await installPrograms(['chromium']); // may be Playwright's, so after npm
  };
  // Downloads overlap with unpacking and compiling. Wait for all of them, so that nothing still runs when a failure is
  // reported.
  const ends = await Promise.allSettled([
    inOrder(),
    wanted.includes('toolchain') && toolchain(first),
    wanted.includes('node24') && node24(),
    wanted.includes('bun') && bun(),
    wanted.includes('deno') && deno(),
    wanted.includes('jco') && jco(),
  ]);
  const failed = ends.find(({ status }) => status === 'rejected');
  if (failed) throw failed.reason;
}

async function missingOf(names) {
  const there = await Promise.all(names.map((name) => programs[name].present()));
  return names.filter((_, index) => !there[index]).map((name) => programs[name]);
}

async function installPrograms(names) {
  let missing = await missingOf(names);
  if (missing.length === 0) return;
  const here = machine();
  if (here.debian && here.root) {
    await withLock(fromRoot('build/apt.lock'), 'installing Debian packages', async () => {
      missing = await missingOf(names);
      if (missing.length > 0) await aptInstall(missing.flatMap((program) => program.debian));
    });
    missing = await missingOf(names);
  }
  missing = missing.filter((program) => !program.optional);
  if (missing.length === 0) return;
  const list = missing.map((program) => `  - ${program.what}`).join('\n');
  const packages = missing.flatMap((program) => program.debian).join(' ');
  const brewed = missing.flatMap((program) => program.brew ?? []).join(' ');
  const ways = [
    here.debian || which('apt-get') ? `sudo apt-get install ${packages}` : undefined,
    process.platform === 'darwin' && brewed ? `brew install ${brewed}` : undefined,
    ...missing.flatMap((program) => program.elsewhere ?? []),
  ].filter(Boolean);
  throw new Complaint(
    `missing:\n${list}\nTo get it:\n${ways.map((way) => `  ${way}`).join('\n') || `  (Debian's packages: ${packages})`}`,
  );
}

async function aptInstall(packages) {
  const env = { DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C.UTF-8' };
  const options = { env, quiet: true };
  const known = async () => {
    const { output } = await run('apt-cache', ['policy', ...packages], options);
    return packages.filter((name) => new RegExp(`^${name}:\\n.*\\n\\s+Candidate: (?!\\(none\\))`, 'm').test(output));
  };
  const install = async () => {
    const available = await known();
    if (available.length === 0) return 100;
    say(`installing with apt: ${available.join(' ')}`);
    const args = ['install', '-y', '--no-install-recommends', '-o', 'DPkg::Lock::Timeout=300', ...available];
    const { code, output } = await run('apt-get', args, { ...options, allowFailure: true });
    if (code !== 0) fs.writeFileSync(fromRoot('build/apt.log'), output);
    return code;
  };
  // If apt does not know a package, or the mirror no longer has its file, the lists are stale: update them once.
  if ((await known()).length === packages.length && (await install()) === 0) return;
  say('apt-get update');
  await run('apt-get', ['update', '-o', 'DPkg::Lock::Timeout=300'], options);
  if ((await install()) !== 0) throw new Complaint(`apt could not install ${packages.join(' ')}; see build/apt.log`);
}

/** Runs `npm ci`, only if the lock file changed since its last success. */
async function installPackages() {
  const stamp = fromRoot('node_modules/.holdfast-stamp');
  const { dependencies, devDependencies } = readJson(fromRoot('package.json'));
  const lock = fs.readFileSync(fromRoot('package-lock.json'), 'utf8');
  const wanted = sha256(JSON.stringify([dependencies, devDependencies, lock]));
  const current = () => exists(stamp) && fs.readFileSync(stamp, 'utf8') === wanted;
  if (current()) return;
  await withLock(fromRoot('build/npm.lock'), 'npm ci', async () => {
    if (current()) return;
    say("npm ci (esbuild, TypeScript, Playwright, the tests' real programs)");
    const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
    // No package needs its install script, and these scripts must not fetch Playwright's browsers.
    await run(npm, ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], { quiet: true });
    fs.writeFileSync(stamp, wanted);
  });
}

if (isMain(import.meta.url)) {
  await main(async ([kind = 'all']) => {
    if (!needs[kind]) throw new Complaint(`usage: setup.mjs [${Object.keys(needs).join('|')}]`);
    await setup(needs[kind]);
    say('set-up is complete');
  });
}
