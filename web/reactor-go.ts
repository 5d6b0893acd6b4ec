/** Go reactors on the calling thread. */
import { LONGEST_TIMER } from '../common/timers.js';
import { helped, nothingMore } from './check.js';
import { Input, Turns, WASIProcExit, wasiImports } from './reactor-wasi.js';

/** Results of `go_tick`; above 0: milliseconds to the next timer. */
export const LoopResult = {
  /** Nothing to do. */
  Idle: -1,
  /** More goroutines can run. */
  Ready: 0,
} as const;
/** The result of `go_tick`: a value of `LoopResult`, or milliseconds to the next timer. */
export type LoopResult = number;

/** The exports of a Go reactor. */
export interface GoReactorExports {
  memory: WebAssembly.Memory;
  /** Initializes the runtime. */
  _initialize: () => void;
  /** Starts the main goroutine. */
  go_start_main: () => void;
  /** Runs the scheduler. */
  go_tick: () => number;
}

/** Options of `createReactor()`. */
export interface ReactorOptions {
  /** The imports of `wasi_snapshot_preview1`. */
  wasiImports: WebAssembly.ModuleImports;
  /** Called with the module's memory before `_initialize`. */
  setMemory?: (memory: WebAssembly.Memory) => void;
  /** Called before each tick. */
  onTick?: () => void;
  /** Logs each tick. Default: false. */
  debug?: boolean;
}

/** Waits that many milliseconds. */
export type WaitCallback = (ms: number) => Promise<void>;

const sleep: WaitCallback = (ms) => new Promise((resolve) => setTimeout(resolve, Math.min(ms, LONGEST_TIMER)));

/**
 * Instantiates a Go reactor on this thread and initializes it. In a page, prefer `hf.instantiate()`, which runs the guest in its own worker.
 *
 * @param wasmModule - The module, built with `-buildmode=c-shared`.
 * @param options - Its imports, and a function to call before each tick.
 * @returns The reactor, whose main function has not started.
 * @throws `Error` when the module lacks an export that a reactor needs.
 *
 * @example
 * const wasi = createMinimalWASI({ args: ['program'] });
 * const reactor = await createReactor(module, wasi);
 * await reactor.runAsync();
 */
export async function createReactor(wasmModule: WebAssembly.Module, options: ReactorOptions): Promise<Reactor> {
  const { wasiImports: imports, setMemory, onTick, debug, ...rest } = options;
  await helped(() => nothingMore('reactor', rest));
  const instance = await WebAssembly.instantiate(wasmModule, { wasi_snapshot_preview1: imports });
  const exports = instance.exports as unknown as GoReactorExports;
  if (typeof exports._initialize !== 'function')
    throw new Error('Module does not export _initialize (not a WASI reactor?)');
  for (const name of ['go_start_main', 'go_tick'] as const)
    if (typeof exports[name] !== 'function')
      throw new Error(`Module does not export ${name} (not built with modified Go runtime?)`);
  setMemory?.(exports.memory);
  exports._initialize();
  return new Reactor(exports, { onTick, debug });
}

/** A Go reactor on this thread. */
export class Reactor {
  readonly #exports: GoReactorExports;
  readonly #onTick: (() => void) | undefined;
  readonly #debug: boolean;
  #started = false;
  #running = false;
  #exitCode: number | undefined;

  /** @internal */
  constructor(exports: GoReactorExports, options: { onTick: (() => void) | undefined; debug: boolean | undefined }) {
    this.#exports = exports;
    this.#onTick = options.onTick;
    this.#debug = options.debug === true;
  }

  /** Starts the main goroutine; later calls do nothing. */
  startMain(): void {
    if (this.#started) return;
    this.#started = true;
    this.#log('startMain');
    this.#call(() => this.#exports.go_start_main());
  }

  /**
   * Runs the scheduler once.
   *
   * @returns -1: idle, 0: more goroutines can run, above 0: milliseconds to the next timer.
   * @throws `WASIProcExit` when the program exits.
   */
  loopOnce(): LoopResult {
    const result = this.#call(() => this.#exports.go_tick());
    this.#log('go_tick ->', result);
    return result;
  }

  /**
   * Runs until the guest is idle. Waits for timers by spinning, and blocks this thread.
   *
   * @throws `WASIProcExit` when the program exits with a code other than 0.
   */
  runSync(): void {
    this.#toTheEnd(() => {
      for (let result = this.#first(); this.#running && result !== LoopResult.Idle; result = this.#tick())
        for (const end = performance.now() + result; performance.now() < end;);
    });
  }

