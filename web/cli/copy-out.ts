/**
 * Updates a directory of the host from the runtime's copy of it, and touches nothing else.
 *
 * Files are identified by their inode in the runtime. First, everything with a new name is renamed: directories from
 * the top down, then files. Then new and changed files are written; the old version stays intact until the new one is
 * complete. Last, deleted files are removed, unless something could not be written. So at each step the host has the
 * old or the new version of everything.
 *
 * Changes that another process made on the host meanwhile are neither overwritten nor removed: the program's version is
 * written beside them. Pipes, sockets and devices are never opened.
 */
import * as host from 'node:fs/promises';
import path from 'node:path';
import type { Stats } from 'node:fs';
import { WHOLE } from '../../common/protocol.js';
import type { FileSystem } from '../fs.js';
import { plainError } from './host-directory.js';
import { HostModel, isAsWeKnow, Shut, type Item } from './host-model.js';
import { codeOf, hasBytes, putFile, putLink, putName, setTimes, temporaryName, type Contents } from './host-write.js';
import type { Entry, Snapshot, Tree } from './tree.js';

/** A current name in the runtime. */
interface Wanted {
  relative: string;
  /** Inode of its directory. */
  parent: number;
  name: string;
}

/** A file or link with all its current names, and its old names, which the host has. */
interface Group {
  entry: Entry;
  wanted: Wanted[];
  items: Map<Wanted, Item>;
}

/** A place for an entry. */
interface Spot {
  name: string;
  /** The entry that is there, and may be replaced. */
  over?: Item;
}

export class CopyOut {
  readonly #fs: FileSystem;
  readonly #tree: Tree;
  readonly #after: Snapshot;
  readonly #warn: (text: string) => void;
  readonly #host: HostModel;
  /** Inode in the runtime → what had that inode before the program ran. */
  readonly #old = new Map<number, { relative: string; entry: Entry }>();
  /** Inode in the runtime → the directory of the host, for those that stay, once they are in their place. */
  readonly #placed = new Map<number, Item>();
  readonly #directories = new Map<number, Item>();
  readonly #groups = new Map<number, Group>();
  readonly #moves: { item: Item; group: Group; to: Wanted }[] = [];
  /** Entries that had to step aside, and where they were. */
  readonly #parked = new Map<Item, { parent: Item; name: string }>();
  #well = true;
  /** Whether part of the program's data is not on the host. */
  #lacking = false;

