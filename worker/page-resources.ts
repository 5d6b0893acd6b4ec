/** The resources of a component that the page holds. In calls, a resource is an object whose property RESOURCE holds its id. */
import { RESOURCE, type ResourceMessage } from '../common/guest-protocol.ts';
import type { ResourceValues } from './canonical.ts';

interface Held {
  readonly resource: number;
  readonly rep: number;
  readonly own: boolean;
}

const idOf = (value: unknown): number | undefined =>
  typeof value === 'object' && value !== null ? (value as Partial<ResourceMessage>)[RESOURCE] : undefined;

/** What this file needs to know about resource types. */
interface ResourceTypes {
  nameOf(resource: number): string;
  /** With its interface, as the page knows it. */
  fullNameOf(resource: number): string;
  /** The place of the page's class among its functions; -1 if the component defines the type. */
  classOf(resource: number): number;
}

export class PageResources implements ResourceValues {
  readonly #held = new Map<number, Held>();
  /** The ids of the resources that the current call to the page lends. */
  readonly #borrowed: number[] = [];
  /** The ids of the resources in the values that are being checked, and whether they are given away. */
  readonly #seen = new Map<number, boolean>();
  /** The ids of the resources that the page's calls under way lend to the component. */
  readonly #lent: number[] = [];
  #last = 0;

  constructor(private readonly types: ResourceTypes) {}

  begin(): void {
    this.#seen.clear();
  }

  lend(): number {
    const mark = this.#lent.length;
    for (const [id, own] of this.#seen) if (!own) this.#lent.push(id);
    return mark;
  }

  giveBack(mark: number): void {
    this.#lent.length = mark;
  }

  lifted(resource: number, rep: number, own: boolean): ResourceMessage {
    const name = this.types.fullNameOf(resource);
    const page = this.types.classOf(resource);
    if (page >= 0) return { [RESOURCE]: rep, name, page, own };
    this.#held.set(++this.#last, { resource, rep, own });
    if (!own) this.#borrowed.push(this.#last);
    return { [RESOURCE]: this.#last, name };
  }

  check(resource: number, value: unknown, own: boolean): string | null {
    const name = this.types.nameOf(resource);
    const page = this.types.classOf(resource);
    if (page >= 0)
      return idOf(value) !== undefined && (value as ResourceMessage).page === page
        ? null
        : `an object of the page's class for ${name}`;
    const id = idOf(value) ?? 0;
    const held = this.#held.get(id);
    if (held?.resource !== resource || (own && !held.own)) return `a live ${name} of this component`;
    const before = this.#seen.get(id);
    if (own ? before !== undefined || this.#lent.includes(id) : before)
      return `a ${name} that is not used elsewhere in the call that gives it away`;
    this.#seen.set(id, own);
    return null;
  }

  lowered(resource: number, value: unknown, own: boolean): number {
    const id = idOf(value)!;
    if (this.types.classOf(resource) >= 0) return id;
    const { rep } = this.#held.get(id)!;
    if (own) this.#held.delete(id);
    return rep;
  }

  /** Called when the component's call to the page has ended: the page must no longer use what the component lent it. */
  endBorrows(): void {
    for (const id of this.#borrowed.splice(0)) this.#held.delete(id);
  }

  /** Removes a resource that the page gives up. */
  take(id: number): Held | undefined {
    const held = this.#held.get(id);
    this.#held.delete(id);
    return held;
  }
}
