/** Turns every kind of program source into a message for the coordinator. */
import type { RefusalMessage, SourceMessage, WasmModule } from '../common/protocol.js';
import { copyOf, isBlob, isBytes, shown, tagOf, viewOf } from './bytes.js';
import { address } from './check.js';
import type * as Download from './download.js';
import type { BadDownload } from './download.js';
import { SpawnRefused } from './errors.js';
import { later } from './later.js';
import type { Progress } from './options.js';

/** A source that is available at once, not a promise. */
export type ReadySource = string | URL | Response | Blob | ArrayBuffer | ArrayBufferView | WasmModule;

/**
 * A WASI program:
 *
 * - a URL; a string is resolved against the page, on Node against the working directory, where `file:` also works
 * - a `Response`, whose body is consumed
 * - a `Blob` or `File`; a `File` also names the process
 * - bytes, which are copied and may be in shared memory
 * - a compiled module, which is shared
 * - a promise of any of these
 *
 * @example
 * await hf.run(fetch('/hello.wasm'));
 * await hf.run(input.files[0]); // of <input type="file">
 * await hf.run(readFile('hello.wasm')); // of node:fs/promises
 */
export type Source = ReadySource | PromiseLike<ReadySource>;

export interface PreparedSource {
  message: SourceMessage;
  transfer: ArrayBuffer[];
  /** The program's default name. */
  name: string;
}

type OnProgress = ((progress: Progress) => void) | undefined;

/** The parts that differ between the page and Node. */
export interface Loader {
  /** The base of relative URLs. */
  base(): string;
  /**
   * Whether programs are made interruptible unless the caller decides: where a wasm loop continues forever after its worker was terminated, as in WebKit
   * (2.50), and where programs share a worker.
   */
  readonly interrupts: boolean;
  /** Whether programs with threads must be compiled from their bytes, as on Node 20 (worker/platform-node.ts). */
  readonly threadsNeedBytes?: boolean;
  /** `asBytes`: the coordinator needs the module's bytes; a compiled module is not enough. */
  load(url: URL, asBytes: boolean): Promise<SourceMessage> | SourceMessage;
}

/**
 * Throws `TypeError` for an invalid source, and `SpawnRefused` ("source", "module") for one that could not be loaded.
 * Aborting the signal cancels a response's body; it does not end the wait for a response or for the loader.
 */
export async function prepareSource(
  source: Source,
  loader: Loader,
  signal: AbortSignal,
  onProgress?: OnProgress,
  /**
   * The option that needs the module's bytes, for which a compiled module is refused; "if-possible" uses the bytes where
   * there are any; empty: bytes are not needed.
   */
  asBytes: '' | 'interruptible' | 'limits.memory' | 'limits.gc' | 'if-possible' = '',
  /** Whether the spawn has a signal of its own that can cancel it, besides the runtime's end. */
  cancels = false,
): Promise<PreparedSource> {
  if (typeof source === 'string' || tagOf(source) === 'URL') {
    const url = address(source as string | URL, loader.base(), 'the source');
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
    return { message: { kind: 'module', module: source, head: null }, transfer: [], name: DEFAULT_NAME };
  const ready = isBlob(source) ? new Response(source) : await settled(source);
  if (tagOf(ready) !== 'Response') {
    if (!Object.is(ready, source))
      return prepareSource(ready as ReadySource, loader, signal, onProgress, asBytes, cancels);
    throw new TypeError(
      `a program must be a URL, a Response, a Blob, bytes or a WebAssembly.Module, not ${shown(source)}`,
    );
  }
  const response = ready as Response;
  if (signal.aborted) void response.body?.cancel(signal.reason).catch(() => undefined); // the result is no longer needed
  signal.throwIfAborted();
  const name = response.url ? nameOf(new URL(response.url)) : fileName(source);
  if (asBytes || loader.threadsNeedBytes) {
    const bytes = await bodyOf(response, signal, onProgress);
    return { message: { kind: 'bytes', bytes, where: whereOf(response) }, transfer: [bytes.buffer], name };
  }
  const loaded = await fromResponse(({ downloadSource }) =>
    downloadSource(response, whereOf(response), tell(onProgress), cancels ? signal : undefined),
  );
  return { ...loaded, name };
}

/** Returns the bytes of the response's body. Throws `SpawnRefused`. */
export const bodyOf = (
  response: Response,
  signal: AbortSignal,
  onProgress?: OnProgress,
): Promise<Uint8Array<ArrayBuffer>> =>
  fromResponse(({ downloadBytes }) => downloadBytes(response, whereOf(response), tell(onProgress), signal));

/** Handles a response with download.ts, which is loaded only for that; the coordinator handles URLs itself. */
const fromResponse = <T>(work: (file: typeof Download) => Promise<T>): Promise<T> =>
  inOurWords(async () => work(await later('download.js', import('./download.js'))));

/** Turns the errors of download.ts, which the coordinator uses too, into those of a spawn. */
export async function inOurWords<T>(load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (error) {
    throw (error as Error).name === 'BadDownload' ? await refused(error as BadDownload) : error;
  }
}

/** The error for a refusal. explain.ts, loaded only for that, describes the faults. */
export async function refused({ kind, message, faults, cause }: RefusalMessage & ErrorOptions): Promise<SpawnRefused> {
  const words = faults ? (await later('explain.js', import('./explain.js'))).explain(faults) : message;
  return new SpawnRefused(kind, words, { cause });
}

const whereOf = (response: Response): string => response.url || 'the response';

const tell = (onProgress: OnProgress) =>
  onProgress ? (phase: Progress['phase'], loaded: number, total: number) => onProgress({ phase, loaded, total }) : null;

const DEFAULT_NAME = 'program';

/** Whether the module imports its memory, as programs with threads do. Its bytes say how large it must be. */
export const importsMemory = (module: WasmModule): boolean =>
  WebAssembly.Module.imports(module).some(({ kind }) => kind === 'memory');

const isModule = (source: unknown): source is WasmModule => tagOf(source) === 'WebAssembly.Module';

/** Awaits the promise. A download that failed becomes a refusal. */
async function settled(source: unknown): Promise<unknown> {
  try {
    return await source;
  } catch (error) {
    return fromResponse(({ unreachable }) => Promise.reject(unreachable('the program', error)));
  }
}

/** The name of a `File`. */
function fileName(source: unknown): string {
  const { name } = source as { name?: unknown };
  return typeof name === 'string' && name !== '' && !name.includes('\0') ? name : DEFAULT_NAME;
}

/** The last component of a URL's path; "program" for URLs without one. */
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
