// How Go's tests are built, and the environment that they get. Go's own runner (lib/wasm/go_wasip1_wasm_exec) passes all of "/", with PWD and PATH;
// here "/" is a folder with the files that the tests need.
import fs from 'node:fs';
import path from 'node:path';
import { capture, Complaint, fromRoot, run } from '../../tools/lib.mjs';
import { bin } from '../../tools/toolchain/recipe.mjs';

export const packages = ['os', 'io/fs', 'path/filepath', 'io/ioutil', 'sync', 'bufio', 'internal/poll', 'time'];

/** Go's tests take a minute, and perhaps five on a busy machine; beyond this limit they hang. */
const PATIENCE_SECONDS = 600;

/**
 * Tests that an engine cannot run, by host and package: they run separately and must end with this trap. They recurse ten thousand deep, for which
 * Go's runner sets Wasmtime's stack to 8 MiB (`-W max-wasm-stack=8388608`); a page cannot set the size of a worker's stack (half a MiB in Chromium).
 */
export const traps = {
  chromium: { 'io/fs': { tests: ['TestCVE202230630'], trap: 'call stack exhausted' } },
};

const go = path.join(bin, 'wasi-go');

let root;
/** GOROOT, which is compiled into the programs. */
async function goRoot() {
  root ??= (await capture(go, ['env', 'GOROOT']))?.trim();
  if (!root) throw new Complaint(`${go} is missing: on Debian, npm run setup makes it`);
  return root;
}

/** Builds the package's tests as a command. Returns the module's path. Go's cache makes later builds fast. */
export async function compile(name) {
  const program = fromRoot('build/go-std', `${name.replaceAll('/', '-')}.wasm`);
  fs.mkdirSync(path.dirname(program), { recursive: true });
  await run(go, ['test', '-c', '-o', program, name], { quiet: true });
  return program;
}

/** What tests read below GOROOT, in addition to their own package. */
const alsoRead = {
  // TestBug3486 walks over this folder.
  'path/filepath': ['src/unicode'],
  // TestReadDir looks for this file in "..".
  'io/ioutil': ['src/io/io_test.go'],
};

async function makeRoot(name, folder) {
  const goroot = await goRoot();
  const copy = (entry) =>
    fs.cpSync(path.join(goroot, entry), path.join(folder, goroot, entry), { recursive: true, dereference: true });
  for (const entry of ['go.env', 'VERSION', 'lib/time', path.join('src', name), ...(alsoRead[name] ?? [])]) copy(entry);
  // The `os` tests look for these files in GOROOT; Debian omits them.
  for (const entry of ['LICENSE', 'CONTRIBUTING.md']) fs.writeFileSync(path.join(folder, goroot, entry), '');
  // GOROOT may be below one of them.
  for (const entry of ['tmp', 'etc']) fs.mkdirSync(path.join(folder, entry), { recursive: true });
  for (const entry of ['group', 'hosts', 'passwd'])
    fs.writeFileSync(path.join(folder, 'etc', entry), `${entry} of nobody\n`);
  return path.posix.join(goroot, 'src', name);
}

/** Resolves to { code, output }. `folder` is an empty folder, which becomes the guest's "/". `flags`: more flags for the test. */
export async function runPackage(name, { program, folder, host, flags = [] }) {
  const pwd = await makeRoot(name, folder);
  // With GOWASIRUNTIME set, Go also runs the tests that it skips because of Wasmtime.
  const env = { PWD: pwd, PATH: '/usr/bin:/bin', GOWASIRUNTIME: 'holdfast' };
  const args = [
    fromRoot('bin/holdfast.mjs'),
    'run',
    ...[`--host=${host}`, `--timeout=${PATIENCE_SECONDS}`, `--dir=${folder}::/`, '--dir=/dev'],
    ...Object.entries(env).map(([key, value]) => `--env=${key}=${value}`),
    ...[program, '-test.v', `-test.timeout=${PATIENCE_SECONDS}s`, ...flags],
  ];
  return run(process.execPath, args, { quiet: true, allowFailure: true });
}
