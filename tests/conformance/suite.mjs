// Reads a folder with the layout of WebAssembly/wasi-testsuite: NAME.wasm, optionally NAME.json beside it, and folders that are copied for the
// programs. The suite's doc/specification.md describes NAME.json; two forms are supported:
//
//   {"args": […], "env": {…}, "root": "DIR", "exit_code": N, "stdout": "…", "stderr": "…"}
//   {"operations": [{"type": "run", args, env, root}, {"type": "read", "id": "stdout", "payload"}, {"type": "wait", "exit_code"}]}
//
// `root` becomes the guest's "/". Older branches have `dirs` instead: a list of directories, each preopened under its own name. Both are folders
// beside the program. All keys are optional; the defaults are no arguments, an empty environment, no directory, exit code 0, any output.
import fs from 'node:fs';
import path from 'node:path';

const PREVIEW1 = 'wasm32-wasip1';
const VERSION = /^wasm32-wasip\d+$/;

/** A test: a case as in tests/guests/header.mjs, with the module's path and folders to copy. */
function newCase(id, module) {
  return {
    id,
    module,
    program: path.basename(module, '.wasm'),
    file: path.basename(module),
    argv0: path.basename(module),
    args: [],
    env: {},
    // The suite's own runner gives a pipe, and neither writes to it nor closes it.
    stdin: [{ hold: true }],
    dirs: [],
    sockets: [],
    clients: [],
    files: [],
    expect: { exit: 0, refused: [], stdout: undefined, stderr: undefined },
  };
}

/** For each key or operation, a function that applies it to the case. `folder` is the program's folder. */
const keys = {
  args: (test, value) => (test.args = value),
  env: (test, value) => (test.env = value),
  root(test, value, folder) {
    if (value !== null) test.dirs = [{ guest: '/', readOnly: false, copyOf: path.join(folder, value) }];
  },
  dirs(test, value, folder) {
    test.dirs = value.map((name) => ({ guest: name, readOnly: false, copyOf: path.join(folder, name) }));
  },
  exit_code: (test, value) => (test.expect.exit = value),
  stdout: (test, value) => (test.expect.stdout = value),
  stderr: (test, value) => (test.expect.stderr = value),
  proposals(test, value) {
    if (value.length > 0) throw new Error(`the proposals ${value.join(', ')} are not preview 1`);
  },
  operations: (test, value, folder) => value.forEach((operation) => perform(test, operation, folder)),
};

function perform(test, { type, ...rest }, folder) {
  if (type === 'run' || type === 'wait') return configure(test, rest, folder);
  if (type !== 'read') throw new Error(`the operation "${type}" is not known`);
  const { id = 'stdout', payload = '' } = rest;
  test.expect[id] = (test.expect[id] ?? '') + payload;
}

function configure(test, configuration, folder) {
  for (const [key, value] of Object.entries(configuration)) {
    if (!Object.hasOwn(keys, key)) throw new Error(`"${key}" is not known`);
    keys[key](test, value, folder);
  }
}

/** A module's version follows its magic bytes; in a component, a different version and a layer do. */
function isModule(file) {
  const head = Buffer.alloc(8);
  const handle = fs.openSync(file, 'r');
  fs.readSync(handle, head, 0, 8, 0);
  fs.closeSync(handle);
  return head.readUInt32LE(4) === 1;
}

/** The WASI version of a folder's programs, from its name or its manifest; otherwise preview 1. */
function versionOf(folder) {
  const name = path.basename(folder);
  const manifest = path.join(folder, 'manifest.json');
  const said = fs.existsSync(manifest) ? JSON.parse(fs.readFileSync(manifest, 'utf8')).version : undefined;
  return said ?? (VERSION.test(name) ? name : PREVIEW1);
}

/**
 * All preview 1 programs below a folder, by path. `others` counts programs for other versions.
 * @returns {{ cases: object[], others: number }} a case with `broken` cannot be run; `broken` says why
 */
export function readSuite(top) {
  const cases = [];
  let others = 0;
  const visit = (folder) => {
    const entries = fs.readdirSync(folder, { withFileTypes: true });
    const wanted = versionOf(folder) === PREVIEW1;
    for (const { name } of entries.filter((entry) => entry.isFile() && entry.name.endsWith('.wasm'))) {
      const module = path.join(folder, name);
      if (wanted && isModule(module)) cases.push(readCase(top, module));
      else others++;
    }
    for (const entry of entries) if (entry.isDirectory()) visit(path.join(folder, entry.name));
  };
  visit(path.resolve(top));
  return { cases: cases.sort((a, b) => (a.id < b.id ? -1 : 1)), others };
}

function readCase(top, module) {
  const id = path
    .relative(top, module)
    .replaceAll(path.sep, '/')
    .replace(/\.wasm$/, '');
  const test = newCase(id, module);
  const file = module.replace(/\.wasm$/, '.json');
  try {
    if (fs.existsSync(file)) configure(test, JSON.parse(fs.readFileSync(file, 'utf8')), path.dirname(module));
  } catch (error) {
    test.broken = `${file}: ${error.message}`;
  }
  return test;
}

const shorten = (text) => JSON.stringify(text.length > 400 ? `${text.slice(0, 400)} …` : text);

/** What is wrong with the result, one line each. */
export function judge({ expect, broken }, { reason, code, message, stdout, stderr }) {
  if (broken) return [broken];
  const complaints = [];
  const text = { stdout: new TextDecoder().decode(stdout), stderr: new TextDecoder().decode(stderr) };
  if (reason !== 'exit' || code !== expect.exit) {
    const words = message || text.stderr;
    complaints.push(`it ended with "${reason}", code ${code}, not ${expect.exit}${words && `: ${shorten(words)}`}`);
  }
  for (const stream of ['stdout', 'stderr']) {
    if (expect[stream] !== undefined && text[stream] !== expect[stream])
      complaints.push(`${stream} is ${shorten(text[stream])}, not ${shorten(expect[stream])}`);
  }
  return complaints;
}

/**
 * The same programs as components, with the adapter around them; `made(module, component)` writes each. In WASI 0.2, exit reports only success or
 * failure, so every code except 0 becomes 1.
 */
export async function wrapped(suites, folder, made) {
  fs.mkdirSync(folder, { recursive: true });
  for (const test of suites.flatMap(({ cases }) => cases)) {
    const component = path.join(folder, `${test.id.replaceAll('/', '_')}.wasm`);
    await made(test.module, component);
    Object.assign(test, { module: component, component: true });
    test.expect.exit = Math.min(test.expect.exit, 1);
  }
}
