/**
 * Files that do not fit in one message: large ones, Blobs, streams. Loaded on first use; classes that must be identical
 * here and in the script that loads it are passed through `AskFile`.
 *
 * Each has a file open in the coordinator, identified by a handle, and always closes it: at the end, when its source
 * fails, when it is cancelled, and when its stream is garbage collected (fs.ts). All of them end with the runtime.
 */
import { PART, WHOLE, type FsRequest, type FsResult, type OpenHow, type OpenMessage } from '../common/protocol.js';
import { copyOf, kindOf, isBytes, tagOf, textOf, viewOf, type OwnedBytes } from './bytes.js';
import type { FileData } from './fs.js';
import type { Controller } from './streams.js';

/** Sends a request to the coordinator for a call of hf.fs; an error reply becomes an `FsError` that names the call. */
export type AskFile = <Request extends FsRequest>(
  request: Request,
  transfer?: ArrayBuffer[],
) => Promise<FsResult<Request['op']>>;

/** The page's end of an open file. */
export interface FileEnd {
  /** Closes the file and discards written data that is not yet in it. Does nothing if already closed. Never rejects. */
  drop(): Promise<void>;
}

const ignore = (): undefined => undefined;

// --- reading ---

/** Reads the file at the size that it had when it was opened; shorter if it has shrunk since. The caller closes it. */
export async function readWhole(
  ask: AskFile,
  { handle, size }: OpenMessage,
  asText: boolean,
): Promise<Uint8Array | string> {
  const bytes = asText && !canBeText(size) ? undefined : room(size);
  if (bytes) {
    const whole = await fill(bytes, (at) => ask({ op: 'read', handle, at, size: Math.min(PART, size - at) }));
    const result = asText ? decoded(whole) : whole;
    if (result !== undefined) return result;
  }
  return (await ask({ op: 'close', handle, how: 'too-big' })) as never; // it fails
}

/** Reads one part ahead: the coordinator copies it while the page copies the previous one. */
async function fill(whole: OwnedBytes, read: (at: number) => Promise<Uint8Array>): Promise<Uint8Array> {
  const size = whole.byteLength;
  let at = 0;
  for (let next = read(0); at < size;) {
    const part = await next;
    if (part.byteLength === 0) break;
    const after = at + part.byteLength;
    if (after < size) (next = read(after)).catch(ignore); // awaited in the next iteration
    whole.set(part, at);
    at = after;
  }
  return at === size ? whole : whole.slice(0, at);
}

/** Allocates an array of that size if the engine can: engines do not publish their limit. */
function room(size: number): OwnedBytes | undefined {
  try {
    return new Uint8Array(size);
  } catch {
    return undefined;
  }
}

/**
 * Whether the engine supports strings of that many characters. The check is cheap: a string built with "+" refers to
 * its two halves, and is copied only when it is read.
 */
function canBeText(length: number): boolean {
  try {
    let text = '';
    for (const bit of length.toString(2)) text += text + (bit === '1' ? 'x' : '');
    return text.length === length;
  } catch {
    return false;
  }
}

/** Undefined if the engine cannot. */
function decoded(bytes: Uint8Array): string | undefined {
  try {
    return textOf(bytes);
  } catch {
    return undefined;
  }
}

/** The source of a stream. */
export interface FileSource extends FileEnd {
  pull(controller: Controller): Promise<void>;
}

/** Reads from `start` to `end`, or to the end of the file. */
export async function openSource(
  ask: AskFile,
  path: string,
  { start, end }: { start: number; end: number },
): Promise<FileSource> {
  const { handle } = await ask({ op: 'open', path, how: 'read', exclusive: false });
  let at = start;
  const { drop } = closer(ask, handle);
  const pull = async (controller: Controller): Promise<void> => {
    try {
      const size = Math.max(0, Math.min(PART, end - at));
      const bytes = await ask({ op: 'read', handle, at, size });
      at += bytes.byteLength;
      if (bytes.byteLength > 0) return controller.enqueue(bytes as OwnedBytes);
    } catch (error) {
      await drop();
      throw error;
    }
    await drop();
    controller.close();
    // A reader that brought its own buffer learns of the end only from a response to its request.
    if ('byobRequest' in controller) controller.byobRequest?.respond(0);
  };
  return { pull, drop };
}

/** Closes the file once; the first way of closing wins. */
function closer(ask: AskFile, handle: number): { drop(): Promise<void>; done(): Promise<void> } {
  let closed: Promise<void> | undefined;
  return {
    drop: () => (closed ??= ask({ op: 'close', handle, how: 'drop' })).catch(ignore),
    done: () => (closed ??= ask({ op: 'close', handle, how: 'done' })),
  };
}

