/** One side of a call: the memory, allocator and handles of the component instance whose values are lifted or lowered. */
import { Trap } from './trap.ts';

/** The resource handles of a component instance. The executor keeps them in p2.wasm's tables. Each method throws `Trap`. */
export interface Handles {
  /** Adds a handle that owns the resource; returns its index. */
  lowerOwn(resource: number, rep: number): number;
  /** Removes a handle that must own a resource of this type and must not be lent; returns the resource's representation. */
  liftOwn(resource: number, index: number): number;
  /** Adds a handle that is borrowed for the call `scope`. If the instance itself defines the resource, returns `rep` instead. */
  lowerBorrow(resource: number, rep: number, scope: number): number;
  /** Lends a handle for the call `scope`; returns the resource's representation. */
  liftBorrow(resource: number, index: number, scope: number): number;
  /** Begins a call into or out of this instance whose parameters contain borrowed handles. Scopes end in reverse order. */
  openScope(): number;
  /** Ends a call: what it lent is free again. Returns how many of the handles lowered for it have not been dropped. */
  closeScope(scope: number): number;
}

/** A component instance. */
export interface ComponentInstance {
  readonly handles: Handles;
  /** The instance whose component instantiates it; the root has none. */
  readonly parent: ComponentInstance | null;
  /** Cleared while it must not call out: in its realloc and its post-return functions. Lowered functions check it. */
  mayLeave: boolean;
  /** Cleared while a call into it is under way. */
  mayEnter: boolean;
}

/** Converts resources to the JavaScript values that stand for them, and back. */
export interface ResourceValues {
  /** Begins the check of a call's arguments, or of its result: no resource may be given away twice, or lent and given away. */
  begin(): void;
  /** After the check: what the arguments lend cannot be given away until `giveBack` is called with the result. */
  lend(): number;
  giveBack(mark: number): void;
  lifted(resource: number, rep: number, own: boolean): unknown;
  /** Returns null if the value stands for such a resource, else the reason why it does not. */
  check(resource: number, value: unknown, own: boolean): string | null;
  /** Returns the representation of the resource; the value has been checked. With `own`, the holder gives the resource up. */
  lowered(resource: number, value: unknown, own: boolean): number;
}

export type StringEncoding = 'utf8' | 'utf16' | 'latin1+utf16';

export type Realloc = (pointer: number, oldSize: number, align: number, size: number) => number;

export interface SideOptions {
  readonly instance: ComponentInstance;
  readonly memory: WebAssembly.Memory | null;
  readonly realloc: Realloc | null;
  readonly encoding: StringEncoding;
  /** Absent if values only pass from memory to memory. */
  readonly resources?: ResourceValues;
  /** Called now and then while many values pass: unwinds the component if it must stop, and waits while it is paused. */
  readonly checkOrders: () => void;
}

/**
 * How much a component may pass to JavaScript in one call: a byte of a string or of an array of numbers counts 1, every other value 32. The size of
 * its memory does not limit this, because a list of lists can refer to the same bytes any number of times.
 */
const LIFT_LIMIT = 2 ** 28 + 2 ** 20;
export const VALUE_COST = 32;
/** How much may pass, in the same measure, until the component's orders are checked again: less than a millisecond's work. */
const UNCHECKED = 2 ** 20;
/** The most handles that a call may lend. They are remembered until it returns, and a list of lists can refer to the same handle any number of times. */
const LENDS_MOST = 2 ** 16;

const noBytes = new Uint8Array();
const noView = new DataView(noBytes.buffer);

export class Side {
  /** The memory's bytes, as of the last `refresh`. */
  bytes: Uint8Array = noBytes;
  view: DataView = noView;
  /** The scope of the current call, for its borrowed handles. */
  scope = 0;
  /** How much of the limit is left in this call. */
  left = 0;
  limit = LIFT_LIMIT;
  private unchecked = 0;
  private lends = 0;
  readonly instance: ComponentInstance;
  readonly handles: Handles;
  readonly encoding: StringEncoding;
  readonly resources: ResourceValues | undefined;
  private readonly memory: WebAssembly.Memory | null;
  private readonly realloc: Realloc | null;
  private readonly checkOrders: () => void;

  constructor({ instance, memory, realloc, encoding, resources, checkOrders }: SideOptions) {
    this.instance = instance;
    this.handles = instance.handles;
    this.memory = memory;
    this.realloc = realloc;
    this.encoding = encoding;
    this.resources = resources;
    this.checkOrders = checkOrders;
  }

  /** Begins a call that lends handles in this scope. */
  beginLends(scope: number): void {
    this.scope = scope;
    this.lends = 0;
  }

  countLend(): void {
    if (++this.lends > LENDS_MOST) throw new Trap(`a call lends more than ${LENDS_MOST} handles`);
  }

  /** Call this whenever code of a component may have run: its memory may have grown, which replaces the buffer. */
  refresh(): void {
    const { memory } = this;
    if (!memory || memory.buffer === this.view.buffer) return;
    this.bytes = new Uint8Array(memory.buffer);
    this.view = new DataView(memory.buffer);
  }

  /** Requires that `what` is aligned and inside the memory. */
  require(pointer: number, size: number, align: number, what: string): void {
    if (pointer % align !== 0) throw new Trap(`the address of ${what}, ${pointer}, is not a multiple of ${align}`);
    if (pointer + size > this.bytes.length)
      throw new Trap(`${what}, ${size} bytes at ${pointer}, is not inside the memory of ${this.bytes.length} bytes`);
  }

  /** Calls the component's allocator. */
  allocate(size: number, align: number): number {
    const { instance } = this;
    if (!this.realloc) throw new Trap('there is no realloc function for a value that needs memory');
    instance.mayLeave = false;
    const pointer = this.realloc(0, 0, align, size) >>> 0;
    instance.mayLeave = true;
    this.refresh();
    this.require(pointer, size, align, 'the memory from its realloc function');
    return pointer;
  }

  /** Subtracts the cost of lifted values from what is left in this call. */
  spend(cost: number): void {
    this.left -= cost;
    if (this.left < 0) throw new Trap('the values that it passes are too large');
    this.passed(cost);
  }

  /** Call this for all that passes: JavaScript's loops, unlike the component's, do not check for orders themselves. */
  passed(cost: number): void {
    this.unchecked += cost;
    if (this.unchecked < UNCHECKED) return;
    this.unchecked = 0;
    this.checkOrders();
  }
}
