/**
 * Writes files and links into a directory of the host, so that the old version is lost only once the new one is
 * complete.
 */
import { randomBytes } from 'node:crypto';
import { constants, unlinkSync, type Stats } from 'node:fs';
import * as host from 'node:fs/promises';
import { NEITHER_LINK_NOR_WAIT, plainError, sameInode, type HostDirectory } from './host-directory.js';

export interface Times {
  /** Milliseconds since 1970. */
  atime: number;
  mtime: number;
}

/** The file that is replaced, and whose permissions and owner the new one takes. */
export interface Put {
  /** The entry to replace. */
  over?: Stats | undefined;
  /** It is the same file: its other names get the new contents too, and it keeps its owner. */
  same?: boolean;
  /** Permissions and owner; if missing, those of any new file. */
  like?: Stats | undefined;
  times: Times;
}

/** What a file is to contain. */
export interface Contents {
  readonly size: number;
  /** In parts, so that a large file is never in memory as a whole. */
  parts(from?: number, to?: number): Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
}

/** A temporary name beside the entry. */
export const temporaryName = (): string => `.holdfast-${randomBytes(6).toString('hex')}`;

/** Partially written files, which are removed when this process exits. */
const unfinished = new Set<string>();
let watched = false;

function begin(at: string): void {
  unfinished.add(at);
  if (watched) return;
  watched = true;
  process.on('exit', () => unfinished.forEach((at) => removeNow(at)));
}

function removeNow(at: string): void {
  try {
    unlinkSync(at);
  } catch {
    // never created, or already gone
  }
}

async function discard(at: string): Promise<void> {
  await host.unlink(at).catch(() => undefined);
  unfinished.delete(at);
}

/**
 * Writes a file. A new file must not exist yet (EEXIST). A replacement is written beside the old file and renamed over
 * it; but the `same` file is overwritten in place if it has other names, or an owner that we cannot set.
 */
export async function putFile(directory: HostDirectory, name: string, contents: Contents, put: Put): Promise<Stats> {
  const at = await directory.at(name);
  if (!put.over) return create(at, contents, put).then(({ stat }) => done(at, stat));
  const beside = temporaryName();
  const besideAt = await directory.at(beside);
  let copy: { stat: Stats; itsOwner: boolean };
  try {
    copy = await create(besideAt, contents, put);
  } catch (error) {
    if (!put.same || !NOT_ALLOWED.has(codeOf(error))) throw error;
    return overwrite(at, contents, put.over, put.times); // we may not change the directory, but perhaps the file
  }
  if (!put.same || (put.over.nlink === 1 && copy.itsOwner)) {
    await host.rename(besideAt, at).catch(async (error: unknown) => {
      await discard(besideAt);
      throw error;
    });
    return done(besideAt, copy.stat);
  }
  try {
    const stat = await overwrite(at, contents, put.over, put.times);
    await discard(besideAt);
    return stat;
  } catch (error) {
    if (!(error instanceof HalfWritten)) await discard(besideAt);
    else unfinished.delete(besideAt);
    throw error instanceof HalfWritten ? new Error(`${error.message}; all of it is in ${beside}`) : error;
  }
}

const NOT_ALLOWED = new Set<unknown>(['EACCES', 'EPERM', 'EROFS']);
export const codeOf = (error: unknown): unknown => (error as NodeJS.ErrnoException).code;

function done(at: string, stat: Stats): Stats {
  unfinished.delete(at);
  return stat;
}

/** Creates a file; leaves nothing behind if it cannot be written. */
async function create(
  at: string,
  contents: Contents,
  { like, same = false, times }: Put,
): Promise<{ stat: Stats; itsOwner: boolean }> {
  const { O_WRONLY, O_CREAT, O_EXCL } = constants;
  const file = await host.open(at, O_WRONLY | O_CREAT | O_EXCL | NEITHER_LINK_NOR_WAIT, like ? 0o600 : 0o666);
  begin(at);
  try {
    await writeParts(file, contents, 0, contents.size);
    const itsOwner = !like || (await takeAfter(file, like, same));
    await file.utimes(times.atime / 1000, times.mtime / 1000);
    return { stat: await file.stat(), itsOwner };
  } catch (error) {
    await discard(at);
    throw error;
  } finally {
    await file.close();
  }
}

