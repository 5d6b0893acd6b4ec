/**
 * hf.fs: the page's calls on the runtime's file system. All files are in memory, so nothing here waits for I/O, but long operations run in parts and
 * return to the event loop between them.
 *
 * Written data is collected in a draft, an unnamed file, which replaces the file's contents when the write ends. Readers thus never see part of a write,
 * a failed or abandoned write changes nothing, and of two concurrent writes the later to end wins. The draft replaces the contents of the file that was
 * opened, even if that has been renamed or removed since. An append is copied from the draft; if the file system becomes full, the part that fitted stays.
 *
 * This is a separate file, loaded for the first call: programs do not need it.
 */
import { ERRNO_TEXT } from '../build/generated/abi.ts';
import {
  CHANGE_MKDIR,
  CHANGE_RMDIR,
  CHANGE_UNLINK,
  FILETYPE_BLOCK_DEVICE,
  FILETYPE_CHARACTER_DEVICE,
  FILETYPE_DIRECTORY,
  FILETYPE_REGULAR_FILE,
  FILETYPE_SOCKET_DGRAM,
  FILETYPE_SOCKET_STREAM,
  FILETYPE_SYMBOLIC_LINK,
  FILETYPE_UNKNOWN,
  FS_ENTRY_INO,
  FS_ENTRY_NAME_SIZE,
  FS_ENTRY_NEXT,
  SIZEOF_FS_ENTRY,
  FS_ENTRY_TYPE,
  FS_STAT_ATIME,
  FS_STAT_CTIME,
  FS_STAT_INO,
  FS_STAT_LENGTH,
  FS_STAT_MTIME,
  FS_STAT_NLINK,
  FS_STAT_SIZE,
  FS_STAT_TYPE,
  OPEN_DIRECTORY,
  OPEN_EXCLUSIVE,
  OPEN_WRITE,
  TWO_LINK,
  TWO_RENAME,
  type FsStat,
  FS_USAGE_BLOCKS,
  FS_USAGE_BYTES,
  FS_USAGE_LENGTH,
  FS_USAGE_NODES,
  FS_USAGE_USED,
  SESSION_STATS_ASLEEP,
  SESSION_STATS_LENGTH,
  SESSION_STATS_PARKS,
  SESSION_STATS_SYSCALLS,
  SESSION_STATS_WAKEUPS,
  WORKER_IDLE,
  WORKER_RUNNING,
  WORKER_STARTING,
  WORKER_ZOMBIE,
  type FsUsage,
  type SessionStats,
} from '../build/generated/layouts.ts';
import { NULL, type Pointer } from '../common/pointer.ts';
import { PART, WHOLE } from '../common/protocol.ts';
import type {
  StatsMessage,
  CloseHow,
  DirentMessage,
  FileType,
  FsRequest,
  FsResult,
  ListingMessage,
  OpenHow,
  OpenMessage,
  StatMessage,
} from '../common/protocol.ts';
import { utf8 } from '../worker/kernel.ts';
import { Connections, socketStats } from './connections.ts';
import type { Kernel, SystemError } from './kernel.ts';
import { ps } from './ps.ts';
import type { Session } from './session.ts';
import { leave, left } from '../common/parts.ts';

const flags = { read: 0, replace: OPEN_WRITE, append: OPEN_WRITE, extend: OPEN_WRITE, list: OPEN_DIRECTORY };

const fileTypes: Readonly<Record<number, FileType>> = {
  [FILETYPE_UNKNOWN]: 'unknown',
  [FILETYPE_BLOCK_DEVICE]: 'block-device',
  [FILETYPE_CHARACTER_DEVICE]: 'character-device',
  [FILETYPE_DIRECTORY]: 'directory',
  [FILETYPE_REGULAR_FILE]: 'file',
  [FILETYPE_SOCKET_DGRAM]: 'socket',
  [FILETYPE_SOCKET_STREAM]: 'socket',
  [FILETYPE_SYMBOLIC_LINK]: 'symlink',
};

/** The limit on files that the page has open. Each takes some memory, and a removed file keeps its contents until it is closed. */
const OPEN_MAX = 65536;
/** The size, in bytes, of the kernel's buffer of directory entries. */
const LISTING_SIZE = 65536;
/** The number of entries after which a message is sent. */
const LISTING = 2048;
/** The steps of a removal in one kernel call. */
const REMOVAL_STEPS = 256;
/** After how many milliseconds a long operation returns to the event loop. */
const TURN = 4;

