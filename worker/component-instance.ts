/** A running component instance: its table of handles, which p2.wasm keeps, and whether it may be entered and left. */
import { toPointer, type Pointer } from '../common/pointer.ts';
import type { ComponentInstance as Canonical, Handles } from './canonical.ts';
import type { P2Calls } from '../build/generated/exports.ts';

class Table implements Handles {
  /** For each call under way, the handles that it has lent. */
  readonly #scopes: number[][] = [];

  constructor(
    private readonly p2: P2Calls,
    private readonly instance: Pointer,
    /** Returns the number of a resource type in p2.wasm. */
    private readonly typeOf: (resource: number) => number,
    /** Whether the instance defines the resource type; then it gets the representations of borrowed resources, not handles. */
    private readonly defines: (resource: number) => boolean,
  ) {}

  lowerOwn(resource: number, rep: number): number {
    return this.p2.pw_lower_own(this.instance, this.typeOf(resource), rep) >>> 0;
  }

  liftOwn(resource: number, index: number): number {
    return this.p2.pw_lift_own(this.instance, this.typeOf(resource), index) >>> 0;
  }

  lowerBorrow(resource: number, rep: number, scope: number): number {
    if (this.defines(resource)) return rep;
    return this.p2.pw_lower_borrow(this.instance, this.typeOf(resource), rep, scope) >>> 0;
  }

  liftBorrow(resource: number, index: number, scope: number): number {
    const rep = this.p2.pw_lift_borrow(this.instance, this.typeOf(resource), index) >>> 0;
    this.#scopes[scope - 1]!.push(index);
    return rep;
  }

  /** Scopes are numbered from 1; 0 means none. */
  openScope(): number {
    return this.#scopes.push([]);
  }

  closeScope(scope: number): number {
    const lent = this.#scopes[scope - 1]!;
    this.#scopes.length = scope - 1;
    for (const index of lent) this.p2.pw_end_lend(this.instance, index);
    return this.p2.pw_borrows(this.instance, scope);
  }
}

export class ComponentInstance implements Canonical {
  /** Its struct in p2.wasm. */
  readonly pointer: Pointer;
  readonly handles: Handles;
  mayEnter = true;

  constructor(
    private readonly p2: P2Calls,
    state: Pointer,
    readonly parent: ComponentInstance | null,
    resources: { typeOf(resource: number): number; defines(instance: ComponentInstance, resource: number): boolean },
  ) {
    this.pointer = toPointer(p2.pw_instance(state));
    if (!this.pointer) throw new RangeError('the kernel is out of memory');
    this.handles = new Table(
      p2,
      this.pointer,
      (resource) => resources.typeOf(resource),
      (resource) => resources.defines(this, resource),
    );
  }

  /** may_leave, which p2.wasm also checks, and which it clears while it calls the instance's realloc. */
  get mayLeave(): boolean {
    return this.p2.pw_leaves(this.pointer) !== 0;
  }

  set mayLeave(value: boolean) {
    this.p2.pw_may_leave(this.pointer, Number(value));
  }
}
