/** The runtime's in-memory file system, which all guests share, as the page sees it. */
import { copyOf, describe, isBytes, tagOf, textOf, viewOf, type OwnedBytes } from './bytes.js';
import { FsError, type FsCall } from './errors.js';
import { absolutePath, count, text } from './options.js';
import type { DirentMessage, ErrorMessage, FileType, FsRequest, FsResult, StatMessage } from './protocol.js';

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

/**
 * The file system that all guests of a runtime share. It lives in memory and ends with the runtime. Paths are
 * absolute and start with "/". No call blocks the page. Each rejects with `FsError` when the file system says no
 * (`code` is "ENOENT" and so on), with `TypeError` for a wrong argument, and with `Closed` or `Fatal` when the runtime
 * has ended.
 */
export interface FileSystem {
  /** The whole file. The bytes are the caller's own. */
  readFile(path: string): Promise<Uint8Array>;
  /** The whole file as text; what is no UTF-8 becomes U+FFFD. */
  readFile(path: string, encoding: 'utf-8' | 'utf8'): Promise<string>;
  /**
   * Makes the file, or replaces what is in it. Large data is sent in parts of 8 MiB: who looks meanwhile sees the
   * beginning. With `exclusive` a file that exists is EEXIST.
   */
  writeFile(path: string, data: FileData, options?: { exclusive?: boolean }): Promise<void>;
  /** Adds to the end of the file; makes it when it is not there. */
  appendFile(path: string, data: FileData): Promise<void>;
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

/** One message never holds more of a file than this many bytes. */
export const FILE_SLICE = 8 * 1024 * 1024;

/** Asks the coordinator. A refusal is thrown as what `toError` makes of it. */
export type AskFs = (
  request: FsRequest,
  transfer: Transferable[],
  toError: (error: ErrorMessage) => Error,
) => Promise<FsResult>;

export class FileSystemEnd implements FileSystem {
  readonly #ask: AskFs;

  constructor(ask: AskFs) {
    this.#ask = ask;
  }

  readFile(path: string): Promise<Uint8Array>;
  readFile(path: string, encoding: 'utf-8' | 'utf8'): Promise<string>;
  async readFile(path: string, encoding?: string): Promise<Uint8Array | string> {
    if (encoding !== undefined && encoding !== 'utf-8' && encoding !== 'utf8') {
      throw new TypeError(`readFile: the encoding can be "utf-8" or left out, not ${JSON.stringify(encoding)}`);
    }
    const bytes = await this.#call<Uint8Array>({ op: 'readFile', path: checked(path) });
    return encoding === undefined ? bytes : textOf(bytes);
  }

  async writeFile(path: string, data: FileData, options: { exclusive?: boolean } = {}): Promise<void> {
    await this.#write(checked(path), data, { append: false, exclusive: options.exclusive === true });
  }

  async appendFile(path: string, data: FileData): Promise<void> {
    await this.#write(checked(path), data, { append: true, exclusive: false });
  }

  async mkdir(path: string, options: { recursive?: boolean } = {}): Promise<void> {
    await this.#call({ op: 'mkdir', path: checked(path), recursive: options.recursive === true });
  }

  readdir(path: string): Promise<string[]>;
  readdir(path: string, options: { withFileTypes: true }): Promise<Dirent[]>;
  readdir(path: string, options?: { withFileTypes?: boolean }): Promise<string[] | Dirent[]>;
  async readdir(path: string, options: { withFileTypes?: boolean } = {}): Promise<string[] | Dirent[]> {
    const entries = await this.#call<Dirent[]>({ op: 'readdir', path: checked(path) });
    return options.withFileTypes === true ? entries : entries.map(({ name }) => name);
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
    const { recursive, force } = options;
    await this.#call({ op: 'rm', path: checked(path), recursive: recursive === true, force: force === true });
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
    await this.#call({ op: 'utimes', path: checked(path), ...times, follow: options.follow !== false });
  }

  /** The answer's type follows from the operation: the protocol says so, and nothing checks it on the wire. */
  async #call<T extends FsResult = undefined>(
    request: FsRequest,
    syscall: string = request.op,
    transfer: Transferable[] = [],
  ): Promise<T> {
    const call = { syscall, ...pathsOf(request) };
    return (await this.#ask(request, transfer, (error) => new FsError(error, call))) as T;
  }

  async #write(path: string, data: FileData, how: { append: boolean; exclusive: boolean }): Promise<void> {
    const syscall = how.append ? 'appendFile' : 'writeFile';
    let next = how;
    for await (const bytes of slicesOf(data)) {
      await this.#call({ op: 'writeFile', path, bytes, ...next }, syscall, [bytes.buffer]);
      next = { append: true, exclusive: false };
    }
  }
}

function pathsOf(request: FsRequest): Omit<FsCall, 'syscall'> {
  if ('from' in request) return { path: request.from, dest: request.to };
  if (request.op === 'symlink') return { path: request.target, dest: request.path };
  return { path: request.path };
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
  throw new TypeError(`${what} must be a Date, a number of milliseconds or null, not ${describe(time)}`);
}

/** The data in parts of at most `FILE_SLICE` bytes that own their buffers; at least one, so that an empty file is made. */
function slicesOf(data: FileData): AsyncIterable<OwnedBytes> | Iterable<OwnedBytes> {
  if (typeof data === 'string') return slicesOfBytes(new TextEncoder().encode(data));
  if (isBytes(data)) return slicesOfBytes(viewOf(data));
  const tag = tagOf(data);
  if (tag === 'Blob' || tag === 'File') return slicesOfBlob(data as Blob);
  if (tag === 'ReadableStream') return slicesOfStream(data as ReadableStream<Uint8Array>);
  throw new TypeError(`a file is written from text, bytes, a Blob or a ReadableStream, not from ${describe(data)}`);
}

function* slicesOfBytes(bytes: Uint8Array): Iterable<OwnedBytes> {
  let at = 0;
  do {
    yield copyOf(bytes, at, at + FILE_SLICE);
    at += FILE_SLICE;
  } while (at < bytes.byteLength);
}

async function* slicesOfBlob(blob: Blob): AsyncIterable<OwnedBytes> {
  let at = 0;
  do {
    yield new Uint8Array(await blob.slice(at, at + FILE_SLICE).arrayBuffer());
    at += FILE_SLICE;
  } while (at < blob.size);
}

async function* slicesOfStream(stream: ReadableStream<Uint8Array>): AsyncIterable<OwnedBytes> {
  const reader = stream.getReader();
  let slice = new Uint8Array(FILE_SLICE);
  let used = 0;
  let first = true;
  let ended = false;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      ended = done;
      if (done) break;
      if (tagOf(value) !== 'Uint8Array') {
        throw new TypeError(`the stream for a file must give Uint8Array chunks, not ${describe(value)}`);
      }
      for (let at = 0; at < value.byteLength;) {
        const part = value.subarray(at, at + FILE_SLICE - used);
        slice.set(part, used);
        at += part.byteLength;
        used += part.byteLength;
        if (used < FILE_SLICE) continue;
        yield slice;
        first = false;
        slice = new Uint8Array(FILE_SLICE);
        used = 0;
      }
    }
    if (first || used > 0) yield copyOf(slice, 0, used);
  } finally {
    if (!ended) await reader.cancel().catch(() => undefined);
    reader.releaseLock();
  }
}
