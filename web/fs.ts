/** The runtime's in-memory file system, which all guests share, as the page sees it. */
import { copyOf, isBytes, tagOf, textOf, viewOf, wrong } from './bytes.js';
import { FsError, HoldfastError, type FsCall } from './errors.js';
import { later } from './later.js';
import { absolutePath, count, flag, helped, nothingMore, object, text, type Nothing } from './options.js';
import {
  WHOLE,
  type DirentMessage,
  type ErrorMessage,
  type FileType,
  type FsRequest,
  type FsResult,
  type ListingMessage,
  type OpenMessage,
  type StatMessage,
} from './protocol.js';
import type { Files } from './run.js';
import { byteStream, type ByteSource } from './streams.js';
import type { AskFile, FileEnd, FileSink, FileSource } from './transfer.js';

/** What a path is. Times are milliseconds since the epoch, with fractions; `size` is in bytes. */
export type FileStat = Readonly<StatMessage>;
/** One entry of a directory. */
export type Dirent = Readonly<DirentMessage>;
export type { FileType };

/**
 * What can be written to a file: text (as UTF-8), bytes (not to be changed until the call is done), a `Blob`, or a
 * stream (read to its end).
 */
export type FileData = string | ArrayBuffer | ArrayBufferView | Blob | ReadableStream<Uint8Array>;

/** What text a file can be read as. */
export type Encoding = 'utf-8' | 'utf8';

/** Options of `hf.fs.readable()`. */
export interface ReadableOptions {
  /** The first byte's offset. Default: 0. */
  start?: number;
  /** The offset behind the last byte. Default: the end of the file, wherever it is when the stream gets there. */
  end?: number;
}

/** Options of `hf.fs.writable()`. */
export interface WritableOptions {
  /** What is written is added to the end of the file, chunk by chunk. Default: it replaces what is there. */
  append?: boolean;
  /** A file that exists is EEXIST. */
  exclusive?: boolean;
}

/**
 * The file system that all guests of a runtime share. It lives in memory and ends with the runtime. Paths are
 * absolute and start with "/". No call blocks the page, and none holds up what programs do: large files, directories
 * and removals are worked on in parts. Each rejects with `FsError` when the file system says no (`code` is "ENOENT" and so
 * on), with `TypeError` for a wrong argument, and with `Closed` or `Fatal` when the runtime has ended.
 *
 * A call is bound to the file that it opened: who renames or removes that meanwhile moves or removes what is being read or
 * written. Names and texts are UTF-8, and U+FEFF at the start is kept.
 */
