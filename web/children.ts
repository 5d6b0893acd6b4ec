/**
 * Programs that guests start: the option `children`. A part of instance.js.
 *
 * The functions of the module `holdfast_v1` are host functions: the guest's thread waits in the kernel while the page
 * answers. Numbers are WASI's; a negative result is an error's. docs/guide.md has the module as guests see it.
 */
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

/** Whether a program may start programs, and how many there may be at a time. `true` stands for `{ max: 16 }`. */
export type ChildrenOption = boolean | { max?: number };

export type SpawnChild = (source: ReadySource, plan: SpawnPlan) => Promise<Process>;
type Ask = (name: 'fs', question: { request: FsRequest }, toError: (error: ErrorMessage) => Error) => Promise<FsResult>;

const MOST = 16;
const MODULE = 'holdfast_v1';

/** Flags of `wait`. */
const NOHANG = 1;
/** A process that is not given: any child; no descriptor. */
const ANY = -1;
const NONE = -1;

/** What `wait` reports; native/guest/holdfast.h has the same. */
const REASONS: readonly Exit['reason'][] = ['exit', 'trap', 'killed', 'timeout', 'limit', 'crash'];

/** Programs larger than this are refused. */
const MOST_BYTES = 256 * 1024 * 1024;
/** Bytes of arguments and environment together. */
const MOST_STRINGS = 1024 * 1024;
/** Compiled programs that are kept. */
const KEPT = 16;

/** WASI's numbers of the errors that are not passed on from the kernel. */
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

/** An error that a guest gets. */
class Failed extends Error {
  constructor(readonly errno: number) {
    super();
  }
}

const fail = (name: Errno): never => {
  throw new Failed(ERRNO[name]);
};

/** Why a program could not be started. */
function errnoOf(error: unknown): number {
  if (error instanceof Failed) return error.errno;
  const { name, kind, message } = error as { name: string; kind?: string; message: string };
  if (name !== 'SpawnRefused') return ERRNO.EIO;
  const code = /^(E[A-Z0-9]+):/.exec(message)?.[1] ?? '';
  if (Object.hasOwn(ERRNO, code)) return ERRNO[code as Errno];
  return kind === 'limit' ? ERRNO.EAGAIN : ERRNO.ENOEXEC;
}

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** Strings, each of which ends with a NUL. */
const stringsOf = (bytes: Uint8Array): string[] => decoder.decode(bytes).split('\0').slice(0, -1);

/** Numbers of 32 bits, in the order of the guest's memory. */
function words(...numbers: number[]): Uint8Array {
  const bytes = new Uint8Array(4 * numbers.length);
  const view = new DataView(bytes.buffer);
  numbers.forEach((number, i) => view.setInt32(4 * i, number, true));
  return bytes;
}

interface Child {
  readonly process: Process;
  /** The pid of the process that started it. */
  readonly parent: number;
  /** The signal that it was killed with. */
  signal: number;
  exit: Exit | undefined;
  /** Aborted when the parent has ended. */
  readonly orphaned: AbortSignal;
  /** Nobody will wait for it. */
  readonly forget: () => void;
}

/** All that descends from a process with the option `children`. */
export class Family {
  readonly functions: HostFunctions;
  readonly #max: number;
  /** Of the process with the option. Its descendants have its limits and no other part of it. */
  readonly #plan: SpawnPlan;
  /** By pid; those that have ended and were not waited for, too. */
  readonly #members = new Map<number, Child>();
  #starting = 0;
  /** Resolves at the next end of a member. */
  #change = deferred<void>();
  /** By what identifies a file's contents. */
  readonly #compiled = new Map<string, WebAssembly.Module>();
  /** The start of the last program that had to be read. */
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

  /** One more process is of this family. */
  join(ask: unknown, spawn: SpawnChild): void {
    this.#ask = ask as Ask;
    this.#spawnChild = spawn;
  }

  #request<Result extends FsResult>(request: FsRequest): Promise<Result> {
    const toError = ({ errno }: ErrorMessage) => new Failed(errno ?? ERRNO.EIO);
    return this.#ask('fs', { request }, toError) as Promise<Result>;
  }

  // --- what guests call ---

  /** The child's pid. */
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

  /** A child's pid (0: none has ended yet), why it ended, and its code. */
  async wait(child: number, flags: number, { pid }: HostContext): Promise<Uint8Array> {
    if ((flags & ~NOHANG) !== 0 || (child < 1 && child !== ANY)) fail('EINVAL');
    for (;;) {
      const own = [...this.#members].filter(([id, { parent }]) => parent === pid && (child === ANY || id === child));
      if (own.length === 0) fail('ECHILD');
      const [id, ended] = own.find(([, { exit }]) => exit) ?? [0, undefined];
      if (ended?.exit) {
        this.#remove(id);
        const { reason, code } = ended.exit;
        return words(id, REASONS.indexOf(reason), reason === 'killed' && ended.signal ? 128 + ended.signal : code);
      }
      if (flags & NOHANG) return words(0, 0, 0);
      await this.#change.promise;
    }
  }

  /** Signal 0 only asks whether the process is there. */
  kill(descendant: number, signal: number, { pid }: HostContext): number {
    if (signal < 0 || signal > 64) fail('EINVAL');
    const member = this.#members.get(descendant);
    if (!member || !this.#descends(member, pid)) return fail('ESRCH');
    if (signal === 0 || member.exit) return 0;
    member.signal ||= signal;
    member.process.kill();
    return 0;
  }

  /** 0, and the two descriptors. */
  async pipe({ id }: HostContext): Promise<Uint8Array> {
    const both = await this.#request<number>({ op: 'childPipe', process: id });
    return words(0, both & 0xffff, both >>> 16);
  }

  // --- the family ---

  #descends(member: Child | undefined, ancestor: number): boolean {
    for (; member; member = this.#members.get(member.parent)) if (member.parent === ancestor) return true;
    return false;
  }

  /** `orphaned` is aborted when the parent has ended, and with that the child is killed. */
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

  /** The parent, which may start any number of children, keeps nothing of it. */
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
      children: this,
    };
  }

  // --- programs ---

  /**
   * Programs that are not compiled yet are read and started one at a time: however many processes ask, and however large a file of
   * holes they pass, the page and the coordinator have the bytes of one.
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
   * Compiled once for all that run it. Not what is rewritten or brings its memory's type in its bytes: that the
   * coordinator makes from the bytes.
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
      return undefined; // the coordinator says what is wrong with it
    }
  }
}

/** The family of a process with this plan; a new one, if it is not the child of another. Throws `TypeError` and `RangeError`. */
export function familyOf(plan: SpawnPlan): Family | undefined {
  const { children } = plan;
  if (children instanceof Family) return children;
  if (children === undefined || children === false) return undefined;
  const { max = MOST, ...rest } = object(children === true ? {} : children, 'children');
  nothingMore('children', rest);
  return new Family(count(max, 'children.max', 1), plan);
}