// --- writing ---

/** The target of a stream. */
export interface FileSink extends FileEnd {
  /** Takes at most `WHOLE` bytes. */
  send(bytes: OwnedBytes): Promise<void>;
  /** Fails with `TypeError` for anything but bytes. The file is closed after a failure. */
  write(chunk: unknown): Promise<void>;
  /** When it resolves, all data is in the file. */
  close(): Promise<void>;
}

export async function openSink(ask: AskFile, path: string, how: OpenHow, exclusive: boolean): Promise<FileSink> {
  const { handle } = await ask({ op: 'open', path, how, exclusive });
  const { drop, done } = closer(ask, handle);
  const slice = how === 'extend' ? WHOLE : PART;
  const send = (bytes: OwnedBytes): Promise<void> => ask({ op: 'write', handle, bytes }, [bytes.buffer]);
  const write = async (chunk: unknown): Promise<void> => {
    try {
      if (!isBytes(chunk)) throw new TypeError(`a file takes bytes, not ${kindOf(chunk)}`);
      const view = viewOf(chunk);
      for (let at = 0; at < view.byteLength; at += slice) await send(copyOf(view, at, at + slice));
    } catch (error) {
      await drop();
      throw error;
    }
  };
  return { send, write, close: done, drop };
}

/** Takes effect once all of the data is available, or not at all. */
export async function writeAll(
  ask: AskFile,
  path: string,
  data: FileData,
  append: boolean,
  exclusive: boolean,
): Promise<void> {
  const parts = partsOf(data);
  let sink: FileSink | undefined;
  try {
    const first = await parts.next();
    const second = first.done ? first : await parts.next();
    if (second.done) {
      const bytes = first.done ? new Uint8Array() : first.value;
      return await ask({ op: 'writeFile', path, bytes, append, exclusive }, [bytes.buffer]);
    }
    sink = await openSink(ask, path, append ? 'append' : 'replace', exclusive);
    for (const bytes of [first.value as OwnedBytes, second.value]) await sink.send(bytes);
    for await (const bytes of parts) await sink.send(bytes);
    await sink.close();
  } finally {
    await parts.return(undefined);
    await sink?.drop();
  }
}

/** The data in parts of at most `PART` bytes that own their buffers. */
function partsOf(data: FileData): AsyncGenerator<OwnedBytes, undefined> {
  if (typeof data === 'string') return partsOfText(data);
  if (isBytes(data)) return partsOfBytes(viewOf(data));
  const tag = tagOf(data);
  if (tag === 'Blob' || tag === 'File') return partsOfBlob(data as Blob);
  if (tag === 'ReadableStream') return partsOfStream(data as ReadableStream<Uint8Array>);
  throw new TypeError(`a file is written from text, bytes, a Blob or a ReadableStream, not from ${kindOf(data)}`);
}

async function* partsOfBytes(bytes: Uint8Array): AsyncGenerator<OwnedBytes, undefined> {
  for (let at = 0; at < bytes.byteLength; at += PART) yield copyOf(bytes, at, at + PART);
}

/** A UTF-16 code unit takes at most three bytes in UTF-8; surrogate pairs, which take four, are not split. */
async function* partsOfText(text: string): AsyncGenerator<OwnedBytes, undefined> {
  const encoder = new TextEncoder();
  for (let at = 0; at < text.length;) {
    let end = at + Math.floor(PART / 3);
    if (/[\ud800-\udbff]/.test(text.charAt(end - 1))) end--;
    yield encoder.encode(text.slice(at, end));
    at = end;
  }
}

async function* partsOfBlob(blob: Blob): AsyncGenerator<OwnedBytes, undefined> {
  for (let at = 0; at < blob.size; at += PART) yield new Uint8Array(await blob.slice(at, at + PART).arrayBuffer());
}

async function* partsOfStream(stream: ReadableStream<Uint8Array>): AsyncGenerator<OwnedBytes, undefined> {
  const reader = stream.getReader();
  let part = new Uint8Array(PART);
  let used = 0;
  let ended = false;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      ended = done;
      if (done) break;
      if (tagOf(value) !== 'Uint8Array') {
        throw new TypeError(`the stream for a file must give Uint8Array chunks, not ${kindOf(value)}`);
      }
      for (let at = 0; at < value.byteLength;) {
        const piece = value.subarray(at, at + PART - used);
        part.set(piece, used);
        at += piece.byteLength;
        used += piece.byteLength;
        if (used < PART) continue;
        yield part;
        part = new Uint8Array(PART);
        used = 0;
      }
    }
    if (used > 0) yield copyOf(part, 0, used);
  } finally {
    if (!ended) await reader.cancel().catch(ignore);
    reader.releaseLock();
  }
}
