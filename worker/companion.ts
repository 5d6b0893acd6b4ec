/**
 * Runs a guest's companion: an ES module, written by the author of the page, which this worker imports to drive the guest, often with the glue code from the
 * guest's package. Part of guest.ts.
 *
 * Glue code instantiates its module itself and does not know the kernel. This worker therefore replaces the functions of the WebAssembly namespace, for
 * the guest's module only. The replacements bind the instance to the kernel and wrap its exports so that the kernel knows when guest code runs. Glue code
 * can run it at any time: for a call from the page, from a timer, or when a promise settles. In between, the thread rests.
 */
import { platform } from '#platform';
import { PREVIEW1_NAMES } from '../build/generated/abi.ts';
import {
  eachCall,
  WRITE,
  type CallsMessage,
  type CompanionMessage,
  type Failure,
  type FromGuest,
  type ToGuest,
} from '../common/guest-protocol.ts';
import { CallFailed } from './host-functions.ts';
import type { RunMessage } from '../common/worker-protocol.ts';
import type { Guest } from './guest.ts';
import type { Seat } from './seat.ts';
import { runNow } from './steps.ts';
import { makesMemory, systemCall, THREAD_SPAWN } from './wasi-imports.ts';

type AnyFunction = (...args: unknown[]) => unknown;

/** The argument of a companion's default export. */
interface Context {
  module: WebAssembly.Module;
  bytes: ArrayBuffer;
  memory: WebAssembly.Memory | null;
  imports: WebAssembly.Imports;
  wasi: Wasi;
  thread: { tid: number; argument: number } | null;
  channel: Channel;
  options: unknown;
}

/** The return value of a companion's default export. */
interface Reply {
  calls?: Record<string, AnyFunction>;
  imports?: WebAssembly.Imports;
  ready?: (instance: WebAssembly.Instance) => unknown;
}

interface Wasi {
  wasiImport: WebAssembly.ModuleImports;
  /** Whether the kernel's functions replace those of the glue code. */
  override: boolean;
  getImportObject(): WebAssembly.Imports;
  initialize(instance: { exports: WebAssembly.Exports }): void;
  start(instance: { exports: WebAssembly.Exports }): number;
}

interface Channel {
  post(message: unknown): void;
  onmessage: ((message: unknown, tid: number) => void) | null;
}

/** An import() that bundlers leave alone; tools/build.mjs defines it. */
declare function importUrl(url: string): Promise<unknown>;

/** Where the companion leaves its function when a bundler drops its exports. */
const scope = globalThis as { holdfastCompanion?: unknown };

const textOf = (error: unknown): string =>
  error instanceof Error ? `${error.name}: ${error.message}` : `uncaught exception: ${String(error)}`;

export class Companion {
  private raw: WebAssembly.Instance | null = null;
  /** The number of guest frames on the stack. */
  private depth = 0;
  private resting = false;
  private restQueued = false;
  private gone = false;
  /** The error that ends the guest once its last frame has returned. */
  private fatal: unknown = undefined;
  private initialized = false;
  private calls: Record<string, AnyFunction> = {};
  /** Settles when all earlier calls have settled. */
  private line: Promise<unknown> = Promise.resolve();
  /** The number of the first companion function: the page numbers them after the exports. */
  private firstCall = 0;
  private callNames: string[] = [];
  private values: unknown[] = [];
  private failures: Failure[] = [];
  private sending = false;
  private readonly module: WebAssembly.Module;
  /** Maps each wrapper that JavaScript gets to the kernel's function. */
  private readonly direct = new Map<unknown, WebAssembly.ImportValue>();
  private readonly context: Context;
  private message: RunMessage;

  constructor(
    private readonly guest: Guest,
    private readonly seat: Seat,
    message: RunMessage,
    private readonly companion: CompanionMessage,
    private readonly port: MessagePort | null,
    /** Whether the guest stays to serve calls. */
    private readonly stays: boolean,
  ) {
    const { module, memory, tid, argument, added } = message;
    this.module = module;
    // Glue code needs the memory before there is an instance.
    const mine = memory && !makesMemory(module, added) ? memoryOf(memory) : null;
    this.message = mine ? { ...message, memory: mine } : message;
    const wasiImport = this.wasiImport();
    const threads = this.through(THREAD_SPAWN);
    this.context = {
      module,
      bytes: tokenOf(),
      memory: mine,
      imports: { wasi_snapshot_preview1: wasiImport, wasi: { 'thread-spawn': threads } },
      wasi: this.wasi(wasiImport),
      thread: tid === 0 ? null : { tid, argument },
      channel: makeChannel(`holdfast:${companion.channel}`, tid),
      options: companion.options,
    };
  }

