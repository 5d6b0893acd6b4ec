/**
 * Files for one run of a program, and those that it made. A file of its own, loaded for the first of them.
 *
 * Paths are the program's. Each lies in the directory of the preopen with the longest name that it begins with; where there is none, a directory of the
 * run's own becomes the program's "/", and is removed at the end. So two runs share nothing but what they were told to share.
 */
import { CODE_OUTPUT } from '../build/generated/layouts.js';
import { isBlob, isBytes, tagOf, wrong } from './bytes.js';
import type { FsError, SpawnRefused } from './errors.js';
import type { FileData, FileStat, FileSystem } from './fs.js';
import { absolutePath, object } from './options.js';
import type { PreopenMessage } from './protocol.js';
import type { Files, RunResult } from './run.js';

/** Where the directories of runs are made: not in /tmp, which programs are given, and so would see the files of others. */
const OWN = '/run';
/** The files of a run are dated back by so many milliseconds: a write then changes their time, however coarse the clock is. */
const OLDER = 1000;

let lastRun = 0;
/** Files that runs under way have written into directories that other programs may share. */
const inUse = new WeakMap<FileSystem, Set<string>>();

/** A file's path, and what is to be in it. */
type Entry = readonly [path: string, data: FileData];

/** What of a run's result its files decide. */
type Collected = Partial<Omit<RunResult, 'stdout' | 'stderr'>>;

/** A regular file that was found, as it was. */
interface Found {
  at: string;
  stat: FileStat;
}

export class RunFiles {
  readonly #fs: FileSystem;
  readonly #preopens: PreopenMessage[];
  readonly #files: readonly Entry[];
  readonly #outputs: readonly string[] | undefined;
  readonly #refusal: typeof SpawnRefused;
  readonly #claimed = new Set<string>();
  #prepared: Promise<void> | undefined;
  #own: string | undefined;
  #before = new Map<string, Found>();

  /** `preopens` are those that the program will have: one is added when it gets a directory of its own. Throws `TypeError`. */
  constructor(
    fs: FileSystem,
    preopens: PreopenMessage[],
    { files = {}, outputs }: { files: Files | undefined; outputs: readonly string[] | undefined },
    refusal: typeof SpawnRefused,
  ) {
    this.#fs = fs;
    this.#preopens = preopens;
    this.#files = checkedFiles(files);
    if (outputs !== undefined && !Array.isArray(outputs)) throw wrong('outputs', 'an array of paths', outputs);
    this.#outputs = outputs?.map((path, i) => plainPath(path, `outputs[${i}]`).replace(/(?<=.)\/+$/, ''));
    this.#refusal = refusal;
  }