export interface FileSystem {
  /**
   * The whole file. The bytes are the caller's own. Files over 8 MiB are read in parts: what is written to them meanwhile may
   * or may not be seen in the parts that come later. Rejects with EFBIG, before it reads anything, when the file is larger
   * than this engine's arrays can be.
   */
  readFile(path: string): Promise<Uint8Array>;
  /**
   * The whole file as text. What is no UTF-8 becomes U+FFFD, and a byte order mark is kept. Rejects with EFBIG, before it
   * reads anything, when the file has more bytes than this engine's strings can have characters.
   */
  readFile(path: string, encoding: Encoding | { encoding: Encoding }): Promise<string>;
  /** Either, as the option says. */
  readFile(path: string, encoding?: Encoding | { encoding?: Encoding | null } | null): Promise<Uint8Array | string>;
  /**
   * Makes the file (empty), or replaces what is in it, when all of the data is there: nobody sees a part of it, a call
   * that fails leaves what was there, and of two calls at a time one's data stays. The file remains the one that it is:
   * its other names and programs that have it open see the new contents. Until then the old and the new contents take
   * room. With `exclusive` a file that exists is EEXIST.
   */
  writeFile(path: string, data: FileData, options?: { exclusive?: boolean }): Promise<void>;
  /**
   * Writes each file as `writeFile` does, one after the other, and makes the directories that they are in. When one fails, those before it are there.
   *
   * @param files - what to write, by path: text, bytes, a `Blob` or a stream
   * @throws `TypeError`, before anything is written, for a path that is not absolute or has "." or ".." in it, and for what is no data of a file
   *
   * @example
   * await hf.fs.writeFiles({ '/home/a.txt': 'text', '/home/sub/b.bin': bytes });
   */
  writeFiles(files: Files): Promise<void>;
  /**
   * Adds to the end of the file; makes it when it is not there. The bytes of one call stay together, whatever else
   * the page appends. Data over 8 MiB is added when all of it is there. When the file system is full (ENOSPC), what had
   * room is in the file, as with `write` of POSIX.
   */
  appendFile(path: string, data: FileData): Promise<void>;
  /**
   * The file's bytes, read as they are asked for. The file is opened with the first read, which fails with `FsError` when
   * it cannot be; `cancel()` closes it.
   *
   * @example
   * await hf.fs.readable('/log', { start: 1024 }).pipeTo(response.writable);
   */
  readable(path: string, options?: ReadableOptions): ReadableStream<Uint8Array>;
  /**
   * Takes the file's contents, as bytes (copied). They are there, and replace what was, once `close()` has resolved;
   * `abort()` leaves what was there. With `append` each chunk is added to the end of the file when its write resolves,
   * and stays together up to 8 MiB. Writes fail with `FsError` when the file cannot be opened, or is full.
   *
   * @example
   * await response.body.pipeTo(hf.fs.writable('/data'));
   */
  writable(path: string, options?: WritableOptions): WritableStream<Uint8Array>;
  /** Makes a directory; with `recursive` its parents too, and one that is there already is fine. */
  mkdir(path: string, options?: { recursive?: boolean }): Promise<void>;
  /** The names in a directory, without "." and "..", in no particular order. */
  readdir(path: string): Promise<string[]>;
  /** The same with the type of each. */
  readdir(path: string, options: { withFileTypes: true }): Promise<Dirent[]>;
  /** Either, as the option says. */
  readdir(path: string, options?: { withFileTypes?: boolean }): Promise<string[] | Dirent[]>;
  /** What the path is, symbolic links followed. */
  stat(path: string): Promise<FileStat>;
  /** What the path is, be it a symbolic link. */
  lstat(path: string): Promise<FileStat>;
  /** Whether there is something at the path, symbolic links followed. */
  exists(path: string): Promise<boolean>;
  /** Moves a file or directory; a file, or an empty directory, that is at `to` is replaced. */
  rename(from: string, to: string): Promise<void>;
  /** Removes a file; with `recursive` a directory with all that is in it; with `force` what is not there is fine. */
  rm(path: string, options?: { recursive?: boolean; force?: boolean }): Promise<void>;
  /** Removes an empty directory. */
  rmdir(path: string): Promise<void>;
  /** Removes a file or a symbolic link. Who has it open keeps it. */
  unlink(path: string): Promise<void>;
  /** Makes a symbolic link at `path` that says `target`, which need not exist. */
  symlink(target: string, path: string): Promise<void>;
  /** What a symbolic link says. */
  readlink(path: string): Promise<string>;
  /** Makes a second name for a file. */
  link(from: string, to: string): Promise<void>;
  /** Cuts a file to `size` bytes (default 0), or makes it longer with zeros. */
  truncate(path: string, size?: number): Promise<void>;
  /**
   * Files have one permission: whether programs may write them, and make and remove names in a directory (else EACCES). It is the owner's, 0o200
   * in `mode`; the other bits are nothing. This page may always. What is open for writing already stays so.
   */
  chmod(path: string, mode: number): Promise<void>;
  /**
   * Sets the times of access and modification: a `Date`, milliseconds since the epoch, or null to leave one alone.
   * With `follow: false` those of a symbolic link itself.
   */
  utimes(
    path: string,
    atime: number | Date | null,
    mtime: number | Date | null,
    options?: { follow?: boolean },
  ): Promise<void>;
}

/** Asks the coordinator. A refusal is thrown as what `toError` makes of it. */
export type AskFs = (
  request: FsRequest,
  transfer: ArrayBuffer[],
  toError: (error: ErrorMessage) => Error,
) => Promise<FsResult>;

/**
 * Closes the file of a stream that is no longer in use. What is registered is the stream's source or sink: WebKit collects the stream itself while
 * its reader or writer is still in use.
 */
const dropped = new FinalizationRegistry<() => unknown>((close) => close());

export class FileSystemEnd implements FileSystem {
  static readonly name = 'FileSystem';
  readonly #ask: AskFs;

  constructor(ask: AskFs) {
    this.#ask = ask;
  }

