/**
 * Carries out a component's instantiation plan (native/component/plan.def): makes its core instances, in the plan's order, and the core functions that
 * they import.
 */
import {
  PLAN_ALIAS,
  PLAN_BUNDLE,
  PLAN_INSTANCE,
  PLAN_INSTANTIATE,
  PLAN_LOWER,
  PLAN_MODULE,
  PLAN_RESOURCE_DROP,
  PLAN_RESOURCE_NEW,
  PLAN_RESOURCE_REP,
  PLAN_SORT_FUNC,
  PLAN_SORT_GLOBAL,
  PLAN_SORT_MEMORY,
  PLAN_SORT_TABLE,
  PLAN_SORT_TAG,
  PLAN_SORTS,
} from '../build/generated/layouts.ts';
import { emptyImports } from '../common/memory-import.ts';
import type { ComponentModule } from '../common/worker-protocol.ts';
import type { ComponentFunction, Declarations } from './declarations.ts';
import type { ComponentInstance } from './component-instance.ts';
import { loweredType, type Plan, type Step } from '../common/plan.ts';
import type { Steps } from './steps.ts';
import { makeThunks, type Thunk } from './thunks.ts';

export type CoreFunction = (...args: (number | bigint)[]) => number | bigint | undefined;
type CoreItem = CoreFunction | WebAssembly.ExportValue;

/** The options of a lowered function. */
export interface LowerOptions {
  readonly instance: ComponentInstance;
  readonly memory: WebAssembly.Memory | null;
  readonly realloc: CoreFunction | null;
  readonly encoding: number;
}

/** What the executor needs from the worker. */
export interface Surroundings {
  openInstance(parent: ComponentInstance | null): ComponentInstance;
  /** Instantiates a core module, and prepares it if it was rewritten. */
  instantiate(module: ComponentModule, imports: WebAssembly.Imports): Steps<WebAssembly.Instance>;
  /** Called for each memory of the component, as soon as it exists. */
  foundMemory(memory: WebAssembly.Memory): void;
  /** Returns the target by which a core function calls a component function. */
  lower(fn: ComponentFunction, options: LowerOptions): Pick<Thunk, 'target' | 'constants'>;
  /** The three functions for the handles of a resource type. */
  resourceNew(instance: ComponentInstance, resource: number): Pick<Thunk, 'target' | 'constants'>;
  resourceRep(instance: ComponentInstance, resource: number): Pick<Thunk, 'target' | 'constants'>;
  resourceDrop(instance: ComponentInstance, resource: number): Pick<Thunk, 'target' | 'constants'>;
}

/** A core module lacks an export, which the parser has not checked. */
class MissingExport extends WebAssembly.LinkError {}

/** The place of each name in SORT_NAMES: its number in plan.def. */
interface SortNames extends ReadonlyArray<string> {
  [PLAN_SORT_FUNC]: 'function';
  [PLAN_SORT_TABLE]: 'table';
  [PLAN_SORT_MEMORY]: 'memory';
  [PLAN_SORT_GLOBAL]: 'global';
  [PLAN_SORT_TAG]: 'tag';
}
const SORT_NAMES: SortNames = ['function', 'table', 'memory', 'global', 'tag'];

export class Executor {
  readonly instances: ComponentInstance[] = [];
  readonly #modules: ComponentModule[] = [];
  readonly #cores: Record<string, CoreItem>[] = [];
  /** The core items by sort. */
  readonly #items: CoreItem[][] = Array.from({ length: PLAN_SORTS }, () => []);
  /** The functions that are not made yet, with their indexes. They are made together when the first of them is needed. */
  #pending: { place: number; thunk: Thunk }[] = [];
  /** The items of bundles that are functions not made yet. */
  #gaps: { items: Record<string, CoreItem>; name: string; place: number }[] = [];

  constructor(
    private readonly plan: Plan,
    private readonly declared: Declarations,
    private readonly compiled: readonly ComponentModule[],
    private readonly surroundings: Surroundings,
  ) {}

  /** Runs the core modules' start functions. Throws what they throw, and what the engine throws when it cannot link or has no memory. */
  *instantiate(): Steps<void> {
    for (const step of this.plan.steps()) {
      if (step.op === PLAN_INSTANTIATE) yield* this.#instantiate(step);
      else this.#take(step);
    }
    this.#makePending();
  }

