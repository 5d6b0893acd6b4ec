/** What a program can come from, made into what the coordinator takes. */
import { copyOf, describe, isBytes, tagOf, textOf, viewOf } from './bytes.js';
import { asError, SpawnRefused } from './errors.js';
import type { Progress } from './options.js';
import type { SourceMessage } from './protocol.js';

/**
 * A WASI program: a URL (a string is resolved against the page; on Node against the working directory, and `file:` is
 * fine), a `Response` or a promise of one (its body is used up), bytes (copied), or a compiled module (shared).
 */
export type Source =
  string | URL | Response | PromiseLike<Response> | ArrayBuffer | ArrayBufferView | WebAssembly.Module;

export interface PreparedSource {
  message: SourceMessage;
  transfer: Transferable[];
  /** What the program is called when nobody says otherwise. */
  name: string;
}

type OnProgress = ((progress: Progress) => void) | undefined;

/** What the page and Node do differently. */
export interface Loader {
  /** What relative URLs are resolved against. */
  base(): string;
  /** Whether a loop of wasm runs on for ever in a worker that was terminated, so that programs are made interruptible. WebKit (2.50) is like that. */
  readonly loopsOutliveWorkers: boolean;
  /** `asBytes`: the coordinator needs the module's bytes; a compiled one will not do. */
  load(url: URL, asBytes: boolean): Promise<SourceMessage> | SourceMessage;
}

/**
 * Throws `TypeError` for what is no source, `SpawnRefused` ("source", "module") for one that cannot be had. An abort of the signal cancels a response's
 * body; it does not end the wait for a response, or for the loader.
 */
export async function prepareSource(
  source: Source,
  loader: Loader,
  signal: AbortSignal,
  onProgress?: OnProgress,
  /** Whether the coordinator needs the module's bytes: no; or a compiled module is refused, as this option cannot be had with one; or it is not. */
  asBytes: '' | 'interruptible' | 'limits.memory' | 'if-possible' = '',
  /** Whether the spawn can be given up by its own signal, and not by the runtime's end alone. */
  cancels = false,
): Promise<PreparedSource> {
  if (typeof source === 'string' || tagOf(source) === 'URL') {
    const url = absoluteUrl(source as string | URL, loader);
    return { message: await loader.load(url, asBytes !== ''), transfer: [], name: nameOf(url) };
  }
  if (isBytes(source)) {
    const bytes = copyOf(viewOf(source));
    return { message: { kind: 'bytes', bytes }, transfer: [bytes.buffer], name: DEFAULT_NAME };
  }
  if (isModule(source) && asBytes && asBytes !== 'if-possible')
    throw new TypeError(
      `\`${asBytes}\` needs the bytes: pass a URL, a Response or bytes instead of a WebAssembly.Module`,
    );
  if (isModule(source))
    return { message: { kind: 'module', module: source, url: '' }, transfer: [], name: DEFAULT_NAME };
  const response = await settled(source);
  if (signal.aborted) void response.body?.cancel(signal.reason).catch(() => undefined); // nobody waits for it any more
  signal.throwIfAborted();
  if (asBytes) return fromBytes(response, signal, onProgress);
  const message: SourceMessage = {
    kind: 'module',
    module: await compileResponse(response, signal, onProgress, cancels),
    url: response.url,
  };
  return { message, transfer: [], name: response.url ? nameOf(new URL(response.url)) : DEFAULT_NAME };
}

/** The bytes of the response's body, if they can be had and begin as a module does; else `SpawnRefused`. */
export async function bodyOf(
  response: Response,
  signal: AbortSignal,
  onProgress?: OnProgress,
): Promise<Uint8Array<ArrayBuffer>> {
  const where = requireBody(response);
  const body = watched(response, signal, onProgress);
  const bytes = new Uint8Array(await body.arrayBuffer().catch((error: unknown) => broken(where, error)));
  requireMagic(where, bytes);
  return bytes;
}

/** The response's body, read here and compiled by the coordinator. */
async function fromBytes(response: Response, signal: AbortSignal, onProgress: OnProgress): Promise<PreparedSource> {
  const bytes = await bodyOf(response, signal, onProgress);
  const name = response.url ? nameOf(new URL(response.url)) : DEFAULT_NAME;
  return { message: { kind: 'bytes', bytes }, transfer: [bytes.buffer], name };
}

const DEFAULT_NAME = 'program';

const isModule = (source: unknown): source is WebAssembly.Module => tagOf(source) === 'WebAssembly.Module';