  readFile(path: string): Promise<Uint8Array>;
  readFile(path: string, encoding: Encoding | { encoding: Encoding }): Promise<string>;
  readFile(path: string, encoding?: Encoding | { encoding?: Encoding | null } | null): Promise<Uint8Array | string>;
  async readFile(path: string, how?: Encoding | { encoding?: Encoding | null } | null): Promise<Uint8Array | string> {
    const options = typeof how === 'string' ? { encoding: how } : (how ?? {});
    const { encoding, ...rest } = object(options, 'readFile options');
    if (encoding && !/^utf-?8$/.test(encoding)) {
      throw new TypeError(`readFile: the encoding can be "utf-8" or left out, not ${JSON.stringify(encoding)}`);
    }
    const bytes = await this.#call<Uint8Array | OpenMessage>({ op: 'readFile', path: checked(path) }, 'readFile', rest);
    if ('handle' in bytes) return (await load()).readWhole(this.#about('readFile', path), bytes, !!encoding);
    return encoding ? textOf(bytes) : bytes;
  }

  async writeFile(path: string, data: FileData, options: { exclusive?: boolean } = {}): Promise<void> {
    const { exclusive, ...rest } = object(options, 'writeFile options');
    await this.#write('writeFile', checked(path), data, flag(exclusive, 'exclusive'), rest);
  }

  async writeFiles(files: Files): Promise<void> {
    await (await later('run-files.js', import('./run-files.js'))).writeFiles(this, files);
  }

  async appendFile(path: string, data: FileData): Promise<void> {
    await this.#write('appendFile', checked(path), data, false);
  }

  readable(path: string, options: ReadableOptions = {}): ReadableStream<Uint8Array> {
    const { start = 0, end = Infinity, ...rest } = object(options, 'readable options');
    const ask = this.#about('readable', checked(path));
    const range = { start: count(start, 'start', 0), end: end === Infinity ? end : count(end, 'end', 0) };
    const open = opener<FileSource>(async () => {
      nothingMore('readable', rest);
      return (await load()).openSource(ask, path, range);
    });
    const source: ByteSource = {
      pull: async (controller) => (await open()).pull(controller),
      cancel: () => open.drop(),
    };
    dropped.register(source, open.drop);
    return byteStream(source);
  }

  writable(path: string, options: WritableOptions = {}): WritableStream<Uint8Array> {
    const { append, exclusive, ...rest } = object(options, 'writable options');
    const how = flag(append, 'append') ? 'extend' : 'replace';
    const isNew = flag(exclusive, 'exclusive');
    const ask = this.#about('writable', checked(path));
    const open = opener<FileSink>(async () => {
      nothingMore('writable', rest);
      return (await load()).openSink(ask, path, how, isNew);
    });
    const sink: UnderlyingSink<Uint8Array> = {
      start: async () => void (await open()),
      write: async (chunk) => (await open()).write(chunk),
      close: async () => (await open()).close(),
      abort: () => open.drop(),
    };
    dropped.register(sink, open.drop);
    return new WritableStream(sink);
  }

  async mkdir(path: string, options: { recursive?: boolean } = {}): Promise<void> {
    const { recursive, ...rest } = object(options, 'mkdir options');
    await this.#call({ op: 'mkdir', path: checked(path), recursive: flag(recursive, 'recursive') }, 'mkdir', rest);
  }

  readdir(path: string): Promise<string[]>;
  readdir(path: string, options: { withFileTypes: true }): Promise<Dirent[]>;
  readdir(path: string, options?: { withFileTypes?: boolean }): Promise<string[] | Dirent[]>;
  async readdir(path: string, options: { withFileTypes?: boolean } = {}): Promise<string[] | Dirent[]> {
    const { withFileTypes, ...rest } = object(options, 'readdir options');
    const types = flag(withFileTypes, 'withFileTypes');
    let { entries, handle } = await this.#call<ListingMessage>({ op: 'readdir', path: checked(path) }, 'readdir', rest);
    const ask = this.#about('readdir', path);
    while (handle) {
      const more = await ask<ListingMessage>({ op: 'list', handle });
      entries = entries.concat(more.entries);
      handle = more.handle;
    }
    return types ? entries : entries.map(({ name }) => name);
  }

  async stat(path: string): Promise<FileStat> {
    return this.#call({ op: 'stat', path: checked(path), follow: true }, 'stat');
  }

  async lstat(path: string): Promise<FileStat> {
    return this.#call({ op: 'stat', path: checked(path), follow: false }, 'lstat');
  }

  async exists(path: string): Promise<boolean> {
    try {
      await this.stat(path);
      return true;
    } catch (error) {
      if (error instanceof FsError && ['ENOENT', 'ENOTDIR', 'ELOOP'].includes(error.code)) return false;
      throw error;
    }
  }

  async rename(from: string, to: string): Promise<void> {
    await this.#call({ op: 'rename', from: checked(from, 'from'), to: checked(to, 'to') });
  }

  async rm(path: string, options: { recursive?: boolean; force?: boolean } = {}): Promise<void> {
    const { recursive, force, ...rest } = object(options, 'rm options');
    const how = { recursive: flag(recursive, 'recursive'), force: flag(force, 'force') };
    await this.#call({ op: 'rm', path: checked(path), ...how }, 'rm', rest);
  }

  async rmdir(path: string): Promise<void> {
    await this.#call({ op: 'rmdir', path: checked(path) });
  }

  async unlink(path: string): Promise<void> {
    await this.#call({ op: 'unlink', path: checked(path) });
  }

  async symlink(target: string, path: string): Promise<void> {
    await this.#call({ op: 'symlink', target: text(target, 'target'), path: checked(path) });
  }

  async readlink(path: string): Promise<string> {
    return this.#call({ op: 'readlink', path: checked(path) });
  }

  async link(from: string, to: string): Promise<void> {
    await this.#call({ op: 'link', from: checked(from, 'from'), to: checked(to, 'to') });
  }

  async truncate(path: string, size = 0): Promise<void> {
    await this.#call({ op: 'truncate', path: checked(path), size: count(size, 'size', 0) });
  }

  async chmod(path: string, mode: number): Promise<void> {
    await this.#call({ op: 'chmod', path: checked(path), readOnly: (count(mode, 'mode', 0) & 0o200) === 0 });
  }

  async utimes(
    path: string,
    atime: number | Date | null,
    mtime: number | Date | null,
    options: { follow?: boolean } = {},
  ): Promise<void> {
    const times = { atime: milliseconds(atime, 'atime'), mtime: milliseconds(mtime, 'mtime') };
    const { follow = true, ...rest } = object(options, 'utimes options');
    await this.#call({ op: 'utimes', path: checked(path), ...times, follow: flag(follow, 'follow') }, 'utimes', rest);
  }

  /** The answer's type follows from the operation: the protocol says so, and nothing checks it on the wire. */
  #call<T extends FsResult = undefined>(
    request: PathRequest,
    syscall: string = request.op,
    rest: Nothing = {},
  ): Promise<T> {
    return helped(() => {
      nothingMore(syscall, rest);
      return this.#about(syscall, ...pathsOf(request))<T>(request);
    });
  }