  async run(): Promise<void> {
    hooks.current = this;
    hooks.install();
    try {
      await this.begin();
    } catch (error) {
      this.failedToBegin(error);
    }
  }

  private async begin(): Promise<void> {
    const make = await this.load();
    const reply = ((await make(this.context)) ?? {}) as Reply;
    if (this.gone) return;
    const mine = this.raw === null;
    if (mine) this.instantiate(reply.imports);
    if (this.gone) return;
    await reply.ready?.(this.raw!);
    if (this.gone) return;
    if (!this.stays) {
      this.guest.attach(this.raw!);
      this.depth++; // start() reports how the guest ends
      void this.seat.worker.start({ exports: exportsOf(this.raw!) }, this.message);
      this.leave();
      return;
    }
    this.calls = reply.calls ?? {};
    this.enter(() => runNow(this.guest.settle(this.raw!, mine && !this.initialized)));
    this.initialized = true;
    const exports = this.guest.listExports();
    this.firstCall = exports.length;
    this.callNames = this.names();
    this.post({ t: 'ready', exports, companion: this.callNames });
    this.port!.onmessage = ({ data }: MessageEvent<ToGuest>) => this.receive(data as CallsMessage); // guests cannot call a guest that has a companion
  }

  private async load(): Promise<(context: Context) => unknown> {
    const { url } = this.companion;
    let loaded;
    try {
      loaded = (await importUrl(url)) as { default?: unknown };
    } catch (error) {
      throw new Error(`the companion ${url} cannot be loaded: ${textOf(error)}`, { cause: error });
    }
    const made = loaded.default ?? scope.holdfastCompanion;
    if (typeof made !== 'function') throw new Error(`the companion ${url} has no function as its default export`);
    return made as (context: Context) => unknown;
  }

  private names(): string[] {
    return Object.keys(this.calls).filter((name) => typeof this.calls[name] === 'function');
  }

  // --- the end ---

  private failedToBegin(error: unknown): void {
    if (this.gone) return;
    if (this.raw) this.crash('the companion failed', error);
    else {
      this.gone = true;
      const text = error instanceof Error ? error.message : textOf(error);
      this.seat.worker.refuse(this.message.session, 'module', text);
      platform.exit();
    }
  }

  /** Ends the guest with this text and error. */
  crash(what: string, error: unknown): void {
    if (this.gone) return;
    const failure = new Error(`${what}: ${textOf(error)}`);
    if (error instanceof Error && error.stack) failure.stack = error.stack;
    if (!this.raw) return this.failedToBegin(failure);
    try {
      this.wake();
    } catch {
      return; // it has ended
    }
    this.end(failure);
  }

  private end(error: unknown): void {
    if (this.gone) return;
    this.gone = true;
    this.send();
    if (this.port) this.post({ t: 'end' });
    this.seat.fault(error);
    this.leave();
  }

  /** Ends this worker, so that timers and promises of the glue code no longer run. */
  private leave(): void {
    this.gone = true;
    platform.exit();
  }

  // --- the guest's code ---

  private wake(): void {
    if (!this.resting) return;
    this.resting = false;
    try {
      this.seat.kernel.w_awake();
    } catch (error) {
      this.end(error);
      throw error;
    }
  }

  /** Runs guest code, and rests once all microtasks of this turn have run. A trap ends the guest even if JavaScript catches it. */
  private enter<T>(work: () => T): T {
    if (this.gone) throw new Error('the guest has ended');
    this.wake();
    this.depth++;
    try {
      return work();
    } catch (error) {
      if (error instanceof WebAssembly.RuntimeError) this.fatal ??= error;
      throw error;
    } finally {
      this.depth--;
      if (this.depth === 0) this.left();
    }
  }