interface OpenFile {
  path: string;
  vnode: Pointer;
  how: OpenHow | 'list';
  /** The draft that collects written data; NULL if data is written to the file directly. */
  draft: Pointer;
  /** The position of the next entry, for a directory. */
  cookie: number;
}

/** Returns a function to await between the steps of a long operation, which returns to the event loop every TURN milliseconds. */
function turns(): () => Promise<void> | undefined {
  let began = performance.now();
  const pause = (resolve: () => void): void => {
    setTimeout(() => {
      began = performance.now();
      resolve();
    });
  };
  return () => (performance.now() - began < TURN ? undefined : new Promise(pause));
}

export class Files {
  private readonly files = new Map<number, OpenFile>();
  private lastHandle = 0;
  /** The last of the queued writes to each file. */
  private readonly placing = new Map<Pointer, Promise<void>>();

  constructor(
    private readonly kernel: Kernel,
    /** Returns the kernel's session of a process; NULL once it is over. */
    private readonly sessionOf: (process: number) => Pointer,
  ) {}

  /** Returns the result of a kernel call, or throws if it is a negated errno. The page adds the operation and the path. */
  private check(result: number): number {
    if (result < 0) throw this.kernel.error(-result, ERRNO_TEXT[-result]!);
    return result;
  }

  /** Handles a request. A short one is complete before the next message even if this returns a promise. */
  handle(request: FsRequest): FsResult | Promise<FsResult> {
    switch (request.op) {
      case 'readFile':
        return this.readFile(request.path);
      case 'writeFile':
        return this.writeFile(request.path, request.bytes, request.append, request.exclusive);
      case 'open':
        return this.open(request.path, request.how, request.exclusive);
      case 'read':
        return this.read(this.opened(request.handle).vnode, request.at, Math.min(request.size, PART));
      case 'write':
        return this.write(this.opened(request.handle), request.bytes);
      case 'close':
        return this.close(request.handle, request.how);
      case 'mkdir':
        return request.recursive ? this.mkdirAll(request.path) : this.change(CHANGE_MKDIR, request.path);
      case 'readdir':
        return this.list(this.open(request.path, 'list', false).handle);
      case 'list':
        return this.list(request.handle);
      case 'stat':
        return this.stat(request.path, request.follow);
      case 'rename':
        return this.two(TWO_RENAME, request.from, request.to);
      case 'link':
        return this.two(TWO_LINK, request.from, request.to);
      case 'rm':
        return this.remove(request.path, request.recursive, request.force);
      case 'rmdir':
        return this.change(CHANGE_RMDIR, request.path);
      case 'unlink':
        return this.change(CHANGE_UNLINK, request.path);
      case 'symlink': {
        const target = this.kernel.path(request.target, 1);
        this.check(this.kernel.call.c_fs_symlink(...target, ...this.kernel.path(request.path)));
        return undefined;
      }
      case 'readlink': {
        const { data, dataSize } = this.kernel;
        const size = this.check(this.kernel.call.c_fs_readlink(...this.kernel.path(request.path), data, dataSize));
        return utf8.decode(this.kernel.copy(data, size));
      }
      case 'truncate':
        this.check(this.kernel.call.c_fs_truncate(...this.kernel.path(request.path), request.size));
        return undefined;
      case 'chmod':
        this.check(this.kernel.call.c_fs_chmod(...this.kernel.path(request.path), Number(request.readOnly)));
        return undefined;
      case 'childProgram':
        return this.openProgram(request.process, request.fd);
      case 'childPipe':
        return this.check(this.kernel.call.c_child_pipe(this.sessionOf(request.process)));
      case 'utimes':
        this.check(
          this.kernel.call.c_fs_utimes(
            ...this.kernel.path(request.path),
            Number(request.follow),
            request.atime ?? -1,
            request.mtime ?? -1,
          ),
        );
        return undefined;
    }
  }

  private stat(path: string, follow: boolean): StatMessage {
    this.check(this.kernel.call.c_fs_stat(...this.kernel.path(path), Number(follow), this.kernel.data));
    return this.attributes();
  }