/** The response, waited for; a failed download is a refusal, anything else a `TypeError`. */
async function settled(source: unknown): Promise<Response> {
  let value: unknown;
  try {
    value = await source;
  } catch (error) {
    throw new SpawnRefused('source', `the program could not be fetched: ${asError(error).message}`, { cause: error });
  }
  if (tagOf(value) === 'Response') return value as Response;
  const got = typeof value === 'object' && value !== null ? describe(value) : String(value);
  throw new TypeError(`a program must be a URL, a Response, bytes or a WebAssembly.Module, not ${got}`);
}

function absoluteUrl(source: string | URL, loader: Loader): URL {
  try {
    return new URL(source, loader.base());
  } catch (error) {
    throw new TypeError(`not a URL: ${JSON.stringify(String(source))}`, { cause: error });
  }
}

/** The last component of a URL's path; "program" for URLs that have no such thing. */
export function nameOf(url: URL): string {
  const last = url.protocol === 'blob:' || url.protocol === 'data:' ? '' : url.pathname.split('/').pop();
  if (!last) return DEFAULT_NAME;
  try {
    const name = decodeURIComponent(last);
    return name.includes('\0') ? last : name;
  } catch {
    return last; // a stray "%"
  }
}

/** What the response is called in messages. Throws when there is no body to be had. */
function requireBody(response: Response): string {
  const where = response.url || 'the response';
  if (response.type === 'opaque' || response.type === 'opaqueredirect') {
    throw new SpawnRefused('source', `${where} is opaque: fetch it with mode "cors", from a server that allows it`);
  }
  if (!response.ok) {
    throw new SpawnRefused('source', `${where}: HTTP ${response.status} ${response.statusText}`.trimEnd());
  }
  if (response.bodyUsed || response.body?.locked)
    throw new SpawnRefused('source', `the body of ${where} was already used`);
  return where;
}

async function compileResponse(
  response: Response,
  signal: AbortSignal,
  onProgress: OnProgress,
  cancels: boolean,
): Promise<WebAssembly.Module> {
  const where = requireBody(response);
  // Exactly this, says the standard: with a parameter it is refused.
  const isWasm = response.headers.get('content-type')?.trim().toLowerCase() === 'application/wasm';
  if (isWasm) {
    // As it came unless somebody wants to hear of it or may give it up: then engines keep the code that they make of it with what they have cached.
    const body = onProgress || cancels ? watched(response, signal, onProgress) : response;
    return compile(where, () => WebAssembly.compileStreaming(body));
  }
  const bytes = await bodyOf(response, signal, onProgress);
  return compile(where, () => WebAssembly.compile(bytes));
}

function broken(where: string, error: unknown): never {
  throw new SpawnRefused('source', `the download of ${where} broke off: ${asError(error).message}`, { cause: error });
}

/** Compiles, and says whose fault a failure is: of the module, or of a page that forbids WebAssembly. */
export async function compile(where: string, start: () => Promise<WebAssembly.Module>): Promise<WebAssembly.Module> {
  try {
    return await start();
  } catch (error) {
    if (error instanceof WebAssembly.CompileError) {
      throw new SpawnRefused('module', `${where} cannot be compiled: ${error.message}`, { cause: error });
    }
    return broken(where, error);
  }
}

/** A server's error page, told from a module before the compiler says "expected magic word". */
function requireMagic(where: string, bytes: Uint8Array): void {
  const [a, b, c, d] = bytes;
  if (a === 0 && b === 0x61 && c === 0x73 && d === 0x6d) return;
  const start = JSON.stringify(textOf(bytes.subarray(0, 40)));
  throw new SpawnRefused(
    'module',
    `${where} is no WebAssembly module (${bytes.length} bytes that start with ${start})`,
  );
}

/** The same response, with its bytes counted as they pass. Its body, which cannot be cancelled while others read it, is when the signal is aborted. */
function watched(response: Response, signal: AbortSignal, onProgress: OnProgress): Response {
  if (!response.body) return response;
  const total = response.headers.has('content-encoding') ? 0 : Number(response.headers.get('content-length') ?? 0);
  let loaded = 0;
  const counter = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
    transform(chunk, controller) {
      loaded += chunk.byteLength;
      onProgress?.({ phase: 'download', loaded, total });
      controller.enqueue(chunk);
    },
  });
  const headers = { 'content-type': response.headers.get('content-type') ?? '' };
  return new Response(response.body.pipeThrough(counter, { signal }), { headers });
}
