/**
 * A directory of the host that is held open, so that no access through it leaves it, even if another process moves or
 * replaces directories meanwhile.
 *
 * Node has no openat(2). On Linux, the directory is kept open, and an entry is accessed as /proc/self/fd/N/NAME: the
 * kernel starts at the directory itself, and looks up only NAME. Elsewhere, the directory is found by its path, which
 * is checked before each call; a process that replaces a directory with a link between the check and the call can still
 * divert it.
 */
import { constants, type Stats } from 'node:fs';
import * as host from 'node:fs/promises';
import path from 'node:path';

export interface HostDirectory {
  /**
   * A path to the entry of that name ("": the directory itself), for one call that does not follow a link in the last
   * component. Rejects if the directory has moved.
   */
  at(name: string): Promise<string>;
  /** Opens a subdirectory, or with "." the directory again. Fails with ENOTDIR for a link. */
  enter(name: string): Promise<HostDirectory>;
  close(): Promise<void>;
}

/** Opens the directory at a real path. */
export async function openHostDirectory(real: string, platform: string = process.platform): Promise<HostDirectory> {
  if (platform === 'linux') {
    const held = new HeldDirectory(await host.open(real, DIRECTORY_ONLY));
    if (await held.works()) return held;
    await held.close();
  }
  return new CheckedDirectory(real, await host.lstat(real));
}

/** With these flags, opening an entry that has become a link fails, and opening a pipe does not block. */
export const NEITHER_LINK_NOR_WAIT =
  ((constants.O_NOFOLLOW as number | undefined) ?? 0) | ((constants.O_NONBLOCK as number | undefined) ?? 0); // Windows has neither

export const sameInode = (a: Pick<Stats, 'dev' | 'ino'>, b: Pick<Stats, 'dev' | 'ino'>): boolean =>
  a.dev === b.dev && a.ino === b.ino;

/** Describes a failed call without its path, which means nothing to the user. */
export function plainError(error: unknown): string {
  const { message } = error as Error;
  const code = (error as NodeJS.ErrnoException).code;
  return code !== undefined && message.startsWith(`${code}: `) ? (message.split(', ', 1)[0] as string) : message;
}

/** Linux's O_PATH, for which Node has no name. It does not need permission to read the directory. */
const O_PATH = 0o10000000;
const DIRECTORY_ONLY = O_PATH | constants.O_DIRECTORY | constants.O_NOFOLLOW;

class HeldDirectory implements HostDirectory {
  readonly #handle: host.FileHandle;

  constructor(handle: host.FileHandle) {
    this.#handle = handle;
  }

  /** Whether there is a /proc. */
  async works(): Promise<boolean> {
    const found = await host.stat(this.#path('.')).catch(() => undefined);
    return found !== undefined && sameInode(found, await this.#handle.stat());
  }

  at(name: string): Promise<string> {
    return Promise.resolve(this.#path(name || '.'));
  }

  async enter(name: string): Promise<HostDirectory> {
    return new HeldDirectory(await host.open(this.#path(name), DIRECTORY_ONLY));
  }

  close(): Promise<void> {
    return this.#handle.close();
  }

  #path(name: string): string {
    return `/proc/self/fd/${this.#handle.fd}/${name}`;
  }
}

class CheckedDirectory implements HostDirectory {
  readonly #path: string;
  readonly #stat: Stats;

  constructor(real: string, stat: Stats) {
    this.#path = real;
    this.#stat = stat;
  }

  async at(name: string): Promise<string> {
    const [real, stat] = await Promise.all([host.realpath(this.#path), host.lstat(this.#path)]);
    if (real !== this.#path || !sameInode(stat, this.#stat)) throw moved();
    return path.join(this.#path, name);
  }

  async enter(name: string): Promise<HostDirectory> {
    const found = await this.at(name);
    if (name === '.') return this;
    const stat = await host.lstat(found);
    const real = await host.realpath(found); // the spelling may differ where names ignore case
    if (!stat.isDirectory()) throw Object.assign(new Error('ENOTDIR: not a directory'), { code: 'ENOTDIR' });
    if (path.dirname(real) !== this.#path) throw moved();
    return new CheckedDirectory(real, stat);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

const moved = (): Error => new Error('the directory was replaced meanwhile');
