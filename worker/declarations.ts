/** The declarations in a component's plan: its types, resources, functions and exports. They are known before anything is instantiated. */
import {
  PLAN_EXPORT,
  PLAN_EXPORT_RESOURCE,
  PLAN_FUNC,
  PLAN_IMPORT,
  PLAN_LIFT,
  PLAN_LOWER,
  PLAN_RESOURCE,
  PLAN_RESOURCE_DROP,
  PLAN_RESOURCE_IMPORTED,
} from '../build/generated/layouts.ts';
import { primitives, type ComponentType } from '../common/component-types.ts';
import { Step, typeOf, type Plan } from '../common/plan.ts';

/** A function that the host must provide. */
export interface Imported {
  readonly kind: 'import';
  /** As written in the component: "wasi:cli/stdin@0.2.3"; "" for a function that is imported without an interface. */
  readonly from: string;
  readonly name: string;
  readonly type: number;
  /** The hash of its type, as native/component/component.h defines it: its lower and its upper half. */
  readonly hash: readonly [number, number];
}

/** A function of the component. The numbers are indices into the plan's spaces. */
export interface Lifted {
  readonly kind: 'lift';
  readonly instance: number;
  readonly core: number;
  readonly type: number;
  readonly memory: number | undefined;
  readonly realloc: number | undefined;
  readonly postReturn: number | undefined;
  readonly encoding: number;
}

export type ComponentFunction = Imported | Lifted;

export type Resource =
  | { readonly kind: 'import'; readonly from: string; readonly name: string }
  | { readonly kind: 'own'; readonly instance: number; readonly destructor: number | undefined };

export interface Export<T> {
  readonly from: string;
  readonly name: string;
  readonly item: T;
}

/** Everything in the plan that the host must provide. */
export interface Needs {
  readonly functions: readonly Imported[];
  readonly resources: readonly Extract<Resource, { kind: 'import' }>[];
}

export class Declarations {
  readonly types: ComponentType[] = primitives();
  readonly resources: Resource[] = [];
  readonly functions: ComponentFunction[] = [];
  readonly exports: Export<ComponentFunction>[] = [];
  readonly exportedResources: Export<number>[] = [];
  /** The positions of the steps that define the types. */
  readonly #steps: number[] = this.types.map(() => -1);
  readonly #lowered = new Set<number>();
  readonly #dropped = new Set<number>();

  constructor(private readonly plan: Plan) {
    for (const step of plan.steps()) this.#take(step);
  }

  /** Whether one of its components calls a function of another. */
  get callsItself(): boolean {
    return [...this.#lowered].some((index) => this.functions[index]!.kind === 'lift');
  }

  #take(step: Step): void {
    const type = typeOf(step);
    if (type) {
      this.types.push(type);
      this.#steps.push(step.at);
      return;
    }
    switch (step.op) {
      case PLAN_RESOURCE_IMPORTED:
        this.resources.push({ kind: 'import', from: step.name(), name: step.name() });
        break;
      case PLAN_RESOURCE:
        this.resources.push({ kind: 'own', instance: step.next(), destructor: step.optional() });
        break;
      case PLAN_IMPORT:
        this.functions.push({
          kind: 'import',
          from: step.name(),
          name: step.name(),
          type: step.next(),
          hash: [step.next(), step.next()],
        });
        break;
      case PLAN_LIFT:
        this.functions.push({
          kind: 'lift',
          instance: step.next(),
          core: step.next(),
          type: step.next(),
          memory: step.optional(),
          realloc: step.optional(),
          postReturn: step.optional(),
          encoding: step.next(),
        });
        break;
      case PLAN_LOWER:
        step.next(); // the instance
        this.#lowered.add(step.next());
        break;
      case PLAN_RESOURCE_DROP:
        step.next();
        this.#dropped.add(step.next());
        break;
      case PLAN_EXPORT:
        this.exports.push({ from: step.name(), name: step.name(), item: this.functions[step.next()]! });
        break;
      case PLAN_EXPORT_RESOURCE:
        this.exportedResources.push({ from: step.name(), name: step.name(), item: step.next() });
        break;
    }
  }

  /** Returns the step that defines a function type. */
  functionStep(type: number): Step {
    const step = new Step(this.plan, this.#steps[type]!);
    if (step.op !== PLAN_FUNC) throw new RangeError(`type ${type} of the plan is not a function type`);
    return step;
  }

  get needs(): Needs {
    const isImport = <T extends { kind: string }>(item: T | undefined): item is Extract<T, { kind: 'import' }> =>
      item?.kind === 'import';
    return {
      functions: [...this.#lowered].map((index) => this.functions[index]).filter(isImport),
      resources: [...this.#dropped].map((index) => this.resources[index]).filter(isImport),
    };
  }
}
