/** Turns a source into a compiled module that may run: fetches it, compiles it (while streaming), and checks it. */
import { coordinatorPlatform, platform } from '#platform';
import { WASM_PAGE } from '../build/generated/layouts.ts';
import {
  compiled,
  downloadBytes,
  downloadModule,
  headOf,
  IsComponent,
  requireCore,
  unreachable,
} from '../common/download.ts';
import type { GuestMessage } from '../common/guest-protocol.ts';
import { importedMemory, probeMemory } from '../common/memory-import.ts';
import type { MemoryType } from '../common/module-bytes.ts';
import type { HttpMessage, RefusalMessage, SourceMessage } from '../common/protocol.ts';
import type { Added, ComponentMessage } from '../common/worker-protocol.ts';
import { faultsOf, importsMemory } from '../worker/wasi-imports.ts';
import type { ChildWorkers } from './child-workers.ts';
import type * as ComponentPart from './component.ts';
import type { Kernel } from './kernel.ts';
import { load } from './part.ts';
import type { Workers } from './workers.ts';
import { NotRewritten, Rewriter, type Way } from './rewriter.ts';

export type Progress = (phase: 'download' | 'compile', loaded: number, total: number) => void;

/** The source is not available, or is not a module that may run. */
export class Refusal extends Error {
  constructor(
    readonly kind: RefusalMessage['kind'],
    message: string,
    readonly faults?: RefusalMessage['faults'],
  ) {
    super(message);
  }
}

async function fetched(url: string, signal: AbortSignal): Promise<Response> {
  try {
    return await platform.fetch(url, signal);
  } catch (error) {
    throw unreachable(url, error);
  }
}

/** A module that may run, and the type of the memory to create for it (null if it defines its own). */
export interface Program {
  module: WebAssembly.Module;
  memory: MemoryType | null;
  /** Set if the module is interruptible. */
  added: Added | null;
  /** Its bytes up to the end of its exports, or null if they were not read. */
  head: Uint8Array | null;
  /** Set if it is a component; `module` is then the first of its modules. Returns the message for the worker that will run it. */
  begin?(kernel: Kernel, session: number, http: HttpMessage | undefined): ComponentMessage;
}

async function loadUrl(url: string, progress: Progress | null, signal: AbortSignal): Promise<Program> {
  const response = await fetched(url, signal);
  // An engine that compiles threaded modules with a different compiler needs all bytes first.
  if (coordinatorPlatform.compileThreaded) return compileBytes(await downloadBytes(response, url, progress), url, null);
  const { module, head } = await downloadModule(response, url, progress);
  return describeModule(module, head);
}

async function threaded(bytes: Uint8Array<ArrayBuffer>): Promise<Program> {
  const compile = coordinatorPlatform.compileThreaded ?? WebAssembly.compile;
  return { module: await compile(bytes), memory: importedMemory(bytes), added: null, head: headOf(bytes) };
}

async function compileBytes(bytes: Uint8Array<ArrayBuffer>, what: string, progress: Progress | null): Promise<Program> {
  requireCore(bytes);
  progress?.('compile', bytes.length, bytes.length);
  const module = await compiled(what, WebAssembly.compile(bytes));
  return importsMemory(module) ? threaded(bytes) : { module, memory: null, added: null, head: headOf(bytes) };
}

function describeModule(module: WebAssembly.Module, head: Uint8Array | null): Program {
  if (!importsMemory(module)) return { module, memory: null, added: null, head };
  const memory = head ? importedMemory(head) : probeMemory(module);
  if (memory) return { module, memory, added: null, head };
  throw new Refusal(
    'module',
    'the module imports its memory, and this engine does not report its size: pass the URL or the bytes instead of a WebAssembly.Module',
  );
}

/** The worker that runs the first program of a page, unless it is busy (coordinator/pool.c). */
const FIRST_WORKER = 1;

/** The name of a module that the page passed as bytes. */
const BYTES = 'the bytes';

/** URLs contain no spaces, so the key is unambiguous. */
const keyOf = ({ url, version = '' }: SourceMessage & { kind: 'url' }): string => `${url} ${version}`;

/** What a spawn requires of its module. */
export interface Wishes {
  interruptible: boolean | 'if-possible';
  /** The limit on its memory, in bytes (0: none). */
  memory: number;
  /** Whether it may keep objects in the engine's heap. */
  gc: boolean;
}