  /** For further questions of a call. */
  #about(syscall: string, path: string, dest?: string): AskFile {
    const call = { syscall, path, dest };
    return async <T extends FsResult | void>(request: FsRequest, transfer: ArrayBuffer[] = []) =>
      (await this.#ask(request, transfer, (error) => fsError(error, call))) as T;
  }

  #write(syscall: 'writeFile' | 'appendFile', path: string, data: FileData, exclusive: boolean, rest: Nothing = {}) {
    return helped(() => {
      nothingMore(syscall, rest);
      const append = syscall === 'appendFile';
      const ask = this.#about(syscall, path);
      let whole: Uint8Array | undefined;
      if (isBytes(data)) whole = viewOf(data);
      else if (typeof data === 'string' && data.length <= WHOLE) whole = new TextEncoder().encode(data);
      if (!whole || whole.byteLength > WHOLE)
        return load().then((file) => file.writeAll(ask, path, whole ?? data, append, exclusive));
      const bytes = copyOf(whole);
      return ask({ op: 'writeFile', path, bytes, append, exclusive }, [bytes.buffer]);
    });
  }
}

/** What has no code is not the file system's: a part of the runtime could not be loaded, for instance. */
const fsError = (error: ErrorMessage, call: FsCall): HoldfastError =>
  error.code ? new FsError(error, call) : new HoldfastError(error.message);

const load = () => later('transfer.js', import('./transfer.js'));

/** Opens a file when it is needed first, and closes it when it was. */
function opener<T extends FileEnd>(open: () => Promise<T>): { (): Promise<T>; drop(): Promise<void> | undefined } {
  let file: Promise<T> | undefined;
  const opened = (): Promise<T> => (file ??= helped(open));
  return Object.assign(opened, { drop: () => file?.then((end) => end.drop()).catch(() => undefined) });
}

type PathRequest = Exclude<FsRequest, { handle: number }>;

function pathsOf(request: PathRequest): [path: string, dest?: string] {
  if ('from' in request) return [request.from, request.to];
  return request.op === 'symlink' ? [request.target, request.path] : [request.path];
}

const checked = (path: unknown, what = 'path'): string => absolutePath(path, what);

/** WASI's times are nanoseconds since 1970 in 64 bits. */
const LATEST_TIME = 2 ** 64 / 1e6 - 1;

function milliseconds(time: unknown, what: string): number | null {
  if (time === null) return null;
  const value = tagOf(time) === 'Date' ? (time as Date).getTime() : time;
  if (typeof value === 'number' && Number.isFinite(value)) {
    if (value >= 0 && value <= LATEST_TIME) return value;
    throw new RangeError(`${what} must be from 1970 to 2554, in milliseconds since 1970, not ${value}`);
  }
  throw wrong(what, 'a Date, a number of milliseconds or null', time);
}
