/** A directory of the host and its copy in the runtime's file system, and what is in that copy at a moment. */
import type { Stats } from 'node:fs';
import path from 'node:path';
import type { FileStat, FileSystem } from '../fs.js';
import type { Gate } from './gate.js';
import type { HostDirectory } from './host-directory.js';

/** One copied tree. Several `--dir` share it when one lies inside another, so that the guest's writes through one are seen through all. */
export interface Tree {
  /** Real, absolute. */
  host: string;
  /** The same, held from the copy in to the copy out. */
  root: HostDirectory;
  /** In the runtime's file system. */
  path: string;
  before: Snapshot;
  /** What was copied in, as it was on the host then. */
  originals: Map<string, Stats>;
}

export interface Entry extends FileStat {
  /** Of a symbolic link: what it says. */
  target?: string;
}

/** Relative path (the root is "") → what is there. */
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

/** What is in the tree at `root` now. `tooDeep`: told of directories with entries whose paths are longer than paths may be. */
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

/** A name that stays in its directory. The kernel lets no other be made; on the way to the host that is worth a second look. */
const isPlainName = (name: string): boolean =>
  name !== '' &&
  name !== '.' &&
  name !== '..' &&
  !name.includes('/') &&
  !name.includes(path.sep) &&
  !name.includes('\0');
