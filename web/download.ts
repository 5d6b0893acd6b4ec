/**
 * The download of a module, for the coordinator, which has it in its script, and for the page, which loads this file for the first `Response`. It imports
 * nothing. A module is asked for once: whoever needs its bytes, or the first of them, gets them from the one response, beside the compiler.
 */
import type { FaultsMessage, WasmModule } from './protocol.js';

type Bytes = Uint8Array<ArrayBuffer>;
type Progress = (phase: 'download' | 'compile', loaded: number, total: number) => void;

/** The download failed, or was not of a module: "source". The bytes are whole, and no module that can run: "module". */
export class BadDownload extends Error {
  override name = 'BadDownload';

  constructor(
    readonly kind: 'source' | 'module',
    message: string,
    options?: ErrorOptions,
    readonly faults?: FaultsMessage,
  ) {
    super(message, options);
  }
}

/** What failed, with the reason beneath: Node's "fetch failed" has it in its cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  return cause instanceof Error && cause.message ? `${error.message} (${cause.message})` : error.message;
}

/** For a fetch that gave no response. */
export function unreachable(where: string, error: unknown): BadDownload {
  const what = where.startsWith('file:') ? 'read' : 'fetched';
  const todo = where.startsWith('file:')
    ? ''
    : '. Is the server up and, if it is of another origin, does it send Access-Control-Allow-Origin (CORS)?';
  return new BadDownload('source', `${where} could not be ${what}: ${reasonOf(error)}${todo}`, { cause: error });
}

/** Throws when there is no body of a module in it. */
function requireBody(response: Response, where: string): void {
  const fail = (message: string): never => {
    void response.body?.cancel().catch(() => undefined);
    throw new BadDownload('source', message);
  };
  if (response.type === 'opaque' || response.type === 'opaqueredirect')
    fail(`${where} is opaque: fetch it with mode "cors", from a server that allows it`);
  if (response.bodyUsed || response.body?.locked)
    throw new BadDownload('source', `the body of ${where} was already used`);
  const { status, statusText } = response;
  if (response.ok && response.body) return;
  const answer = `${where} answered HTTP ${status} ${statusText}`.trimEnd();
  if (response.ok) fail(`${answer}, without a body`);
  if (status === 401 || status === 403)
    fail(`${answer}: pass the Response of a fetch that has what the server asks for`);
  fail(`${answer}: ${status >= 500 ? 'try again later' : 'is the path right?'}`);
}

/** In its first chunk a component says which WASI it wants. */
const TELLING = 65536;

/** Throws for a component, which says in its version that it is one. */
export function requireCore(bytes: Uint8Array): void {
  if (startsAsModule(bytes) && bytes[6] === 1)
    throw new BadDownload('module', '', undefined, { component: bytes.slice(0, TELLING) });
}

const startsAsModule = ([a, b, c, d]: Uint8Array): boolean => a === 0 && b === 0x61 && c === 0x73 && d === 0x6d;

/** What a server sends instead of a module, told from one before the compiler says "expected magic word". */
function requireMagic(bytes: Uint8Array, response: Response, where: string): void {
  if (startsAsModule(bytes)) return;
  if (bytes.length === 0) throw new BadDownload('source', `${where} is empty: is the file deployed?`);
  const type = response.headers.get('content-type') ?? 'no content type';
  const text = JSON.stringify(new TextDecoder().decode(bytes.subarray(0, 40)));
  const what = `${where} is not a WebAssembly module: it starts with ${text} (${type})`;
  if (!/html/.test(type)) throw new BadDownload('module', what);
  const from = response.redirected ? `, which ${response.url} sent after a redirect` : '';
  throw new BadDownload('source', `${what}${from}. Is the path right, or a login needed?`);
}

/** Walks over a module's sections from `at`, where one begins. To where the imports end, or (not `found`) to the section that is not all there. */
function importsEnd(bytes: Uint8Array, at = 8): { at: number; found: boolean } {
  while (at < bytes.length) {
    const id = bytes[at]!;
    if (id > 2 && id !== 13) return { at: at + 1, found: true }; // sections come in order, but for that of tags
    let next = at + 1;
    let size = 0;
    for (let shift = 0, byte = 0x80; byte & 0x80 && shift < 35; shift += 7) {
      if (next >= bytes.length) return { at, found: false };
      byte = bytes[next++]!;
      size += (byte & 0x7f) * 2 ** shift;
    }
    next += size;
    if (next > bytes.length) return { at, found: false };
    at = next;
    if (id === 2) return { at, found: true };
  }
  return { at, found: false };
}

/** The first bytes of a module, up to the end of its imports. Each is copied and looked at a few times, in however many pieces they come. */
class Head {
  #room = new Uint8Array(1024);
  #size = 0;
  #at = 8;
  /** Whether all of them are there. */
  whole = false;

