/** From a source to a compiled module that may run: fetched, compiled (streaming), checked. */
import { host } from '#host';
import type { SourceMessage } from '../web/protocol.ts';
import { importedMemory, importedMemoryOf, probeMemory, type MemoryType } from '../worker/memory-import.ts';
import { importsMemory, refuse, startsThreads } from '../worker/wasi-imports.ts';

export type Progress = (phase: 'download' | 'compile', loaded: number, total: number) => void;

/** The source cannot be had, or is no module that may run. */
export class Refusal extends Error {
  constructor(
    readonly kind: 'source' | 'module' | 'limit' | 'closed',
    message: string,
  ) {
    super(message);
  }
}

const describe = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** The response with its bytes counted as they arrive. */
function counted(response: Response, progress: Progress): Response {
  const total = Number(response.headers.get('content-encoding') ? 0 : (response.headers.get('content-length') ?? 0));
  let loaded = 0;
  const counter = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      loaded += chunk.byteLength;
      progress('download', loaded, loaded > total ? 0 : total);
      controller.enqueue(chunk);
    },
    flush: () => progress('compile', loaded, loaded),
  });
  const headers = { 'content-type': response.headers.get('content-type') ?? '' };
  return new Response(response.body!.pipeThrough(counter), { headers });
}

/** Exactly this, says the standard: with a parameter it is refused. */
const isWasm = (response: Response): boolean =>
  response.headers.get('content-type')?.trim().toLowerCase() === 'application/wasm';

async function fetchModule(url: string, progress: Progress | null): Promise<WebAssembly.Module> {
  let response: Response;
  try {
    response = await host.fetch(url);
  } catch (error) {
    throw new Refusal('source', `${url} could not be fetched: ${describe(error)}`);
  }
  if (!response.ok) throw new Refusal('source', `${url} answered ${response.status} ${response.statusText}`);
  try {
    if (progress && response.body) response = counted(response, progress);
    if (isWasm(response)) return await WebAssembly.compileStreaming(response);
    const bytes = await response.arrayBuffer();
    requireMagic(url, new Uint8Array(bytes), response);
    return await WebAssembly.compile(bytes);
  } catch (error) {
    if (error instanceof Refusal) throw error;
    throw new Refusal('module', `${url} is no valid WebAssembly module: ${describe(error)}`);
  }
}

/** A server's error page, told from a module before the compiler says "expected magic word". */
function requireMagic(url: string, bytes: Uint8Array, response: Response): void {
  const [a, b, c, d] = bytes;
  if (a === 0 && b === 0x61 && c === 0x73 && d === 0x6d) return;
  const type = response.headers.get('content-type') ?? 'no content type';
  const start = JSON.stringify(new TextDecoder().decode(bytes.subarray(0, 40)));
  throw new Refusal(
    'module',
    `${url} is no WebAssembly module: it is ${bytes.length} bytes (${type}) that start with ${start}`,
  );
}

/** A module that may run, and the memory that it wants to be given; null when it makes its own. */
export interface Program {
  module: WebAssembly.Module;
  memory: MemoryType | null;
}

async function loadUrl(url: string, progress: Progress | null): Promise<Program> {
  const module = await fetchModule(url, progress);
  return importsMemory(module) ? lookAgain(module, url) : { module, memory: null };
}

/** A second look at the module's first bytes, usually from the HTTP cache; where threads need another compiler, at all of them. */
async function lookAgain(module: WebAssembly.Module, url: string): Promise<Program> {
  const response = await host.fetch(url);
  if (!host.compileThreaded) return { module, memory: await importedMemoryOf(response) };
  return threaded(new Uint8Array(await response.arrayBuffer()));
}

async function threaded(bytes: Uint8Array<ArrayBuffer>): Promise<Program> {
  const compile = host.compileThreaded ?? WebAssembly.compile;
  return { module: await compile(bytes), memory: importedMemory(bytes) };
}

async function compileBytes(bytes: Uint8Array<ArrayBuffer>, progress: Progress | null): Promise<Program> {
  progress?.('compile', bytes.length, bytes.length);
  try {
    const module = await WebAssembly.compile(bytes);
    return importsMemory(module) ? await threaded(bytes) : { module, memory: null };
  } catch (error) {
    throw new Refusal('module', `the bytes are no valid WebAssembly module: ${describe(error)}`);
  }
}

async function describeModule(module: WebAssembly.Module, url: string): Promise<Program> {
  if (!importsMemory(module)) return { module, memory: null };
  if (url) return lookAgain(module, url);
  const memory = probeMemory(module);
  if (memory) return { module, memory };
  throw new Refusal(
    'module',
    'the module imports its memory, and this engine does not tell how large it must be: pass the URL or the bytes instead of a WebAssembly.Module',
  );
}

export class Modules {
  /** Compiled once per URL. While that goes on, all who wait for it are told how far it is. */
  private readonly byUrl = new Map<string, { program: Promise<Program>; waiting: Set<Progress> }>();

  async get(source: SourceMessage, progress: Progress | null): Promise<Program> {
    const program = await this.load(source, progress);
    const fault = refuse(program.module);
    if (fault) throw new Refusal('module', fault);
    if (program.memory && !program.memory.shared && startsThreads(program.module)) {
      throw new Refusal(
        'module',
        'the module cannot run: it imports wasi.thread-spawn, but the memory that it imports is not shared',
      );
    }
    return program;
  }

  private load(source: SourceMessage, progress: Progress | null): Promise<Program> {
    switch (source.kind) {
      case 'module':
        return describeModule(source.module, source.url);
      case 'bytes':
        return compileBytes(source.bytes as Uint8Array<ArrayBuffer>, progress);
      case 'url':
        return this.cached(source.url, progress);
    }
  }

  private cached(url: string, progress: Progress | null): Promise<Program> {
    let entry = this.byUrl.get(url);
    if (!entry) {
      const waiting = new Set<Progress>();
      const tellAll: Progress = (...progressed) => waiting.forEach((tell) => tell(...progressed));
      entry = { program: loadUrl(url, progress ? tellAll : null), waiting };
      this.byUrl.set(url, entry);
      // What failed may be tried again.
      entry.program.then(
        () => waiting.clear(),
        () => this.byUrl.delete(url),
      );
    }
    if (progress) entry.waiting.add(progress);
    return entry.program;
  }
}
