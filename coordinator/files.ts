/** hf.fs: the page's calls on the runtime's file system. Everything is in memory, so nothing here waits. */
import { ERRNO } from '../build/generated/abi.ts';
import type { DirentMessage, FileType, FsRequest, FsResult, StatMessage } from '../web/protocol.ts';
import { utf8, type Pointer } from '../worker/kernel.ts';
import { DATA_SIZE, SystemError, type Kernel } from './kernel.ts';

/** coordinator/root.c */
const OPEN_WRITE = 1;
const OPEN_TRUNCATE = 2;
const OPEN_EXCLUSIVE = 4;
const MKDIR = 0;
const UNLINK = 1;
const RMDIR = 2;

/** By the number that the kernel gives (native/include/holdfast/wasi.h). */
const fileTypes: FileType[] = [
  'unknown',
  'block-device',
  'character-device',
  'directory',
  'file',
  'socket',
  'socket',
  'symlink',
];

/** A sparse file may be larger than anything that can be read at once. */
function room(size: number, path: string): Uint8Array {
  try {
    return new Uint8Array(size);
  } catch {
    throw new SystemError(ERRNO.EFBIG, `${path} has ${size} bytes, more than can be read at once`);
  }
}

export class Files {
  constructor(private readonly kernel: Kernel) {}

  handle(request: FsRequest): FsResult {
    switch (request.op) {
      case 'readFile':
        return this.readFile(request.path);
      case 'writeFile':
        return this.writeFile(request.path, request.bytes, request.append, request.exclusive);
      case 'mkdir':
        return request.recursive ? this.mkdirAll(request.path) : this.change(MKDIR, request.path);
      case 'readdir':
        return this.readdir(request.path);
      case 'stat':
        return this.stat(request.path, request.follow);
      case 'rename':
        return this.two(1, request.from, request.to);
      case 'link':
        return this.two(0, request.from, request.to);
      case 'rm':
        return this.remove(request.path, request.recursive, request.force);
      case 'rmdir':
        return this.change(RMDIR, request.path);
      case 'unlink':
        return this.change(UNLINK, request.path);
      case 'symlink': {
        const target = this.kernel.path(request.target, 1);
        this.kernel.check('c_fs_symlink', ...target, ...this.kernel.path(request.path));
        return undefined;
      }
      case 'readlink': {
        const size = this.kernel.check('c_fs_readlink', ...this.kernel.path(request.path), this.kernel.data, DATA_SIZE);
        return utf8.decode(this.kernel.copy(this.kernel.data, size));
      }
      case 'truncate':
        this.kernel.check('c_fs_truncate', ...this.kernel.path(request.path), request.size);
        return undefined;
      case 'chmod':
        this.kernel.check('c_fs_chmod', ...this.kernel.path(request.path), Number(request.readOnly));
        return undefined;
      case 'utimes':
        this.kernel.check(
          'c_fs_utimes',
          ...this.kernel.path(request.path),
          Number(request.follow),
          request.atime ?? -1,
          request.mtime ?? -1,
        );
        return undefined;
    }
  }

  private open(path: string, how: number): Pointer {
    const { kernel } = this;
    kernel.check('c_fs_open', ...kernel.path(path), how, kernel.data);
    return kernel.pointerAt(kernel.data);
  }

  private readFile(path: string): Uint8Array {
    const { kernel } = this;
    const { size, type } = this.stat(path, true);
    if (type === 'directory') throw new SystemError(ERRNO.EISDIR, 'Is a directory');
    const file = this.open(path, 0);
    try {
      // The file may shrink or grow under us: what is there is what is read.
      const whole = room(size, path);
      let done = 0;
      while (done < size) {
        const part = kernel.check('c_fs_read', file, done, kernel.data, Math.min(DATA_SIZE, size - done));
        if (part === 0) break;
        whole.set(kernel.bytes(kernel.data, part), done);
        done += part;
      }
      return done === size ? whole : whole.slice(0, done);
    } finally {
      kernel.call('c_fs_close', file);
    }
  }

