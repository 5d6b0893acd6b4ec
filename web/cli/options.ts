/** The command line. Options are named as in Wasmtime. */

import type { Limits } from '../limits.js';
import type { TcpAddress } from './tcp.js';

/** `--dir HOST[::GUEST]` */
export interface DirOption {
  host: string;
  guest: string;
}

export interface RunCommand {
  kind: 'run';
  host: string;
  dirs: DirOption[];
  env: Record<string, string>;
  argv0: string | undefined;
  /** Each adds a socket to the program. */
  tcpListen: TcpAddress[];
  /** Milliseconds; 0 means no limit. */
  timeout: number;
  limits: Limits;
  trace: boolean;
  interruptible: boolean;
  /** Whether it may make HTTP requests. */
  http: boolean;
  program: string;
  args: string[];
}

/** Prints the types of a component's functions. */
export interface TypesCommand {
  kind: 'types';
  component: string;
  /** The file to write; standard output if undefined. */
  output: string | undefined;
}

/** Runs a benchmark (cli-bench.ts), which reads the arguments itself. */
export interface BenchCommand {
  kind: 'bench';
  args: readonly string[];
}

export type Command = RunCommand | TypesCommand | BenchCommand | { kind: 'help' } | { kind: 'version' };

/** The command line is invalid; the message says how. Exit status 2. */
export class UsageError extends Error {}

export const USAGE = `Usage: holdfast run [OPTIONS] PROGRAM.wasm [ARGS...]
       holdfast PROGRAM.wasm [ARGS...]
       holdfast types COMPONENT.wasm [-o FILE.d.ts]
       holdfast bench ring [OPTIONS]

"types" writes what a component exports, and what it imports besides WASI, as TypeScript declarations.

"bench ring" measures a ring in shared memory; "holdfast bench ring --help" lists its options.

"run" runs a WASI program. Its standard input, output and error and its exit status are this command's own.

Options (before the program; "--" ends them):
  --host HOST           where to run it: "node" (default), or a headless browser: "chromium", "firefox" or "webkit"
  --dir HOST[::GUEST]   gives it a directory, by the name GUEST (default: HOST as it is written). It is copied in,
                        and the program's changes are copied back when it has ended. A file that changed on the host
                        meanwhile is kept, and the program's version is stored beside it, as NAME.holdfast. /dev gives
                        it the devices null, zero, full, random and urandom
  --env NAME[=VALUE]    sets an environment variable; without a value, to the value of NAME in this environment
  --argv0 NAME          the program's argv[0] (default: its file name)
  --tcplisten [HOST:]PORT
                        gives it a socket that listens on a TCP port of this machine (HOST: 127.0.0.1), as descriptor 3
                        and up, before the directories, in non-blocking mode. Port 0 is any free port, which is printed
                        to standard error
  --http                lets a component make HTTP requests (wasi:http) to any server, from this machine
  --timeout SECONDS     kills it after this time
  --max-memory-size BYTES
                        the maximum size of its memory, in whole pages of 64 KiB
  --allow-gc            with a memory limit, lets it allocate WasmGC objects, which the limit does not count
  --max-cpu-time SECONDS
                        ends it after this much CPU time of all its threads
  --trace               prints its system calls to standard error, as strace does
  --interruptible       rewrites it first, so that it can be stopped at once while it computes
  --help, --version

Exit status: the program's own (modulo 256); 1 if it was refused or this command failed; 2 for a wrong command line;
124 after a timeout; 134 for a trap; 137 if it was killed; 130 after Ctrl-C; 141 if its output had no reader any more.
`;

interface Option {
  /** The value's name in messages; missing if the option takes none. */
  value?: string;
  apply(command: RunCommand, value: string, environment: Environment): void;
}

type Environment = Readonly<Record<string, string | undefined>>;

const options: Readonly<Record<string, Option>> = {
  '--host': {
    value: 'HOST',
    apply: (command, value) => void (command.host = value),
  },
  '--dir': {
    value: 'HOST[::GUEST]',
    apply: (command, value) => void command.dirs.push(parseDir(value)),
  },
  '--env': {
    value: 'NAME[=VALUE]',
    apply: (command, value, environment) => setVariable(command, value, environment),
  },
  '--argv0': {
    value: 'NAME',
    apply: (command, value) => void (command.argv0 = value),
  },
  '--tcplisten': {
    value: '[HOST:]PORT',
    apply: (command, value) => void command.tcpListen.push(parseAddress(value)),
  },
  '--http': {
    apply: (command) => void (command.http = true),
  },
  '--timeout': {
    value: 'SECONDS',
    apply: (command, value) => void (command.timeout = parseSeconds(value, '--timeout')),
  },
  '--max-memory-size': {
    value: 'BYTES',
    apply: (command, value) => void (command.limits.memory = parseBytes(value)),
  },
  '--allow-gc': {
    apply: (command) => void (command.limits.gc = true),
  },
  '--max-cpu-time': {
    value: 'SECONDS',
    apply: (command, value) => void (command.limits.cpuTime = parseCpuTime(value)),
  },
  '--trace': {
    apply: (command) => void (command.trace = true),
  },
  '--interruptible': {
    apply: (command) => void (command.interruptible = true),
  },
};

