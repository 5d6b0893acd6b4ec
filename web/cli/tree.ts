/** A directory of the host with its copy in the runtime's file system, and snapshots of that copy. */
import type { Stats } from 'node:fs';
import path from 'node:path';
import type { FileStat, FileSystem } from '../fs.js';
import type { Gate } from './gate.js';
import type { HostDirectory } from './host-directory.js';

/**
 * One copied tree. Several `--dir` share it if one is inside another, so that the guest sees writes through one in all
 * of them.
 */
export interface Tree {
  /** The real, absolute path. */
  host: string;
  /** The same directory, held open from the copy in to the copy out. */
  root: HostDirectory;
  /** Its path in the runtime's file system. */
  path: string;
  before: Snapshot;
  /** The state on the host of everything that was copied in. */
  originals: Map<string, Stats>;
}

export interface Entry extends FileStat {
  /** The target of a symbolic link. */
  target?: string;
}

/** Relative path (the root is "") → entry. */
export type Snapshot = Map<string, Entry>;

/** Opens a directory below another, step by step, so that no link is followed. The caller closes it. */
export async function openWithin(root: HostDirectory, relative: string): Promise<HostDirectory> {
  let at = await root.enter('.');
  for (const name of relative.split('/').filter(Boolean)) {
    const above = at;
    at = await above.enter(name).finally(() => above.close());
  }
  return at;
}

/**
 * Takes a snapshot of the tree at `root`. `tooDeep` is called with directories whose entries have paths over the limit.
 */
export async function snapshot(
  fs: FileSystem,
  root: string,
  gate: Gate,
  tooDeep: (relative: string) => void = () => undefined,
): Promise<Snapshot> {
  const found: Snapshot = new Map();
  const visit = async (relative: string): Promise<void> => {
    const at = path.posix.join(root, relative);
    const entry: Entry | undefined = await gate.run(() => fs.lstat(at).catch(unlessTooLong));
    if (!entry) {
      tooDeep(path.posix.dirname(relative));
      return;
    }
    if (entry.type === 'symlink') {
      found.set(relative, { ...entry, target: await gate.run(() => fs.readlink(at)) });
      return;
    }
    found.set(relative, entry);
    if (entry.type !== 'directory') return;
    const names = await gate.run(() => fs.readdir(at));
    await Promise.all(names.filter(isPlainName).map((name) => visit(path.posix.join(relative, name))));
  };
  await visit('');
  return found;
}

function unlessTooLong(error: unknown): undefined {
  if ((error as { code?: unknown }).code !== 'ENAMETOOLONG') throw error;
}

/**
 * A name that stays in its directory. The kernel does not allow any other, but on the way to the host it is checked
 * again.
 */
const isPlainName = (name: string): boolean =>
  name !== '' &&
  name !== '.' &&
  name !== '..' &&
  !name.includes('/') &&
  !name.includes(path.sep) &&
  !name.includes('\0');