  private fstat(vnode: Pointer): StatMessage {
    this.check(this.kernel.call.c_fs_fstat(vnode, this.kernel.data));
    return this.attributes();
  }

  /** Decodes the struct that `stat` or `fstat` left in the scratch area. */
  private attributes(): StatMessage {
    const { kernel } = this;
    const stat = kernel.numbers<FsStat>(kernel.data, FS_STAT_LENGTH);
    return {
      type: fileTypes[stat[FS_STAT_TYPE]] ?? 'unknown',
      ino: stat[FS_STAT_INO],
      nlink: stat[FS_STAT_NLINK],
      size: stat[FS_STAT_SIZE],
      atime: stat[FS_STAT_ATIME],
      mtime: stat[FS_STAT_MTIME],
      ctime: stat[FS_STAT_CTIME],
    };
  }

  // --- open files ---

  private open(path: string, how: OpenFile['how'], exclusive: boolean): OpenMessage {
    const { kernel } = this;
    this.check(kernel.call.c_fs_open(...kernel.path(path), flags[how] | (exclusive ? OPEN_EXCLUSIVE : 0), kernel.data));
    return this.keep(path, how);
  }

  /** Registers the file that the kernel has just opened. */
  private keep(path: string, how: OpenFile['how']): OpenMessage {
    const { kernel } = this;
    const vnode = kernel.pointerAt(kernel.data);
    const file: OpenFile = { path, vnode, how, draft: NULL, cookie: 0 };
    try {
      if (this.files.size >= OPEN_MAX) throw this.kernel.error('EMFILE', `${OPEN_MAX} files are open`);
      const { type, size } = this.fstat(vnode);
      // A device has no contents to replace.
      if (type === 'file' && (how === 'replace' || how === 'append')) {
        this.check(kernel.call.c_fs_draft(kernel.data));
        file.draft = kernel.pointerAt(kernel.data);
      }
      this.files.set(++this.lastHandle, file);
      return { handle: this.lastHandle, size };
    } catch (error) {
      this.forget(file);
      throw error;
    }
  }

  private openProgram(process: number, fd: number): FsResult<'childProgram'> {
    this.check(this.kernel.call.c_child_program(this.sessionOf(process), fd, this.kernel.data));
    const opened = this.keep(`descriptor ${fd}`, 'read');
    const { ino, size, mtime, ctime } = this.fstat(this.opened(opened.handle).vnode);
    return { ...opened, key: `${ino} ${size} ${mtime} ${ctime}` };
  }

  private opened(handle: number): OpenFile {
    const file = this.files.get(handle);
    if (!file) throw this.kernel.error('EBADF', 'it is closed');
    return file;
  }

  private async write({ vnode, draft }: OpenFile, bytes: Uint8Array): Promise<undefined> {
    if (draft) this.append(draft, bytes);
    else await this.inTurn(vnode, () => this.append(vnode, bytes));
  }

  private async close(handle: number, how: CloseHow): Promise<undefined> {
    const file = this.opened(handle);
    this.files.delete(handle);
    try {
      if (how === 'too-big') {
        const { size } = this.fstat(file.vnode);
        throw this.kernel.error('EFBIG', `${file.path} has ${size} bytes, more than can be read at once`);
      }
      if (how === 'done' && file.draft) await this.inTurn(file.vnode, () => this.place(file));
    } finally {
      this.forget(file);
    }
  }

  private forget({ vnode, draft }: OpenFile): void {
    this.kernel.call.c_fs_close(vnode);
    if (draft) this.kernel.call.c_fs_close(draft);
  }

  private place({ vnode, draft, how }: OpenFile): Promise<void> | undefined {
    if (how === 'append') return this.appendAll(vnode, draft);
    this.check(this.kernel.call.c_fs_replace(vnode, draft));
    return undefined;
  }

  /**
   * Changes to a file's contents run one after another, so that the bytes of each stay together. No change waits for the page, because its data is
   * already in the kernel.
   */
  private async inTurn(vnode: Pointer, work: () => Promise<void> | undefined): Promise<void> {
    const before = this.placing.get(vnode);
    const result = before ? before.then(work) : Promise.resolve(work());
    const over = result.catch(() => undefined);
    this.placing.set(vnode, over);
    try {
      await result;
    } finally {
      if (this.placing.get(vnode) === over) this.placing.delete(vnode);
    }
  }

