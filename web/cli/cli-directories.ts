/**
 * `--dir`: copies directories of the host into the runtime's file system before the program runs, and copies the program's
 * changes out after it has ended, for whatever reason.
 *
 * Changes are found by comparing two snapshots of the runtime's own tree (inode, size, times), taken after the copy in
 * and at the end. So files that the guest did not touch are not even read, and are never written on the host. Entries
 * on the host that were not copied (sockets, devices, unreadable files) are in neither snapshot, and are left alone.
 *
 * This is a separate file, loaded for the first `--dir`.
 */
import type { Stats } from 'node:fs';
import * as host from 'node:fs/promises';
import path from 'node:path';
import type { FileSystem } from '../fs.js';
import { CopyIn } from './copy-in.js';
import { CopyOut } from './copy-out.js';
import { Gate } from './gate.js';
import { openHostDirectory, plainError } from './host-directory.js';
import type { DirOption } from './options.js';
import { snapshot, type Tree } from './tree.js';

/** A `--dir` that cannot be granted. */
export class DirectoryError extends Error {
  override readonly name = 'DirectoryError';
}

/** The parent of the trees in the runtime. A guest never sees this name: it sees its preopens. */
const PRIVATE = '/.holdfast';
const AT_ONCE = 16;
/**
 * This directory of the host is not copied. The program gets the runtime's `/dev` instead, with null, zero, full, random
 * and urandom.
 */
const DEVICES = '/dev';

export class Directories {
  readonly #fs: FileSystem;
  readonly #warn: (text: string) => void;
  readonly #gate = new Gate(AT_ONCE);
  readonly #trees: Tree[] = [];

  constructor(fs: FileSystem, warn: (text: string) => void) {
    this.#fs = fs;
    this.#warn = warn;
  }

  /** Copies all directories in, and resolves to the guest's preopens. Throws `DirectoryError`. */
  async copyIn(dirs: readonly DirOption[]): Promise<{ guest: string; path: string }[]> {
    const twice = dirs.find(({ guest }, i) => dirs.findIndex((other) => other.guest === guest) !== i);
    if (twice) throw new DirectoryError(`--dir: the guest's name "${twice.guest}" is listed twice`);
    const roots = await Promise.all(dirs.map((dir) => realDirectory(dir.host)));
    for (const root of outermost(roots.filter((root) => root !== DEVICES))) {
      await this.#copyTreeIn(root);
    }
    return dirs.map(({ guest }, i) => ({ guest, path: this.#inRuntime(roots[i] as string) }));
  }

  /**
   * Copies all changes out, and warns about anything that cannot be written. Resolves to whether everything succeeded.
   */
  async copyOut(): Promise<boolean> {
    let well = true;
    for (const tree of this.#trees) {
      try {
        const tooDeep = new Set<string>();
        const after = await snapshot(this.#fs, tree.path, this.#gate, (relative) => tooDeep.add(relative));
        for (const relative of tooDeep)
          this.#warn(
            `--dir: ${path.join(tree.host, relative)} contains paths that are too long, and is not copied out`,
          );
        const copy = new CopyOut(this.#fs, tree, after, this.#warn);
        // An entry that seems to be deleted may have moved to where its path is too long to read, so nothing is removed.
        well = (await copy.run({ remove: tooDeep.size === 0 })) && tooDeep.size === 0 && well;
      } catch (error) {
        this.#warn(`--dir ${tree.host}: changes cannot be copied out: ${plainError(error)}`);
        well = false;
      }
    }
    return well;
  }

  /** Releases the directories. */
  async close(): Promise<void> {
    await Promise.all(this.#trees.splice(0).map(({ root }) => root.close()));
  }

  #inRuntime(real: string): string {
    if (real === DEVICES) return DEVICES;
    const tree = this.#trees.find(({ host: root }) => isWithin(real, root)) as Tree;
    return path.posix.join(tree.path, toPosix(path.relative(tree.host, real)));
  }

  async #copyTreeIn(real: string): Promise<void> {
    try {
      const tree: Tree = {
        host: real,
        root: await openHostDirectory(real),
        path: `${PRIVATE}/${this.#trees.length}`,
        before: new Map(),
        originals: new Map(),
      };
      this.#trees.push(tree);
      await this.#fs.mkdir(tree.path, { recursive: true });
      await new CopyIn(this.#fs, tree, this.#gate, this.#warn).run();
      tree.before = await snapshot(this.#fs, tree.path, this.#gate);
    } catch (error) {
      throw new DirectoryError(`--dir ${real}: ${plainError(error)}`, { cause: error });
    }
  }
}

const toPosix = (relative: string): string => relative.split(path.sep).join('/');

const isWithin = (inner: string, outer: string): boolean => {
  const relative = path.relative(outer, inner);
  return relative === '' || (relative !== '..' && !relative.startsWith(`..${path.sep}`) && !path.isAbsolute(relative));
};

/** Returns the directories that are not inside another one, each once. */
const outermost = (roots: readonly string[]): string[] =>
  [...new Set(roots)].filter((root, _, all) => !all.some((other) => other !== root && isWithin(root, other)));

async function realDirectory(name: string): Promise<string> {
  let real: string;
  let stat: Stats;
  try {
    real = await host.realpath(name);
    stat = await host.stat(real);
  } catch (error) {
    throw new DirectoryError(`--dir ${name}: ${plainError(error)}`, { cause: error });
  }
  if (!stat.isDirectory()) throw new DirectoryError(`--dir ${name}: not a directory`);
  return real;
}
