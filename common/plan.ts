/** Reads a component's instantiation plan (native/component/plan.def). */
import {
  PLAN_BORROW,
  PLAN_ENUM,
  PLAN_FLAGS,
  PLAN_FUNC,
  PLAN_LIST,
  PLAN_NONE,
  PLAN_OP_BITS,
  PLAN_OPTION,
  PLAN_OWN,
  PLAN_RECORD,
  PLAN_RESULT,
  PLAN_RESULT_IN_MEMORY,
  PLAN_TUPLE,
  PLAN_VARIANT,
} from '../build/generated/layouts.js';
import type { ComponentType, Field } from './component-types.js';

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });

/** A step of a plan. Its operands are read in the order in which plan.def lists them. */
export class Step {
  readonly op: number;
  #at: number;

  constructor(
    private readonly plan: Plan,
    /** The position of the step's head in the plan's words. */
    readonly at: number,
  ) {
    this.op = plan.words[at]! & ((1 << PLAN_OP_BITS) - 1);
    this.#at = at + 1;
  }

  /** The next operand: a number or an index. */
  next(): number {
    return this.plan.words[this.#at++]!;
  }

  /** The next operand; undefined if it is absent. */
  optional(): number | undefined {
    const index = this.next();
    return index === PLAN_NONE ? undefined : index;
  }

  name(): string {
    const offset = this.next();
    return utf8.decode(this.plan.names.subarray(offset, offset + this.next()));
  }

  /** Reads a list, whose length is the next operand. */
  list<T>(read: () => T): T[] {
    return Array.from({ length: this.next() }, read);
  }
}

export class Plan {
  constructor(
    readonly words: Uint32Array,
    readonly names: Uint8Array,
  ) {}

  *steps(): Generator<Step, void> {
    for (let at = 0; at < this.words.length; at += this.words[at]! >>> PLAN_OP_BITS) yield new Step(this, at);
  }
}

/** Returns the type that a step defines; null if it defines none. */
export function typeOf(step: Step): ComponentType | null {
  const field = (): Field => ({ name: step.name(), type: step.next() });
  const name = (): string => step.name();
  const type = (): number | null => step.optional() ?? null;
  switch (step.op) {
    case PLAN_RECORD:
      return { kind: 'record', fields: step.list(field) };
    case PLAN_VARIANT:
      return { kind: 'variant', cases: step.list(() => ({ name: name(), type: type() })) };
    case PLAN_LIST:
      return { kind: 'list', type: step.next() };
    case PLAN_TUPLE:
      return { kind: 'tuple', types: step.list(() => step.next()) };
    case PLAN_FLAGS:
      return { kind: 'flags', names: step.list(name) };
    case PLAN_ENUM:
      return { kind: 'enum', names: step.list(name) };
    case PLAN_OPTION:
      return { kind: 'option', type: step.next() };
    case PLAN_RESULT:
      return { kind: 'result', ok: type(), err: type() };
    case PLAN_OWN:
      return { kind: 'own', resource: step.next() };
    case PLAN_BORROW:
      return { kind: 'borrow', resource: step.next() };
    case PLAN_FUNC:
      step.next();
      return { kind: 'func', params: step.list(field), result: type() };
    default:
      return null;
  }
}

/** Returns the core type of a lowered function, whose component type `step` defines. */
export function loweredType(step: Step): { params: string; results: string } {
  const flags = step.next();
  step.list(() => [step.name(), step.next()]);
  step.next();
  const params = step.name();
  return flags & PLAN_RESULT_IN_MEMORY ? { params: `${params}i`, results: '' } : { params, results: step.name() };
}
