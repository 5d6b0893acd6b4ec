/** QuickJS reactors on the calling thread. */
import { LONGEST_TIMER } from '../common/timers.js';
import { helped, nothingMore } from './check.js';
import { Input, Turns, WASIProcExit, wasiImports } from './reactor-wasi.js';

/** `loopOnce()`: there is nothing to do. */
export const LOOP_IDLE = -1;
/** `loopOnce()`: an uncaught exception. */
export const LOOP_ERROR = -2;

const TAG_EXCEPTION = 6n;
const NEEDED = [
  'malloc',
  'free',
  'qjs_init_argv',
  'qjs_get_context',
  'qjs_destroy',
  'JS_Eval',
  'JS_FreeValue',
  'js_std_loop_once',
  'js_std_poll_io',
  'js_std_dump_error',
] as const;

type Exports = Record<(typeof NEEDED)[number], (...args: unknown[]) => unknown> & { memory: WebAssembly.Memory };

/** Options of `createQuickJS()` and `loadQuickJS()`. */
export interface QuickJSOptions {
  /** Arguments of WASI. Default: `['qjs']`. */
  args?: string[];
  /** Environment variables as NAME=value. Default: none. */
  env?: string[];
  /** Logs each tick. Default: false. */
  debug?: boolean;
  /** Gets each line of standard output. Default: `console.log`. */
  stdout?: (line: string) => void;
  /** Gets each line of standard error. Default: `console.error`. */
  stderr?: (line: string) => void;
}

/** Assembles lines from bytes that arrive in pieces. */
class Lines {
  readonly #decoder = new TextDecoder();
  #rest = '';

  constructor(private readonly to: (line: string) => void) {}

  push(bytes: Uint8Array): void {
    const lines = (this.#rest + this.#decoder.decode(bytes, { stream: true })).split('\n');
    this.#rest = lines.pop()!;
    for (const line of lines) this.to(line);
  }

  end(): void {
    const rest = this.#rest + this.#decoder.decode();
    this.#rest = '';
    if (rest) this.to(rest);
  }
}

/** QuickJS on this thread. In a page, prefer `hf.instantiate()`, which runs the guest in its own worker. */
export class QuickJS {
  readonly #exports: Exports;
  readonly #input = new Input();
  readonly #lines: { 1: Lines; 2: Lines };
  readonly #debug: boolean;
  #context = 0;
  #running = false;
  #exitCode: number | undefined;
  #endSeen = false;
  #wake: (() => void) | undefined;
  #stopListening: (() => void) | undefined;