interface Cached {
  program: Promise<Program>;
  /** The callers that wait for it and get its progress; null once it has loaded. */
  waiting: Set<{ tell: Progress | null }> | null;
  loading: AbortController;
}

export class Modules {
  /** Modules are compiled once per URL, version and `Wishes`. All callers that wait for one get its progress. */
  readonly #byUrl = new Map<string, Cached>();

  readonly #rewriter: Rewriter;

  /** What every component needs, requested when the first component is recognized. */
  ahead: ComponentPart.Ahead | undefined;

  constructor(
    children: ChildWorkers,
    readonly assets: ComponentPart.Assets & { rewrite: string; component: string },
    private readonly check: Added['check'],
    private readonly workers: Workers,
  ) {
    this.#rewriter = new Rewriter(children, assets);
  }

  /** After the signal aborts, nothing more is done for the call, and the caller should not wait for the answer. */
  async get(
    source: SourceMessage,
    progress: Progress | null,
    wishes: Wishes,
    signal: AbortSignal,
    guest: GuestMessage | null = null,
  ): Promise<Program> {
    const made = this.#waysFor(source, wishes).length > 0;
    const program = await (made
      ? this.#loadMade(source, progress, wishes, signal)
      : this.#load(source, progress, signal));
    const faults = !program.begin && faultsOf(program.module, program.added, program.memory?.shared !== false, guest);
    if (faults) throw new Refusal('module', '', faults);
    return program;
  }

  /** The acceptable ways to rewrite the module, the best first; none if it runs unchanged. */
  #waysFor({ kind }: SourceMessage, { interruptible, memory, gc }: Wishes): Way[] {
    const limitPages = memory ? Math.floor(memory / WASM_PAGE) : Infinity;
    const ways: Way[] = [];
    if (interruptible === true || (interruptible && kind !== 'module'))
      ways.push({ check: this.check, limitPages, gc });
    if (interruptible !== true && (memory || !gc)) ways.push({ check: 'none', limitPages, gc });
    return ways;
  }