  constructor(fs: FileSystem, tree: Tree, after: Snapshot, warn: (text: string) => void) {
    this.#fs = fs;
    this.#tree = tree;
    this.#after = after;
    this.#warn = (text) => {
      this.#well = false;
      warn(`--dir: ${text}`);
    };
    this.#host = new HostModel(tree, (folder, error) => {
      this.#warn(`${this.#shown(folder)} cannot be entered: ${plainError(error)}; its contents are not copied out`);
    });
    this.#compare();
  }

  /** Resolves to whether everything succeeded. `remove`: whether to remove deleted entries from the host. */
  async run({ remove }: { remove: boolean }): Promise<boolean> {
    try {
      const directories = [...this.#after].filter(([, { type }]) => type === 'directory').sort(byPath);
      for (const [relative, entry] of directories) await this.#try(relative, () => this.#place(relative, entry));
      for (const { item, group, to } of this.#moves) await this.#try(to.relative, () => this.#move(item, group, to));
      for (const group of this.#groups.values())
        await this.#try((group.wanted[0] as Wanted).relative, () => this.#update(group));
      if (remove) await this.#removeWhatIsGone();
      await this.#putBack();
      // Creating entries in a directory changed its time on the host, so the guest's time is set last.
      for (const [relative, entry] of directories.reverse())
        await this.#try(relative, () => this.#setDirectoryTimes(relative, entry));
    } finally {
      await this.#host.close();
    }
    return this.#well;
  }

  async #try(relative: string, action: () => Promise<void>): Promise<void> {
    try {
      await action();
      await this.#host.settle();
    } catch (error) {
      this.#lacking = true;
      this.#well = false;
      if (error instanceof Shut) return;
      this.#warn(`${path.join(this.#tree.host, relative)} cannot be updated: ${plainError(error)}`);
    }
  }

  // ---- what has changed ----

  #compare(): void {
    const now = new Map<string, Wanted>();
    for (const [relative, entry] of this.#after) {
      if (entry.type === 'directory' || !isCopied(entry)) continue;
      const group = this.#groups.get(entry.ino) ?? { entry, wanted: [], items: new Map<Wanted, Item>() };
      const wanted = this.#wanted(this.#after, relative);
      group.wanted.push(wanted);
      this.#groups.set(entry.ino, group);
      now.set(`${entry.ino} ${wanted.parent} ${wanted.name}`, wanted);
    }
    const kept = new Set<Wanted>();
    const renamed: Item[] = [];
    const items = new Map<string, Item>([['', this.#host.root]]);
    this.#directories.set(this.#host.root.ino, this.#host.root);
    const directoriesNow = new Set([...this.#after.values()].filter(isDirectory).map(({ ino }) => ino));
    for (const [relative, entry] of [...this.#tree.before].sort(byPath).slice(1)) {
      const { parent, name } = this.#wanted(this.#tree.before, relative);
      const folder = items.get(path.posix.dirname(relative).replace(/^\.$/, '')) as Item;
      const item = this.#host.add(folder, name, entry, this.#tree.originals.get(relative));
      items.set(relative, item);
      this.#old.set(entry.ino, { relative, entry });
      if (entry.type === 'directory') {
        this.#directories.set(entry.ino, item);
        item.goes = !directoriesNow.has(entry.ino);
        continue;
      }
      const group = this.#groupOf(entry);
      const same = group && now.get(`${entry.ino} ${parent} ${name}`);
      if (same) {
        kept.add(same);
        group.items.set(same, item);
      } else if (group) renamed.push(item);
      else item.goes = true;
    }
    for (const item of renamed) {
      const group = this.#groups.get(item.ino) as Group;
      const to = group.wanted.find((wanted) => !kept.has(wanted));
      if (to) {
        kept.add(to);
        this.#moves.push({ item, group, to });
      } else item.goes = true;
    }
  }

  #groupOf({ ino, type }: Entry): Group | undefined {
    const group = this.#groups.get(ino);
    return group?.entry.type === type ? group : undefined;
  }

  #wanted(snapshot: Snapshot, relative: string): Wanted {
    const above = path.posix.dirname(relative).replace(/^\.$/, '');
    return { relative, parent: (snapshot.get(above) as Entry).ino, name: path.posix.basename(relative) };
  }

  // ---- directories ----

  async #place(relative: string, entry: Entry): Promise<void> {
    if (relative === '') return void this.#placed.set(entry.ino, this.#host.root);
    const { parent, name } = this.#wanted(this.#after, relative);
    const folder = this.#folder(parent);
    const known = this.#directories.get(entry.ino);
    if (known?.parent === folder && known.name === name) return void this.#placed.set(entry.ino, known);
    const there = known ? undefined : await this.#host.look(folder, name);
    if (there?.isDirectory() && !this.#host.get(folder, name) && !(await this.#otherName(folder, there))) {
      // Also created on the host meanwhile: they become one.
      return void this.#placed.set(entry.ino, this.#host.add(folder, name, entry, there));
    }
    const spot = await this.#makeRoom(folder, name, known);
    if (spot.over && spot.over !== known) await this.#stepAside(spot.over); // a directory does not replace a file
    const at = await this.#host.directory(folder);
    if (known) {
      const from = await this.#host.directory(known.parent as Item);
      await host.rename(await from.at(known.name), await at.at(spot.name));
      this.#host.put(known, folder, spot.name);
      this.#parked.delete(known);
      this.#placed.set(entry.ino, known);
      await this.#host.settle(true);
      return;
    }
    await host.mkdir(await at.at(spot.name));
    this.#placed.set(entry.ino, this.#host.add(folder, spot.name, entry, await this.#host.look(folder, spot.name)));
  }

  /** Throws `Shut` if that directory could not be created or moved, which was already reported. */
  #folder(ino: number): Item {
    const folder = this.#placed.get(ino);
    if (!folder) throw new Shut();
    return folder;
  }

  async #setDirectoryTimes(relative: string, entry: Entry): Promise<void> {
    const folder = this.#placed.get(entry.ino);
    const old = this.#tree.before.get(relative);
    if (!folder || (old?.ino === entry.ino && old.mtime === entry.mtime)) return;
    await setTimes(await this.#host.directory(folder), '', entry);
  }

  // ---- files and links ----

  async #move(item: Item, group: Group, to: Wanted): Promise<void> {
    const folder = this.#folder(to.parent);
    const there = await this.#host.look(item.parent as Item, item.name);
    if (!there || there.isFile() !== (item.type === 'file')) return this.#host.remove(item); // no longer on the host
    const spot = await this.#makeRoom(folder, to.name, item);
    const from = await this.#host.directory(item.parent as Item);
    const directory = await this.#host.directory(folder);
    try {
      await host.rename(await from.at(item.name), await directory.at(spot.name));
    } catch (error) {
      if (codeOf(error) !== 'EXDEV') throw error;
      item.goes = true; // it is written there, and removed here
      return;
    }
    if (spot.over && spot.over !== item) this.#host.remove(spot.over);
    this.#host.put(item, folder, spot.name);
    this.#parked.delete(item);
    group.items.set(to, item);
  }

  async #update(group: Group): Promise<void> {
    let [first] = group.items.values();
    if (first)
      first = group.entry.type === 'file' ? await this.#rewrite(group, first) : await this.#relink(group, first);
    for (const wanted of group.wanted) {
      if (group.items.has(wanted)) continue;
      const item = first && (await this.#otherNameFor(first, wanted));
      first = item ?? (await this.#write(group.entry, wanted));
    }
  }

  /** Updates a file that the host has. Resolves to it, or to undefined if the host no longer has it. */
  async #rewrite({ entry, items, wanted }: Group, item: Item): Promise<Item | undefined> {
    const { entry: old } = this.#before(entry) as { entry: Entry };
    const touched = old.mtime !== entry.mtime || old.size !== entry.size;
    if (!touched && old.ctime === entry.ctime) return item;
    const folder = item.parent as Item;
    const there = await this.#host.look(folder, item.name);
    if (!there?.isFile()) {
      if (!there) this.#host.remove(item);
      items.clear();
      return undefined;
    }
    const ours = isAsWeKnow(item, there);
    if (!ours && !touched) return item; // the program only renamed it
    const directory = await this.#host.directory(folder);
    const contents = await this.#contents((wanted[0] as Wanted).relative, entry);
    if (await hasBytes(directory, item.name, contents)) {
      if (old.mtime !== entry.mtime) await setTimes(directory, item.name, entry);
      return item;
    }
    if (ours)
      item.stat = await putFile(directory, item.name, contents, { over: there, same: true, like: there, times: entry });
    else await putFile(directory, await this.#nameBeside(folder, item.name), contents, { like: there, times: entry });
    return item;
  }

  /** The same for a symbolic link. */
  async #relink({ entry, items }: Group, item: Item): Promise<Item | undefined> {
    const { entry: old } = this.#before(entry) as { entry: Entry };
    const folder = item.parent as Item;
    if (old.target === entry.target && old.mtime === entry.mtime) return item;
    const there = await this.#host.look(folder, item.name);
    if (!there || !isAsWeKnow(item, there)) {
      if (!there) this.#host.remove(item);
      items.clear();
      return undefined;
    }
    const directory = await this.#host.directory(folder);
    if (old.target === entry.target) await setTimes(directory, item.name, entry);
    else item.stat = await putLink(directory, item.name, entry.target ?? '', { over: there, times: entry });
    return item;
  }

  /** Writes a file or link that the host does not have. */
  async #write(entry: Entry, { parent, name, relative }: Wanted): Promise<Item> {
    const folder = this.#folder(parent);
    const contents = entry.type === 'file' ? await this.#contents(relative, entry) : undefined;
    const there = await this.#host.look(folder, name);
    if (contents && there?.isFile() && !this.#host.get(folder, name) && !(await this.#otherName(folder, there))) {
      // Another process has created an identical file meanwhile.
      const directory = await this.#host.directory(folder);
      if (await hasBytes(directory, name, contents)) return this.#host.add(folder, name, entry, there);
    }
    const spot = await this.#makeRoom(folder, name);
    const directory = await this.#host.directory(folder);
    const over = spot.over?.stat;
    const like = over?.isFile() ? over : this.#originalOf(entry);
    const stat = contents
      ? await putFile(directory, spot.name, contents, { over, like, times: entry })
      : await putLink(directory, spot.name, entry.target ?? '', { over, times: entry });
    if (spot.over) this.#host.remove(spot.over);
    return this.#host.add(folder, spot.name, entry, stat);
  }

  /** Gives a file another name. Returns undefined if the file system does not support that. */
  async #otherNameFor(item: Item, { parent, name }: Wanted): Promise<Item | undefined> {
    const folder = this.#folder(parent);
    const spot = await this.#makeRoom(folder, name);
    const from = { directory: await this.#host.directory(item.parent as Item), name: item.name };
    const to = { directory: await this.#host.directory(folder), name: spot.name, over: spot.over !== undefined };
    try {
      await putName(from, to);
    } catch (error) {
      if (!NO_LINKS.has(codeOf(error))) throw error;
      return undefined;
    }
    if (spot.over) this.#host.remove(spot.over);
    return this.#host.add(folder, spot.name, item, await this.#host.look(folder, spot.name));
  }

  /** Of a file in the runtime. A small one is read once, although it may be needed twice: to compare, and to write. */
  async #contents(relative: string, { size }: Entry): Promise<Contents> {
    const at = path.posix.join(this.#tree.path, relative);
    if (size > WHOLE)
      return {
        size,
        parts: (start = 0, end = size) => this.#fs.readable(at, { start, end }) as AsyncIterable<Uint8Array>,
      };
    const bytes = await this.#fs.readFile(at);
    return { size: bytes.byteLength, parts: (start, end) => [bytes.subarray(start, end)] };
  }

  /** What it was in the runtime before the program ran, and under which name. */
  #before({ ino, type }: Entry): { relative: string; entry: Entry } | undefined {
    const found = this.#old.get(ino);
    return found?.entry.type === type ? found : undefined;
  }

  #originalOf(entry: Entry): Stats | undefined {
    const old = this.#before(entry);
    return old && this.#tree.originals.get(old.relative);
  }

  // ---- places ----

  /**
   * Makes a place free for an entry. An entry there that moves elsewhere, or a directory that is to be removed, steps
   * aside; an entry that has changed stays, and another name is chosen. Directories that were opened before may be
   * closed afterwards.
   */
  async #makeRoom(folder: Item, name: string, incoming?: Item): Promise<Spot> {
    const known = this.#host.get(folder, name);
    const there = await this.#host.look(folder, name);
    if (!there) {
      if (known) this.#host.remove(known);
      return { name };
    }
    const item = known && isAsWeKnow(known, there) ? known : await this.#otherName(folder, there);
    if (!item) {
      if (known) known.goes = false; // it stays, which is reported now
      return { name: await this.#nameBeside(folder, name) };
    }
    if (item === incoming) return { name, over: item };
    if (item.goes && item.type !== 'directory') return { name, over: item };
    if (item !== known && !item.goes)
      throw new Error(`on this file system it is the same name as ${JSON.stringify(item.name)}`);
    await this.#stepAside(item);
    return { name };
  }

  /** An entry that we know by another name in the directory, on file systems that ignore case. */
  async #otherName(folder: Item, there: Stats): Promise<Item | undefined> {
    if (there.nlink > 1 && !there.isDirectory()) return undefined; // it may have two names
    const item = this.#host.in(folder).find((item) => isAsWeKnow(item, there));
    const stillThere = item && (await this.#host.look(folder, item.name));
    return stillThere && isAsWeKnow(item, stillThere) ? item : undefined;
  }

  async #stepAside(item: Item): Promise<void> {
    if (item.goes && (await this.#holdsMore(item)))
      throw new Error(`the directory contains files that the program did not see: ENOTEMPTY`);
    const parent = item.parent as Item;
    const former = { parent, name: item.name };
    const directory = await this.#host.directory(parent);
    const aside = temporaryName();
    await host.rename(await directory.at(item.name), await directory.at(aside));
    this.#host.put(item, parent, aside);
    this.#parked.set(item, former);
    await this.#host.settle(true);
  }

  /** Whether a directory on the host contains entries that we do not know. */
  async #holdsMore(item: Item): Promise<boolean> {
    if (item.type !== 'directory') return false;
    const directory = await this.#host.directory(item);
    for (const name of await host.readdir(await directory.at(''))) {
      const below = this.#host.get(item, name);
      if (!below || (await this.#holdsMore(below))) return true;
    }
    return false;
  }

  /** A free name for the program's version where another process's file is now. */
  async #nameBeside(folder: Item, name: string): Promise<string> {
    for (let i = 1; ; i++) {
      const beside = `${name}.holdfast${i > 1 ? `-${i}` : ''}`;
      if (await this.#host.look(folder, beside)) continue;
      const there = path.join(this.#shown(folder), name);
      this.#warn(`${there} has changed since it was copied in: it stays, and the program's version is ${beside}`);
      return beside;
    }
  }

  // ---- the end ----

  async #removeWhatIsGone(): Promise<void> {
    const gone = this.#allBelow(this.#host.root).filter(({ goes }) => goes);
    if (gone.length === 0) return;
    if (this.#lacking) {
      this.#warn(
        `nothing is removed from ${this.#tree.host}, because not all files of the program could be copied out`,
      );
      return;
    }
    for (const item of gone.reverse()) await this.#try(this.#host.relative(item), () => this.#remove(item));
  }

  /** Directories before their contents. */
  #allBelow(folder: Item): Item[] {
    return this.#host.in(folder).flatMap((item) => [item, ...this.#allBelow(item)]);
  }

  async #remove(item: Item): Promise<void> {
    const parent = item.parent as Item;
    const there = await this.#host.look(parent, item.name);
    if (there && !isAsWeKnow(item, there)) {
      this.#warn(`${this.#shown(item)} has changed since it was copied in, and is not removed`);
      return;
    }
    const at = await (await this.#host.directory(parent)).at(item.name);
    // Never recursively: any remaining entries are not the guest's to remove.
    if (there) await (item.type === 'directory' ? host.rmdir(at) : host.unlink(at));
    this.#host.remove(item);
    this.#parked.delete(item);
  }

  /** Entries that stepped aside and found no place return to their old one; otherwise reports where they are. */
  async #putBack(): Promise<void> {
    for (const [item, { parent, name }] of this.#parked) {
      if (!this.#host.holds(item)) continue;
      await this.#try(this.#host.relative(item), async () => {
        const aside = this.#shown(item);
        if (await this.#host.look(parent, name)) {
          this.#warn(`what was ${path.join(this.#shown(parent), name)} is ${aside} now`);
          return;
        }
        const directory = await this.#host.directory(parent);
        await host.rename(await directory.at(item.name), await directory.at(name));
        this.#host.put(item, parent, name);
      });
    }
  }

  #shown(item: Item): string {
    return path.join(this.#tree.host, this.#host.relative(item));
  }
}

const NO_LINKS = new Set<unknown>(['EPERM', 'EACCES', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EXDEV']);

const isDirectory = ({ type }: Entry): boolean => type === 'directory';
const isCopied = ({ type }: Entry): boolean => type === 'file' || type === 'symlink';
const byPath = ([a]: [string, unknown], [b]: [string, unknown]): number => (a < b ? -1 : 1);