  private writeFile(path: string, bytes: Uint8Array, append: boolean, exclusive: boolean): undefined {
    const { kernel } = this;
    const file = this.open(path, OPEN_WRITE | (append ? 0 : OPEN_TRUNCATE) | (exclusive ? OPEN_EXCLUSIVE : 0));
    try {
      for (let done = 0; done < bytes.length; done += DATA_SIZE) {
        const part = bytes.subarray(done, done + DATA_SIZE);
        kernel.bytes(kernel.data, part.length).set(part);
        kernel.check('c_fs_append', file, kernel.data, part.length);
      }
    } finally {
      kernel.call('c_fs_close', file);
    }
  }

  private stat(path: string, follow: boolean): StatMessage {
    const { kernel } = this;
    kernel.check('c_fs_stat', ...kernel.path(path), Number(follow), kernel.data);
    const [type, ino, nlink, size, atime, mtime, ctime] = kernel.numbers(kernel.data, 7) as [
      number,
      number,
      number,
      number,
      number,
      number,
      number,
    ];
    return { type: fileTypes[type] ?? 'unknown', ino, nlink, size, atime, mtime, ctime };
  }

  private readdir(path: string): DirentMessage[] {
    const { kernel } = this;
    const entries: DirentMessage[] = [];
    let cookie = 0;
    for (;;) {
      const used = kernel.check('c_fs_readdir', ...kernel.path(path), cookie, kernel.data, DATA_SIZE);
      if (used === 0) return entries;
      const view = new DataView(kernel.copy(kernel.data, used).buffer);
      for (let at = 0; at < used;) {
        cookie = view.getFloat64(at, true);
        const size = view.getUint32(at + 20, true);
        const name = utf8.decode(new Uint8Array(view.buffer, at + 24, size));
        const type = fileTypes[view.getUint32(at + 16, true)] ?? 'unknown';
        if (name !== '.' && name !== '..') entries.push({ name, type, ino: view.getFloat64(at + 8, true) });
        at += 24 + ((size + 7) & ~7);
      }
    }
  }

  private change(change: number, path: string): undefined {
    this.kernel.check('c_fs_change', change, ...this.kernel.path(path));
    return undefined;
  }

  private two(rename: number, from: string, to: string): undefined {
    this.kernel.check('c_fs_two', rename, ...this.kernel.path(from), ...this.kernel.path(to, 1));
    return undefined;
  }

  private mkdirAll(path: string): undefined {
    const parts = path.split('/').filter((part) => part !== '');
    for (let depth = 1; depth <= parts.length; depth++) {
      const prefix = `/${parts.slice(0, depth).join('/')}`;
      try {
        this.change(MKDIR, prefix);
      } catch (error) {
        // What is there already will do if it is a directory.
        const exists = error instanceof SystemError && error.code === 'EEXIST';
        if (exists && this.stat(prefix, true).type === 'directory') continue;
        throw exists && depth < parts.length ? new SystemError(ERRNO.ENOTDIR, `${prefix} is not a directory`) : error;
      }
    }
    return undefined;
  }

  private remove(path: string, recursive: boolean, force: boolean): undefined {
    // Before anything is gone: these would be refused at the end.
    const name = path.replace(/\/+$/, '').split('/').pop();
    if (name === '') throw new SystemError(ERRNO.EBUSY, path);
    if (name === '.' || name === '..') throw new SystemError(ERRNO.EINVAL, path);
    let type: FileType;
    try {
      type = this.stat(path, false).type;
    } catch (error) {
      if (force && error instanceof SystemError && error.code === 'ENOENT') return undefined;
      throw error;
    }
    if (type !== 'directory') return this.change(UNLINK, path);
    if (!recursive)
      throw new SystemError(
        ERRNO.EISDIR,
        `${path} is a directory: pass { recursive: true } to remove it with all it holds`,
      );
    this.kernel.check('c_fs_remove_tree', ...this.kernel.path(path));
    return undefined;
  }
}