  private left(): void {
    if (this.fatal !== undefined) this.end(this.fatal);
    else if (this.stays && !this.restQueued) {
      this.restQueued = true;
      queueMicrotask(() => this.rest());
    }
  }

  private rest(): void {
    this.restQueued = false;
    if (this.gone || this.resting || this.depth > 0) return;
    try {
      this.seat.kernel.w_rest();
      this.resting = true;
    } catch (error) {
      this.end(error);
    }
  }

  /** Wraps a kernel function for JavaScript callers. The guest imports the unwrapped function. */
  private through(name: string): AnyFunction {
    const fn = this.seat.kernel[name] as AnyFunction;
    const entry = (...args: unknown[]): unknown => {
      if (!this.raw && this.depth === 0 && !hooks.inside) throw new Error('the guest is not instantiated yet');
      return this.enter(() => fn(...args));
    };
    this.direct.set(entry, fn);
    return entry;
  }

  private wasiImport(): WebAssembly.ModuleImports {
    return Object.fromEntries(PREVIEW1_NAMES.map((name) => [name, this.through(systemCall(name))]));
  }

  private wasi(wasiImport: WebAssembly.ModuleImports): Wasi {
    const call = (exports: WebAssembly.Exports, name: string): void => {
      this.initialized = true;
      const fn = exports[name];
      if (typeof fn === 'function') (fn as AnyFunction)();
    };
    return {
      wasiImport,
      override: false,
      getImportObject: () => ({ wasi_snapshot_preview1: wasiImport }),
      initialize: ({ exports }) => call(exports, '_initialize'),
      start({ exports }) {
        call(exports, '_start');
        return 0;
      },
      // emnapi looks for these properties of node:wasi.
      [Symbol('kInstance')]: null,
      [Symbol('kSetMemory')]: () => undefined,
    } as Wasi;
  }

  isModule(value: unknown): boolean {
    return value === this.module || isToken(value, this.context.bytes);
  }

  get compiled(): WebAssembly.Module {
    return this.module;
  }

  /** Instantiates the guest with `given`, the imports from the glue code. */
  instantiate(given: WebAssembly.Imports | undefined): WebAssembly.Instance {
    if (this.gone) throw new Error('the guest has ended');
    if (this.raw)
      throw new Error(
        'a companion can create only one instance of its guest: for another one, call hf.instantiate() again',
      );
    const { memory, wasi } = this.context;
    for (const values of Object.values(given ?? {}))
      for (const value of Object.values(values))
        if (memory && value instanceof WebAssembly.Memory && value !== memory)
          throw new TypeError("the companion passed a memory of its own: the guest's is context.memory");
    const instance = hooks.pass(() =>
      this.seat.worker.begin(this.message, (entry) => {
        if (entry.kind === 'memory') return undefined;
        const value = given?.[entry.module]?.[entry.name];
        const system = entry.module === 'wasi_snapshot_preview1' || entry.module === 'wasi_unstable';
        if (value === undefined || (system && wasi.override)) return this.guest.imports(entry);
        return this.direct.get(value) ?? value;
      }),
    );
    if (!instance) {
      this.gone = true;
      if (instance === null) platform.exit(); // undefined: the same run is sent again
      throw new Error('the guest cannot be instantiated');
    }
    this.raw = instance;
    hooks.shown.set(exportsOf(instance), this.shownExports(exportsOf(instance)));
    this.left();
    return instance;
  }

  private readonly wrappers = new WeakMap<object, AnyFunction>();
  private readonly originals = new WeakMap<object, AnyFunction>();

  private wrap(fn: AnyFunction): AnyFunction {
    let wrapper = this.wrappers.get(fn);
    if (!wrapper) {
      wrapper = (...args) => this.enter(() => fn(...args));
      Object.defineProperty(wrapper, 'length', { value: fn.length });
      this.wrappers.set(fn, wrapper);
      this.originals.set(wrapper, fn);
    }
    return wrapper;
  }

  private shownExports(exports: WebAssembly.Exports): WebAssembly.Exports {
    const shown = Object.create(null) as Record<string, WebAssembly.ExportValue>;
    for (const [name, value] of Object.entries(exports)) {
      shown[name] = typeof value === 'function' ? this.wrap(value as AnyFunction) : value;
      if (value instanceof WebAssembly.Table) this.wrapTable(value);
    }
    return Object.freeze(shown);
  }

