// Helpers shared by the drivers in tools/. They use only Node >= 20 and its own modules, because they run before `npm ci`.
import { AsyncLocalStorage } from 'node:async_hooks';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
export const fromRoot = (...parts) => path.join(root, ...parts);
export const jobs = Math.max(2, os.availableParallelism?.() ?? os.cpus().length);

/** Whether the module at `url` is the program that was started. */
export const isMain = (url) =>
  process.argv[1] !== undefined && url === pathToFileURL(fs.realpathSync(process.argv[1])).href;

/** An error whose message is sufficient: printed without a stack. */
export class Complaint extends Error {}

/** Runs a driver's main function; turns a failure into a message and an exit status, and ends programs that are still running. */
export async function main(fn) {
  try {
    process.exitCode = (await fn(process.argv.slice(2))) ?? 0;
  } catch (error) {
    console.error(error instanceof Complaint ? `\nholdfast: ${error.message}` : error);
    process.exit(1);
  }
}

const taking = new AsyncLocalStorage();

/** Calls `fn`. Its output, including that of programs that it runs, goes to `take`, line by line. */
export const printingTo = (take, fn) => taking.run(take, fn);

/** The function that prints lines in the current context. */
export const printer = () => taking.getStore() ?? console.log;
export const print = (line) => printer()(line);

const started = performance.now();
export const stamped = (text) => `[${((performance.now() - started) / 1000).toFixed(1).padStart(6)} s] ${text}`;
export const say = (text) => print(stamped(text));

/** One line of progress: redrawn in place on a terminal, an occasional line elsewhere. */
export function progress(label) {
  const tty = process.stdout.isTTY && !taking.getStore();
  let last = -Infinity;
  return {
    update(text) {
      const now = performance.now();
      if (now - last < (tty ? 100 : 5000)) return;
      last = now;
      if (tty) process.stdout.write(`\r\x1b[K${label}: ${text}`);
      else say(`${label}: ${text}`);
    },
    done(text) {
      if (tty) process.stdout.write('\r\x1b[K');
      say(`${label}: ${text}`);
    },
  };
}

/** Children that are still running. They end when this process ends, for any reason. */
const children = new Set();
process.on('exit', () => children.forEach((child) => child.kill('SIGTERM')));
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    if (process.listenerCount(signal) > 1) return; // a driver has its own handler
    process.exit(signal === 'SIGINT' ? 130 : 143);
  });
}

/**
 * Runs a program. Resolves to {code, output}; throws a Complaint on failure unless `allowFailure`. `quiet` captures its
 * output and shows it only if the program failed; otherwise output is passed through. `onLine` gets each line as it
 * arrives, and implies `quiet`.
 */
export function run(command, args = [], { quiet = false, allowFailure = false, env, input, ...options } = {}) {
  const { onLine = quiet ? undefined : taking.getStore(), ...others } = options;
  return new Promise((resolve, reject) => {
    const piped = quiet || onLine !== undefined;
    const child = spawn(command, args, {
      cwd: root,
      ...others,
      env: env ? { ...process.env, ...env } : process.env,
      stdio: [input === undefined ? 'ignore' : 'pipe', ...(piped ? ['pipe', 'pipe'] : ['inherit', 'inherit'])],
    });
    children.add(child);
    const chunks = [];
    let rest = '';
    const take = (chunk) => {
      chunks.push(chunk);
      if (!onLine) return;
      const lines = (rest + chunk).split('\n');
      rest = lines.pop();
      lines.forEach(onLine);
    };
    child.stdout?.on('data', take);
    child.stderr?.on('data', take);
    if (input !== undefined) child.stdin.end(input);
    child.on('error', (error) => {
      children.delete(child);
      if (allowFailure) resolve({ code: 127, output: String(error) });
      else reject(new Complaint(`cannot run ${command}: ${error.message}`));
    });
    child.on('close', (code, signal) => {
      children.delete(child);
      if (rest) onLine?.(rest);
      const output = Buffer.concat(chunks).toString();
      if (code === 0 || allowFailure) return resolve({ code: code ?? 128, output });
      const shown = piped ? `\n${output.slice(-8000)}` : '';
      reject(new Complaint(`${commandLine(command, args)} ended with ${signal ?? code}${shown}`));
    });
  });
}

const commandLine = (command, args) => {
  const text = [command, ...args].join(' ');
  return text.length > 400 ? `${text.slice(0, 200)} … ${text.slice(-200)}` : text;
};

/** Wraps the command so that the kernel ends it if this process is killed, where the system supports that. */
export function endsWithUs(command) {
  const setpriv = process.platform === 'linux' && which('setpriv');
  return setpriv ? [setpriv, '--pdeathsig', 'TERM', ...command] : command;
}

/** The sanitizers of older clangs cannot handle the address randomization of newer kernels, so run them without it. */
export async function withoutRandomAddresses() {
  const bits = '/proc/sys/vm/mmap_rnd_bits';
  if (!which('setarch') || !exists(bits) || Number(fs.readFileSync(bits, 'utf8')) <= 28) return [];
  const prefix = ['setarch', process.arch === 'x64' ? 'x86_64' : 'aarch64', '-R'];
  const { code } = await run(prefix[0], [...prefix.slice(1), 'true'], { quiet: true, allowFailure: true });
  return code === 0 ? prefix : [];
}

