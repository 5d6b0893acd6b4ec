// Reads a folder laid out as WebAssembly/wasi-testsuite: NAME.wasm, beside it NAME.json (its absence is an empty one), and folders that
// the programs get copies of. What NAME.json may say is in the suite's doc/specification.md; two forms are known:
//
//   {"args": […], "env": {…}, "root": "DIR", "exit_code": N, "stdout": "…", "stderr": "…"}
//   {"operations": [{"type": "run", args, env, root}, {"type": "read", "id": "stdout", "payload"}, {"type": "wait", "exit_code"}]}
//
// `root` becomes the guest's "/". Older branches have `dirs` instead: a list, each preopened by its own name. Both are folders beside the
// program. All is optional: no arguments, an empty environment, no directory, exit code 0, any output.
import fs from 'node:fs';
import path from 'node:path';

const PREVIEW1 = 'wasm32-wasip1';
const VERSION = /^wasm32-wasip\d+$/;

/** What one test is: a case as in tests/guests/header.mjs, with the module's path and folders to copy from. */
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

/** Each key or operation: what it does to the case. `folder` is the program's. */
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

/** A module's bytes go on with its version, a component's with another one and a layer. */
function isModule(file) {
  const head = Buffer.alloc(8);
  const handle = fs.openSync(file, 'r');
  fs.readSync(handle, head, 0, 8, 0);
  fs.closeSync(handle);
  return head.readUInt32LE(4) === 1;
}

/** The version of WASI that a folder's programs are made for: its name says so, or its manifest; else it is preview 1. */
function versionOf(folder) {
  const name = path.basename(folder);
  const manifest = path.join(folder, 'manifest.json');
  const said = fs.existsSync(manifest) ? JSON.parse(fs.readFileSync(manifest, 'utf8')).version : undefined;
  return said ?? (VERSION.test(name) ? name : PREVIEW1);
}

/**
 * All preview 1 programs below a folder, by path. `others` counts those of another version.
 * @returns {{ cases: object[], others: number }} a case with `broken` cannot be run, and why
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