  async #load(source: SourceMessage, progress: Progress | null, signal: AbortSignal): Promise<Program> {
    switch (source.kind) {
      case 'module':
        return describeModule(source.module, source.head);
      case 'bytes':
        return this.#orComponent(
          compileBytes(source.bytes as Uint8Array<ArrayBuffer>, source.where ?? BYTES, progress),
          source.where ?? BYTES,
        );
      case 'url':
        return this.#cached(keyOf(source), progress, signal, (tell, loading) =>
          this.#orComponent(loadUrl(source.url, tell, loading), source.url),
        );
    }
  }

  /** If the bytes turn out to be a component, loads the component. `make` rewrites its modules; without it they run unchanged. */
  async #orComponent(program: Promise<Program>, what: string, make?: ComponentPart.Make): Promise<Program> {
    try {
      return await program;
    } catch (error) {
      if (!(error instanceof IsComponent)) throw error;
      // All that a component needs is requested at once, and not by the part, which would have to arrive first.
      const part = load<typeof ComponentPart>(this.assets.component);
      if (!this.ahead) {
        this.workers.post(FIRST_WORKER, { t: 'import', url: this.assets.executor });
        this.ahead = [
          WebAssembly.compileStreaming(platform.fetch(this.assets.parser)),
          coordinatorPlatform.compileKernel(this.assets.p2),
        ].map((each) => each.catch(() => undefined)) as ComponentPart.Ahead;
      }
      return (await part).loadComponent(error.bytes, what, make, this, Refusal);
    }
  }

  async #loadMade(
    source: SourceMessage,
    progress: Progress | null,
    wishes: Wishes,
    signal: AbortSignal,
  ): Promise<Program> {
    switch (source.kind) {
      case 'module':
        throw new Refusal(
          'options',
          'an interruptible program, or one with limits.memory or limits.gc, needs the bytes of its module',
        );
      case 'bytes':
        return this.#make(source.bytes as Uint8Array<ArrayBuffer>, source.where ?? BYTES, progress, wishes, signal);
      case 'url':
        return this.#cached(
          `${keyOf(source)} ${wishes.interruptible} ${wishes.memory} ${wishes.gc}`,
          progress,
          signal,
          async (tell, loading) => {
            const bytes = await downloadBytes(await fetched(source.url, loading), source.url, tell);
            return this.#make(bytes, source.url, null, wishes, loading);
          },
        );
    }
  }

  /** Rewrites the module, or those of a component. */
  #make(
    bytes: Uint8Array<ArrayBuffer>,
    what: string,
    progress: Progress | null,
    wishes: Wishes,
    signal: AbortSignal,
  ): Promise<Program> {
    const make = (code: Uint8Array<ArrayBuffer>, name: string, tell: Progress | null = null): Promise<Program> =>
      this.#made(code, name, tell, wishes, signal);
    return this.#orComponent(make(bytes, what, progress), what, make);
  }

  /** Rewrites the module in the first way that succeeds. */
  async #made(
    bytes: Uint8Array<ArrayBuffer>,
    what: string,
    progress: Progress | null,
    wishes: Wishes,
    signal: AbortSignal,
  ): Promise<Program> {
    requireCore(bytes);
    for (const way of this.#waysFor({ kind: 'bytes', bytes }, wishes)) {
      try {
        // Pass a copy, because the rewriter keeps its input and another way may have to be tried.
        return await this.#rewritten(
          wishes.interruptible === 'if-possible' ? bytes.slice() : bytes,
          what,
          progress,
          way,
          signal,
        );
      } catch (error) {
        if (!(error instanceof NotRewritten)) throw error;
        if (error.fault === 'limit')
          throw new Refusal('limit', `${what} cannot run with this limits.memory: ${error.message}`);
        if (error.fault === 'objects') {
          const why = wishes.memory ? 'limits.memory, unless limits.gc is true' : 'limits.gc: false';
          throw new Refusal('limit', `${what} cannot run with ${why}: ${error.message}`);
        }
        if (wishes.interruptible === true)
          throw new Refusal('module', `${what} cannot be made interruptible: ${error.message}`);
        if (way.check === 'none')
          throw new Refusal('module', `${what} cannot be given limits.memory or limits.gc: ${error.message}`);
      }
    }
    return compileBytes(bytes, what, progress);
  }

  async #rewritten(
    bytes: Uint8Array<ArrayBuffer>,
    what: string,
    progress: Progress | null,
    way: Way,
    signal: AbortSignal,
  ): Promise<Program> {
    progress?.('compile', bytes.length, bytes.length);
    let added: Added | null = null;
    try {
      const made = await this.#rewriter.rewrite(bytes, way, signal);
      added = made.added;
      const module = await WebAssembly.compile(made.bytes);
      if (!importsMemory(module, added)) return { module, memory: made.memory, added, head: headOf(made.bytes) };
      return { ...(await threaded(made.bytes)), added };
    } catch (error) {
      if (!(error instanceof WebAssembly.CompileError)) throw error;
      // The added checks may have made a function too large for the engine.
      if (added) throw new NotRewritten('module', error.message);
      throw new Refusal('module', `${what}: not a valid WebAssembly module: ${error.message}`);
    }
  }

  /** Loads a module once for all callers, and cancels the load when the last waiting caller gives up. */
  #cached(
    url: string,
    progress: Progress | null,
    signal: AbortSignal,
    load: (tell: Progress | null, loading: AbortSignal) => Promise<Program>,
  ): Promise<Program> {
    const entry = this.#byUrl.get(url) ?? this.#newEntry(url, progress !== null, load);
    const { waiting, loading, program } = entry;
    const waiter = { tell: progress };
    waiting?.add(waiter);
    signal.addEventListener('abort', () => {
      waiting?.delete(waiter);
      if (entry.waiting?.size !== 0) return;
      // The next request starts a new load.
      this.#byUrl.delete(url);
      loading.abort();
    });
    return program;
  }

  #newEntry(
    url: string,
    counts: boolean,
    load: (tell: Progress | null, loading: AbortSignal) => Promise<Program>,
  ): Cached {
    const waiting: Cached['waiting'] = new Set();
    const tellAll: Progress = (...progressed) => waiting.forEach(({ tell }) => tell?.(...progressed));
    const loading = new AbortController();
    const entry: Cached = { program: load(counts ? tellAll : null, loading.signal), waiting, loading };
    this.#byUrl.set(url, entry);
    void entry.program
      .catch(() => {
        // A failed load may be tried again.
        if (this.#byUrl.get(url) === entry) this.#byUrl.delete(url);
      })
      .finally(() => (entry.waiting = null));
    return entry;
  }
}
