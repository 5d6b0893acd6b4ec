/** Copies what changed in the runtime's copy of a directory back to the host, and touches nothing else. */
import { constants } from 'node:fs';
import * as host from 'node:fs/promises';
import path from 'node:path';
import { asError } from '../errors.js';
import type { FileSystem } from '../fs.js';
import type { Entry, Snapshot, Tree } from './tree.js';

export class CopyOut {
  readonly #fs: FileSystem;
  readonly #tree: Tree;
  readonly #after: Snapshot;
  readonly #warn: (text: string) => void;
  /** Inode in the runtime → the name that had it at the start: what was renamed keeps its permissions. */
  readonly #oldNames = new Map<number, string>();
  /** Inode in the runtime → a host path that has its bytes already: a second name becomes a hard link. */
  readonly #written = new Map<number, string>();
  #well = true;

  constructor(fs: FileSystem, tree: Tree, after: Snapshot, warn: (text: string) => void) {
    this.#fs = fs;
    this.#tree = tree;
    this.#after = after;
    this.#warn = warn;
    for (const [relative, { ino }] of tree.before) this.#oldNames.set(ino, relative);
  }

  /** Resolves to whether all went well. `remove`: whether what is not there any more is removed from the host. */
  async run({ remove }: { remove: boolean }): Promise<boolean> {
    const { before } = this.#tree;
    const parentsFirst = [...this.#after.keys()].sort();
    // Children before their parents.
    for (const relative of [...before.keys()].sort().reverse()) {
      const gone = remove || this.#after.has(relative);
      if (gone && this.#old(relative) === undefined) await this.#try(relative, () => this.#remove(relative));
    }
    for (const relative of parentsFirst) await this.#try(relative, () => this.#update(relative));
    // What was made in a directory has changed its time on the host; the guest's word is the last.
    for (const relative of parentsFirst.reverse()) await this.#try(relative, () => this.#setDirectoryTimes(relative));
    return this.#well;
  }

  async #try(relative: string, action: () => Promise<void>): Promise<void> {
    try {
      await action();
    } catch (error) {
      this.#well = false;
      this.#warn(`--dir: ${this.#host(relative)} cannot be brought up to date: ${asError(error).message}`);
    }
  }

  /** What was at a path, when what is there now is of the same kind. */
  #old(relative: string): Entry | undefined {
    const old = this.#tree.before.get(relative);
    return old?.type === this.#after.get(relative)?.type ? old : undefined;
  }

  async #remove(relative: string): Promise<void> {
    const at = this.#host(relative);
    try {
      // Never recursively: what is still in it was not the guest's to remove.
      await (this.#tree.before.get(relative)?.type === 'directory' ? host.rmdir(at) : host.unlink(at));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }

  async #update(relative: string): Promise<void> {
    const now = this.#after.get(relative) as Entry;
    const old = this.#old(relative);
    if (now.type === 'directory' && !old) await host.mkdir(this.#host(relative), { mode: this.#mode(now, 0o777) });
    else if (now.type === 'symlink') await this.#updateLink(relative, now, old);
    else if (now.type === 'file') await this.#updateFile(relative, now, old);
  }

  async #updateLink(relative: string, now: Entry, old: Entry | undefined): Promise<void> {
    const at = this.#host(relative);
    if (old?.target !== now.target) {
      if (old) await host.unlink(at);
      await host.symlink(now.target ?? '', at);
    } else if (old?.mtime === now.mtime) return;
    await host.lutimes(at, now.atime / 1000, now.mtime / 1000);
  }

  async #updateFile(relative: string, now: Entry, old: Entry | undefined): Promise<void> {
    const at = this.#host(relative);
    if (old && sameFile(old, now)) {
      this.#written.set(now.ino, at);
      return;
    }
    const twin = this.#written.get(now.ino);
    if (!old && twin !== undefined) return host.link(twin, at);
    const bytes = await this.#fs.readFile(path.posix.join(this.#tree.path, relative));
    const write = !old || !(await hasBytes(at, bytes));
    // Another file by the same name (saved by renaming over it, say): the old one may have other names, and keeps its bytes.
    if (write && old && old.ino !== now.ino) await host.unlink(at);
    if (write) await writeFile(at, bytes, this.#mode(now, this.#tree.modes.get(relative) ?? 0o666));
    if (write || old.mtime !== now.mtime) await host.utimes(at, now.atime / 1000, now.mtime / 1000);
    this.#written.set(now.ino, at);
  }

  async #setDirectoryTimes(relative: string): Promise<void> {
    const now = this.#after.get(relative) as Entry;
    if (now.type !== 'directory' || this.#old(relative)?.mtime === now.mtime) return;
    await host.utimes(this.#host(relative), now.atime / 1000, now.mtime / 1000);
  }

  #mode(entry: Entry, usual: number): number {
    const oldName = this.#oldNames.get(entry.ino);
    if (oldName === undefined || this.#tree.before.get(oldName)?.type !== entry.type) return usual;
    return this.#tree.modes.get(oldName) ?? usual;
  }

  #host(relative: string): string {
    return path.join(this.#tree.host, relative);
  }
}

const sameFile = (a: Entry, b: Entry): boolean =>
  a.ino === b.ino && a.size === b.size && a.mtime === b.mtime && a.ctime === b.ctime;

async function hasBytes(at: string, bytes: Uint8Array): Promise<boolean> {
  try {
    const { size } = await host.lstat(at);
    return size === bytes.byteLength && (await host.readFile(at)).equals(bytes);
  } catch {
    return false;
  }
}

/** In place, so that permissions, owner and other names stay; never through a symbolic link. */
async function writeFile(at: string, bytes: Uint8Array, mode: number): Promise<void> {
  const { O_WRONLY, O_CREAT, O_TRUNC } = constants;
  const noFollow = (constants.O_NOFOLLOW as number | undefined) ?? 0; // Windows has none
  const file = await host.open(at, O_WRONLY | O_CREAT | O_TRUNC | noFollow, mode & 0o7777);
  try {
    await file.writeFile(bytes);
  } finally {
    await file.close();
  }
}