  /** Puts the files where the program will find them. */
  prepare(signal: AbortSignal): Promise<void> {
    return (this.#prepared = this.#prepare(signal));
  }

  async #prepare(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const paths = this.#files.map(([path]) => path);
    if ([...paths, ...(this.#outputs ?? [])].some((path) => !preopenOf(path, this.#preopens))) await this.#makeOwn();
    for (const path of paths) this.#claim(path);
    for (const [path, data] of this.#files) {
      const link = await this.#linkOn(path);
      if (link !== undefined)
        throw new this.#refusal(
          'options',
          `files: ${JSON.stringify(path)} leads through a symbolic link, ${link} in hf.fs, which is not followed: it may lead out of the program's directories`,
        );
      signal.throwIfAborted();
      const at = this.#where(path);
      await writeOne(this.#fs, at, revocable(data, signal));
      await this.#fs.utimes(at, null, Date.now() - OLDER);
    }
    this.#before = await this.#look(signal);
    signal.throwIfAborted();
  }

  /**
   * What the program has made or changed since then. More than `most` bytes, of the files and their paths, are not read: a program's files may be larger
   * than they look, and more than this page has room for.
   */
  async changed(most: number, signal: AbortSignal | undefined): Promise<Collected> {
    const files: Record<string, Uint8Array> = {};
    let room = most;
    for (const [path, { at, stat }] of await this.#look(signal)) {
      const old = this.#before.get(path)?.stat;
      if (old && old.ino === stat.ino && old.mtime === stat.mtime && old.size === stat.size) continue;
      room -= path.length + stat.size;
      if (room < 0) return overLimit(most);
      signal?.throwIfAborted();
      const bytes = await unlessGone(this.#fs.readFile(at));
      if (bytes) files[path] = bytes;
    }
    return { files };
  }

  /** The run is over, whichever way. */
  async end(): Promise<void> {
    await this.#prepared?.catch(() => undefined); // what was given up makes nothing behind us
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

  /** Of two runs at a time, one would get the other's file. */
  #claim(path: string): void {
    const at = this.#where(path);
    const all = inUse.get(this.#fs) ?? new Set();
    inUse.set(this.#fs, all);
    if (this.#claimed.has(at)) throw new TypeError(`files: ${JSON.stringify(path)} is there twice`);
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

  /** The first symbolic link on the path, below the preopen's directory or at the end. A program can put one there, which leads anywhere in hf.fs. */
  async #linkOn(path: string): Promise<string | undefined> {
    const { guest, path: base } = preopenOf(path, this.#preopens)!;
    let at = base;
    for (const name of path.slice(guest.length).split('/').filter(Boolean)) {
      at = below(at, name);
      const stat = await unlessGone(this.#fs.lstat(at));
      if (!stat) return undefined;
      if (stat.type === 'symlink') return at;
    }
    return undefined;
  }

  /** The files that the result is about, as they are now. */
  async #look(signal: AbortSignal | undefined): Promise<Map<string, Found>> {
    const found = new Map<string, Found>();
    const roots = this.#outputs ?? [...(this.#own ? ['/'] : []), ...this.#files.map(([path]) => path)];
    for (const path of roots)
      if ((await this.#linkOn(path)) === undefined) await this.#walk(path, this.#where(path), found, signal);
    return found;
  }

  async #walk(path: string, at: string, found: Map<string, Found>, signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    const stat = await unlessGone(this.#fs.lstat(at));
    if (stat?.type === 'file') found.set(path, { at, stat });
    if (stat?.type !== 'directory') return;
    for (const name of (await unlessGone(this.#fs.readdir(at))) ?? [])
      await this.#walk(below(path, name), below(at, name), found, signal);
  }
}

/** The end of a run whose files are more than it may bring. */
const overLimit = (most: number): Collected => ({
  reason: 'limit',
  code: CODE_OUTPUT,
  message: `its files have more than the ${most} bytes that maxOutput allows`,
  stack: '',
  limit: { name: 'maxOutput', most },
});

/** A stream that fails when the signal is aborted, whatever its source does; other data as it is. */
const revocable = (data: FileData, signal: AbortSignal): FileData =>
  tagOf(data) === 'ReadableStream'
    ? (data as ReadableStream<Uint8Array>).pipeThrough(new TransformStream<Uint8Array, Uint8Array>(), { signal })
    : data;

const below = (folder: string, name: string): string => (folder === '/' ? `/${name}` : `${folder}/${name}`);

/** The preopen that the path lies in, as a C library finds it. */
function preopenOf(path: string, preopens: readonly PreopenMessage[]): PreopenMessage | undefined {
  let best: PreopenMessage | undefined;
  for (const preopen of preopens) {
    const guest = preopen.guest.replace(/\/+$/, '');
    const contains = preopen.guest.startsWith('/') && (path === guest || path.startsWith(`${guest}/`));
    if (contains && guest.length >= (best?.guest.length ?? 0)) best = { ...preopen, guest };
  }
  return best;
}

/** A path that is too long for hf.fs, as a program's may be that goes from directory to directory, leads to nothing there. */
async function unlessGone<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'ENAMETOOLONG'].includes((error as FsError).code)) return undefined;
    throw error;
  }
}

/** Writes each of them, and makes the directories that they are in. */
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
    if (path.endsWith('/'))
      throw new TypeError(`${what} is a directory by its name: directories are made for the files in them`);
    if (typeof data !== 'string' && !isBytes(data) && !isBlob(data) && tagOf(data) !== 'ReadableStream')
      throw wrong(what, 'text, bytes, a Blob or a ReadableStream', data);
  }
  return entries;
}

/** An absolute path without "." and "..", for which it is plain what it lies in. */
function plainPath(path: unknown, what: string): string {
  const plain = absolutePath(path, what);
  if (/\/\.{1,2}(\/|$)/.test(plain)) throw new TypeError(`${what} must be a path without "." and ".."`);
  return plain;
}
