/** From a source to a compiled module that may run: fetched, compiled (streaming), checked. */
import { host } from '#host';
import type { SourceMessage } from '../web/protocol.ts';
import { refuse } from '../worker/wasi-imports.ts';

export type Progress = (phase: 'download' | 'compile', loaded: number, total: number) => void;

/** The source cannot be had, or is no module that may run. */
export class Refusal extends Error {
  constructor(
    readonly kind: 'source' | 'module',
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
      progress('download', loaded, Math.max(total, loaded));
      controller.enqueue(chunk);
    },
    flush: () => progress('compile', loaded, loaded),
  });
  const headers = { 'content-type': response.headers.get('content-type') ?? '' };
  return new Response(response.body!.pipeThrough(counter), { headers });
}

const isWasm = (response: Response): boolean => /^application\/wasm\s*(;|$)/i.test(response.headers.get('content-type') ?? '');

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
  throw new Refusal('module', `${url} is no WebAssembly module: it is ${bytes.length} bytes (${type}) that start with ${start}`);
}

export class Modules {
  /** Compiled once per URL. */
  private readonly byUrl = new Map<string, Promise<WebAssembly.Module>>();

  async get(source: SourceMessage, progress: Progress | null): Promise<WebAssembly.Module> {
    const module = await this.compile(source, progress);
    const fault = refuse(module);
    if (fault) throw new Refusal('module', fault);
    return module;
  }

  private compile(source: SourceMessage, progress: Progress | null): Promise<WebAssembly.Module> {
    switch (source.kind) {
      case 'module':
        return Promise.resolve(source.module);
      case 'bytes':
        progress?.('compile', source.bytes.length, source.bytes.length);
        return WebAssembly.compile(source.bytes as Uint8Array<ArrayBuffer>).catch((error: unknown) => {
          throw new Refusal('module', `the bytes are no valid WebAssembly module: ${describe(error)}`);
        });
      case 'url':
        return this.cached(source.url, progress);
    }
  }

  private cached(url: string, progress: Progress | null): Promise<WebAssembly.Module> {
    let module = this.byUrl.get(url);
    if (!module) {
      module = fetchModule(url, progress);
      this.byUrl.set(url, module);
      // What failed may be tried again.
      module.catch(() => this.byUrl.delete(url));
    }
    return module;
  }
}
