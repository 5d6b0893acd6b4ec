// Hosts that are programs: the command on each of its hosts, and Node's own WASI. One process per case. See also native.mjs.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { bytesOf } from '../header.mjs';
import { Collector, feed } from '../feed.mjs';
import { transpile } from '../../components/jco.mjs';
import { isComponent, moduleOf } from '../cases.mjs';
import { placeOf } from './api.mjs';

/** Creates the case's directories on disk. */
export function prepare(guest) {
  const top = fs.mkdtempSync(path.join(os.tmpdir(), 'holdfast-guest-'));
  const dirs = guest.dirs.map(({ guest: name, copyOf, devices }, i) => {
    if (devices) return { host: '/dev', guest: name };
    fs.mkdirSync(path.join(top, String(i)));
    if (copyOf !== undefined) fs.cpSync(copyOf, path.join(top, String(i)), { recursive: true, verbatimSymlinks: true });
    return { host: path.join(top, String(i)), guest: name };
  });
  for (const { path: file, text } of guest.files) {
    const { i, rest } = placeOf(guest, file);
    fs.mkdirSync(path.dirname(path.join(top, String(i), rest)), { recursive: true });
    fs.writeFileSync(path.join(top, String(i), rest), bytesOf(text));
  }
  return { top, dirs, clean: () => fs.rmSync(top, { recursive: true, force: true }) };
}

/** Runs a client over TCP. Returns everything that it receives. */
function runClient(address, text) {
  return new Promise((resolve) => {
    const reply = new Collector();
    const socket = net.connect({ ...address, allowHalfOpen: true }, () => socket.end(bytesOf(text)));
    socket.on('data', (chunk) => reply.add(chunk));
    socket.on('error', (error) => reply.add(new TextEncoder().encode(`[${error.message}]`)));
    socket.on('close', () => resolve(reply.bytes()));
  });
}

/** Runs the case's clients, one after the other, as soon as the command reports where it listens. */
async function runClients(guest, stderr) {
  const replies = [];
  if (guest.clients.length === 0) return replies;
  await stderr.sees('listening on 127.0.0.1:');
  const [, port] = /listening on 127\.0\.0\.1:(\d+)/.exec(new TextDecoder().decode(stderr.bytes())) ?? [];
  for (const text of guest.clients) replies.push(await runClient({ host: '127.0.0.1', port: Number(port) }, text));
  return replies;
}

/** Runs a command with the case's stdin, and kills it if it takes too long. */
export function execute([command, ...args], guest, limit, env = process.env) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: 'pipe', env });
    const [stdout, stderr] = [new Collector(), new Collector()];
    let hung = false;
    const timer = setTimeout(() => {
      hung = true;
      child.kill('SIGKILL');
    }, limit);
    child.on('error', reject);
    child.stdin.on('error', () => undefined); // the guest no longer reads
    if (guest.stdoutClosed) child.stdout.destroy();
    child.stdout.on('data', (chunk) => stdout.add(chunk));
    child.stderr.on('data', (chunk) => stderr.add(chunk));
    child.on('exit', () => {
      stdout.end();
      stderr.end();
      child.stdin.destroy();
    });
    const clients = runClients(guest, stderr);
    child.on('close', async (code, signal) => {
      clearTimeout(timer);
      const replies = await clients;
      resolve({ code: code ?? -1, signal, hung, stdout: stdout.bytes(), stderr: stderr.bytes(), replies });
    });
    const write = (bytes) => new Promise((done, failed) => child.stdin.write(bytes, (e) => (e ? failed(e) : done())));
    feed(guest.stdin, { write, end: () => child.stdin.end() }, stdout);
  });
}

