/** Copies a directory of the host into the runtime's file system; skips everything but files, directories and symbolic links. */
import { constants, type Stats } from 'node:fs';
import * as host from 'node:fs/promises';
import path from 'node:path';
import { WHOLE } from '../../common/protocol.js';
import type { FileSystem } from '../fs.js';
import { Gate } from './gate.js';
import { NEITHER_LINK_NOR_WAIT, plainError, type HostDirectory } from './host-directory.js';
import { openWithin, type Tree } from './tree.js';

/** How many names a warning lists. */
const NAMED = 8;
/** Directories that are open at once, in addition to the files that the gate admits. */
const DIRECTORIES = 16;

type Found = [relative: string, stat: Stats];

export class CopyIn {
  readonly #fs: FileSystem;
  readonly #tree: Tree;
  readonly #gate: Gate;
  readonly #directories = new Gate(DIRECTORIES);
  readonly #warn: (text: string) => void;
  /** Files with several names: device and inode → the path of the copy. */
  readonly #linked = new Map<string, Promise<string | undefined>>();
  /** Pipes, sockets and devices that were skipped. */
  readonly #special: string[] = [];

  constructor(fs: FileSystem, tree: Tree, gate: Gate, warn: (text: string) => void) {
    this.#fs = fs;
    this.#tree = tree;
    this.#gate = gate;
    this.#warn = warn;
  }

  async run(): Promise<void> {
    await this.#directory('', await host.lstat(await this.#tree.root.at('')));
    const special = this.#special.sort();
    if (special.length === 0) return;
    const named = special.slice(0, NAMED).map((relative) => path.join(this.#tree.host, relative));
    const more = special.length > NAMED ? `, and ${special.length - NAMED} more` : '';
    this.#warn(`--dir: pipes, sockets and devices are not copied: skipped ${named.join(', ')}${more}`);
  }

  async #directory(relative: string, stat: Stats): Promise<void> {
    if (relative !== '') await this.#gate.run(() => this.#fs.mkdir(this.#to(relative)));
    const below = await this.#directories.run(() => this.#entries(relative));
    await Promise.all(below.map(([name, stat]) => this.#directory(name, stat)));
    await this.#finish(relative, stat, await this.#mayWrite(relative));
  }

  /** Copies the entries of a directory, except directories, which it returns. */
  async #entries(relative: string): Promise<Found[]> {
    const directory = await this.#readable(relative, () => openWithin(this.#tree.root, relative));
    if (!directory) return [];
    const below: Found[] = [];
    try {
      const names = await this.#readable(relative, async () =>
        host.readdir(await directory.at(''), { encoding: 'buffer' }),
      );
      await Promise.all((names ?? []).map((name) => this.#entry(directory, relative, name, below)));
    } finally {
      await directory.close();
    }
    return below;
  }

  async #entry(directory: HostDirectory, parent: string, rawName: Uint8Array, below: Found[]): Promise<void> {
    const name = utf8(rawName);
    if (name === undefined) {
      const shown = path.join(this.#tree.host, parent);
      this.#warn(`--dir: a name in ${shown} is not UTF-8: skipped (${JSON.stringify(String(rawName))})`);
      return;
    }
    const relative = path.posix.join(parent, name);
    const at = await directory.at(name);
    const stat = await this.#readable(relative, () => host.lstat(at));
    if (stat?.isDirectory()) below.push([relative, stat]);
    else if (stat?.isFile()) await this.#file(at, relative, stat);
    else if (stat?.isSymbolicLink()) await this.#symlink(at, relative, stat);
    else if (stat) this.#special.push(relative);
  }

  async #file(at: string, relative: string, stat: Stats): Promise<void> {
    if (stat.nlink > 1 && (await this.#secondName(at, relative, stat))) return;
    await this.#contents(at, relative);
  }

  async #contents(at: string, relative: string): Promise<boolean> {
    return this.#gate.run(async () => {
      const file = await this.#readable(relative, () => host.open(at, constants.O_RDONLY | NEITHER_LINK_NOR_WAIT));
      if (!file) return false;
      try {
        const stat = await file.stat();
        if (!stat.isFile()) {
          this.#special.push(relative); // it was a file a moment ago
          return false;
        }
        const bytes = stat.size > WHOLE ? streamOf(file) : await file.readFile();
        await this.#fs.writeFile(this.#to(relative), bytes);
        await this.#finishNow(relative, stat, await mayWrite(at));
      } finally {
        await file.close();
      }
      return true;
    });
  }

  /**
   * Returns true if the file was created as a link to one that is already copied (or was copied as the first of several
   * names).
   */
  async #secondName(at: string, relative: string, stat: Stats): Promise<boolean> {
    const key = `${stat.dev}:${stat.ino}`;
    const first = this.#linked.get(key);
    if (!first) {
      const copying = this.#contents(at, relative).then((copied) => (copied ? this.#to(relative) : undefined));
      copying.catch(() => undefined); // the line below throws the error, as it does for every other waiter
      this.#linked.set(key, copying);
      await copying;
      return true;
    }
    const original = await first;
    if (original === undefined) return true; // the file cannot be read
    try {
      await this.#gate.run(() => this.#fs.link(original, this.#to(relative)));
    } catch {
      return false; // the caller copies the file instead
    }
    this.#tree.originals.set(relative, stat);
    return true;
  }

  async #symlink(at: string, relative: string, stat: Stats): Promise<void> {
    const target = await this.#readable(relative, () => host.readlink(at));
    if (target === undefined) return;
    await this.#gate.run(() => this.#fs.symlink(target, this.#to(relative)));
    await this.#finish(relative, stat, true);
  }

  async #mayWrite(relative: string): Promise<boolean> {
    const directory = await openWithin(this.#tree.root, relative).catch(() => undefined);
    if (!directory) return false;
    try {
      return await mayWrite(await directory.at(''));
    } finally {
      await directory.close();
    }
  }

  #finish(relative: string, stat: Stats, writable: boolean): Promise<void> {
    return this.#gate.run(() => this.#finishNow(relative, stat, writable));
  }

  async #finishNow(relative: string, stat: Stats, writable: boolean): Promise<void> {
    const to = this.#to(relative);
    this.#tree.originals.set(relative, stat);
    // WASI has no times before 1970.
    if (!writable) await this.#fs.chmod(to, 0o444);
    await this.#fs.utimes(to, Math.max(0, stat.atimeMs), Math.max(0, stat.mtimeMs), { follow: false });
  }

  /** Omits what cannot be read on the host, with a warning. */
  async #readable<T>(relative: string, read: () => Promise<T>): Promise<T | undefined> {
    try {
      return await read();
    } catch (error) {
      if (relative === '') throw error;
      this.#warn(`--dir: ${path.join(this.#tree.host, relative)} is skipped: ${plainError(error)}`);
      return undefined;
    }
  }

  #to(relative: string): string {
    return path.posix.join(this.#tree.path, relative);
  }
}

/** Whether we may write: checks the file's permissions and owner, and for a read-only mount. */
const mayWrite = (at: string): Promise<boolean> =>
  host.access(at, constants.W_OK).then(
    () => true,
    () => false,
  );

function utf8(name: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(name);
  } catch {
    return undefined;
  }
}

const streamOf = (file: host.FileHandle): ReadableStream<Uint8Array> =>
  new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { bytesRead, buffer } = await file.read(new Uint8Array(1024 * 1024));
        if (bytesRead === 0) controller.close();
        else controller.enqueue(buffer.subarray(0, bytesRead));
      },
    },
    { highWaterMark: 0 },
  );