  /**
   * @param wasmModule - The module.
   * @param options - Arguments, environment, and functions that get the output.
   * @throws `Error` when the module lacks an export of a QuickJS reactor.
   */
  constructor(wasmModule: WebAssembly.Module, options: QuickJSOptions = {}) {
    const { args = ['qjs'], env = [], debug = false, stdout, stderr, ...rest } = options;
    nothingMore('quickjs', rest);
    this.#debug = debug;
    this.#lines = {
      1: new Lines(stdout ?? ((line) => console.log('[QuickJS]', line))),
      2: new Lines(stderr ?? ((line) => console.error('[QuickJS]', line))),
    };
    const output = (fd: 1 | 2, bytes: Uint8Array): void => this.#lines[fd].push(bytes);
    const imports = wasiImports({ args, env, input: this.#input, output }, () => exports.memory.buffer);
    const instance = new WebAssembly.Instance(wasmModule, {
      wasi_snapshot_preview1: imports as WebAssembly.ModuleImports,
    });
    const exports = instance.exports as unknown as Exports & { _initialize?: () => void };
    for (const name of NEEDED)
      if (typeof exports[name] !== 'function')
        throw new Error(`Module does not export ${name} (not a QuickJS reactor?)`);
    this.#exports = exports;
    this.#enter(() => exports._initialize?.());
  }

  /**
   * Creates the runtime and the context.
   *
   * @param args - The command line of `qjs`: `--std` makes `std`, `os` and `bjson` global. Default: `['qjs']`.
   * @throws `Error` when there is already a context, or when it cannot be created.
   */
  init(args: string[] = ['qjs']): void {
    if (this.#context !== 0) throw new Error('QuickJS already initialized');
    const { qjs_init_argv, qjs_get_context } = this.#exports;
    const pointers = args.map((arg) => this.#text(arg));
    const list = this.#allocate(new Uint8Array(new Uint32Array([...pointers, 0]).buffer));
    const result = this.#enter(() => qjs_init_argv(args.length, list));
    for (const pointer of [list, ...pointers]) this.#exports.free(pointer);
    if (result !== 0) throw new Error('qjs_init_argv failed');
    this.#context = qjs_get_context() as number;
    if (this.#context === 0) throw new Error('qjs_get_context returned null');
  }

  /**
   * Evaluates a script or a module. Promise jobs run in the loop.
   *
   * @param code - Its source.
   * @param isModule - Whether it is an ES module. Default: false.
   * @param filename - Its name in error messages. Default: `<eval>`.
   * @throws `Error` when it throws; the exception is on standard error.
   * @throws `WASIProcExit` when it exits.
   */
  eval(code: string, isModule = false, filename = '<eval>'): void {
    const context = this.#ready();
    const { JS_Eval, JS_FreeValue, js_std_dump_error, free } = this.#exports;
    const bytes = new TextEncoder().encode(`${code}\0`);
    const text = this.#allocate(bytes);
    const name = this.#text(filename);
    const value = this.#enter(() => JS_Eval(context, text, bytes.length - 1, name, isModule ? 1 : 0)) as bigint;
    free(text);
    free(name);
    if (BigInt.asIntN(64, value) >> 32n === TAG_EXCEPTION) {
      this.#enter(() => js_std_dump_error(context));
      throw new Error('JavaScript exception');
    }
    this.#enter(() => JS_FreeValue(context, value));
  }

  /**
   * Runs pending jobs and at most one timer.
   *
   * @returns Above 0: milliseconds to the next timer; 0: there is more to do; `LOOP_IDLE` (also after an exit); or `LOOP_ERROR`.
   */
  loopOnce(): number {
    const result = this.#unlessExited(() => this.#exports.js_std_loop_once(this.#ready()) as number, LOOP_IDLE);
    if (this.#debug) console.log('[QuickJS]', 'js_std_loop_once ->', result);
    return result;
  }

  /**
   * Calls the handlers of descriptors that are ready.
   *
   * @param timeoutMs - Must be 0, because this thread must not wait. Default: 0.
   * @returns The result of `js_std_poll_io`; -1 after an exit.
   */
  pollIO(timeoutMs = 0): number {
    return this.#unlessExited(() => this.#exports.js_std_poll_io(this.#ready(), timeoutMs) as number, -1);
  }

  /**
   * Adds to standard input.
   *
   * @param data - The bytes, which are copied.
   */
  pushStdin(data: Uint8Array): void {
    this.#input.push(data);
  }

  /** Ends standard input. */
  closeStdin(): void {
    this.#input.close();
  }

  /** Whether there is input that has not been read. */
  hasStdinData(): boolean {
    return this.#input.size > 0;
  }

  /**
   * Sets a function to call whenever input is pushed or ends; it replaces the previous one.
   *
   * @param callback - The function; null: none.
   */
  onStdinWake(callback: (() => void) | null): void {
    this.#stopListening?.();
    this.#stopListening = callback ? this.#input.onWake(callback) : undefined;
  }

  /**
   * Runs the loop until it is idle, stopped, or the program exits. Input ends a wait for a timer. Even if there is always more to do, the page's
   * timers and events get their turn.
   *
   * @param onTick - Called before each tick.
   * @returns The exit code.
   * @throws `Error` after an uncaught exception, which is printed on standard error.
   */
  async runLoop(onTick?: () => void): Promise<number> {
    const turns = new Turns();
    this.#running = true;
    try {
      while (this.#running) {
        onTick?.();
        const result = this.#tick();
        if (this.#exitCode !== undefined) break;
        if (this.#readSome() || result === 0) await turns.next();
        else if (result === LOOP_IDLE) break;
        else await this.#sleep(result);
      }
    } finally {
      this.#running = false;
    }
    return this.getExitCode();
  }

  /**
   * Runs the loop until it is idle, waits for a timer, or the program exits.
   *
   * @returns The exit code.
   * @throws `Error` as `runLoop()` does.
   */
  runLoopSync(): number {
    for (;;) {
      const result = this.#tick();
      if (this.#exitCode !== undefined || (!this.#readSome() && result !== 0)) return this.getExitCode();
    }
  }

  /** Ends `runLoop()`. */
  stop(): void {
    this.#running = false;
    this.#wake?.();
  }

  /** Frees the context and the runtime, ends standard input, and delivers an unfinished line of output. */
  destroy(): void {
    this.stop();
    if (this.#context !== 0 && this.#exitCode === undefined) this.#exports.qjs_destroy();
    this.#context = 0;
    this.#input.close();
    this.#lines[1].end();
    this.#lines[2].end();
  }

  /**
   * The exit code.
   *
   * @returns 0 until the program exits.
   */
  getExitCode(): number {
    return this.#exitCode ?? 0;
  }

  #tick(): number {
    const result = this.loopOnce();
    if (result !== LOOP_ERROR) return result;
    this.#unlessExited(() => this.#exports.js_std_dump_error(this.#context), undefined);
    throw new Error('JavaScript error occurred');
  }

  /** Whether a handler has read something, or has seen the end. */
  #readSome(): boolean {
    const before = this.#input.size;
    const ends = this.#input.closed && before === 0 && !this.#endSeen;
    if (before === 0 && !ends) return false;
    this.#endSeen ||= ends;
    this.pollIO(0);
    return ends || this.#input.size < before;
  }

  async #sleep(milliseconds: number): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let end: (() => void) | undefined;
    await new Promise<void>((resolve) => {
      timer = setTimeout(resolve, Math.min(milliseconds, LONGEST_TIMER));
      end = this.#input.onWake((this.#wake = resolve));
    });
    clearTimeout(timer);
    end?.();
    this.#wake = undefined;
  }

  #ready(): number {
    if (this.#exitCode !== undefined) throw new WASIProcExit(this.#exitCode);
    if (this.#context === 0) throw new Error('QuickJS not initialized');
    return this.#context;
  }

  #unlessExited<T>(work: () => T, otherwise: T): T {
    try {
      return this.#enter(work);
    } catch (error) {
      if (!(error instanceof WASIProcExit)) throw error;
      this.#running = false;
      return otherwise;
    }
  }

  #enter<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      if (error instanceof WASIProcExit) this.#exitCode = error.code;
      throw error;
    }
  }

  #text(text: string): number {
    return this.#allocate(new TextEncoder().encode(`${text}\0`));
  }

  #allocate(bytes: Uint8Array): number {
    const pointer = (this.#exports.malloc(bytes.length) as number) >>> 0;
    if (pointer === 0) throw new Error('malloc failed');
    new Uint8Array(this.#exports.memory.buffer).set(bytes, pointer);
    return pointer;
  }
}

/**
 * Instantiates QuickJS from a compiled module.
 *
 * @param wasmModule - The module.
 * @param options - Arguments, environment, and functions that get the output.
 * @returns QuickJS, before `init()`.
 * @throws `Error` when the module lacks an export of a QuickJS reactor.
 */
export function createQuickJS(wasmModule: WebAssembly.Module, options: QuickJSOptions = {}): QuickJS {
  return new QuickJS(wasmModule, options);
}

/**
 * Loads, compiles and instantiates QuickJS.
 *
 * @param wasmSource - A URL, a `Response`, or the module's bytes.
 * @param options - Arguments, environment, and functions that get the output.
 * @returns QuickJS, before `init()`.
 * @throws `Error` when it cannot be loaded, or lacks an export of a QuickJS reactor.
 *
 * @example
 * const qjs = await loadQuickJS('/qjs-wasi.wasm');
 * qjs.init();
 * qjs.eval('console.log(6 * 7)');
 * await qjs.runLoop();
 * qjs.destroy();
 */
export async function loadQuickJS(
  wasmSource: string | URL | Response | ArrayBuffer | Uint8Array<ArrayBuffer>,
  options: QuickJSOptions = {},
): Promise<QuickJS> {
  const wasmModule = await compile(wasmSource);
  return helped(() => createQuickJS(wasmModule, options));
}

async function compile(source: string | URL | Response | ArrayBuffer | Uint8Array<ArrayBuffer>) {
  if (source instanceof ArrayBuffer || ArrayBuffer.isView(source)) return WebAssembly.compile(source);
  const response = source instanceof Response ? source : await fetch(source);
  if (!response.ok) throw new Error(`${response.url} cannot be loaded: ${response.status} ${response.statusText}`);
  return WebAssembly.compile(await response.arrayBuffer());
}