/** Converts the command's exit status to a result. Its own messages are on stderr, together with the guest's. */
export function fromStatus({ code, hung, stdout, stderr, signal, replies }, guest, limit) {
  const message = new TextDecoder().decode(stderr);
  const result = { code, message, stdout, stderr, replies, mixedStderr: true };
  if (hung) return { ...result, reason: 'killed', message: `it did not end within ${limit} ms` };
  if (code === -1) return { ...result, reason: 'crash', message: `the command was ended by ${signal}` };
  if (code === guest.expect.killed) return { ...result, reason: 'killed' };
  if (code === 134) return { ...result, reason: 'trap' };
  if (code === 124) return { ...result, reason: 'timeout' };
  if (guest.expect.refused.length > 0 && code === 1 && /^holdfast: /m.test(message))
    return { ...result, reason: 'refused' };
  return { ...result, reason: 'exit', message: '', mixedStderr: guest.sockets.length > 0 };
}

const readOnly = (guest) => (guest.dirs.some((dir) => dir.readOnly) ? 'it has no read-only directories' : undefined);

const connected = (guest) =>
  guest.sockets.some(({ connect }) => connect !== undefined)
    ? 'it cannot start a program with a connection'
    : undefined;

/** `holdfast run --host HOST`. */
export function cli(hostName) {
  return async ({ root, built, interruptible }) => ({
    cannot(guest) {
      if (guest.memory !== undefined) return 'its kernel memory cannot be limited';
      if (guest.stdoutClosed) return 'it ends a program whose output has no reader';
      return readOnly(guest) ?? connected(guest);
    },
    async run(guest, limit) {
      const { dirs, clean } = prepare(guest);
      const { timeout } = guest.expect;
      const patience = timeout === undefined ? 0 : 5 * timeout; // a new runtime has to start first
      const command = [
        process.execPath,
        path.join(root, 'bin/holdfast.mjs'),
        'run',
        `--host=${hostName}`,
        ...dirs.map((dir) => `--dir=${dir.host}::${dir.guest}`),
        ...Object.entries(guest.env).map(([name, value]) => `--env=${name}=${value}`),
        ...guest.sockets.map(({ listen }) => `--tcplisten=${listen}`),
        ...(guest.argv0 === undefined ? [] : [`--argv0=${guest.argv0}`]),
        ...(patience > 0 ? [`--timeout=${patience / 1000}`] : []),
        ...(interruptible ? ['--interruptible'] : []),
        moduleOf(guest, built),
        ...guest.args,
      ];
      try {
        return fromStatus(await execute(command, guest, limit), guest, limit);
      } finally {
        clean();
      }
    },
    async close() {},
  });
}

/**
 * A host on another implementation, to check our expectations: a script here that runs one case. `more(file)` resolves to additional entries of
 * its plan, and `cannot` returns why it cannot run a case.
 */
function anotherOne(program, more, cannot) {
  const child = fileURLToPath(new URL(program, import.meta.url));
  return async ({ built }) => ({
    cannot(guest) {
      if (guest.expect.timeout !== undefined) return 'it cannot end a program';
      if (guest.sockets.length > 0) return 'it has no sockets';
      if (guest.memory !== undefined) return "it has the host's own file system";
      return cannot(guest) ?? readOnly(guest);
    },
    async run(guest, limit) {
      const { top, dirs, clean } = prepare(guest);
      const plan = {
        ...(await more(moduleOf(guest, built))),
        args: [guest.argv0 ?? `${guest.program}.wasm`, ...guest.args],
        env: guest.env,
        preopens: Object.fromEntries(dirs.map((dir) => [dir.guest, dir.host])),
      };
      const planFile = path.join(top, 'plan.json');
      fs.writeFileSync(planFile, JSON.stringify(plan));
      try {
        const command = [process.execPath, '--no-warnings', child, planFile];
        return fromStatus(await execute(command, guest, limit), guest, limit);
      } finally {
        clean();
      }
    },
    async close() {},
  });
}

/** Node's own WASI, for modules. */
export const reference = anotherOne(
  'reference-child.mjs',
  async (file) => ({ file }),
  () => undefined,
);

/** jco with its shim of WASI 0.2, for components. */
export const jco = anotherOne(
  'jco-child.mjs',
  async (file) => ({ folder: await transpile(fs.readFileSync(file)) }),
  (guest) => (isComponent(guest) ? undefined : 'it runs components only'),
);
