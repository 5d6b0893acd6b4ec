/**
 * The files for one run of a program, and those that it creates. Loaded on first use.
 *
 * Paths are the program's. Each belongs to the preopen with the longest name that is its prefix. If there is none, a
 * private directory of the run becomes the program's "/", and is removed at the end. So two runs share only what the
 * caller lets them share.
 */
import { CODE_OUTPUT } from '../build/generated/layouts.js';
import type { FsRequest, PreopenMessage } from '../common/protocol.js';
import { isBlob, isBytes, tagOf, wrong } from './bytes.js';
import { absolutePath, array, object } from './check.js';
import type { FsError, SpawnRefused } from './errors.js';
import type { AskFs, FileData, FileStat, FileSystem } from './fs.js';
import type { Files, RunResult } from './run.js';

/**
 * Parent of the runs' directories. Not /tmp, because programs may have /tmp as a preopen, and would see the files of
 * other runs.
 */
const OWN = '/run';
/**
 * A run's files are backdated by this many milliseconds, so that a write changes their time even with a coarse clock.
 */
const OLDER = 1000;

let lastRun = 0;
/** Files that current runs have written into directories that other programs may share. */
const inUse = new WeakMap<FileSystem, Set<string>>();

/** A file's path and contents. */
type Entry = readonly [path: string, data: FileData];

/** The part of a run's result that depends on its files. */
type Collected = Partial<Omit<RunResult, 'stdout' | 'stderr'>>;

/** A path in `hf.fs`, and a view of it from which no symbolic link leads out of the path's preopen. */
interface Place {
  fs: FileSystem;
  at: string;
}

/** A regular file that was found, with its state at that time. */
interface Found extends Place {
  stat: FileStat;
}

export class RunFiles {
  readonly #fs: FileSystem;
  readonly #ask: AskFs;
  readonly #preopens: PreopenMessage[];
  readonly #files: readonly Entry[];
  readonly #outputs: readonly string[] | undefined;
  readonly #refusal: typeof SpawnRefused;
  readonly #claimed = new Set<string>();
  #prepared: Promise<void> | undefined;
  #own: string | undefined;
  #before = new Map<string, Found>();