  private async appendAll(vnode: Pointer, draft: Pointer): Promise<void> {
    const { kernel } = this;
    const turn = turns();
    for (let at = 0; ;) {
      const size = this.check(kernel.call.c_fs_read(draft, at, kernel.data, kernel.dataSize));
      if (size === 0) return;
      this.check(kernel.call.c_fs_append(vnode, kernel.data, size));
      at += size;
      await turn();
    }
  }

  /** The file may shrink or grow during the read, so the result may be shorter than `size`. */
  private read(vnode: Pointer, from: number, size: number): Uint8Array {
    const { kernel } = this;
    const bytes = new Uint8Array(size);
    let done = 0;
    while (done < size) {
      const part = this.check(
        kernel.call.c_fs_read(vnode, from + done, kernel.data, Math.min(kernel.dataSize, size - done)),
      );
      if (part === 0) break;
      bytes.set(kernel.bytes(kernel.data, part), done);
      done += part;
    }
    return done === size ? bytes : bytes.slice(0, done);
  }

  private append(vnode: Pointer, bytes: Uint8Array): undefined {
    const { kernel } = this;
    for (let done = 0; done < bytes.length; done += kernel.dataSize) {
      const part = bytes.subarray(done, done + kernel.dataSize);
      kernel.bytes(kernel.data, part.length).set(part);
      this.check(kernel.call.c_fs_append(vnode, kernel.data, part.length));
    }
  }

  // --- whole files ---

  private async readFile(path: string): Promise<Uint8Array | OpenMessage> {
    const file = this.open(path, 'read', false);
    if (file.size > WHOLE) return file;
    try {
      return this.read(this.opened(file.handle).vnode, 0, file.size);
    } finally {
      await this.close(file.handle, 'done');
    }
  }

  private async writeFile(path: string, bytes: Uint8Array, append: boolean, exclusive: boolean): Promise<undefined> {
    const { handle } = this.open(path, append ? 'extend' : 'replace', exclusive);
    let how: CloseHow = 'drop';
    try {
      await this.write(this.opened(handle), bytes);
      how = 'done';
    } finally {
      await this.close(handle, how);
    }
  }

  // --- directories ---

  private async list(handle: number): Promise<ListingMessage> {
    const { kernel } = this;
    const directory = this.opened(handle);
    const entries: DirentMessage[] = [];
    let used = 0;
    try {
      do {
        used = 0; // so that the handle is closed if the call throws
        used = this.check(kernel.call.c_fs_readdir(directory.vnode, directory.cookie, kernel.data, LISTING_SIZE));
        directory.cookie = take(kernel.copy(kernel.data, used), entries) ?? directory.cookie;
      } while (used > 0 && entries.length < LISTING);
    } finally {
      if (used === 0) await this.close(handle, 'done');
    }
    return { entries, handle: used === 0 ? 0 : handle };
  }

  private change(change: number, path: string): undefined {
    this.check(this.kernel.call.c_fs_change(change, ...this.kernel.path(path)));
  }

  private two(two: number, from: string, to: string): undefined {
    this.check(this.kernel.call.c_fs_two(two, ...this.kernel.path(from), ...this.kernel.path(to, 1)));
  }

  private async mkdirAll(path: string): Promise<undefined> {
    // In a path of two parts (coordinator/root.c), the first part exists.
    const base = path.slice(0, path.indexOf('\0') + 1);
    const parts = path
      .slice(base.length)
      .split('/')
      .filter((part) => part !== '');
    const turn = turns();
    for (let depth = 1; depth <= parts.length; depth++) {
      const prefix = `${base || '/'}${parts.slice(0, depth).join('/')}`;
      try {
        this.change(CHANGE_MKDIR, prefix);
      } catch (error) {
        // An existing directory is not an error.
        const exists = (error as SystemError).code === 'EEXIST';
        if (!exists || this.stat(prefix, true).type !== 'directory')
          throw exists && depth < parts.length ? this.kernel.error('ENOTDIR', `${prefix} is not a directory`) : error;
      }
      await turn();
    }
  }