  function(index: number): CoreFunction {
    const functions = this.#items[PLAN_SORT_FUNC]!;
    if (functions[index] === undefined) this.#makePending();
    return functions[index] as CoreFunction;
  }

  memory(index: number): WebAssembly.Memory {
    return this.#items[PLAN_SORT_MEMORY]![index] as WebAssembly.Memory;
  }

  #take(step: Step): void {
    switch (step.op) {
      case PLAN_INSTANCE: {
        const parent = step.optional();
        this.instances.push(this.surroundings.openInstance(parent === undefined ? null : this.instances[parent]!));
        break;
      }
      case PLAN_MODULE:
        this.#modules.push(this.compiled[this.#modules.length]!);
        break;
      case PLAN_BUNDLE:
        this.#bundle(step);
        break;
      case PLAN_ALIAS:
        this.#alias(step);
        break;
      case PLAN_LOWER:
        this.#lower(step);
        break;
      case PLAN_RESOURCE_NEW:
        this.#builtIn(step, 'i', 'i', 'resourceNew');
        break;
      case PLAN_RESOURCE_REP:
        this.#builtIn(step, 'i', 'i', 'resourceRep');
        break;
      case PLAN_RESOURCE_DROP:
        this.#builtIn(step, 'i', '', 'resourceDrop');
        break;
    }
  }

  *#instantiate(step: Step): Steps<void> {
    this.#makePending();
    const module = this.#modules[step.next()]!;
    const imports = emptyImports<WebAssembly.ModuleImports>();
    step.list(() => (imports[step.name()] = this.#cores[step.next()] as WebAssembly.ModuleImports));
    const { exports } = yield* this.surroundings.instantiate(module, imports);
    this.#cores.push(exports as Record<string, CoreItem>);
  }

  #bundle(step: Step): void {
    const items = emptyImports<CoreItem>();
    step.list(() => {
      const name = step.name();
      const sort = step.next();
      const place = step.next();
      const item = this.#items[sort]![place];
      if (item) items[name] = item;
      else this.#gaps.push({ items, name, place });
    });
    this.#cores.push(items);
  }

  #alias(step: Step): void {
    const sort = step.next();
    const core = step.next();
    const name = step.name();
    const items = this.#cores[core]!;
    if (!items[name]) this.#makePending();
    const item = items[name];
    if (!isOf(sort, item))
      throw new MissingExport(`core instance ${core} of the component exports no ${SORT_NAMES[sort]} "${name}"`);
    this.#items[sort]!.push(item);
    if (item instanceof WebAssembly.Memory) this.surroundings.foundMemory(item);
  }

  #lower(step: Step): void {
    const instance = this.instances[step.next()]!;
    const fn = this.declared.functions[step.next()]!;
    const memory = step.optional();
    const realloc = step.optional();
    const how = this.surroundings.lower(fn, {
      instance,
      memory: memory === undefined ? null : this.memory(memory),
      realloc: realloc === undefined ? null : this.function(realloc),
      encoding: step.next(),
    });
    this.#add({ ...loweredType(this.declared.functionStep(fn.type)), ...how });
  }

  #builtIn(step: Step, params: string, results: string, which: 'resourceNew' | 'resourceRep' | 'resourceDrop'): void {
    this.#add({ params, results, ...this.surroundings[which](this.instances[step.next()]!, step.next()) });
  }

  #add(thunk: Thunk): void {
    const functions = this.#items[PLAN_SORT_FUNC]!;
    this.#pending.push({ place: functions.length, thunk });
    functions.length++;
  }

  #makePending(): void {
    if (this.#pending.length === 0) return;
    const made = makeThunks(this.#pending.map(({ thunk }) => thunk));
    const functions = this.#items[PLAN_SORT_FUNC]!;
    this.#pending.forEach(({ place }, i) => (functions[place] = made[i] as CoreFunction));
    for (const { items, name, place } of this.#gaps) items[name] = functions[place]!;
    this.#pending = [];
    this.#gaps = [];
  }
}

function isOf(sort: number, item: CoreItem | undefined): item is CoreItem {
  const kinds = [Function, WebAssembly.Table, WebAssembly.Memory, WebAssembly.Global];
  const kind = kinds[sort];
  return kind ? item instanceof kind : item !== undefined;
}
