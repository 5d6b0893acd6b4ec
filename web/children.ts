/**
 * Programs that guests start: the option `children`. Part of instance.js.
 *
 * The functions of the module `holdfast_v1` are host functions: the guest's thread waits in the kernel until the page
 * has answered. A negative result is a negated WASI errno. docs/guide.md describes the module for authors of guests.
 */
import { EXIT_REASON } from '../build/generated/abi.js';
import {
  ERRNO_E2BIG,
  ERRNO_EAGAIN,
  ERRNO_EBADF,
  ERRNO_ECHILD,
  ERRNO_EINVAL,
  ERRNO_EIO,
  ERRNO_EMFILE,
  ERRNO_ENOEXEC,
  ERRNO_ENOMEM,
  ERRNO_ESRCH,
} from '../build/generated/layouts.js';
import { PART } from '../common/protocol.js';
import type { ErrorMessage, FsRequest, FsResult } from '../common/protocol.js';
import { offAbort, onAbort } from './aborts.js';
import { concat } from './bytes.js';
import { count, nothingMore, object } from './check.js';
import { deferred } from './deferred.js';
import { hostFunction, type HostContext, type HostFunctions } from './host-options.js';
import type { SpawnPlan } from './options.js';
import type { Exit, Process } from './process.js';
import type { ReadySource } from './source.js';

/** Whether a program may start other programs, and how many may exist at once. `true` means `{ max: 16 }`. */
export type ChildrenOption = boolean | { max?: number };

export type SpawnChild = (source: ReadySource, plan: SpawnPlan) => Promise<Process>;
type Ask = (name: 'fs', question: { request: FsRequest }, toError: (error: ErrorMessage) => Error) => Promise<FsResult>;

const MOST = 16;
const MODULE = 'holdfast_v1';

/** Flags of `wait`. */
const NOHANG = 1;
/** The values of `wait` for any child, and of `spawn` for no descriptor. */
const ANY = -1;
const NONE = -1;

/** Returns the number of a reason that `wait` reports (enum holdfast_reason): the kernel's, but counted from 0. */
const numberOf = (reason: Exit['reason']): number =>
  EXIT_REASON[reason.toUpperCase() as Uppercase<Exit['reason']>] - EXIT_REASON.EXIT;

/** Programs larger than this are refused. */
const MOST_BYTES = 256 * 1024 * 1024;
/** The maximum total size of arguments and environment, in bytes. */
const MOST_STRINGS = 1024 * 1024;
/** How many compiled programs are kept. */
const KEPT = 16;

/** The WASI numbers of errors that are raised here or by starting a program. */
const ERRNO = {
  E2BIG: ERRNO_E2BIG,
  EAGAIN: ERRNO_EAGAIN,
  EBADF: ERRNO_EBADF,
  ECHILD: ERRNO_ECHILD,
  EINVAL: ERRNO_EINVAL,
  EIO: ERRNO_EIO,
  EMFILE: ERRNO_EMFILE,
  ENOEXEC: ERRNO_ENOEXEC,
  ENOMEM: ERRNO_ENOMEM,
  ESRCH: ERRNO_ESRCH,
};
type Errno = keyof typeof ERRNO;

/** An error that is returned to the guest. */
class Failed extends Error {
  constructor(readonly errno: number) {
    super();
  }
}

const fail = (name: Errno): never => {
  throw new Failed(ERRNO[name]);
};

/** Returns the errno for a program that could not be started. */
function errnoOf(error: unknown): number {
  if (error instanceof Failed) return error.errno;
  const { name, kind, message } = error as { name: string; kind?: string; message: string };
  if (name !== 'SpawnRefused') return ERRNO.EIO;
  const code = /^(E[A-Z0-9]+):/.exec(message)?.[1] ?? '';
  if (Object.hasOwn(ERRNO, code)) return ERRNO[code as Errno];
  return kind === 'limit' ? ERRNO.EAGAIN : ERRNO.ENOEXEC;
}

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** Decodes NUL-terminated strings. */
const stringsOf = (bytes: Uint8Array): string[] => decoder.decode(bytes).split('\0').slice(0, -1);

/** Encodes 32-bit numbers in the byte order of guest memory. */
function words(...numbers: number[]): Uint8Array {
  const bytes = new Uint8Array(4 * numbers.length);
  const view = new DataView(bytes.buffer);
  numbers.forEach((number, i) => view.setInt32(4 * i, number, true));
  return bytes;
}

interface Child {
  readonly process: Process;
  /** The pid of its parent. */
  readonly parent: number;
  /** The signal that killed it. */
  signal: number;
  exit: Exit | undefined;
  /** Aborted when the parent has ended. */
  readonly orphaned: AbortSignal;
  /** Called when the parent has ended, so that no process will wait for this one. */
  readonly forget: () => void;
}