/** The program's standard output and error, or undefined if it is missing or fails. */
export async function capture(command, args = [], options = {}) {
  const { code, output } = await run(command, args, { quiet: true, allowFailure: true, ...options });
  return code === 0 ? output : undefined;
}

/** Where a program is on PATH, or undefined. */
export function which(name, searchPath = process.env.PATH ?? '') {
  for (const folder of searchPath.split(path.delimiter)) {
    if (!folder) continue;
    const file = path.join(folder, name);
    try {
      fs.accessSync(file, fs.constants.X_OK);
      if (fs.statSync(file).isFile()) return file;
    } catch {
      // not here
    }
  }
  return undefined;
}

export const exists = (file) => fs.existsSync(file);
export const sizeOf = (file) => fs.statSync(file, { throwIfNoEntry: false })?.size;
export const sha256 = (data) => createHash('sha256').update(data).digest('hex');
export const megabytes = (bytes) => `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;

export async function sha256File(file) {
  const hash = createHash('sha256');
  for await (const chunk of fs.createReadStream(file, { highWaterMark: 1 << 20 })) hash.update(chunk);
  return hash.digest('hex');
}

export const readJson = (file) => {
  try {
    return JSON.parse(fs.readFileSync(file, 'utf8'));
  } catch {
    return undefined; // missing or partially written: the caller creates it again
  }
};

/** Writes atomically; leaves an identical file (and its time) alone. Returns whether it wrote. */
export function writeIfChanged(file, data, mode) {
  const bytes = Buffer.from(data);
  try {
    if (fs.readFileSync(file).equals(bytes)) return false;
  } catch {
    // not there yet
  }
  fs.mkdirSync(path.dirname(file), { recursive: true });
  const temporary = `${file}.${process.pid}.tmp`;
  fs.writeFileSync(temporary, bytes, mode === undefined ? {} : { mode });
  fs.renameSync(temporary, file);
  return true;
}

/** Files below `folder` as paths relative to it, sorted; [] if it does not exist. */
export function filesBelow(folder, accept = () => true) {
  if (!exists(folder)) return [];
  return fs
    .readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath ?? entry.path, entry.name)))
    .filter(accept)
    .sort();
}

/** Runs `task` over `items`, a few at a time. */
export async function inParallel(items, task, width = jobs) {
  const queue = [...items];
  await Promise.all(
    Array.from({ length: width }, async () => {
      while (queue.length > 0) await task(queue.shift());
    }),
  );
}

/** Only one process at a time runs `fn` for this lock file; a dead owner's lock is taken over. */
export async function withLock(file, what, fn) {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  const me = `${process.pid}@${os.hostname()}`;
  const mine = `${file}.${process.pid}`;
  for (let told = false; ;) {
    fs.writeFileSync(mine, me); // written first, then linked, so that a lock always has its owner's name
    try {
      fs.linkSync(mine, file);
      break;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    } finally {
      fs.rmSync(mine, { force: true });
    }
    const owner = readOwner(file);
    if (owner === undefined) continue; // just released
    if (ownerIsDead(file, owner)) {
      takeOver(file, owner);
      continue;
    }
    if (!told) say(`waiting for process ${owner.split('@')[0]}: ${what}`);
    told = true;
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
  const release = () => {
    if (readOwner(file) === me) fs.rmSync(file, { force: true });
  };
  process.on('exit', release);
  try {
    return await fn();
  } finally {
    process.off('exit', release);
    release();
  }
}

const readOwner = (file) => {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
};

function ownerIsDead(file, owner) {
  const [pid, host] = owner.split('@');
  try {
    if (host !== os.hostname()) return Date.now() - fs.statSync(file).mtimeMs > 3600e3; // a shared folder: the other machine cannot be asked
    process.kill(Number(pid), 0);
    return false;
  } catch (error) {
    return error.code === 'ESRCH';
  }
}

/** Moves a dead owner's lock aside; only one of several waiters succeeds. */
function takeOver(file, owner) {
  const aside = `${file}.${process.pid}.stale`;
  try {
    fs.renameSync(file, aside);
    if (readOwner(aside) !== owner)
      fs.renameSync(aside, file); // it is a new owner's lock: restore it
    else fs.rmSync(aside, { force: true });
  } catch {
    // another process was faster
  }
}

/** The properties of this machine that matter for setup. */
export function machine() {
  let release = '';
  try {
    release = fs.readFileSync('/etc/os-release', 'utf8');
  } catch {
    // no such file outside Linux
  }
  const field = (name) => new RegExp(`^${name}="?([^"\n]*)"?$`, 'm').exec(release)?.[1] ?? '';
  return {
    debian: process.platform === 'linux' && field('ID') === 'debian' && which('apt-get') !== undefined,
    codename: field('VERSION_CODENAME'),
    root: process.getuid?.() === 0,
  };
}