  push(chunk: Uint8Array): void {
    const size = this.#size + chunk.length;
    if (size > this.#room.length) {
      const room = new Uint8Array(2 * size);
      room.set(this.bytes);
      this.#room = room;
    }
    this.#room.set(chunk, this.#size);
    this.#size = size;
    const { at, found } = importsEnd(this.bytes, this.#at);
    this.#at = at;
    if (!found) return;
    this.#size = at;
    this.whole = true;
  }

  get bytes(): Bytes {
    return this.#room.subarray(0, this.#size);
  }
}

function join(chunks: readonly Uint8Array[], size: number): Bytes {
  const whole = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}

/** What was read of a body: all of its bytes, or those up to the end of the imports. `short`: how much is missing, in words. */
interface Read {
  bytes: Bytes;
  short: string;
}

/** Reads the response's body, as `body` has it, to its end. Throws `BadDownload` when it breaks off, or is of no module. */
async function read(
  body: ReadableStream<Uint8Array>,
  response: Response,
  where: string,
  all: boolean,
  progress: Progress | null,
): Promise<Read> {
  // Of an encoded body the length is another.
  const total = Number(response.headers.get('content-encoding') ? 0 : (response.headers.get('content-length') ?? 0));
  const reader = body.getReader();
  const chunks: Uint8Array[] = [];
  const head = new Head();
  let loaded = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read().catch((error: unknown) => {
        const size = total > 0 ? `${loaded} of ${total}` : loaded;
        const message = `the download of ${where} broke off after ${size} bytes: ${reasonOf(error)}. Try again`;
        throw new BadDownload('source', message, { cause: error });
      });
      if (done) break;
      loaded += value.length;
      progress?.('download', loaded, loaded > total ? 0 : total);
      if (all) chunks.push(value);
      else if (!head.whole) {
        head.push(value);
        if (loaded < 8) continue;
        requireMagic(head.bytes, response, where);
        requireCore(loaded === value.length ? value : head.bytes);
      }
    }
  } catch (error) {
    void reader.cancel().catch(() => undefined);
    throw error;
  }
  const bytes = all ? join(chunks, loaded) : head.bytes.slice();
  requireMagic(bytes, response, where);
  requireCore(bytes);
  progress?.('compile', loaded, loaded);
  const short =
    loaded < total ? `the download of ${where} is not whole: ${loaded} of ${total} bytes came. Try again` : '';
  // Of another origin's, the page may see the length of what was encoded, and not that it was.
  if (short && response.type !== 'cors') throw new BadDownload('source', short);
  return { bytes, short };
}

/** Compiles, and says what a failure is. */
export async function compiled(where: string, compiling: Promise<WasmModule>, short = ''): Promise<WasmModule> {
  try {
    return await compiling;
  } catch (error) {
    if (short) throw new BadDownload('source', short, { cause: error });
    const fault =
      error instanceof WebAssembly.CompileError ? 'not a valid WebAssembly module' : 'it cannot be compiled';
    throw new BadDownload('module', `${where}: ${fault}: ${reasonOf(error)}`, { cause: error });
  }
}

/** The body; when the signal is aborted it is cancelled, also while others read it. */
const revocable = ({ body }: Response, signal?: AbortSignal): ReadableStream<Uint8Array> =>
  signal ? body!.pipeThrough(new TransformStream(), { signal }) : body!;

/** All bytes of the response. Throws `BadDownload`. */
export async function downloadBytes(
  response: Response,
  where: string,
  progress: Progress | null,
  signal?: AbortSignal,
): Promise<Bytes> {
  requireBody(response, where);
  return (await read(revocable(response, signal), response, where, true, progress)).bytes;
}

/** A compiled module, and its bytes up to the end of its imports: how large a memory it imports nothing else tells. */
export interface Downloaded {
  module: WasmModule;
  head: Bytes;
}

/** Compiles the response, while it comes if its type allows that. Throws `BadDownload`. */
export async function downloadModule(
  response: Response,
  where: string,
  progress: Progress | null,
  signal?: AbortSignal,
): Promise<Downloaded> {
  requireBody(response, where);
  const type = response.headers.get('content-type') ?? '';
  // Exactly this, says the standard: with a parameter it is refused.
  if (type.trim().toLowerCase() !== 'application/wasm') {
    const { bytes, short } = await read(revocable(response, signal), response, where, true, progress);
    return {
      module: await compiled(where, WebAssembly.compile(bytes), short),
      head: bytes.slice(0, importsEnd(bytes).at),
    };
  }
  // Unless it can be given up, the compiler has the response itself: engines keep the code that they make of it with what they have cached.
  const whole = signal ? new Response(revocable(response, signal), { headers: { 'content-type': type } }) : response;
  const beside = whole.clone().body!;
  const compiling = WebAssembly.compileStreaming(whole);
  compiling.catch(() => undefined); // of a download that broke off the reader tells
  const { bytes, short } = await read(beside, response, where, false, progress);
  return { module: await compiled(where, compiling, short), head: bytes };
}