/** All descendants of a process with the option `children`. */
export class Family {
  readonly functions: HostFunctions;
  readonly #max: number;
  /** The plan of the process with the option. Its descendants inherit only its limits. */
  readonly #plan: SpawnPlan;
  /** The descendants by pid, including ended ones that their parents have not waited for. */
  readonly #members = new Map<number, Child>();
  #starting = 0;
  /** Resolves when the next member ends. */
  #change = deferred<void>();
  /** Compiled programs by the key of the file's contents. */
  readonly #compiled = new Map<string, WebAssembly.Module>();
  /** Settles when the last program that had to be read has started. */
  #reading: Promise<unknown> = Promise.resolve();
  #ask!: Ask;
  #spawnChild!: SpawnChild;

  constructor(max: number, plan: SpawnPlan) {
    this.#max = max;
    this.#plan = plan;
    const guarded =
      <Args extends unknown[], T>(work: (...args: Args) => Promise<T>, failed: (errno: number) => T) =>
      (...args: Args): Promise<T> =>
        work(...args).catch((error: unknown) => failed(-errnoOf(error)));
    const itself = (result: number) => result;
    this.functions = {
      [MODULE]: {
        spawn: hostFunction(
          { params: ['i32', 'bytes', 'bytes', 'i32', 'i32', 'i32'], result: 'i32' },
          guarded((...args: Parameters<Family['spawn']>) => this.spawn(...args), itself),
        ),
        wait: hostFunction(
          { params: ['i32', 'i32'], result: 'bytes' },
          guarded((...args: Parameters<Family['wait']>) => this.wait(...args), words),
        ),
        kill: hostFunction(
          { params: ['i32', 'i32'], result: 'i32' },
          guarded(async (...args: Parameters<Family['kill']>) => this.kill(...args), itself),
        ),
        pipe: hostFunction(
          { result: 'bytes' },
          guarded((context: HostContext) => this.pipe(context), words),
        ),
      },
    };
  }

  /** Adds a process to this family. */
  join(ask: unknown, spawn: SpawnChild): void {
    this.#ask = ask as Ask;
    this.#spawnChild = spawn;
  }

