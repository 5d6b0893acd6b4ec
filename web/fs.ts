/** The page's side of the in-memory file system that all guests of a runtime share. */
import {
  WHOLE,
  type DirentMessage,
  type ErrorMessage,
  type FileType,
  type FsRequest,
  type FsResult,
  type OpenMessage,
  type StatMessage,
} from '../common/protocol.js';
import { copyOf, isBytes, tagOf, textOf, viewOf, wrong } from './bytes.js';
import { absolutePath, count, flag, helped, nothingMore, object, text, type Nothing } from './check.js';
import { FsError, HoldfastError, type FsCall } from './errors.js';
import { later } from './later.js';
import type { Files } from './run.js';
import { byteStream, type ByteSource } from './streams.js';
import type { AskFile, FileEnd, FileSink, FileSource } from './transfer.js';

/** The properties of a file. Times are milliseconds since the epoch, with fractions; `size` is in bytes. */
export type FileStat = Readonly<StatMessage>;
/** One entry of a directory. */
export type Dirent = Readonly<DirentMessage>;
export type { FileType };

/**
 * What can be written to a file: text (as UTF-8), bytes (do not change them until the call completes), a `Blob`, or a
 * stream (read to its end).
 */
export type FileData = string | ArrayBuffer | ArrayBufferView | Blob | ReadableStream<Uint8Array>;

/** The encodings in which a file can be read as text. */
export type Encoding = 'utf-8' | 'utf8';

/** Options of `hf.fs.readable()`. */
export interface ReadableOptions {
  /** Offset of the first byte. Default: 0. */
  start?: number;
  /** Offset after the last byte. Default: the end of the file at the time when the stream reaches it. */
  end?: number;
}

/** Options of `hf.fs.writable()`. */
export interface WritableOptions {
  /** Whether each chunk is appended to the file. Default: false, the data replaces the contents. */
  append?: boolean;
  /** Whether to fail with EEXIST if the file exists. Default: false. */
  exclusive?: boolean;
}

/**
 * The file system that all guests of a runtime share. It lives in memory and ends with the runtime. Paths are absolute:
 * they start with "/". Names and text are UTF-8, and U+FEFF at the start is kept.
 *
 * No call blocks the page or delays the programs: large files, directories and removals are processed in parts. A call
 * keeps the file that it opened: if that file is renamed or removed meanwhile, the call continues with the same file.
 *
 * Each call rejects with `FsError` when the file system reports an error (`code` is "ENOENT" and so on), with
 * `TypeError` or `RangeError` for an invalid argument, and with `Closed` or `Fatal` when the runtime has ended.
 */