  /** Wraps the table's functions, because glue code calls them too. */
  private wrapTable(table: WebAssembly.Table): void {
    const { get, set } = WebAssembly.Table.prototype;
    Object.defineProperties(table, {
      get: {
        value: (index: number) => {
          const value = get.call(table, index) as unknown;
          return typeof value === 'function' ? this.wrap(value as AnyFunction) : value;
        },
      },
      set: {
        value: (index: number, value: object | null) =>
          set.call(table, index, (value && this.originals.get(value)) ?? value),
      },
    });
  }

  // --- the page's calls ---

  private post(message: FromGuest): void {
    this.port!.postMessage(message);
  }

  private receive(message: CallsMessage): void {
    eachCall(message, (id, fn, args) => {
      if (!this.companion.serial) void this.answer(id, fn, args);
      else this.line = this.line.then(() => this.answer(id, fn, args));
    });
  }

  private async answer(id: number, fn: number, args: unknown[]): Promise<void> {
    if (this.gone) return;
    try {
      const value = await this.perform(fn, args);
      if (!this.gone) this.values.push(id, value);
    } catch (error) {
      if (!this.gone) this.failures.push(failureOf(id, error));
    }
    if (this.gone || this.sending) return;
    this.sending = true;
    queueMicrotask(() => this.send());
  }

  private perform(fn: number, args: unknown[]): unknown {
    if (fn < WRITE) throw new CallFailed('a companion runs the event loop of its guest itself');
    const name = this.callNames[fn - this.firstCall];
    return name === undefined ? this.enter(() => runNow(this.guest.perform(fn, args))) : this.calls[name]!(...args);
  }

  /** Sends the results of all calls that settled in this turn. */
  private send(): void {
    this.sending = false;
    const values = this.values.splice(0);
    const failures = this.failures.splice(0);
    if (values.length + failures.length === 0) return;
    try {
      this.post({ t: 'results', values, failures });
    } catch {
      this.post({ t: 'results', values: [], failures });
      for (let i = 0; i < values.length; i += 2) this.sendOne(values[i] as number, values[i + 1]);
    }
  }

  private sendOne(id: number, value: unknown): void {
    try {
      this.post({ t: 'results', values: [id, value], failures: [] });
    } catch (error) {
      const text = `its result cannot be sent to the page: ${(error as Error).message}. A companion's functions must return values that can be cloned`;
      this.post({ t: 'results', values: [], failures: [[id, text, 'TypeError']] });
    }
  }
}

function failureOf(id: number, error: unknown): Failure {
  if (error instanceof CallFailed) return [id, error.message, error.type];
  const { name, message, stack = '' } = error instanceof Error ? error : new Error(String(error));
  return [id, String(message), { name: String(name), stack: String(stack) }];
}

const memoryOf = (memory: NonNullable<RunMessage['memory']>): WebAssembly.Memory =>
  memory instanceof WebAssembly.Memory ? memory : new WebAssembly.Memory(memory);

function makeChannel(name: string, tid: number): Channel {
  const channel = new BroadcastChannel(name);
  (channel as { unref?: () => void }).unref?.();
  const end: Channel = {
    post: (data) => channel.postMessage({ tid, data }),
    onmessage: null,
  };
  channel.onmessage = ({ data }: MessageEvent<{ tid: number; data: unknown }>) => end.onmessage?.(data.data, data.tid);
  return end;
}

/** Creates an empty module with unique bytes, which a copy made by glue code still matches. */
function tokenOf(): ArrayBuffer {
  const id = crypto.getRandomValues(new Uint8Array(16));
  return new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 0, 17, 0, ...id]).buffer;
}

function isToken(value: unknown, token: ArrayBuffer): boolean {
  const bytes = ArrayBuffer.isView(value)
    ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
    : value instanceof ArrayBuffer && new Uint8Array(value);
  if (!bytes || bytes.length !== token.byteLength) return false;
  return new Uint8Array(token).every((byte, i) => byte === bytes[i]);
}

const exportsGetter = Object.getOwnPropertyDescriptor(WebAssembly.Instance.prototype, 'exports')!.get!;
const exportsOf = (instance: WebAssembly.Instance): WebAssembly.Exports =>
  exportsGetter.call(instance) as WebAssembly.Exports;

