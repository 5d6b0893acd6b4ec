/** WASI 0.2 for components: p2.wasm (native/wasi/p2), instantiated over the kernel's memory, in the workers of components and in the coordinator. */
import type { P2Calls, P2CoordinatorCalls } from '../build/generated/exports.ts';
import { P2_BINDINGS, P2_FUNCTIONS, P2_RESOURCES } from '../build/generated/p2.ts';
import type { Pointer } from '../common/pointer.ts';

/** The exports of p2.wasm: those that TypeScript calls, and the functions of WASI, as p2_NAME. */
export interface P2Exports extends P2Calls, P2CoordinatorCalls {
  readonly [name: string]: unknown;
  readonly __stack_pointer: WebAssembly.Global;
}

/** `kernel`: the exports of the kernel's instance in this worker. `probe`: see probe.ts. */
export function instantiateP2(
  module: WebAssembly.Module,
  kernel: object,
  memory: WebAssembly.Memory,
  probe: CallableFunction,
): P2Exports {
  const { __indirect_function_table } = kernel as { __indirect_function_table: WebAssembly.Table };
  const imports = { kernel: { ...kernel, probe }, env: { memory, __indirect_function_table } };
  return new WebAssembly.Instance(module, imports as unknown as WebAssembly.Imports).exports as unknown as P2Exports;
}

/** Interfaces of WASI are looked up without the version: any patch version of 0.2 fits, because later ones only added functions. */
const VERSION = /@0\.2\.\d+$/;

/** The name without its version; null if it is not an interface of WASI 0.2. */
const unversioned = (from: string): string | null => (VERSION.test(from) ? from.replace(VERSION, '') : null);

export interface WasiFunction {
  /** The name of the export of p2.wasm. */
  readonly exported: string;
  readonly hash: readonly [number, number];
}

/** The numbers of the functions, keyed by "INTERFACE NAME"; created when the first component is bound, so that the coordinator's bundle does not contain the table. */
let functions: Map<string, number> | undefined;
let resources: Map<string, number> | undefined;

export function wasiFunction(from: string, name: string): WasiFunction | undefined {
  functions ??= new Map(P2_FUNCTIONS.map((own, index) => [own.join(' '), index]));
  const index = functions.get(`${unversioned(from)} ${name}`);
  if (index === undefined) return undefined;
  const [exported, low, high] = P2_BINDINGS[index]!;
  const usual = name.replace(/^\[\w+\]/, '').replace(/\W/g, '_');
  return { exported: `p2_${exported || usual}`, hash: [low, high] };
}

/** Returns the number of a WASI resource type. */
export function wasiResource(from: string, name: string): number | undefined {
  resources ??= new Map(P2_RESOURCES.map((resource, index) => [resource.join(' '), index + 1]));
  return resources.get(`${unversioned(from)} ${name}`);
}

/** Returns the names of the interface's functions that p2.wasm implements; none if the interface is unknown. */
export const functionsOf = (from: string): string[] =>
  P2_FUNCTIONS.filter(([own]) => own === unversioned(from)).map(([, name]) => name);

export const interfaces = (): string[] => [...new Set(P2_FUNCTIONS.map(([from]) => from))];

/** Slots in the kernel's table. A table cannot shrink, so the slots of earlier components are reused. */
class Slots {
  readonly #free: number[] = [];
  readonly #used: number[] = [];

  constructor(private readonly table: WebAssembly.Table) {}

  put(fn: CallableFunction): number {
    const slot = this.#free.pop() ?? this.table.grow(1);
    this.table.set(slot, fn);
    this.#used.push(slot);
    return slot;
  }

  /** Empties the slots, so that the functions and the objects that they refer to can be collected. */
  clear(): void {
    for (const slot of this.#used) this.table.set(slot, null);
    this.#free.push(...this.#used.splice(0));
  }
}

/** A worker's instance of p2.wasm, which one component after the other uses. */
export class Preview2 {
  readonly calls: P2Exports;
  readonly slots: Slots;

  constructor(
    module: WebAssembly.Module,
    kernel: { __indirect_function_table: WebAssembly.Table },
    memory: WebAssembly.Memory,
    probe: CallableFunction,
  ) {
    this.calls = instantiateP2(module, kernel, memory, probe);
    this.slots = new Slots(kernel.__indirect_function_table);
  }

  /** From now on the calling thread runs the component with this state. */
  begin(state: Pointer, thread: Pointer): void {
    this.resetStack(state);
    this.calls.pw_begin(state, thread);
  }

  /** Resets p2.wasm's stack, which is below the state: unwinding the component does not restore the stack pointer. */
  resetStack(state: Pointer): void {
    this.calls.__stack_pointer.value = state | 0;
  }
}
