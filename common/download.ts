/**
 * Downloads a module. The coordinator's script includes this file; the page loads it for the first `Response`. A module is requested only once: callers
 * that need all of its bytes, or the first of them, get them from the response that the compiler uses.
 */
import { EXPORTS, TAGS, leb } from './module-bytes.js';
import type { WasmModule } from './protocol.js';

type Bytes = Uint8Array<ArrayBuffer>;
type Progress = (phase: 'download' | 'compile', loaded: number, total: number) => void;

/**
 * "source": the download failed, or did not contain a module. "module": the bytes are complete, but the module cannot
 * run.
 */
export class BadDownload extends Error {
  override name = 'BadDownload';

  constructor(
    readonly kind: 'source' | 'module',
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** Describes a failure with its cause: Node's "fetch failed" has the reason in `cause`. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  return cause instanceof Error && cause.message ? `${error.message} (${cause.message})` : error.message;
}

/** Returns the error for a fetch that got no response. */
export function unreachable(where: string, error: unknown): BadDownload {
  const what = where.startsWith('file:') ? 'read' : 'fetched';
  const todo = where.startsWith('file:')
    ? ''
    : '. Is the server up and, if it is of another origin, does it send Access-Control-Allow-Origin (CORS)?';
  return new BadDownload('source', `${where} could not be ${what}: ${reasonOf(error)}${todo}`, { cause: error });
}

/** Throws `BadDownload` if the response has no body, or that of an error. */
export function requireBody(response: Response, where: string): void {
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
    fail(`${answer}: fetch it with the credentials or headers that the server requires, and pass the Response`);
  fail(`${answer}: ${status >= 500 ? 'try again later' : 'is the path right?'}`);
}

/** The bytes are a component's, which coordinator/component.ts loads. */
export class IsComponent extends Error {
  constructor(readonly bytes: Bytes) {
    super();
  }
}

/** Whether the bytes begin as a component does: it differs from a module in the upper half of the version. */
export const isComponent = (bytes: Uint8Array): boolean => startsAsModule(bytes) && bytes[6] === 1;

/** Throws `IsComponent` for a component. */
export function requireCore(bytes: Uint8Array): void {
  if (isComponent(bytes)) throw new IsComponent(bytes as Bytes);
}

const startsAsModule = ([a, b, c, d]: Uint8Array): boolean => a === 0 && b === 0x61 && c === 0x73 && d === 0x6d;

/** Recognizes what servers send instead of a module, before the compiler reports "expected magic word". */
function requireMagic(bytes: Uint8Array, response: Response, where: string): void {
  if (startsAsModule(bytes)) return;
  if (bytes.length === 0) throw new BadDownload('source', `${where} is empty: is the file deployed?`);
  const type = response.headers.get('content-type') ?? 'no content type';
  const text = JSON.stringify(new TextDecoder().decode(bytes.subarray(0, 40)));
  const what = `${where} is not a WebAssembly module: it starts with ${text} (${type})`;
  if (!/html/.test(type)) throw new BadDownload('module', what);
  const from = response.redirected ? `, which ${response.url} sent after a redirect` : '';
  throw new BadDownload('source', `${what}${from}. Is the path right, or is a login needed?`);
}

/**
 * Walks over a module's sections from `at`, the start of one. Stops at the end of the exports or, if not `found`, at
 * the first incomplete section.
 */
function exportsEnd(bytes: Uint8Array, at = 8): { at: number; found: boolean } {
  while (at < bytes.length) {
    const id = bytes[at]!;
    if (id > EXPORTS && id !== TAGS) return { at: at + 1, found: true }; // sections are ordered, except that of tags
    let next = at + 1;
    const size = leb(() => bytes[next++] ?? 0);
    next += size;
    if (next > bytes.length) return { at, found: false };
    at = next;
    if (id === EXPORTS) return { at, found: true };
  }
  return { at, found: false };
}

/** The module's bytes up to the end of its exports. */
export const headOf = (bytes: Uint8Array): Bytes => bytes.slice(0, exportsEnd(bytes).at);

/**
 * The first bytes of a module, up to the end of its exports. Each byte is copied and examined only a few times, even if
 * the chunks are small.
 */
class Head {
  #room = new Uint8Array(1024);
  #size = 0;
  #at = 8;
  /** Whether the bytes are complete. */
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
    const { at, found } = exportsEnd(this.bytes, this.#at);
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

/** The bytes read from a body: all of them, or those of a module up to the end of its exports. `short` describes how many are missing. */
interface Read {
  bytes: Bytes;
  short: string;
}

/** Reads the response's body to its end. Throws `BadDownload` if the body breaks off or is not a module. */
async function read(
  body: ReadableStream<Uint8Array>,
  response: Response,
  where: string,
  all: boolean,
  progress: Progress | null,
): Promise<Read> {
  // The length of an encoded body is not the length of its content.
  const total = Number(response.headers.get('content-encoding') ? 0 : (response.headers.get('content-length') ?? 0));
  const reader = body.getReader();
  const chunks: Uint8Array[] = [];
  const head = new Head();
  /** Whether the first bytes showed that `head` suffices. */
  let headOnly = false;
  let loaded = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read().catch((error: unknown) => {
        const size = total > 0 ? `${loaded} of ${total}` : loaded;
        const message = `the download of ${where} was interrupted after ${size} bytes: ${reasonOf(error)}. Try again`;
        throw new BadDownload('source', message, { cause: error });
      });
      if (done) break;
      loaded += value.length;
      progress?.('download', loaded, loaded > total ? 0 : total);
      if (!headOnly) chunks.push(value);
      else if (!head.whole) head.push(value);
      if (all || headOnly || loaded < 8) continue;
      const first = join(chunks, loaded);
      requireMagic(first, response, where);
      all = isComponent(first);
      if (all) continue;
      headOnly = true;
      chunks.length = 0;
      head.push(first);
    }
  } catch (error) {
    void reader.cancel().catch(() => undefined);
    throw error;
  }
  const bytes = headOnly ? head.bytes.slice() : join(chunks, loaded);
  requireMagic(bytes, response, where);
  progress?.('compile', loaded, loaded);
  const short =
    loaded < total ? `the download of ${where} is incomplete: ${loaded} of ${total} bytes arrived. Try again` : '';
  // For another origin, the page may see the encoded length without seeing that the body was encoded.
  if (short && response.type !== 'cors') throw new BadDownload('source', short);
  return { bytes, short };
}

/** Compiles the module and describes a failure. */
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

/** Returns the body. Aborting the signal cancels it, even while it is being read. */
const revocable = ({ body }: Response, signal?: AbortSignal): ReadableStream<Uint8Array> =>
  signal ? body!.pipeThrough(new TransformStream(), { signal }) : body!;

/** Returns all bytes of the response. Throws `BadDownload`. */
export async function downloadBytes(
  response: Response,
  where: string,
  progress: Progress | null,
  signal?: AbortSignal,
): Promise<Bytes> {
  requireBody(response, where);
  return (await read(revocable(response, signal), response, where, true, progress)).bytes;
}

/** A compiled module with its bytes up to the end of its exports, from which the size of an imported memory and the types of functions are read. */
export interface Downloaded {
  module: WasmModule;
  head: Bytes;
}

/** Compiles the response, streaming if its type allows it. Throws `BadDownload`, and `IsComponent`. */
export async function downloadModule(
  response: Response,
  where: string,
  progress: Progress | null,
  signal?: AbortSignal,
): Promise<Downloaded> {
  requireBody(response, where);
  const type = response.headers.get('content-type') ?? '';
  // The specification requires exactly this type: with a parameter it is rejected.
  if (type.trim().toLowerCase() !== 'application/wasm') {
    const { bytes, short } = await read(revocable(response, signal), response, where, true, progress);
    requireCore(bytes);
    return {
      module: await compiled(where, WebAssembly.compile(bytes), short),
      head: headOf(bytes),
    };
  }
  // If it cannot be cancelled, the compiler gets the response itself: engines cache the compiled code with the
  // response.
  const whole = signal ? new Response(revocable(response, signal), { headers: { 'content-type': type } }) : response;
  const beside = whole.clone().body!;
  const compiling = WebAssembly.compileStreaming(whole);
  compiling.catch(() => undefined); // if the download broke off, the reader reports it
  const { bytes, short } = await read(beside, response, where, false, progress);
  requireCore(bytes);
  return { module: await compiled(where, compiling, short), head: bytes };
}