export interface FileSystem {
  /**
   * Reads a whole file as bytes. A file over 8 MiB is read in parts: data that is written meanwhile may or may not
   * appear in the later parts.
   *
   * @param path - An absolute path.
   * @returns The contents, in a buffer that the caller owns.
   * @throws `FsError` with the code "EFBIG", before reading, when the file is larger than the engine's largest array.
   */
  readFile(path: string): Promise<Uint8Array>;
  /**
   * Reads a whole file as text. Invalid UTF-8 becomes U+FFFD, and a byte order mark is kept.
   *
   * @param path - An absolute path.
   * @param encoding - "utf-8".
   * @returns The contents as text.
   * @throws `FsError` with the code "EFBIG", before reading, when the file has more bytes than the engine's longest
   * string has characters.
   */
  readFile(path: string, encoding: Encoding | { encoding: Encoding }): Promise<string>;
  /**
   * Reads a whole file, as text if an encoding is given.
   *
   * @param path - An absolute path.
   * @param encoding - "utf-8", or nothing for bytes.
   * @returns The contents as bytes or text.
   */
  readFile(path: string, encoding?: Encoding | { encoding?: Encoding | null } | null): Promise<Uint8Array | string>;
  /**
   * Creates a file, or replaces its contents, once all of the data is available. No reader sees a partial result, a
   * failed call leaves the old contents, and of two concurrent calls one wins as a whole. The file keeps its identity:
   * its other names, and programs that have it open, see the new contents. Until the call completes, old and new
   * contents both take space.
   *
   * @param path - An absolute path.
   * @param data - The new contents.
   * @param options - `exclusive`: fail with EEXIST if the file exists.
   *
   * @example
   * await hf.fs.writeFile('/note', 'remember the milk\n');
   */
  writeFile(path: string, data: FileData, options?: { exclusive?: boolean }): Promise<void>;
  /**
   * Writes files one after the other, as `writeFile` does, and creates their directories. If one fails, those before it
   * remain.
   *
   * @param files - The contents of each file, by path.
   * @throws `TypeError`, before anything is written, for a path that is not absolute or contains "." or "..", and for
   * data that cannot be written.
   *
   * @example
   * await hf.fs.writeFiles({ '/home/a.txt': 'text', '/home/sub/b.bin': bytes });
   */
  writeFiles(files: Files): Promise<void>;
  /**
   * Appends to a file; creates the file if necessary. The bytes of one call stay together, whatever else the page
   * appends. Data over 8 MiB is appended once all of it is available. If the file system fills up (ENOSPC), the part
   * that fit remains in the file, as with POSIX `write`.
   *
   * @param path - An absolute path.
   * @param data - The data to append.
   */
  appendFile(path: string, data: FileData): Promise<void>;
  /**
   * Returns a stream of the file's bytes, which reads on demand. The first read opens the file, and fails with
   * `FsError` if it cannot be opened. `cancel()` closes the file.
   *
   * @param path - An absolute path.
   * @param options - The range of bytes.
   * @throws `TypeError` or `RangeError`, at once, for an invalid path or range.
   *
   * @example
   * await hf.fs.readable('/log', { start: 1024 }).pipeTo(response.writable);
   */
  readable(path: string, options?: ReadableOptions): ReadableStream<Uint8Array>;
  /**
   * Returns a stream that writes bytes (copied) to the file. The new contents replace the old ones when `close()`
   * resolves; `abort()` leaves the old ones. With `append`, each chunk has been appended when its write resolves, and
   * stays together up to 8 MiB. Writes fail with `FsError` when the file cannot be opened or the file system is full.
   *
   * @param path - An absolute path.
   * @param options - Whether to append, and whether the file must be new.
   * @throws `TypeError`, at once, for an invalid path or option.
   *
   * @example
   * await response.body.pipeTo(hf.fs.writable('/data'));
   */
  writable(path: string, options?: WritableOptions): WritableStream<Uint8Array>;
  /**
   * Creates a directory.
   *
   * @param path - An absolute path.
   * @param options - `recursive`: also create missing parents, and accept an existing directory.
   */
  mkdir(path: string, options?: { recursive?: boolean }): Promise<void>;
  /**
   * Lists the names in a directory, without "." and "..", in no particular order.
   *
   * @param path - An absolute path.
   */
  readdir(path: string): Promise<string[]>;
  /**
   * Lists a directory with the type of each entry.
   *
   * @param path - An absolute path.
   * @param options - `withFileTypes: true`.
   */
  readdir(path: string, options: { withFileTypes: true }): Promise<Dirent[]>;
  /**
   * Lists a directory, as names or as entries.
   *
   * @param path - An absolute path.
   * @param options - `withFileTypes`: whether to return entries instead of names.
   */
  readdir(path: string, options?: { withFileTypes?: boolean }): Promise<string[] | Dirent[]>;
  /**
   * Returns the properties of a file; follows symbolic links.
   *
   * @param path - An absolute path.
   */
  stat(path: string): Promise<FileStat>;
  /**
   * Returns the properties of a file; does not follow a symbolic link at the end of the path.
   *
   * @param path - An absolute path.
   */
  lstat(path: string): Promise<FileStat>;
  /**
   * Checks whether a path exists; follows symbolic links.
   *
   * @param path - An absolute path.
   * @throws `FsError` when that cannot be determined.
   */
  exists(path: string): Promise<boolean>;
  /**
   * Moves a file or directory. Replaces a file, or an empty directory, at `to`.
   *
   * @param from - The old absolute path.
   * @param to - The new absolute path.
   */
  rename(from: string, to: string): Promise<void>;
  /**
   * Removes a file, or with `recursive` a directory and its contents.
   *
   * @param path - An absolute path.
   * @param options - `recursive`: also remove directories. `force`: accept a path that does not exist.
   */
  rm(path: string, options?: { recursive?: boolean; force?: boolean }): Promise<void>;
  /**
   * Removes an empty directory.
   *
   * @param path - An absolute path.
   */
  rmdir(path: string): Promise<void>;
  /**
   * Removes a file or a symbolic link. A program that has the file open keeps it.
   *
   * @param path - An absolute path.
   */
  unlink(path: string): Promise<void>;
  /**
   * Creates a symbolic link.
   *
   * @param target - The text of the link, a path that need not exist.
   * @param path - The absolute path of the link.
   */
  symlink(target: string, path: string): Promise<void>;
  /**
   * Returns the target of a symbolic link.
   *
   * @param path - The absolute path of the link.
   */
  readlink(path: string): Promise<string>;
  /**
   * Creates a second name (a hard link) for a file.
   *
   * @param from - The absolute path of the file.
   * @param to - The absolute path of the new name.
   */
  link(from: string, to: string): Promise<void>;
  /**
   * Truncates a file, or extends it with zeros.
   *
   * @param path - An absolute path.
   * @param size - The new size in bytes. Default: 0.
   */
  truncate(path: string, size?: number): Promise<void>;
  /**
   * Sets whether programs may write a file, or create and remove names in a directory (otherwise EACCES). This is the
   * only permission, the owner's write bit (0o200); other bits are ignored. The page may always write, and descriptors
   * that are already open for writing stay so.
   *
   * @param path - An absolute path.
   * @param mode - The mode, of which only 0o200 matters.
   */
  chmod(path: string, mode: number): Promise<void>;
  /**
   * Sets the times of access and modification.
   *
   * @param path - An absolute path.
   * @param atime - A `Date`, milliseconds since the epoch, or null to keep the current time of access.
   * @param mtime - The same for the time of modification.
   * @param options - `follow: false` sets those of a symbolic link itself. Default: true.
   */
  utimes(
    path: string,
    atime: number | Date | null,
    mtime: number | Date | null,
    options?: { follow?: boolean },
  ): Promise<void>;
}

