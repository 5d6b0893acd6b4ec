/** Files and links, put into a directory of the host so that what was there is lost only once the new is whole. */
import { randomBytes } from 'node:crypto';
import { constants, unlinkSync, type Stats } from 'node:fs';
import * as host from 'node:fs/promises';
import { NEITHER_LINK_NOR_WAIT, plainError, sameInode, type HostDirectory } from './host-directory.js';

export interface Times {
  /** Milliseconds since 1970. */
  atime: number;
  mtime: number;
}

/** What a file is put in the place of, and whose permissions and owner it takes. */
export interface Put {
  /** It replaces this. */
  over?: Stats | undefined;
  /** It is the same file: then its other names have the new contents too, and it keeps its owner. */
  same?: boolean;
  /** Permissions and owner; none: as for any new file of ours. */
  like?: Stats | undefined;
  times: Times;
}

/** A name beside the thing of which it is a part, for a moment. */
export const temporaryName = (): string => `.holdfast-${randomBytes(6).toString('hex')}`;

/** Half-written files: they go when we do. */
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
    // never made, or gone already
  }
}

async function discard(at: string): Promise<void> {
  await host.unlink(at).catch(() => undefined);
  unfinished.delete(at);
}

/**
 * Writes a file. A new one has its name to itself (EEXIST). One that replaces another is written beside it and renamed over it; but when
 * it is the `same` file, and has other names or an owner whom we cannot give a file, it is written where it is.
 */
export async function putFile(directory: HostDirectory, name: string, bytes: Uint8Array, put: Put): Promise<Stats> {
  const at = await directory.at(name);
  if (!put.over) return create(at, bytes, put).then(({ stat }) => done(at, stat));
  const beside = temporaryName();
  const besideAt = await directory.at(beside);
  let copy: { stat: Stats; itsOwner: boolean };
  try {
    copy = await create(besideAt, bytes, put);
  } catch (error) {
    if (!put.same || !NOT_ALLOWED.has(codeOf(error))) throw error;
    return overwrite(at, bytes, put.over, put.times); // the directory is not ours to change, but the file may be
  }
  if (!put.same || (put.over.nlink === 1 && copy.itsOwner)) {
    await host.rename(besideAt, at).catch(async (error: unknown) => {
      await discard(besideAt);
      throw error;
    });
    return done(besideAt, copy.stat);
  }
  try {
    const stat = await overwrite(at, bytes, put.over, put.times);
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

/** A new file; when it cannot be written, nothing is left of it. */
async function create(
  at: string,
  bytes: Uint8Array,
  { like, same = false, times }: Put,
): Promise<{ stat: Stats; itsOwner: boolean }> {
  const { O_WRONLY, O_CREAT, O_EXCL } = constants;
  const file = await host.open(at, O_WRONLY | O_CREAT | O_EXCL | NEITHER_LINK_NOR_WAIT, like ? 0o600 : 0o666);
  begin(at);
  try {
    await file.writeFile(bytes);
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

/** Resolves to whether the file has the owner, too. */
async function takeAfter(file: host.FileHandle, { uid, gid, mode }: Stats, same: boolean): Promise<boolean> {
  const mine = await file.stat();
  const itsOwner =
    (mine.uid === uid && mine.gid === gid) ||
    (await file.chown(uid, gid).then(
      () => true,
      () => false,
    ));
  // Nothing runs as somebody else because it was written by us. A write takes these bits from a file, unless it is root's.
  const keepsAll = itsOwner && same && process.getuid?.() === 0;
  await file.chmod(mode & (keepsAll ? 0o7777 : 0o777));
  return itsOwner;
}

/** A file was being written where it is, and what it had is lost in part. */
class HalfWritten extends Error {}

/** Writes a file where it is. What is past its end goes first: when there is no room for it, the file stays as it was. */
async function overwrite(at: string, bytes: Uint8Array, expected: Stats, times: Times): Promise<Stats> {
  const file = await host.open(at, constants.O_WRONLY | NEITHER_LINK_NOR_WAIT);
  try {
    const { size, ...stat } = await file.stat();
    if (!sameInode(stat, expected)) throw new Error('it was replaced meanwhile');
    try {
      await writeAt(file, bytes.subarray(size), size);
    } catch (error) {
      await file.truncate(size);
      throw error;
    }
    try {
      await writeAt(file, bytes.subarray(0, size), 0);
      await file.truncate(bytes.byteLength);
    } catch (error) {
      throw new HalfWritten(`it is half written: ${plainError(error)}`);
    }
    // Who does not own a file cannot set its times: it was written just now, anyway.
    await file.utimes(times.atime / 1000, times.mtime / 1000).catch(() => undefined);
    return await file.stat();
  } finally {
    await file.close();
  }
}

async function writeAt(file: host.FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let at = 0; at < bytes.byteLength;) {
    const { bytesWritten } = await file.write(bytes, at, bytes.byteLength - at, position + at);
    at += bytesWritten;
  }
}

/** Makes a symbolic link, or puts one in the place of what is there. */
export async function putLink(directory: HostDirectory, name: string, target: string, put: Put): Promise<Stats> {
  const at = await directory.at(name);
  const first = put.over ? await directory.at(temporaryName()) : at;
  await host.symlink(target, first);
  await intoPlace(first, at);
  await setTimes(directory, name, put.times);
  return host.lstat(at);
}

/** Makes another name for a file, or puts it in the place of what is there. */
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

/** Of an entry, or of the directory itself (""), be it a link. */
export async function setTimes(directory: HostDirectory, name: string, { atime, mtime }: Times): Promise<void> {
  await host.lutimes(await directory.at(name), atime / 1000, mtime / 1000);
}

/** Whether the file holds these bytes. */
export async function hasBytes(directory: HostDirectory, name: string, bytes: Uint8Array): Promise<boolean> {
  const file = await host
    .open(await directory.at(name), constants.O_RDONLY | NEITHER_LINK_NOR_WAIT)
    .catch(() => undefined);
  if (!file) return false;
  try {
    const stat = await file.stat();
    if (!stat.isFile() || stat.size !== bytes.byteLength) return false;
    const part = Buffer.alloc(Math.min(PART, bytes.byteLength));
    for (let at = 0; at < bytes.byteLength;) {
      const { bytesRead } = await file.read(part, 0, part.length, at);
      if (bytesRead === 0 || !part.subarray(0, bytesRead).equals(bytes.subarray(at, at + bytesRead))) return false;
      at += bytesRead;
    }
    return true;
  } finally {
    await file.close();
  }
}

const PART = 1024 * 1024;
