/** Reads a component's world, its imports and exports, from its plan. */
import {
  PLAN_EXPORT,
  PLAN_EXPORT_RESOURCE,
  PLAN_EXPORT_TYPE,
  PLAN_IMPORT,
  PLAN_LIFT,
  PLAN_RESOURCE,
  PLAN_RESOURCE_IMPORTED,
} from '../../build/generated/layouts.js';
import type { PlanBytes } from '../../common/component-parser.js';
import { primitives, type ComponentType } from '../../common/component-types.js';
import { Plan, typeOf, type Step } from '../../common/plan.js';
import { isWasi, type Item, type World } from './typescript.js';

class Reader implements World {
  readonly types: ComponentType[] = primitives();
  readonly imports: Item[] = [];
  readonly exports: Item[] = [];
  readonly named: Item[] = [];
  readonly resources: (Item & { exported: boolean })[] = [];
  /** The types of the functions. */
  private readonly functions: number[] = [];
  private resourceTypes = 0;

  take(step: Step): void {
    const type = typeOf(step);
    if (type) this.types.push(type);
    else this.takeItem(step);
  }

  private takeItem(step: Step): void {
    switch (step.op) {
      case PLAN_IMPORT: {
        const item = this.item(step);
        this.functions.push(item.index);
        if (!isWasi(item.from)) this.imports.push(item);
        break;
      }
      case PLAN_LIFT:
        step.next(); // the instance
        step.next(); // the core function
        this.functions.push(step.next());
        break;
      case PLAN_RESOURCE_IMPORTED:
        this.resources.push({ from: step.name(), name: step.name(), index: this.resourceTypes++, exported: false });
        break;
      case PLAN_RESOURCE:
        this.resourceTypes++;
        break;
      case PLAN_EXPORT: {
        const item = this.item(step);
        this.exports.push({ ...item, index: this.functions[item.index]! });
        break;
      }
      case PLAN_EXPORT_RESOURCE:
        this.resources.push({ ...this.item(step), exported: true });
        break;
      case PLAN_EXPORT_TYPE:
        this.named.push(this.item(step));
        break;
    }
  }

  private item(step: Step): Item {
    return { from: step.name(), name: step.name(), index: step.next() };
  }
}

export function worldOf({ words, names }: PlanBytes): World {
  const world = new Reader();
  for (const step of new Plan(words, names).steps()) world.take(step);
  return world;
}
