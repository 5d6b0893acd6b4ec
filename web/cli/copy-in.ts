/** Copies a directory of the host into the runtime's file system. */
import type { Stats } from 'node:fs';
import * as host from 'node:fs/promises';
import path from 'node:path';
import { asError } from '../errors.js';
import { FILE_SLICE, type FileSystem } from '../fs.js';
import type { Gate } from './gate.js';
import type { Tree } from './tree.js';

export class CopyIn {
  readonly #fs: FileSystem;
  readonly #tree: Tree;
  readonly #gate: Gate;
  readonly #warn: (text: string) => void;
  /** Files with several names: device and inode → the path that has the bytes. */
  readonly #linked = new Map<string, Promise<string | undefined>>();

  constructor(fs: FileSystem, tree: Tree, gate: Gate, warn: (text: string) => void) {
    this.#fs = fs;
    this.#tree = tree;
    this.#gate = gate;
    this.#warn = warn;
  }

  async directory(relative: string, stat: Stats): Promise<void> {
    const at = this.#to(relative);
    if (relative !== '') await this.#gate.run(() => this.#fs.mkdir(at));
    const names = await this.#readable(relative, () => host.readdir(this.#from(relative), { encoding: 'buffer' }));
    await Promise.all((names ?? []).map((name) => this.#entry(relative, name)));
    await this.#finish(relative, stat);
  }

  async #entry(parent: string, rawName: Uint8Array): Promise<void> {
    const name = utf8(rawName);
    if (name === undefined) {
      this.#warn(`--dir: a name in ${this.#from(parent)} is not UTF-8: left out (${JSON.stringify(String(rawName))})`);
      return;
    }
    const relative = path.posix.join(parent, name);
    const stat = await this.#readable(relative, () => host.lstat(this.#from(relative)));
    if (stat?.isDirectory()) await this.directory(relative, stat);
    else if (stat?.isFile()) await this.#file(relative, stat);
    else if (stat?.isSymbolicLink()) await this.#symlink(relative, stat);
    // Sockets, pipes and devices cannot be copied; they are left out.
  }

  async #file(relative: string, stat: Stats): Promise<void> {
    if (stat.nlink > 1 && (await this.#secondName(relative, stat))) return;
    await this.#contents(relative, stat);
  }

  async #contents(relative: string, stat: Stats): Promise<boolean> {
    const from = this.#from(relative);
    const copied = await this.#gate.run(async () => {
      const file = await this.#readable(relative, () => host.open(from, 'r'));
      if (!file) return false;
      try {
        await this.#fs.writeFile(this.#to(relative), stat.size > FILE_SLICE ? streamOf(file) : await file.readFile());
      } finally {
        await file.close();
      }
      return true;
    });
    if (copied) await this.#finish(relative, stat);
    return copied;
  }

  /** True when the file was made as another name of one that is copied already (or, as the first of several, copied). */
  async #secondName(relative: string, stat: Stats): Promise<boolean> {
    const key = `${stat.dev}:${stat.ino}`;
    const first = this.#linked.get(key);
    if (!first) {
      const copying = this.#contents(relative, stat).then((copied) => (copied ? this.#to(relative) : undefined));
      copying.catch(() => undefined); // told by the line below; the others that wait see it as well
      this.#linked.set(key, copying);
      await copying;
      return true;
    }
    const original = await first;
    if (original === undefined) return true; // unreadable by any name
    try {
      await this.#gate.run(() => this.#fs.link(original, this.#to(relative)));
    } catch {
      return false; // then it is a copy
    }
    this.#tree.modes.set(relative, stat.mode);
    return true;
  }

  async #symlink(relative: string, stat: Stats): Promise<void> {
    const target = await this.#readable(relative, () => host.readlink(this.#from(relative)));
    if (target === undefined) return;
    await this.#gate.run(() => this.#fs.symlink(target, this.#to(relative)));
    await this.#finish(relative, stat);
  }

  async #finish(relative: string, stat: Stats): Promise<void> {
    this.#tree.modes.set(relative, stat.mode);
    // WASI has no times before 1970.
    const [atimeMs, mtimeMs] = [Math.max(0, stat.atimeMs), Math.max(0, stat.mtimeMs)];
    await this.#gate.run(() => this.#fs.utimes(this.#to(relative), atimeMs, mtimeMs, { follow: false }));
  }

  /** What cannot be read on the host is left out, with a warning. */
  async #readable<T>(relative: string, read: () => Promise<T>): Promise<T | undefined> {
    try {
      return await read();
    } catch (error) {
      if (relative === '') throw error;
      this.#warn(`--dir: ${asError(error).message}: left out`);
      return undefined;
    }
  }

  #from(relative: string): string {
    return path.join(this.#tree.host, relative);
  }

  #to(relative: string): string {
    return path.posix.join(this.#tree.path, relative);
  }
}

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