  #request<Result extends FsResult>(request: FsRequest): Promise<Result> {
    const toError = ({ errno }: ErrorMessage) => new Failed(errno ?? ERRNO.EIO);
    return this.#ask('fs', { request }, toError) as Promise<Result>;
  }

  // --- functions that guests call ---

  /** Returns the child's pid. */
  async spawn(
    fd: number,
    args: Uint8Array,
    env: Uint8Array,
    stdin: number,
    stdout: number,
    stderr: number,
    { id, pid, signal }: HostContext,
  ): Promise<number> {
    if (this.#members.size + this.#starting >= this.#max) fail('EAGAIN');
    if (args.length + env.length > MOST_STRINGS) fail('E2BIG');
    const [argv0 = 'program', ...rest] = stringsOf(args);
    const streams = [stdin, stdout, stderr].map((stream) => {
      if (stream < NONE) fail('EBADF');
      return stream === NONE ? ('null' as const) : stream + 1;
    });
    const plan = this.#planFor(id, argv0, rest, stringsOf(env), streams as [number, number, number], signal);
    this.#starting++;
    try {
      const process = await this.#start(id, fd, plan);
      this.#add(process, pid, signal);
      return process.pid;
    } finally {
      this.#starting--;
    }
  }

  /** Returns a child's pid (0 if none has ended yet), why it ended, and its code. */
  async wait(child: number, flags: number, { pid }: HostContext): Promise<Uint8Array> {
    if ((flags & ~NOHANG) !== 0 || (child < 1 && child !== ANY)) fail('EINVAL');
    for (;;) {
      const own = [...this.#members].filter(([id, { parent }]) => parent === pid && (child === ANY || id === child));
      if (own.length === 0) fail('ECHILD');
      const [id, ended] = own.find(([, { exit }]) => exit) ?? [0, undefined];
      if (ended?.exit) {
        this.#remove(id);
        const { reason, code } = ended.exit;
        return words(id, numberOf(reason), reason === 'killed' && ended.signal ? 128 + ended.signal : code);
      }
      if (flags & NOHANG) return words(0, 0, 0);
      await this.#change.promise;
    }
  }

  /** Signal 0 only checks that the process exists. */
  kill(descendant: number, signal: number, { pid }: HostContext): number {
    if (signal < 0 || signal > 64) fail('EINVAL');
    const member = this.#members.get(descendant);
    if (!member || !this.#descends(member, pid)) return fail('ESRCH');
    if (signal === 0 || member.exit) return 0;
    member.signal ||= signal;
    member.process.kill();
    return 0;
  }

  /** Returns 0 and the two descriptors. */
  async pipe({ id }: HostContext): Promise<Uint8Array> {
    const both = await this.#request<number>({ op: 'childPipe', process: id });
    return words(0, both & 0xffff, both >>> 16);
  }

  // --- the family ---

  #descends(member: Child | undefined, ancestor: number): boolean {
    for (; member; member = this.#members.get(member.parent)) if (member.parent === ancestor) return true;
    return false;
  }

  /** `orphaned` is aborted when the parent has ended, which also kills the child. */
  #add(process: Process, parent: number, orphaned: AbortSignal): void {
    const { pid } = process;
    const forget = (): void => {
      if (child.exit) this.#remove(pid);
    };
    const child: Child = { process, parent, signal: 0, exit: undefined, orphaned, forget };
    this.#members.set(pid, child);
    onAbort(orphaned, forget);
    const ended = (exit: Exit | undefined): void => {
      child.exit = exit;
      if (orphaned.aborted || !exit) this.#remove(pid);
      this.#change.resolve();
      this.#change = deferred();
    };
    void process.exited.then(ended, () => ended(undefined));
  }

  /** Removes the child completely, because a parent may start any number of children. */
  #remove(pid: number): void {
    const child = this.#members.get(pid);
    if (child) offAbort(child.orphaned, child.forget);
    this.#members.delete(pid);
  }

  #planFor(
    parent: number,
    argv0: string,
    args: string[],
    env: string[],
    [stdin, stdout, stderr]: [number, number, number],
    signal: AbortSignal,
  ): SpawnPlan {
    const { settings } = this.#plan;
    return {
      ...this.#plan,
      settings: {
        ...settings,
        env: env.flatMap((entry) => {
          const at = entry.indexOf('=');
          return at > 0 ? [[entry.slice(0, at), entry.slice(at + 1)] as [string, string]] : [];
        }),
        preopens: [],
        sockets: [],
        stdin,
        stdout,
        stderr,
        tty: false,
        terminal: null,
        timeout: 0,
        waits: false,
        trace: false,
        progress: false,
        guest: null,
        parent,
      },
      args,
      argv0,
      name: argv0.split('/').pop() || 'program',
      stdin: 'null',
      stdout: 'null',
      stderr: 'null',
      ends: [],
      signal,
      onProgress: undefined,
      onSignal: undefined,
      trace: false,
      host: undefined,
      companion: undefined,
      links: undefined,
      http: undefined,
      children: this,
    };
  }

  // --- programs ---

  /**
   * Programs that are not compiled yet are read and started one at a time, so that the page and the coordinator hold the bytes of only one, no matter how
   * many processes start programs or how large a sparse file they pass.
   */
  async #start(process: number, fd: number, plan: SpawnPlan): Promise<Process> {
    const file = await this.#request<FsResult<'childProgram'>>({ op: 'childProgram', process, fd });
    const start = async () => this.#spawnChild(await this.#load(file, plan), plan);
    if (this.#compiled.has(file.key)) return start();
    const started = this.#reading.then(start);
    this.#reading = started.catch(() => undefined);
    return started;
  }

  async #load({ handle, size, key }: FsResult<'childProgram'>, plan: SpawnPlan): Promise<ReadySource> {
    try {
      const kept = this.#compiled.get(key);
      if (kept) return kept;
      if (size > MOST_BYTES) fail('ENOMEM');
      plan.signal?.throwIfAborted();
      const bytes = await this.#read(handle, size);
      return (await this.#compile(key, bytes, plan)) ?? bytes;
    } finally {
      await this.#request({ op: 'close', handle, how: 'done' });
    }
  }

  async #read(handle: number, size: number): Promise<Uint8Array> {
    const parts: Uint8Array[] = [];
    for (let at = 0; at < size;) {
      const part = await this.#request<Uint8Array>({ op: 'read', handle, at, size: PART });
      if (part.length === 0) break;
      parts.push(part);
      at += part.length;
    }
    return concat(parts);
  }

  /**
   * Compiles a program once for all processes that run it. Returns undefined for a program that will be rewritten or imports its memory, for which the
   * coordinator needs the bytes.
   */
  async #compile(key: string, bytes: Uint8Array, { settings }: SpawnPlan): Promise<WebAssembly.Module | undefined> {
    const { interruptible, limits } = settings;
    if (interruptible || limits.memory || !limits.gc) return undefined;
    try {
      const module = await WebAssembly.compile(bytes as Uint8Array<ArrayBuffer>);
      if (WebAssembly.Module.imports(module).some(({ kind }) => kind === 'memory')) return undefined;
      this.#compiled.set(key, module);
      for (const [oldest] of this.#compiled) if (this.#compiled.size > KEPT) this.#compiled.delete(oldest);
      return module;
    } catch {
      return undefined; // the coordinator reports what is wrong with it
    }
  }
}

/** Returns the family of a process with this plan: its parent's, or a new one for a process without a parent. Throws `TypeError` and `RangeError`. */
export function familyOf(plan: SpawnPlan): Family | undefined {
  const { children } = plan;
  if (children instanceof Family) return children;
  if (children === undefined || children === false) return undefined;
  const { max = MOST, ...rest } = object(children === true ? {} : children, 'children');
  nothingMore('children', rest);
  return new Family(count(max, 'children.max', 1), plan);
}
