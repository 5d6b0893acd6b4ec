// A component instance for tests of the canonical ABI: a memory, an allocator that only counts up, and a table of handles.
import { load } from './load.mjs';

export const abi = await load(
  'worker/canonical.ts',
  'worker/canonical/trap.ts',
  'common/component-types.ts',
  'common/component-names.ts',
);

const { Codecs, Side, Trap, primitives } = abi;

/** Where the allocator begins. */
export const HEAP = 64;

/** A table of handles as in the specification: each entry has a resource type, and owns or borrows the resource. */
export class Table {
  entries = [null];
  scopes = [];
  /** The resource types that the instance defines itself. */
  constructor(own = []) {
    this.own = new Set(own);
  }
  add(entry) {
    const free = this.entries.indexOf(undefined);
    if (free < 0) return this.entries.push(entry) - 1;
    this.entries[free] = entry;
    return free;
  }
  get(resource, index) {
    const entry = this.entries[index];
    if (!entry) throw new Trap(`there is no handle ${index}`);
    if (entry.resource !== resource) throw new Trap(`handle ${index} is of another resource type`);
    return entry;
  }
  lowerOwn(resource, rep) {
    return this.add({ resource, rep, own: true, lends: 0 });
  }
  liftOwn(resource, index) {
    const entry = this.get(resource, index);
    if (entry.lends > 0) throw new Trap(`handle ${index} is lent`);
    if (!entry.own) throw new Trap(`handle ${index} is borrowed`);
    this.entries[index] = undefined;
    return entry.rep;
  }
  lowerBorrow(resource, rep, scope) {
    if (this.own.has(resource)) return rep;
    this.scopes[scope - 1].held++;
    return this.add({ resource, rep, own: false, lends: 0, scope });
  }
  liftBorrow(resource, index, scope) {
    const entry = this.get(resource, index);
    entry.lends++;
    this.scopes[scope - 1].lent.push(entry);
    return entry.rep;
  }
  drop(index) {
    const entry = this.entries[index];
    if (entry.scope) this.scopes[entry.scope - 1].held--;
    this.entries[index] = undefined;
  }
  openScope() {
    return this.scopes.push({ held: 0, lent: [] });
  }
  closeScope(scope) {
    const { held, lent } = this.scopes[scope - 1];
    for (const entry of lent) entry.lends--;
    this.scopes.length = scope - 1;
    return held;
  }
}

/** Resources whose JavaScript values are {rep}. */
export const plainResources = {
  begin() {},
  lend: () => 0,
  giveBack() {},
  lifted: (resource, rep, own) => ({ resource, rep, own }),
  check: (resource, value) => (value?.resource === resource ? null : 'a resource'),
  lowered: (_, value) => value.rep,
};

/** An instance with its side. `heap.next` is the address of the next allocation. */
export function component({
  pages = 1,
  encoding = 'utf8',
  table = new Table(),
  realloc,
  parent = null,
  shared,
  checkOrders,
} = {}) {
  const memory = new WebAssembly.Memory({ initial: pages, maximum: 100, shared: shared ?? false });
  const heap = { next: HEAP, calls: [] };
  const allocate = (old, oldSize, align, size) => {
    heap.calls.push([old, oldSize, align, size]);
    const at = Math.ceil(heap.next / align) * align;
    heap.next = at + size;
    const missing = heap.next - memory.buffer.byteLength;
    if (missing > 0) memory.grow(Math.ceil(missing / 65536));
    return at;
  };
  const instance = { handles: table, parent, mayLeave: true, mayEnter: true };
  const side = new Side({
    instance,
    memory,
    realloc: realloc ? (...args) => realloc(memory, ...args) : allocate,
    encoding,
    resources: plainResources,
    checkOrders: checkOrders ?? (() => undefined),
  });
  side.refresh();
  return { memory, heap, instance, side, table };
}

/** The signature of a function with these parameters and result. `types` are numbered after the primitive types, and the function's type comes last. */
export function signatureOf(types, params, result = null) {
  const func = { kind: 'func', params: params.map((type, i) => ({ name: `p${i}`, type })), result };
  const all = [...primitives(), ...types, func];
  return new Codecs(all, (index) => `resource-${index}`).signature(all.length - 1);
}

const floats = { NaN, Infinity, '-Infinity': -Infinity, '-0': -0 };

/** From JSON: {"$b": "1"} is a bigint, {"$f": "NaN"} a number that JSON cannot represent, {"$u": 1} undefined. */
export function revive(value) {
  if (Array.isArray(value)) return value.map(revive);
  if (typeof value !== 'object' || value === null) return value;
  if ('$b' in value) return BigInt(value.$b);
  if ('$f' in value) return floats[value.$f];
  if ('$u' in value) return undefined;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, revive(each)]));
}

/** Replaces each typed array by an array. */
export function plain(value) {
  if (ArrayBuffer.isView(value)) return [...value];
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, plain(each)]));
}