/** Resolves to whether the file also has the owner. */
async function takeAfter(file: host.FileHandle, { uid, gid, mode }: Stats, same: boolean): Promise<boolean> {
  const mine = await file.stat();
  const itsOwner =
    (mine.uid === uid && mine.gid === gid) ||
    (await file.chown(uid, gid).then(
      () => true,
      () => false,
    ));
  // A file that we wrote must not run as another user. A write clears these bits, except for root.
  const keepsAll = itsOwner && same && process.getuid?.() === 0;
  await file.chmod(mode & (keepsAll ? 0o7777 : 0o777));
  return itsOwner;
}

/** Overwriting a file in place failed, and part of its contents is lost. */
class HalfWritten extends Error {}

/**
 * Overwrites a file in place. The part that extends it is written first: if there is no room for it, the file is
 * unchanged.
 */
async function overwrite(at: string, contents: Contents, expected: Stats, times: Times): Promise<Stats> {
  const file = await host.open(at, constants.O_WRONLY | NEITHER_LINK_NOR_WAIT);
  try {
    const { size, ...stat } = await file.stat();
    if (!sameInode(stat, expected)) throw new Error('it was replaced meanwhile');
    try {
      await writeParts(file, contents, Math.min(size, contents.size), contents.size);
    } catch (error) {
      await file.truncate(size);
      throw error;
    }
    try {
      await writeParts(file, contents, 0, Math.min(size, contents.size));
      await file.truncate(contents.size);
    } catch (error) {
      throw new HalfWritten(`it is half written: ${plainError(error)}`);
    }
    // Only the owner can set a file's times; it was just written anyway.
    await file.utimes(times.atime / 1000, times.mtime / 1000).catch(() => undefined);
    return await file.stat();
  } finally {
    await file.close();
  }
}

async function writeParts(file: host.FileHandle, contents: Contents, from: number, to: number): Promise<void> {
  let position = from;
  if (from === to) return;
  for await (const part of contents.parts(from, to)) {
    for (let at = 0; at < part.byteLength;) {
      const { bytesWritten } = await file.write(part, at, part.byteLength - at, position);
      at += bytesWritten;
      position += bytesWritten;
    }
  }
  if (position !== to) throw new Error('its contents have changed meanwhile');
}

/** Creates or replaces a symbolic link. */
export async function putLink(directory: HostDirectory, name: string, target: string, put: Put): Promise<Stats> {
  const at = await directory.at(name);
  const first = put.over ? await directory.at(temporaryName()) : at;
  await host.symlink(target, first);
  await intoPlace(first, at);
  await setTimes(directory, name, put.times);
  return host.lstat(at);
}

/** Creates a hard link, or replaces an entry with one. */
export async function putName(
  from: { directory: HostDirectory; name: string },
  to: { directory: HostDirectory; name: string; over: boolean },
): Promise<void> {
  const at = await to.directory.at(to.name);
  const first = to.over ? await to.directory.at(temporaryName()) : at;
  await host.link(await from.directory.at(from.name), first);
  await intoPlace(first, at);
}

async function intoPlace(first: string, at: string): Promise<void> {
  if (first === at) return;
  begin(first);
  await host.rename(first, at).catch(async (error: unknown) => {
    await discard(first);
    throw error;
  });
  unfinished.delete(first);
}

/** The state of an entry (not following a link), or of the directory itself (""). */
export async function setTimes(directory: HostDirectory, name: string, { atime, mtime }: Times): Promise<void> {
  await host.lutimes(await directory.at(name), atime / 1000, mtime / 1000);
}

/** Whether the file contains just that. */
export async function hasBytes(directory: HostDirectory, name: string, contents: Contents): Promise<boolean> {
  const file = await host
    .open(await directory.at(name), constants.O_RDONLY | NEITHER_LINK_NOR_WAIT)
    .catch(() => undefined);
  if (!file) return false;
  try {
    const stat = await file.stat();
    if (!stat.isFile() || stat.size !== contents.size) return false;
    const buffer = Buffer.alloc(Math.min(PART, contents.size));
    let position = 0;
    for await (const part of contents.parts()) {
      for (let at = 0; at < part.byteLength;) {
        const wanted = part.subarray(at, at + buffer.length);
        const { bytesRead } = await file.read(buffer, 0, wanted.byteLength, position);
        if (bytesRead === 0 || !buffer.subarray(0, bytesRead).equals(wanted.subarray(0, bytesRead))) return false;
        at += bytesRead;
        position += bytesRead;
      }
    }
    return position === contents.size;
  } finally {
    await file.close();
  }
}

const PART = 1024 * 1024;
