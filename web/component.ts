/** Components as the page sees them: their exports, and their resources. Loaded for the first component that the page calls, or that calls the page. */
import { functionName, interfaceName, lowerCamel, upperCamel } from '../common/component-names.js';
import { RESOURCE, type ComponentReady, type ResourceMessage } from '../common/guest-protocol.js';

export { encodeStructure } from '../common/structure.js';

type Call = (name: string, args: unknown[]) => Promise<unknown>;
type Namespace = Record<string, unknown>;
type Method = (this: unknown, ...args: unknown[]) => Promise<unknown>;

/** The property of a page's resource object that holds the message by which the component identifies the resource. */
const held = Symbol('resource');
/** A promise while the resource's constructor runs. */
interface Resource {
  [held]: ResourceMessage | Promise<ResourceMessage>;
}

const isPlain = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !ArrayBuffer.isView(value) && !(value instanceof ArrayBuffer);

const isResource = (value: object): value is Resource => held in value;

/** A resource type that the component exports. */
interface Class {
  (...args: unknown[]): void;
  prototype: object;
}

/** Engines without explicit resource management lack these symbols. */
const symbols = Symbol as { dispose?: symbol; asyncDispose?: symbol };

function define(target: object, key: string | symbol | undefined, value: unknown): void {
  if (key !== undefined) Object.defineProperty(target, key, { value, configurable: true, writable: true });
}

type HostClass = { new (...args: never[]): object; prototype: object };

/** Objects of the page's classes that a component has: resources that the page implements. */
export class PageObjects {
  /** Keyed by their index among the page's functions. */
  readonly #classes = new Map<number, HostClass>();
  readonly #objects = new Map<number, object>();
  readonly #ids = new WeakMap<object, number>();
  #last = 0;

  /** `functions` and `names`: the page's functions. Those with a name that begins with a capital letter are classes. */
  constructor(functions: readonly unknown[], names: readonly string[]) {
    names.forEach((name, i) => {
      if (/^[A-Z]/.test(name)) this.#classes.set(i, functions[i] as HostClass);
    });
  }

  /** Replaces objects of the page's classes in a value by the messages that identify them. */
  given(value: unknown): unknown {
    if (this.#classes.size === 0 || !isPlain(value)) return value;
    for (const [page, known] of this.#classes) if (value instanceof known) return this.#message(value, page);
    if (Array.isArray(value)) return value.map((item) => this.given(item));
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, this.given(item)]));
  }

  /** The reverse of the above. */
  taken(value: unknown): unknown {
    if (this.#classes.size === 0 || !isPlain(value)) return value;
    if (RESOURCE in value) return 'page' in value ? this.#object(value as unknown as ResourceMessage) : value;
    if (Array.isArray(value)) return value.map((item) => this.taken(item));
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, this.taken(item)]));
  }

  #message(object: object, page: number): ResourceMessage {
    const id = this.#ids.get(object) ?? ++this.#last;
    this.#ids.set(object, id);
    this.#objects.set(id, object);
    return { [RESOURCE]: id, name: this.#classes.get(page)!.name, page };
  }

  #object({ [RESOURCE]: id, own, name }: ResourceMessage): object {
    const object = this.#objects.get(id);
    if (!object) throw new TypeError(`the component uses a ${name} that it does not have`);
    if (own) {
      this.#objects.delete(id);
      this.#ids.delete(object);
    }
    return object;
  }

  /** Calls a constructor, a static function or a method, which `member` names as WIT does, or disposes of an object. */
  call(known: unknown, member: string, args: readonly unknown[]): unknown {
    const parts = functionName(member);
    if (parts.kind === 'constructor') return new (known as HostClass)(...(args as never[]));
    const [self, ...rest] = args;
    if (parts.kind === 'function') {
      const dispose = symbols.dispose && (self as Record<symbol, unknown>)[symbols.dispose];
      if (typeof dispose === 'function') dispose.call(self);
      return undefined;
    }
    const [of, given] = parts.kind === 'static' ? [known, args] : [self, rest];
    const method = (of as Record<string, unknown>)[lowerCamel(parts.name)];
    if (typeof method !== 'function')
      throw new TypeError(`the class ${(known as HostClass).name} has no function ${lowerCamel(parts.name)}`);
    return (method as (...args: unknown[]) => unknown).apply(of, given as unknown[]);
  }
}

/** Splits "interface#name"; a function outside of all interfaces has none. */
function split(name: string): [from: string, own: string] {
  const at = name.indexOf('#');
  return at < 0 ? ['', name] : [name.slice(0, at), name.slice(at + 1)];
}

/** The exports of a component; converts resources in calls. */
export class Component {
  /** Keyed by the interface and the name of the resource type, as in the worker. */
  readonly #classes = new Map<string, Class>();
  readonly #hasResources: boolean;
  /** Drops resources whose objects the page no longer has. */
  readonly #registry: FinalizationRegistry<number> | undefined;

  constructor(
    private readonly functions: readonly string[],
    { resources }: ComponentReady,
    /** Calls of constructors, static functions and methods of resources. */
    private readonly call: Call,
    /** Destroys a resource. Does nothing if the component has it again. */
    private readonly drop: (id: number) => Promise<unknown>,
    private readonly objects: PageObjects,
  ) {
    this.#hasResources = resources.length > 0;
    const forget = (id: number): void => void drop(id).catch(() => undefined);
    this.#registry = typeof FinalizationRegistry === 'function' ? new FinalizationRegistry(forget) : undefined;
    for (const [from, name] of resources) this.#classes.set(`${from}#${name}`, this.#class(from, name));
    for (const name of functions) this.#addMember(name);
  }

