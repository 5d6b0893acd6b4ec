/**
 * Loads components: lets native/component parse them, and compiles their core modules.
 *
 * This is a separate file, loaded for the first component.
 */
import { coordinatorPlatform, platform } from '#platform';
import { InvalidComponent, parserImports, planOf, type PlanBytes } from '../common/component-parser.ts';
import { messageOf } from '../common/error-text.ts';
import { leave } from '../common/parts.ts';
import { toPointer, type Pointer } from '../common/pointer.ts';
import type { HttpMessage } from '../common/protocol.ts';
import type { ComponentMessage, ComponentModule } from '../common/worker-protocol.ts';
import { PLAN_MODULE } from '../build/generated/layouts.ts';
import { instantiateP2, type P2Exports } from '../worker/p2.ts';
import { noProbe } from '../worker/probe.ts';
import { Plan } from '../common/plan.ts';
import type { Kernel } from './kernel.ts';
import type { Modules, Program, Refusal as RefusalClass } from './modules.ts';

/** The URLs of the files that are needed to run components. */
export interface Assets {
  parser: string;
  p2: string;
  executor: string;
  typed: string;
}

/** The modules that were requested before this file was loaded: component.wasm and p2.wasm; undefined if that failed. */
export type Ahead = [parser: Promise<WebAssembly.Module | undefined>, p2: Promise<WebAssembly.Module | undefined>];

/** Rewrites and compiles a core module. `what` names it in messages. */
export type Make = (bytes: Uint8Array<ArrayBuffer>, what: string) => Promise<ComponentModule>;

/** What this file needs of coordinator/modules.ts. */
type Loader = Pick<Modules, 'ahead'> & { readonly assets: Assets };

/** Fetches each file once. A file that could not be loaded is fetched again for the next component. */
class Once<T> {
  #value: Promise<T> | undefined;

  get(load: () => Promise<T>): Promise<T> {
    this.#value ??= load().catch((error: unknown) => {
      this.#value = undefined;
      throw error;
    });
    return this.#value;
  }
}

const parserFile = new Once<WebAssembly.Module>();
const p2File = new Once<WebAssembly.Module>();

async function compileFile(url: string): Promise<WebAssembly.Module> {
  try {
    const response = await platform.fetch(url);
    if (!response.ok) throw new Error(`the server answered ${response.status} ${response.statusText}`.trimEnd());
    return await WebAssembly.compile(await response.arrayBuffer());
  } catch (error) {
    throw new Error(`${url} cannot be loaded: ${messageOf(error)}. Is the file deployed?`, { cause: error });
  }
}

/** Returns the component's plan. Throws what `refuse` returns. */
function plan(file: WebAssembly.Module, bytes: Uint8Array, refuse: (message: string) => Error): PlanBytes {
  const { exports } = new WebAssembly.Instance(file, parserImports);
  try {
    return planOf(exports, bytes);
  } catch (error) {
    throw error instanceof InvalidComponent ? refuse(error.message) : error;
  }
}

/** The core modules of the component, which are slices of its bytes. */
function modulesOf({ words, names }: PlanBytes, bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer>[] {
  return [...new Plan(words, names).steps()]
    .filter(({ op }) => op === PLAN_MODULE)
    .map((step) => {
      const offset = step.next();
      return bytes.slice(offset, offset + step.next());
    });
}

const UNCHANGED = { memory: null, added: null };

/** Compiles all modules at once, or rewrites one after the other. Of several errors, throws that of the first module. */
async function compiled(
  codes: Uint8Array<ArrayBuffer>[],
  what: string,
  make: Make | undefined,
  fail: (message: string) => Error,
): Promise<ComponentModule[]> {
  const compiling = make ? [] : codes.map(async (code) => ({ ...UNCHANGED, module: await WebAssembly.compile(code) }));
  for (const each of compiling) each.catch(() => undefined); // awaited in order below
  const modules: ComponentModule[] = [];
  for (const [index, code] of codes.entries()) {
    try {
      modules.push(await (compiling[index] ?? make!(code, `${what}, core module ${index}`)));
    } catch (error) {
      if (!(error instanceof WebAssembly.CompileError)) throw error;
      throw fail(`its core module ${index} is invalid: ${error.message}`);
    }
  }
  return modules;
}

/**
 * Returns the component as a program. `make` rewrites each core module; it is undefined if they run unchanged. Throws a `Refusal` if the component cannot run.
 */
export async function loadComponent(
  bytes: Uint8Array<ArrayBuffer>,
  what: string,
  make: Make | undefined,
  { assets, ahead }: Loader,
  Refusal: typeof RefusalClass,
): Promise<Program> {
  const fail = (message: string): Error => new Refusal('module', `the component cannot run: ${message}`);
  const p2 = p2File.get(async () => (await ahead?.[1]) ?? coordinatorPlatform.compileKernel(assets.p2));
  p2.catch(() => undefined); // awaited below, because errors of the component are reported first
  const found = await plan(
    await parserFile.get(async () => (await ahead?.[0]) ?? compileFile(assets.parser)),
    bytes,
    fail,
  );
  const modules = await compiled(modulesOf(found, bytes), what, make, fail);
  const [first] = modules;
  if (!first) throw fail('it contains no code');
  const component = { url: assets.executor, typed: assets.typed, ...found, modules, p2: await p2 };
  const added = modules.find((each) => each.added)?.added ?? null;
  const begin = (kernel: Kernel, session: number, http: HttpMessage | undefined): ComponentMessage => ({
    ...component,
    serves: http?.serves === true,
    state: stateOf(kernel, session, component.p2, http?.port ?? 0),
  });
  return { module: first.module, memory: null, added, head: null, begin };
}

// --- the states of WASI 0.2 ---

let calls: P2Exports | undefined;
/** Keyed by session number. A program that is started again after a lack of memory keeps its state. */
const states = new Map<number, Pointer>();

/** Returns the state of a process; NULL if there is no memory for it. */
function stateOf(kernel: Kernel, session: number, p2: WebAssembly.Module, http: number): Pointer {
  calls ??= instantiateP2(p2, kernel.call, kernel.memory, noProbe);
  const state = states.get(session) ?? toPointer(calls.pc_create(http));
  if (state) states.set(session, state);
  return state;
}

/** Frees the state of a process, if it is a component. None of its threads runs any more. */
export function endComponent(session: number): void {
  const state = states.get(session);
  if (state) calls!.pc_free(state);
  states.delete(session);
}

// --- names ---

/** More than the longest name. */
const NAME_SIZE = 128;

/** A part of the name of a call, which ends with a NUL. */
function part(kernel: Kernel, call: number, which: 0 | 1): string {
  const bytes = kernel.copy(toPointer(calls!.pc_call_name(call, which)), NAME_SIZE);
  return new TextDecoder().decode(bytes.subarray(0, bytes.indexOf(0)));
}

/** Returns the name of a call from its number (native/wasi/p2/functions.h). Calls that are not functions of WASI concern handles. */
export function callName(kernel: Kernel, call: number): string {
  const from = part(kernel, call, 0);
  return from ? `${from}.${part(kernel, call, 1)}` : 'resource';
}

leave({ loadComponent, endComponent, callName });
