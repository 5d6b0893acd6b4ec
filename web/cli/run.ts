/** `holdfast run`, from a parsed command line to an exit status. */
import { fstatSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { CODE_BROKEN_PIPE, CODE_SIGNAL, CODE_TIMEOUT } from '../../build/generated/layouts.js';
import { within } from '../deadline.js';
import { asError, HoldfastError } from '../errors.js';
import type { Preopens } from '../options.js';
import type { Exit } from '../process.js';
import type { Directories } from './cli-directories.js';
import { openHost, type Host } from './hosts.js';
import type { RunCommand } from './options.js';
import { pumpInput, pumpOutput } from './stdio.js';
import { TcpListeners } from './tcp.js';

/** The exit status when the command itself failed, or the program was refused. */
const FAILED = 1;

/** Signals that end the guest. Our exit status is then CODE_SIGNAL + the signal's number, as in a shell. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** How long a killed program may take to end before the command exits without it, in milliseconds. */
const KILL_TIME = 5000;

/** After a timeout or a kill, how long the output's reader may take to read the rest, in milliseconds. */
export const GRACE = 1000;

/**
 * Resolves to the exit status. By then all of the guest's output is written, unless the guest was killed and its output
 * has no reader.
 */
export async function run(command: RunCommand): Promise<number> {
  const name = path.basename(command.program);
  const warn = (text: string): void => void process.stderr.write(`holdfast: ${text}\n`);
  const interrupt = listenForSignals();
  try {
    await requireFile(command.program);
    const status = await onHost(command, name, interrupt, warn);
    return interrupt.status() ?? status;
  } catch (error) {
    const status = interrupt.status();
    if (status !== undefined) return status;
    const { name: kind, message } = asError(error);
    // Files that are loaded on demand have classes of their own, so those errors are recognized by name.
    if (!(error instanceof HoldfastError || kind === 'DirectoryError' || kind === 'BrowserError')) throw error;
    warn(kind === 'DirectoryError' ? message : `${name}: ${message}`);
    return FAILED;
  }
}

async function requireFile(program: string): Promise<void> {
  const found = await stat(program).catch((error: unknown) => {
    throw new HoldfastError(`cannot be read: ${asError(error).message}`);
  });
  if (!found.isFile()) throw new HoldfastError(`cannot be read: ${program} is not a file`);
}

async function onHost(
  command: RunCommand,
  name: string,
  { signal, obeyed }: Interrupt,
  warn: (text: string) => void,
): Promise<number> {
  // A signal cancels a start; later it ends the guest, and the runtime is still needed to copy files out.
  const starting = new AbortController();
  const giveUp = (): void => starting.abort(signal.reason);
  signal.addEventListener('abort', giveUp);
  const host = await openHost(command.host, starting.signal);
  signal.removeEventListener('abort', giveUp);
  const tcp = new TcpListeners();
  let directories: Directories | undefined;
  try {
    directories = await directoriesFor(command, host, warn);
    await tcp.open(command.tcpListen, warn);
    const preopens = (await directories?.copyIn(command.dirs)) ?? [];
    signal.throwIfAborted();
    const exit = await runGuest(host, command, preopens, tcp, name, signal, warn);
    obeyed();
    await tcp.close();
    const well = await directories?.copyOut();
    const status = report(exit, name, command, warn, signal.aborted);
    return status === 0 && well === false ? FAILED : status;
  } finally {
    await tcp.close();
    await directories?.close();
    await host.leave();
  }
}

/** Few commands need this code. */
async function directoriesFor({ dirs }: RunCommand, { hf }: Host, warn: (text: string) => void) {
  if (dirs.length === 0) return undefined;
  const { Directories } = await import('./cli-directories.js');
  return new Directories(hf.fs, warn);
}

async function runGuest(
  { hf, source }: Host,
  command: RunCommand,
  preopens: Preopens,
  tcp: TcpListeners,
  name: string,
  signal: AbortSignal,
  warn: (text: string) => void,
): Promise<Exit> {
  const guest = await hf.spawn(source(command.program), {
    name,
    argv0: command.argv0 ?? name,
    args: command.args,
    env: command.env,
    preopens,
    sockets: command.tcpListen.map(() => ({ listen: 0, nonblocking: true })),
    timeout: command.timeout,
    ...(command.trace ? { trace: ({ text }) => void process.stderr.write(`${text}\n`) } : {}),
    ...(command.interruptible ? { interruptible: true } : {}),
    limits: command.limits,
    http: command.http,
    stderr: isSamePlace(1, 2) ? 'stdout' : 'pipe',
    brokenPipe: 'end',
    // All three: on a terminal the guest has one output, and one that is redirected must stay separate.
    terminal: [process.stdin, process.stdout, process.stderr].every((stream) => stream.isTTY === true) && 'isatty',
    signal,
  });
  const begun = performance.now();
  tcp.serve(hf, guest.ports);
  const gone = new AbortController();
  void pumpInput(process.stdin, guest.stdin, gone.signal, warn);
  const written = Promise.all([
    pumpOutput(guest.stdout, process.stdout, warn),
    pumpOutput(guest.stderr, process.stderr, warn),
  ]);
  const exit = await guest.exited;
  gone.abort();
  process.stdin.destroy();
  const itsOwn = exit.reason === 'exit' || exit.reason === 'trap';
  const left = command.timeout > 0 ? Math.max(begun + command.timeout - performance.now(), 0) + GRACE : Infinity;
  const taken = await within(written, itsOwn ? left : GRACE);
  if (exit.reason !== 'exit' || exit.code !== 0) return exit;
  if (taken) return taken.includes(false) ? { ...exit, code: FAILED } : exit;
  warn(`${name}: timeout: its output was not read within ${command.timeout / 1000} s`);
  return { ...exit, code: CODE_TIMEOUT };
}

/** Whether two of our descriptors are the same file, pipe or terminal: then their output keeps its order. */
function isSamePlace(a: number, b: number): boolean {
  try {
    const [one, other] = [fstatSync(a), fstatSync(b)];
    return one.ino !== 0 && one.dev === other.dev && one.ino === other.ino;
  } catch {
    return false; // one is closed
  }
}

/** Prints the message about an end, if any, and returns the exit status. */
function report(
  exit: Exit,
  name: string,
  command: RunCommand,
  warn: (text: string) => void,
  interrupted: boolean,
): number {
  switch (exit.reason) {
    case 'exit':
      return exit.code & 0xff;
    case 'timeout':
      warn(`${name}: timeout: killed after ${command.timeout / 1000} s`);
      return exit.code;
    case 'killed':
      // Shells print nothing about SIGPIPE either.
      if (!interrupted && exit.code !== CODE_BROKEN_PIPE) warn(`${name}: ${exit.message || 'killed'}`);
      return exit.code;
    case 'trap':
    case 'limit':
    case 'crash':
      warn(`${name}: ${exit.reason}: ${exit.message}${exit.stack ? `\n${exit.stack.trimEnd()}` : ''}`);
      return exit.code & 0xff || FAILED;
  }
}

interface Interrupt {
  /** Aborted by the first signal. */
  signal: AbortSignal;
  /** Called when the guest has ended: the rest may take its time. */
  obeyed(): void;
  /** The exit status that a signal requested. */
  status(): number | undefined;
}

/** The first signal ends the guest in an orderly way; a second one ends the command at once. */
function listenForSignals(): Interrupt {
  const controller = new AbortController();
  let status: number | undefined;
  let ended = false;
  let hurry: NodeJS.Timeout | undefined;
  for (const name of SIGNALS) {
    const code = CODE_SIGNAL + os.constants.signals[name];
    process.on(name, () => {
      if (status !== undefined) process.exit(code);
      status = code;
      controller.abort();
      if (!ended) hurry = setTimeout(() => process.exit(code), KILL_TIME).unref();
    });
  }
  const obeyed = (): void => {
    ended = true;
    clearTimeout(hurry);
  };
  return { signal: controller.signal, status: () => status, obeyed };
}