/** Throws `UsageError`. `hosts`: the valid names for `--host`. */
export function parseCommand(argv: readonly string[], environment: Environment, hosts: readonly string[]): Command {
  const [first, ...rest] = argv;
  if (first === '--help' || first === '-h' || first === 'help') return { kind: 'help' };
  if (first === '--version' || first === '-V') return { kind: 'version' };
  if (first === undefined) throw new UsageError('no command given');
  if (first === 'types') return parseTypes(rest);
  if (first === 'bench') return { kind: 'bench', args: rest };
  const program = first.endsWith('.wasm'); // `run` may be omitted
  if (first !== 'run' && !program)
    throw new UsageError(`unknown command "${first}"; the commands are "run", "types" and "bench"`);
  const command = parseRun(program ? argv : rest, environment);
  if (command.kind === 'run' && !hosts.includes(command.host)) {
    throw new UsageError(`--host: unknown host "${command.host}"; the hosts are ${hosts.join(', ')}`);
  }
  return command;
}

function parseTypes(argv: readonly string[]): Command {
  const files: string[] = [];
  let output: string | undefined;
  for (let at = 0; at < argv.length; at++) {
    const word = argv[at]!;
    if (word === '--help' || word === '-h') return { kind: 'help' };
    if (word === '-o' || word === '--output') {
      output = argv[++at];
      if (output === undefined) throw new UsageError(`${word} needs a value: ${word} FILE.d.ts`);
    } else if (word.startsWith('-')) throw new UsageError(`unknown option "${word}"`);
    else files.push(word);
  }
  const [component, ...more] = files;
  if (component === undefined) throw new UsageError('no component given');
  if (more.length > 0) throw new UsageError(`one component at a time, not also "${more[0]!}"`);
  return { kind: 'types', component, output };
}

function parseRun(argv: readonly string[], environment: Environment): Command {
  const command: RunCommand = {
    kind: 'run',
    host: 'node',
    dirs: [],
    env: {},
    argv0: undefined,
    tcpListen: [],
    timeout: 0,
    limits: {},
    trace: false,
    interruptible: false,
    http: false,
    program: '',
    args: [],
  };
  let at = 0;
  for (; at < argv.length; at++) {
    const word = argv[at] as string;
    if (word === '--') {
      at++;
      break;
    }
    if (!word.startsWith('-') || word === '-') break;
    if (word === '--help' || word === '-h') return { kind: 'help' };
    if (word === '--version' || word === '-V') return { kind: 'version' };
    const [name, inline] = splitOnce(word, '=');
    const option = Object.hasOwn(options, name) ? options[name] : undefined;
    if (!option) throw new UsageError(`unknown option "${name}"`);
    if (option.value === undefined) {
      if (inline !== undefined) throw new UsageError(`${name} takes no value`);
      option.apply(command, '', environment);
      continue;
    }
    const value = inline ?? argv[++at];
    if (value === undefined) throw new UsageError(`${name} needs a value: ${name} ${option.value}`);
    option.apply(command, value, environment);
  }
  const [program, ...args] = argv.slice(at);
  if (!program) throw new UsageError('no program given');
  return { ...command, program, args };
}

function splitOnce(text: string, separator: string): [string, string | undefined] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + separator.length)];
}

function parseDir(value: string): DirOption {
  const [host, guest = host] = splitOnce(value, '::');
  if (host === '' || guest === '') throw new UsageError(`--dir: an empty name in "${value}"`);
  return { host, guest };
}

function setVariable(command: RunCommand, text: string, environment: Environment): void {
  const [name, given] = splitOnce(text, '=');
  if (name === '') throw new UsageError(`--env: no name in "${text}"`);
  const value = given ?? (Object.hasOwn(environment, name) ? environment[name] : undefined);
  // An assignment would lose __proto__.
  if (value !== undefined) command.env = Object.fromEntries([...Object.entries(command.env), [name, value]]);
}

function parseAddress(text: string): TcpAddress {
  const [, ipv6, name, digits] = /^(?:(?:\[([\da-fA-F:.]+)\]|([^:[\]]+)):)?(\d+)$/.exec(text) ?? [];
  const port = Number(digits);
  if (digits === undefined || port > 65535) {
    throw new UsageError(`--tcplisten must be PORT, HOST:PORT or [IPV6]:PORT, not "${text}"`);
  }
  return { host: ipv6 ?? name ?? '127.0.0.1', port };
}

function parseBytes(text: string): number {
  const bytes = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(bytes) || bytes === 0) {
    throw new UsageError(`--max-memory-size must be a whole number of bytes greater than 0, not "${text}"`);
  }
  return bytes;
}

function parseSeconds(text: string, option: string): number {
  const seconds = Number(text);
  if (text.trim() === '' || !Number.isFinite(seconds) || seconds <= 0) {
    throw new UsageError(`${option} must be a number of seconds greater than 0, not "${text}"`);
  }
  return seconds * 1000;
}

/** Whole milliseconds. */
const parseCpuTime = (text: string): number =>
  Math.min(Math.ceil(parseSeconds(text, '--max-cpu-time')), Number.MAX_SAFE_INTEGER);