  /**
   * Runs until the guest is idle, exits, or is stopped. While it is ready, the page's timers and events still get their turn.
   *
   * @param wait - Waits for a timer. Default: `setTimeout`.
   * @throws `WASIProcExit` when the program exits with a code other than 0.
   */
  async runAsync(wait: WaitCallback = sleep): Promise<void> {
    const turns = new Turns();
    try {
      for (let result = this.#first(); this.#running && result !== LoopResult.Idle; result = this.#tick()) {
        if (result > 0) await wait(result);
        else await turns.next();
        if (!this.#running) return;
      }
    } catch (error) {
      this.#leave(error);
    } finally {
      this.#running = false;
    }
  }

  /** Ends `runAsync()` before its next tick. */
  stop(): void {
    this.#running = false;
  }

  /** The code with which the program exited; undefined before that. */
  get exitCode(): number | undefined {
    return this.#exitCode;
  }

  /** The guest's memory. */
  get memory(): WebAssembly.Memory {
    return this.#exports.memory;
  }

  #first(): LoopResult {
    this.#running = true;
    this.startMain();
    return this.#tick();
  }

  #tick(): LoopResult {
    this.#onTick?.();
    return this.loopOnce();
  }

  #toTheEnd(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#leave(error);
    } finally {
      this.#running = false;
    }
  }

  #leave(error: unknown): void {
    if (!(error instanceof WASIProcExit) || error.code !== 0) throw error;
  }

  #call<T>(work: () => T): T {
    if (this.#exitCode !== undefined) throw new WASIProcExit(this.#exitCode);
    try {
      return work();
    } catch (error) {
      if (error instanceof WASIProcExit) this.#exitCode = error.code;
      throw error;
    }
  }

  #log(...what: unknown[]): void {
    if (this.#debug) console.log('[GoReactor]', ...what);
  }
}

/** Options of `createMinimalWASI()`. */
export interface MinimalWASIOptions {
  /** Default: `['reactor']`. */
  args?: string[];
  /** Default: none. */
  env?: Record<string, string>;
  /** Gets the text of each write to descriptor 1. Default: `console.log`. */
  stdout?: (text: string) => void;
  /** The same for descriptor 2. Default: `console.error`. */
  stderr?: (text: string) => void;
}

/** The result of `createMinimalWASI()`: options for `createReactor()`. */
export interface MinimalWASI {
  /** The imports of `wasi_snapshot_preview1`. */
  wasiImports: WebAssembly.ModuleImports;
  /** Call this with the module's memory. */
  setMemory: (memory: WebAssembly.Memory) => void;
}

/**
 * Imports for a reactor that needs no files: arguments, environment, output, clocks and random numbers. Standard input
 * is at its end. `poll_oneoff` does not wait: it reports what has already occurred.
 *
 * @param options - Arguments, environment, and functions that get the output.
 * @returns The imports, and the function that takes the memory, for `createReactor()`.
 *
 * @example
 * const { wasiImports, setMemory } = createMinimalWASI({ stdout: (text) => (log.textContent += text) });
 */
export function createMinimalWASI(options: MinimalWASIOptions = {}): MinimalWASI {
  const { args = ['reactor'], env = {}, stdout = console.log, stderr = console.error, ...rest } = options;
  nothingMore('minimalWASI', rest);
  let memory: WebAssembly.Memory | undefined;
  const decoders = { 1: new TextDecoder(), 2: new TextDecoder() };
  const input = new Input();
  input.close();
  const output = (fd: 1 | 2, bytes: Uint8Array<ArrayBuffer>): void => {
    const text = decoders[fd].decode(bytes, { stream: true }); // a character may be split over two writes
    if (text) (fd === 1 ? stdout : stderr)(text);
  };
  const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  const imports = wasiImports({ args, env: variables, input, output }, () => {
    if (!memory) throw new Error('setMemory was not called');
    return memory.buffer;
  });
  return { wasiImports: imports as WebAssembly.ModuleImports, setMemory: (given) => (memory = given) };
}