/** Sends a request to the coordinator. An error reply is thrown as `toError` converts it. */
export type AskFs = <Request extends FsRequest>(
  request: Request,
  transfer: ArrayBuffer[],
  toError: (error: ErrorMessage) => Error,
) => Promise<FsResult<Request['op']>>;

/**
 * Closes the file of a stream that was garbage collected. The stream's source or sink is registered, because WebKit
 * collects the stream itself while its reader or writer is still in use.
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
      throw new TypeError(`readFile: the encoding must be "utf-8" or omitted, not ${JSON.stringify(encoding)}`);
    }
    const bytes = await this.#call({ op: 'readFile', path: checked(path) }, 'readFile', rest);
    if ('handle' in bytes) return this.#readOpen(this.#about('readFile', path), bytes, !!encoding);
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
    let { entries, handle } = await this.#call({ op: 'readdir', path: checked(path) }, 'readdir', rest);
    const ask = this.#about('readdir', path);
    while (handle) {
      const more = await ask({ op: 'list', handle });
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

  /** Closes the file also when the part that reads it cannot be loaded. */
  async #readOpen(ask: AskFile, file: OpenMessage, asText: boolean): Promise<Uint8Array | string> {
    try {
      return await (await load()).readWhole(ask, file, asText);
    } finally {
      await ask({ op: 'close', handle: file.handle, how: 'drop' }).catch(() => undefined);
    }
  }

  #call<Request extends PathRequest>(
    request: Request,
    syscall: string = request.op,
    rest: Nothing = {},
  ): Promise<FsResult<Request['op']>> {
    return helped(() => {
      nothingMore(syscall, rest);
      return this.#about(syscall, ...pathsOf(request))(request);
    });
  }

  /** Returns a function for further requests of the same call. */
  #about(syscall: string, path: string, dest?: string): AskFile {
    const call = { syscall, path, dest };
    return (request, transfer = []) => this.#ask(request, transfer, (error) => fsError(error, call));
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

/** An error without a code is not the file system's: for example, a part of the runtime could not be loaded. */
const fsError = (error: ErrorMessage, call: FsCall): HoldfastError =>
  error.code ? new FsError(error, call) : new HoldfastError(error.message);

const load = () => later('transfer.js', import('./transfer.js'));

/** Opens a file on first use, and closes it if it was opened. */
function opener<T extends FileEnd>(open: () => Promise<T>): { (): Promise<T>; drop(): Promise<void> | undefined } {
  let file: Promise<T> | undefined;
  const opened = (): Promise<T> => (file ??= helped(open));
  return Object.assign(opened, { drop: () => file?.then((end) => end.drop()).catch(() => undefined) });
}

type PathRequest = Exclude<FsRequest, { handle: number } | { process: number }>;

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
