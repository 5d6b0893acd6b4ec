/** A model of a directory of the host, as far as it was copied or created by us, and access to it. */
import type { Stats } from 'node:fs';
import * as host from 'node:fs/promises';
import path from 'node:path';
import type { FileType } from '../fs.js';
import { sameInode, type HostDirectory } from './host-directory.js';
import type { Entry, Tree } from './tree.js';

/** An entry on the host that we know. */
export interface Item {
  /** The inode in the runtime. */
  readonly ino: number;
  readonly type: FileType;
  /** Undefined for the root. */
  parent: Item | undefined;
  name: string;
  /** Its last known state on the host. */
  stat: Stats | undefined;
  /** Whether it will lose its place. */
  goes: boolean;
  /** A directory that cannot be entered, which was already reported. */
  shut: boolean;
}

/** A directory could not be entered, which was already reported. */
export class Shut extends Error {}

/** How many directories are held open. */
const OPEN = 64;

export class HostModel {
  readonly #tree: Tree;
  /** Called once for each directory that cannot be entered. */
  readonly #cannotEnter: (folder: Item, error: unknown) => void;
  readonly root: Item;
  readonly #children = new Map<Item, Map<string, Item>>();
  readonly #open = new Map<Item, HostDirectory>();

  constructor(tree: Tree, cannotEnter: (folder: Item, error: unknown) => void) {
    this.#tree = tree;
    this.#cannotEnter = cannotEnter;
    const { ino } = tree.before.get('') as Entry;
    this.root = { ino, type: 'directory', parent: undefined, name: '', stat: undefined, goes: false, shut: false };
  }

  add(parent: Item, name: string, { ino, type }: Pick<Entry, 'ino' | 'type'>, stat: Stats | undefined): Item {
    const item: Item = { ino, type, parent: undefined, name, stat, goes: false, shut: false };
    this.put(item, parent, name);
    return item;
  }

  get(parent: Item, name: string): Item | undefined {
    return this.#children.get(parent)?.get(name);
  }

  /** The known entries of a directory. */
  in(parent: Item): readonly Item[] {
    return [...(this.#children.get(parent)?.values() ?? [])];
  }

  /** Records that the entry is there. */
  put(item: Item, parent: Item, name: string): void {
    this.remove(item);
    item.parent = parent;
    item.name = name;
    const names = this.#children.get(parent) ?? new Map<string, Item>();
    this.#children.set(parent, names.set(name, item));
  }

  /** Records that the entry is gone. */
  remove(item: Item): void {
    const names = item.parent && this.#children.get(item.parent);
    if (names?.get(item.name) === item) names.delete(item.name);
  }

  /** Whether it is still in its place. */
  holds(item: Item): boolean {
    return item.parent === undefined || this.get(item.parent, item.name) === item;
  }

  /** The path below the tree's root; for messages and for sorting. */
  relative(item: Item): string {
    return item.parent ? path.posix.join(this.relative(item.parent), item.name) : '';
  }

  /** Throws `Shut`. The model closes the directory. */
  async directory(folder: Item): Promise<HostDirectory> {
    const held = this.#open.get(folder);
    if (held) return held;
    const above = folder.parent ? await this.directory(folder.parent) : this.#tree.root;
    if (folder.shut) throw new Shut();
    try {
      const directory = await above.enter(folder.name || '.');
      this.#open.set(folder, directory);
      return directory;
    } catch (error) {
      folder.shut = true;
      this.#cannotEnter(folder, error);
      throw new Shut();
    }
  }

  /** Between two steps: closes directories if too many are open, or because some have moved. */
  async settle(moved = false): Promise<void> {
    if (moved || this.#open.size > OPEN) await this.close();
  }

  async close(): Promise<void> {
    const all = [...this.#open.values()];
    this.#open.clear();
    await Promise.all(all.map((directory) => directory.close()));
  }

  /** The host's current entry of that name. */
  async look(parent: Item, name: string): Promise<Stats | undefined> {
    const directory = await this.directory(parent);
    try {
      return await host.lstat(await directory.at(name));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }
}

/** Whether only we have changed it. For a directory: whether it is the same one. */
export function isAsWeKnow({ type, stat }: Item, now: Stats): boolean {
  if (!stat || !sameInode(stat, now)) return false;
  if (type === 'directory') return now.isDirectory();
  // By now the inode number may belong to another file.
  return now.isFile() === (type === 'file') && stat.size === now.size && stat.mtimeMs === now.mtimeMs;
}