/** The replacements for the functions of the WebAssembly namespace. They pass every module but the guest's through. */
const hooks = {
  installed: false,
  /** The companion of the guest in this worker. */
  current: null as Companion | null,
  /** Set while this worker itself is instantiating. */
  inside: false,
  /** Maps an instance's exports to the wrapped ones shown to JavaScript. */
  shown: new WeakMap<object, WebAssembly.Exports>(),

  pass<T>(work: () => T): T {
    hooks.inside = true;
    try {
      return work();
    } finally {
      hooks.inside = false;
    }
  },

  guest: (source: unknown): Companion | null =>
    !hooks.inside && hooks.current?.isModule(source) ? hooks.current : null,

  install(): void {
    if (hooks.installed) return;
    hooks.installed = true;
    const { Instance, Module } = WebAssembly;
    const { instantiate, compile, instantiateStreaming, compileStreaming } = WebAssembly as typeof WebAssembly &
      Record<string, AnyFunction | undefined>;
    const { shown, guest } = hooks;
    Object.defineProperty(Instance.prototype, 'exports', {
      get(this: WebAssembly.Instance) {
        const exports = exportsOf(this);
        return shown.get(exports) ?? exports;
      },
    });
    const made = (instance: WebAssembly.Instance, like: { prototype: object }): WebAssembly.Instance => {
      if (like.prototype !== Instance.prototype) Object.setPrototypeOf(instance, like.prototype);
      return instance;
    };
    const streamed =
      (plain: AnyFunction, streaming: AnyFunction) =>
      async (source: unknown, ...rest: unknown[]): Promise<unknown> => {
        const response = (await source) as Response;
        // A response without a URL was constructed by glue code, perhaps from context.bytes.
        return response.url ? streaming(response, ...rest) : plain(await response.arrayBuffer(), ...rest);
      };
    Object.assign(WebAssembly, {
      Instance: new Proxy(Instance, {
        construct: (target, [source, imports]: [WebAssembly.Module, WebAssembly.Imports?], like: typeof Instance) => {
          const ours = guest(source);
          return ours
            ? made(ours.instantiate(imports), like)
            : (Reflect.construct(target, [source, imports], like) as object);
        },
      }),
      Module: new Proxy(Module, {
        construct: (target, args: [BufferSource], like: typeof Module) =>
          guest(args[0])?.compiled ?? (Reflect.construct(target, args, like) as object),
      }),
      async instantiate(source: BufferSource | WebAssembly.Module, imports?: WebAssembly.Imports) {
        const ours = guest(source);
        if (!ours) return instantiate(source as BufferSource, imports);
        const instance = ours.instantiate(imports);
        return source === ours.compiled ? instance : { module: ours.compiled, instance };
      },
      compile: async (source: BufferSource) => guest(source)?.compiled ?? compile(source),
      instantiateStreaming: streamed(
        (...args) => (WebAssembly.instantiate as AnyFunction)(...args),
        instantiateStreaming as AnyFunction,
      ),
      compileStreaming: streamed(
        (...args) => (WebAssembly.compile as AnyFunction)(...args),
        compileStreaming as AnyFunction,
      ),
    });
    hooks.watch();
  },

  /** An uncaught error or rejection in the companion ends its guest and does not count as a failure of this worker. */
  watch(): void {
    const crash = (what: string) => (error: unknown) => hooks.current?.crash(what, error);
    const rejected = crash('a promise of the companion was rejected');
    const threw = crash('the companion threw');
    const { process } = globalThis as {
      process?: { on?: (event: string, listener: AnyFunction) => void; versions?: { node?: string } };
    };
    if (process?.versions?.node && process.on) {
      process.on('unhandledRejection', rejected);
      process.on('uncaughtException', threw);
      return;
    }
    const listen = (type: string, tell: (event: Event) => void): void =>
      addEventListener(
        type,
        (event) => {
          event.preventDefault();
          event.stopImmediatePropagation();
          tell(event);
        },
        { capture: true },
      );
    listen('unhandledrejection', (event) => rejected((event as PromiseRejectionEvent).reason));
    listen('error', (event) => threw((event as ErrorEvent).error ?? (event as ErrorEvent).message));
  },
};