  // --- values ---

  /** Replaces resources in arguments by the messages that identify them. Returns a promise if the constructor of one is still running. */
  given(args: readonly unknown[]): unknown[] | Promise<unknown[]> {
    if (!this.#hasResources) return args.map((arg) => this.objects.given(arg));
    const pending = args.flatMap((arg) => this.#pending(arg));
    const replaced = (): unknown[] => args.map((arg) => this.objects.given(this.#given(arg)));
    return pending.length > 0 ? Promise.all(pending).then(replaced) : replaced();
  }

  /** The running constructors of the resources in a value. */
  #pending(value: unknown): Promise<unknown>[] {
    if (!isPlain(value)) return [];
    if (isResource(value)) return value[held] instanceof Promise ? [value[held]] : [];
    return Object.values(value).flatMap((item) => this.#pending(item));
  }

  #given(value: unknown): unknown {
    if (!isPlain(value)) return value;
    if (isResource(value)) return value[held];
    if (Array.isArray(value)) return value.map((item) => this.#given(item));
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, this.#given(item)]));
  }

  /** Replaces the messages in results by resources. */
  taken(value: unknown): unknown {
    const own = this.objects.taken(value);
    return this.#hasResources ? this.#taken(own) : own;
  }

  #taken(value: unknown): unknown {
    if (!isPlain(value)) return value;
    if (RESOURCE in value) return this.#object(value as unknown as ResourceMessage);
    if (Array.isArray(value)) return value.map((item) => this.#taken(item));
    // Objects of the page's classes need no conversion.
    if (Object.getPrototypeOf(value) !== Object.prototype) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, this.#taken(item)]));
  }

  /** The same for the payload of an error. */
  takenError(error: unknown): unknown {
    if (error instanceof Error && 'payload' in error) error.payload = this.taken(error.payload);
    return error;
  }

  #object(message: ResourceMessage): object {
    const object = Object.create(this.#classes.get(message.name)?.prototype ?? {}) as Resource;
    this.#hold(object, message);
    return object;
  }

  #hold(object: Resource, message: ResourceMessage): void {
    Object.defineProperty(object, held, { value: message, configurable: true });
    this.#registry?.register(object, message[RESOURCE], object);
  }

  // --- classes ---

  #class(from: string, resource: string): Class {
    const name = upperCamel(resource);
    const start = (...args: unknown[]): Promise<unknown> =>
      this.call(`${from ? `${from}#` : ''}[constructor]${resource}`, args);
    const constructible = this.functions.some((each) => {
      const [of, own] = split(each);
      return of === from && own === `[constructor]${resource}`;
    });
    const hold = (object: Resource, message: ResourceMessage): void => this.#hold(object, message);
    const made = function (this: Resource, ...args: unknown[]): void {
      if (!new.target || !constructible)
        throw new TypeError(new.target ? `${name} has no constructor` : `${name} is a class: write new ${name}()`);
      // The call is asynchronous: calls that use the object wait for it, and fail with its error. `create` returns its promise.
      const making = start(...args).then((result) => {
        const message = (result as Resource)[held] as ResourceMessage;
        hold(this, message);
        return message;
      });
      making.catch(() => undefined);
      Object.defineProperty(this, held, { value: making, configurable: true });
    } as Class;
    Object.defineProperty(made, 'name', { value: name });
    made.prototype = this.#prototype(made);
    // A static function of the component with the same name replaces this one.
    if (constructible) define(made, 'create', start);
    return made;
  }

  #prototype(constructor: Class): object {
    const drop = async (resource: Resource): Promise<void> => {
      this.#registry?.unregister(resource);
      await this.drop((await resource[held])[RESOURCE]);
    };
    const prototype = {};
    define(prototype, 'constructor', constructor);
    define(prototype, symbols.asyncDispose, function (this: Resource) {
      return drop(this);
    });
    define(prototype, symbols.dispose, function (this: Resource) {
      drop(this).catch(() => undefined);
    });
    return prototype;
  }

  #addMember(name: string): void {
    const [from, own] = split(name);
    const parts = functionName(own);
    if (parts.kind === 'function' || parts.kind === 'constructor') return;
    const made = this.#classes.get(`${from}#${parts.resource}`);
    if (!made) return;
    const { call } = this;
    const method: Method =
      parts.kind === 'static'
        ? (...args) => call(name, args)
        : function (...args) {
            return call(name, [this, ...args]);
          };
    define(parts.kind === 'static' ? made : made.prototype, lowerCamel(parts.name), method);
  }

  // --- exports ---

  /**
   * The exports: functions by their names in camel case, and for each interface an object that contains its functions and the classes of its resources.
   * The key of an interface is its name, and also the part without package and version if that is unique.
   */
  exports(call: Call): Namespace {
    const root = Object.create(null) as Namespace;
    const space = (from: string): Namespace =>
      from === '' ? root : ((root[from] ??= Object.create(null)) as Namespace);
    for (const name of this.functions) {
      const [from, own] = split(name);
      if (functionName(own).kind === 'function')
        space(from)[lowerCamel(own)] = (...args: unknown[]) => call(name, args);
    }
    for (const [full, made] of this.#classes) {
      const [from, name] = split(full);
      space(from)[upperCamel(name)] = made;
    }
    for (const from of Object.keys(root).filter((name) => /[:/@]/.test(name)))
      root[lowerCamel(interfaceName(from))] ??= root[from];
    return root;
  }
}
