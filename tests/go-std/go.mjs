// How Go's tests are built and what they are given. Go's own runner (lib/wasm/go_wasip1_wasm_exec) gives a test all of "/" with PWD and PATH; here "/" is a folder
// with what the tests look for.
import fs from 'node:fs';
import path from 'node:path';
import { capture, Complaint, fromRoot, run } from '../../tools/lib.mjs';
import { bin } from '../../tools/toolchain/recipe.mjs';

export const packages = ['os', 'io/fs', 'path/filepath', 'io/ioutil', 'sync', 'bufio', 'internal/poll', 'time'];

/** A minute of Go's tests may take five on a busy machine; past that they hang. */
const PATIENCE_SECONDS = 600;

/**
 * What an engine cannot do, by host and package: tests that are run alone and must end with this trap. Go's runner gives Wasmtime a stack of 8 MiB
 * (`-W max-wasm-stack=8388608`); a page has no say in how large a worker's is (half a MiB in Chromium), and these recurse ten thousand deep.
 */
export const traps = {
  chromium: { 'io/fs': { tests: ['TestCVE202230630'], trap: 'call stack exhausted' } },
};

const go = path.join(bin, 'wasi-go');

let root;
/** GOROOT, as the programs have it built in. */
async function goRoot() {
  root ??= (await capture(go, ['env', 'GOROOT']))?.trim();
  if (!root) throw new Complaint(`${go} is missing: the toolchain makes it, on Debian`);
  return root;
}

/** The package's tests as a command: the path of the module. Go's cache makes the second time quick. */
export async function compile(name) {
  const program = fromRoot('build/go-std', `${name.replaceAll('/', '-')}.wasm`);
  fs.mkdirSync(path.dirname(program), { recursive: true });
  await run(go, ['test', '-c', '-o', program, name], { quiet: true });
  return program;
}

/** What tests read below GOROOT, besides their own package. */
const alsoRead = {
  // TestBug3486 walks over them.
  'path/filepath': ['src/unicode'],
  // TestReadDir looks for it in "..".
  'io/ioutil': ['src/io/io_test.go'],
};

async function makeRoot(name, folder) {
  const goroot = await goRoot();
  const copy = (entry) =>
    fs.cpSync(path.join(goroot, entry), path.join(folder, goroot, entry), { recursive: true, dereference: true });
  for (const entry of ['go.env', 'VERSION', 'lib/time', path.join('src', name), ...(alsoRead[name] ?? [])]) copy(entry);
  // The `os` tests look these up in GOROOT; Debian leaves them out.
  for (const entry of ['LICENSE', 'CONTRIBUTING.md']) fs.writeFileSync(path.join(folder, goroot, entry), '');
  // GOROOT may lie below one of them.
  for (const entry of ['tmp', 'etc']) fs.mkdirSync(path.join(folder, entry), { recursive: true });
  for (const entry of ['group', 'hosts', 'passwd'])
    fs.writeFileSync(path.join(folder, 'etc', entry), `${entry} of nobody\n`);
  return path.posix.join(goroot, 'src', name);
}

/** Resolves to { code, output }. `folder` is an empty one; it becomes the guest's "/". `flags`: more for the test. */
export async function runPackage(name, { program, folder, host, flags = [] }) {
  const pwd = await makeRoot(name, folder);
  // With GOWASIRUNTIME the tests run that Go leaves out for Wasmtime's sake.
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