  /**
   * `preopens` are those that the program will have; a private directory is added to them if needed. Throws
   * `TypeError`.
   */
  constructor(
    fs: FileSystem,
    ask: AskFs,
    preopens: PreopenMessage[],
    { files = {}, outputs }: { files: Files | undefined; outputs: readonly string[] | undefined },
    refusal: typeof SpawnRefused,
  ) {
    this.#fs = fs;
    this.#ask = ask;
    this.#preopens = preopens;
    this.#files = checkedFiles(files);
    this.#outputs = (outputs && array(outputs, 'outputs', 'an array of paths'))?.map((path, i) =>
      plainPath(path, `outputs[${i}]`).replace(/(?<=.)\/+$/, ''),
    );
    this.#refusal = refusal;
  }

  /** Writes the files where the program expects them. */
  prepare(signal: AbortSignal): Promise<void> {
    return (this.#prepared = this.#prepare(signal));
  }

  async #prepare(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const paths = this.#files.map(([path]) => path);
    if ([...paths, ...(this.#outputs ?? [])].some((path) => !preopenOf(path, this.#preopens))) await this.#makeOwn();
    for (const path of paths) this.#claim(path);
    const bases = new Set(paths.map((path) => preopenOf(path, this.#preopens)!.path));
    for (const base of bases) await this.#fs.mkdir(base, { recursive: true });
    for (const [path, data] of this.#files) {
      const link = await this.#linkOn(path);
      if (link !== undefined)
        throw new this.#refusal(
          'options',
          `files: ${JSON.stringify(path)} leads through a symbolic link, ${link} in hf.fs, which is not followed: it may lead out of the program's directories`,
        );
      signal.throwIfAborted();
      const { fs, at } = this.#beneath(path);
      await writeOne(fs, at, revocable(data, signal));
      await fs.utimes(at, null, Date.now() - OLDER);
    }
    this.#before = await this.#look(signal);
    signal.throwIfAborted();
  }

  /**
   * Returns what the program has created or changed since then. If the files and their paths exceed `most` bytes, they
   * are not read: a program's files may be larger than they look, and than this page has room for.
   */
  async changed(most: number, signal: AbortSignal | undefined): Promise<Collected> {
    const files: Record<string, Uint8Array> = {};
    let room = most;
    for (const [path, { fs, at, stat }] of await this.#look(signal)) {
      const old = this.#before.get(path)?.stat;
      if (old && old.ino === stat.ino && old.mtime === stat.mtime && old.size === stat.size) continue;
      room -= path.length + stat.size;
      if (room < 0) return overLimit(most);
      signal?.throwIfAborted();
      const bytes = await unlessGone(fs.readFile(at));
      if (bytes) files[path] = bytes;
    }
    return { files };
  }

  /** Cleans up after the run, however it ended. */
  async end(): Promise<void> {
    await this.#prepared?.catch(() => undefined); // wait, so that a cancelled preparation creates nothing after the cleanup
    for (const at of this.#claimed) inUse.get(this.#fs)?.delete(at);
    if (this.#own) await this.#fs.rm(this.#own, { recursive: true, force: true }).catch(() => undefined);
  }

  async #makeOwn(): Promise<void> {
    await this.#fs.mkdir(OWN, { recursive: true });
    while (this.#own === undefined) {
      const path = `${OWN}/${++lastRun}`;
      await this.#fs.mkdir(path).then(
        () => (this.#own = path),
        (error: unknown) => {
          if ((error as FsError).code !== 'EEXIST') throw error;
        },
      );
    }
    this.#preopens.push({ guest: '/', path: this.#own, readOnly: false });
  }

  /** Of two concurrent runs, one would get the other's file. */
  #claim(path: string): void {
    const at = this.#where(path);
    const all = inUse.get(this.#fs) ?? new Set();
    inUse.set(this.#fs, all);
    if (this.#claimed.has(at)) throw new TypeError(`files: ${JSON.stringify(path)} is listed twice`);
    if (all.has(at)) {
      const message = `files: ${JSON.stringify(path)} is a file of another run that has not ended: give each run a directory of its own (without \`preopens\` it has one)`;
      throw new this.#refusal('options', message);
    }
    all.add(at);
    this.#claimed.add(at);
  }

  #where(path: string): string {
    const { guest, path: base } = preopenOf(path, this.#preopens)!;
    return `${base}/${path.slice(guest.length)}`.replace(/\/+/g, '/').replace(/(?<=.)\/$/, '');
  }

  /**
   * Where a path is. Other programs may share its preopen, and put a symbolic link where something else was found a
   * moment ago: so each call walks anew from the preopen's directory, and does not leave it.
   */
  #beneath(path: string): Place {
    const { path: base } = preopenOf(path, this.#preopens)!;
    const View = this.#fs.constructor as new (ask: AskFs) => FileSystem;
    const fs = new View((request, ...rest) => this.#ask(beneath(base, request), ...rest));
    return { fs, at: this.#where(path) };
  }

  /**
   * The first symbolic link on the path, below the preopen's directory or at the end. A program can create one that
   * leads anywhere in hf.fs.
   */
  async #linkOn(path: string): Promise<string | undefined> {
    const { guest, path: base } = preopenOf(path, this.#preopens)!;
    const { fs } = this.#beneath(path);
    let at = base;
    for (const name of path.slice(guest.length).split('/').filter(Boolean)) {
      at = below(at, name);
      const stat = await unlessGone(fs.lstat(at));
      if (!stat) return undefined;
      if (stat.type === 'symlink') return at;
    }
    return undefined;
  }

  /** The current state of the files that the result covers. */
  async #look(signal: AbortSignal | undefined): Promise<Map<string, Found>> {
    const found = new Map<string, Found>();
    const roots = this.#outputs ?? [...(this.#own ? ['/'] : []), ...this.#files.map(([path]) => path)];
    for (const path of roots)
      if ((await this.#linkOn(path)) === undefined) await this.#walk(path, this.#beneath(path), found, signal);
    return found;
  }

  async #walk(
    path: string,
    { fs, at }: Place,
    found: Map<string, Found>,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    signal?.throwIfAborted();
    const stat = await unlessGone(fs.lstat(at));
    if (stat?.type === 'file') found.set(path, { fs, at, stat });
    if (stat?.type !== 'directory') return;
    for (const name of (await unlessGone(fs.readdir(at))) ?? [])
      await this.#walk(below(path, name), { fs, at: below(at, name) }, found, signal);
  }
}

/** The result of a run whose files exceed the limit. */
const overLimit = (most: number): Collected => ({
  reason: 'limit',
  code: CODE_OUTPUT,
  message: `its files have more than the ${most} bytes that limits.output allows`,
  stack: '',
  limit: { name: 'output', most },
});

/** Returns a stream that fails when the signal is aborted, whatever its source does; returns other data unchanged. */
const revocable = (data: FileData, signal: AbortSignal): FileData =>
  tagOf(data) === 'ReadableStream'
    ? (data as ReadableStream<Uint8Array>).pipeThrough(new TransformStream<Uint8Array, Uint8Array>(), { signal })
    : data;

/** The same request for a path in two parts (coordinator/root.c). */
function beneath<Request extends FsRequest>(base: string, request: Request): Request {
  if (!('path' in request)) return request; // of an open file
  return { ...request, path: `${base}\0${request.path.slice(base.length).replace(/^\/+/, '') || '.'}` };
}

const below = (folder: string, name: string): string => (folder === '/' ? `/${name}` : `${folder}/${name}`);

/** The preopen that contains the path, chosen as a C library does. */
function preopenOf(path: string, preopens: readonly PreopenMessage[]): PreopenMessage | undefined {
  let best: PreopenMessage | undefined;
  for (const preopen of preopens) {
    const guest = preopen.guest.replace(/\/+$/, '');
    const contains = !preopen.pipe && preopen.guest.startsWith('/') && (path === guest || path.startsWith(`${guest}/`));
    if (contains && guest.length >= (best?.guest.length ?? 0)) best = { ...preopen, guest };
  }
  return best;
}

/**
 * A path that is too long for hf.fs does not exist there; a program can reach such a path step by step. One that leads
 * out of its preopen, or in a circle, has just become a link.
 */
async function unlessGone<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'ENAMETOOLONG', 'EPERM', 'ELOOP', 'EISDIR'].includes((error as FsError).code))
      return undefined;
    throw error;
  }
}

/** Writes each file, and creates its directories. */
export async function writeFiles(fs: FileSystem, files: Files): Promise<void> {
  for (const [path, data] of checkedFiles(files)) await writeOne(fs, path, data);
}

async function writeOne(fs: FileSystem, path: string, data: FileData): Promise<void> {
  await fs.mkdir(path.slice(0, path.lastIndexOf('/')) || '/', { recursive: true });
  await fs.writeFile(path, data);
}

/** Throws `TypeError`. */
function checkedFiles(files: Files): readonly Entry[] {
  const entries = Object.entries(object(files, 'files'));
  for (const [path, data] of entries) {
    const what = `files[${JSON.stringify(path)}]`;
    plainPath(path, what);
    if (path.endsWith('/')) throw new TypeError(`${what} ends with "/": directories are created for the files in them`);
    if (typeof data !== 'string' && !isBytes(data) && !isBlob(data) && tagOf(data) !== 'ReadableStream')
      throw wrong(what, 'text, bytes, a Blob or a ReadableStream', data);
  }
  return entries;
}

/** An absolute path without "." and "..", whose directory is unambiguous. */
function plainPath(path: unknown, what: string): string {
  const plain = absolutePath(path, what);
  if (/\/\.{1,2}(\/|$)/.test(plain)) throw new TypeError(`${what} must be a path without "." and ".."`);
  return plain;
}