  private remove(path: string, recursive: boolean, force: boolean): undefined | Promise<undefined> {
    // Checked first, because the kernel would reject these names only after removing their contents.
    const name = path.replace(/\/+$/, '').split('/').pop();
    if (name === '') throw this.kernel.error('EBUSY', path);
    if (name === '.' || name === '..') throw this.kernel.error('EINVAL', path);
    let type: FileType;
    try {
      type = this.stat(path, false).type;
    } catch (error) {
      if (force && (error as SystemError).code === 'ENOENT') return undefined;
      throw error;
    }
    if (type !== 'directory') return this.change(CHANGE_UNLINK, path);
    if (!recursive)
      throw this.kernel.error(
        'EISDIR',
        `${path} is a directory: pass { recursive: true } to remove it with its contents`,
      );
    const { kernel } = this;
    this.check(kernel.call.c_fs_remove_begin(...kernel.path(path), kernel.data));
    return this.removeTree(kernel.pointerAt(kernel.data));
  }

  private async removeTree(removal: Pointer): Promise<undefined> {
    const turn = turns();
    while (this.check(this.kernel.call.c_fs_remove_some(removal, REMOVAL_STEPS)) > 0) await turn();
  }
}

/** Decodes a listing (coordinator/root.c) into `entries`, without "." and "..". Returns the cookie of the next entry, or undefined for an empty listing. */
function take(listing: Uint8Array<ArrayBuffer>, entries: DirentMessage[]): number | undefined {
  const view = new DataView(listing.buffer);
  let cookie: number | undefined;
  for (let at = 0; at < listing.length;) {
    cookie = view.getFloat64(at + FS_ENTRY_NEXT, true);
    const ino = view.getFloat64(at + FS_ENTRY_INO, true);
    const type = fileTypes[view.getUint32(at + FS_ENTRY_TYPE, true)] ?? 'unknown';
    const size = view.getUint32(at + FS_ENTRY_NAME_SIZE, true);
    at += SIZEOF_FS_ENTRY;
    const name = utf8.decode(listing.subarray(at, at + size));
    if (name !== '.' && name !== '..') entries.push({ name, type, ino });
    at += (size + 7) & ~7;
  }
  return cookie;
}

// --- statistics ---

function statsOf(kernel: Kernel, { id, name, pointer }: Session): StatsMessage['processes'][number] {
  kernel.call.c_session_stats(pointer, kernel.data);
  const stats = kernel.numbers<SessionStats>(kernel.data, SESSION_STATS_LENGTH);
  return {
    id,
    name,
    syscalls: stats[SESSION_STATS_SYSCALLS],
    parks: stats[SESSION_STATS_PARKS],
    wakeups: stats[SESSION_STATS_WAKEUPS],
    state: stats[SESSION_STATS_ASLEEP] ? 'asleep' : 'running',
  };
}

/** What the kernel knows for `hf.stats()`. It is in this file because few pages ask. */
export function stats(
  kernel: Kernel,
  sessions: readonly Session[],
): Pick<StatsMessage, 'mode' | 'workers' | 'processes' | 'kernel' | 'files' | 'sockets'> {
  const count = (state: number): number => kernel.call.c_pool_count(state);
  const [starting, idle, running] = [count(WORKER_STARTING), count(WORKER_IDLE), count(WORKER_RUNNING)];
  const processes = sessions.map((session) => statsOf(kernel, session));
  kernel.call.c_fs_usage(kernel.data);
  const usage = kernel.numbers<FsUsage>(kernel.data, FS_USAGE_LENGTH);
  return {
    mode: left<{ single?: true }>()?.single ? 'single' : 'workers',
    workers: {
      total: idle + starting + running,
      idle,
      starting,
      running,
      zombies: count(WORKER_ZOMBIE),
    } as StatsMessage['workers'],
    processes,
    kernel: {
      bytes: usage[FS_USAGE_USED],
      blocks: usage[FS_USAGE_BLOCKS],
      memory: kernel.memory.buffer.byteLength,
    },
    files: { bytes: usage[FS_USAGE_BYTES], nodes: usage[FS_USAGE_NODES] },
    sockets: socketStats(kernel),
  };
}

leave({ Files, Connections, stats, ps });

export { Connections, ps };
