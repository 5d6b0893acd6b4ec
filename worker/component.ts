/**
 * Runs components: makes a component's instances (executor.ts), binds their imports to WASI 0.2 and to the page's functions, and runs the command, or
 * serves calls of its exports.
 *
 * This is a separate file, loaded for the first component.
 */
import { EXIT_REASON_EXIT, PLAN_UTF8 } from '../build/generated/layouts.ts';
import { functionName, lowerCamel, upperCamel } from '../common/component-names.ts';
import type { GuestMessage } from '../common/guest-protocol.ts';
import { emptyImports } from '../common/memory-import.ts';
import { leave, left } from '../common/parts.ts';
import { Plan } from '../common/plan.ts';
import { NULL, toPointer, type Pointer } from '../common/pointer.ts';
import type { ComponentMessage, ComponentModule, RunMessage } from '../common/worker-protocol.ts';
import { bridgeKind, makeBridge } from './bridge.ts';
import { direct, Suspended, type Calling } from './calling.ts';
import { ComponentInstance } from './component-instance.ts';
import { Declarations, type ComponentFunction, type Imported, type Lifted } from './declarations.ts';
import { Executor, type CoreFunction, type LowerOptions, type Surroundings } from './executor.ts';
import { describe, isException, isOutOfMemory } from './failures.ts';
import { originalFrames } from './offsets.ts';
import { Preview2, wasiFunction, wasiResource } from './p2.ts';
import { instantiateProbe } from './probe.ts';
import { seatOf, type Seat, type SeatWorker } from './seat.ts';
import type { SharedWorker } from './single.ts';
import { valueOf, type Steps } from './steps.ts';
import { reallocThunk, THUNKS, type Thunk } from './thunks.ts';
import type * as TypedPart from './typed-calls.ts';
import { unknownImports } from './unknown-imports.ts';

/** An import() that bundlers do not process; tools/build.mjs defines it. */
declare function importUrl(url: string): Promise<unknown>;

type Callee = Pick<Thunk, 'target' | 'constants'>;

/** Each worker's instance of p2.wasm, made for its first component. */
const preview2s = new WeakMap<SeatWorker, Preview2>();

/** Set in the result of pw_resource_drop: the handle owned the resource, whose representation is in the lower half. */
const DESTROY = 1n << 32n;

class Execution implements Surroundings, TypedPart.Caller {
  readonly declared: Declarations;
  readonly executor: Executor;
  /** Null if the component only calls WASI. */
  #typed: TypedPart.TypedCalls | null = null;
  readonly #p2: Preview2;
  readonly #state: Pointer;
  /** The bindings of imports, by instance, memory and realloc. */
  readonly #bindings = new Map<ComponentInstance, { memory: unknown; realloc: unknown; binding: Pointer }[]>();
  readonly #bridges = new Map<WebAssembly.Memory, [number, number, number]>();
  readonly #reallocs = new Map<CoreFunction, number>();
  /** The numbers of the resource types in p2.wasm. */
  readonly #resourceTypes: number[] = [];
  #hasMemory = false;
  readonly calling: Calling;

  /** `shared`: the worker in which all guests run, if this is one (single.ts). */
  constructor(
    readonly seat: Seat,
    private readonly component: ComponentMessage,
    readonly message: RunMessage,
    readonly port: MessagePort | null,
    private readonly shared: SharedWorker | undefined,
  ) {
    this.calling = shared ? new Suspended(shared.scheduler, seat.kernel.w_interrupt) : direct;
    const plan = new Plan(component.words, component.names);
    this.declared = new Declarations(plan);
    this.executor = new Executor(plan, this.declared, component.modules, this);
    const { kernel, kernelMemory, worker } = seat;
    const known = preview2s.get(worker);
    this.#p2 = known ?? new Preview2(component.p2, kernel, kernelMemory, instantiateProbe(worker.boot.probe));
    if (!known) preview2s.set(worker, this.#p2);
    this.#state = component.state as Pointer;
  }

  /** Resolves when the component has ended or serves calls. */
  async run(): Promise<void> {
    const { worker } = this.seat;
    const { session } = this.message;
    const wrong = this.#whyNot();
    if (wrong) {
      worker.refuse(session, 'module', `the component cannot run: ${wrong}`);
      return this.leave();
    }
    if ((this.message.guest || this.declared.callsItself) && !(await this.#loadTypedCalls())) return;
    await this.calling.run(this.#begin());
  }

  async #loadTypedCalls(): Promise<boolean> {
    const { typed } = this.component;
    try {
      await importUrl(typed);
    } catch (error) {
      this.seat.worker.refuse(
        this.message.session,
        'module',
        `${typed} cannot be loaded: ${describe(error)}. Is the file deployed?`,
      );
      this.leave();
      return false;
    }
    this.#typed = new (left<typeof TypedPart>().TypedCalls)(this);
    return true;
  }

  *#begin(): Steps<void> {
    const { worker } = this.seat;
    const { session, last } = this.message;
    try {
      if (!this.shared) this.seat.kernel.w_begin();
      else if (!(yield* valueOf(this.shared.begin()))) return;
      this.#p2.begin(this.#state, this.seat.thread);
      yield* this.executor.instantiate();
    } catch (error) {
      this.resetStacks();
      const noMemory = isOutOfMemory(error);
      if (noMemory && !last) {
        this.seat.kernel.w_begin_later();
        this.#release();
        return worker.tell({ t: 'no-memory', session });
      }
      if (noMemory || error instanceof WebAssembly.LinkError || error instanceof TypeError)
        worker.refuse(session, noMemory ? 'limit' : 'module', describe(error));
      else {
        this.report(error);
        worker.tell({ t: 'started', session });
      }
      return this.leave();
    }
    worker.tell({ t: 'started', session });
    if (this.component.serves) yield* this.#answerRequest();
    else if (this.message.guest?.called) this.#typed!.serve();
    else yield* this.#runCommand();
  }

  /** The reason why the component cannot run, if it is known before its code runs; otherwise empty. */
  #whyNot(): string {
    if (!this.#state) return 'the kernel is out of memory';
    const unknown = unknownImports(this.declared.needs, (fn) => hostIndex(this.message.guest, fn) >= 0);
    if (unknown) return unknown;
    if (this.message.guest?.companion) return 'it has a companion, which only a module can have';
    if (this.component.serves)
      return this.#handler()
        ? ''
        : 'it exports no function handle of wasi:http/incoming-handler@0.2, so it cannot serve';
    if (this.message.guest?.called || this.#command()) return '';
    const other = this.#handler() ? 'give it requests with serve()' : 'call its exports with instantiate()';
    return `it exports no function run of wasi:cli/run@0.2, so it is not a command: ${other}`;
  }

  // --- a command ---

  #command(): Lifted | undefined {
    return this.#exported(/^wasi:cli\/run@0\.2\.\d+$/, 'run');
  }

  /** The function of the component that answers HTTP requests. */
  #handler(): Lifted | undefined {
    return this.#exported(/^wasi:http\/incoming-handler@0\.2\.\d+$/, 'handle');
  }

  #exported(interfaces: RegExp, wanted: string): Lifted | undefined {
    const found = this.declared.exports.find(({ from, name }) => interfaces.test(from) && name === wanted);
    return found?.item.kind === 'lift' ? found.item : undefined;
  }

  #runCommand(): Steps<void> {
    return this.#runTo(this.#call(this.#command()!));
  }

  /** Waits for the request, in the kernel. */
  #answerRequest(): Steps<void> {
    return this.#runTo(this.#answer(this.#handler()!));
  }

  *#answer(handler: Lifted): Steps<number> {
    const { pointer } = this.executor.instances[handler.instance]!;
    const handles = yield* valueOf(this.calling.into(this.#p2.calls.pw_serve)(pointer));
    yield* this.#call(handler, Number(handles & 0xffffffffn), Number(handles >> 32n));
    return 0;
  }

  *#call({ core, postReturn, instance }: Lifted, ...args: number[]): Steps<unknown> {
    const returned = yield* valueOf(this.calling.into(this.executor.function(core))(...args));
    if (postReturn !== undefined) {
      this.executor.instances[instance]!.mayLeave = false;
      yield this.calling.into(this.executor.function(postReturn))(returned!);
    }
    return returned;
  }

  /** Calls an export, and ends the process. The result of `call` is 0 for success, 1 for an error. */
  *#runTo(call: Steps<unknown>): Steps<void> {
    const { kernel } = this.seat;
    try {
      const result = yield* call;
      this.resetStacks();
      if (result === 0) kernel.w_returned();
      else if (result === 1) kernel.w_ended(EXIT_REASON_EXIT, 1, NULL, 0, NULL, 0);
      else this.#trap(`run returned ${String(result)}, which is neither ok nor an error`);
    } catch (error) {
      this.resetStacks();
      this.report(error);
    }
    this.leave();
  }

  #trap(message: string): void {
    this.report(new Error(message));
  }

  // --- the end ---

  resetStacks(): void {
    this.seat.worker.resetStack();
    this.#p2.resetStack(this.#state);
  }

  report(error: unknown): void {
    this.seat.worker.report(error, this.message.module, (lines) => this.#frames(lines));
  }

  /**
   * Returns the frames of the component. Frames of WASI and the kernel are above those of the thunks, and are left out. Offsets are in the original
   * module if the frame shows which module that is.
   */
  #frames(lines: string[]): string[] {
    const own = lines.slice(
      lines.findLastIndex((line) => line.includes(THUNKS) || /compute-(component|typed)/.test(line)) + 1,
    );
    const [only] = this.component.modules;
    if (this.component.modules.length === 1) return originalFrames(only!.module, own);
    return this.message.added ? own.map((line) => line.replace(/(wasm-function\[\d+\]):0x[\da-f]+/, '$1')) : own;
  }

  #release(): void {
    this.#p2.slots.clear();
  }

  leave(): void {
    this.#release();
    this.port?.close();
    this.seat.worker.leave();
  }

  enqueue(work: () => void | Promise<void>): void {
    if (this.shared) this.shared.enqueue(work);
    else void work();
  }

  // --- what the executor needs ---

  openInstance(parent: ComponentInstance | null): ComponentInstance {
    return new ComponentInstance(this.#p2.calls, this.#state, parent, {
      typeOf: (resource) => this.#resourceType(resource),
      defines: (instance, resource) => {
        const type = this.declared.resources[resource]!;
        return type.kind === 'own' && this.executor.instances[type.instance] === instance;
      },
    });
  }

  *instantiate({ module, memory, added }: ComponentModule, given: WebAssembly.Imports): Steps<WebAssembly.Instance> {
    const { worker } = this.seat;
    if (added?.check === 'flag') {
      const own = (given[added.prefix] = emptyImports<WebAssembly.ImportValue>());
      own.flag = worker.boot.flags;
      // The rewriter has turned the memory that the module defines into an import.
      if (WebAssembly.Module.imports(module).some((entry) => entry.module === added.prefix && entry.name === 'memory0'))
        own.memory0 = new WebAssembly.Memory(memory!);
    }
    const instance = this.calling.atOnce(() => new WebAssembly.Instance(module, given));
    if (added) worker.makeInterruptible(instance, added);
    const start = this.shared?.takeStart();
    if (start) yield this.calling.into(start)();
    return instance;
  }

  foundMemory(memory: WebAssembly.Memory): void {
    if (this.#hasMemory) return;
    this.#hasMemory = true;
    this.seat.worker.bindMemory(memory);
  }

  lower(fn: ComponentFunction, options: LowerOptions): Callee {
    if (fn.kind === 'lift') return { target: this.#typed!.callAcross(fn, options), constants: [] };
    const index = hostIndex(this.message.guest, fn);
    if (index >= 0) return { target: this.#callPage(index, fn, options), constants: [] };
    const { exported } = wasiFunction(fn.from, fn.name)!;
    // p2.wasm reads and writes strings as UTF-8. A function that needs no memory has none.
    if (options.memory && options.encoding !== PLAN_UTF8)
      throw new TypeError(
        `the component calls ${fn.from} ${fn.name} with strings that are not UTF-8, which holdfast's WASI does not support: compile it with string-encoding=utf8`,
      );
    return { target: this.#p2.calls[exported] as CallableFunction, constants: [this.#bind(options)] };
  }

  #callPage(index: number, fn: Imported, options: LowerOptions): CallableFunction {
    const member = index === memberClass(this.message.guest, fn) ? fn.name : undefined;
    return this.#typed!.callPage(index, fn, options, member);
  }

  resourceNew(instance: ComponentInstance, resource: number): Callee {
    return {
      target: this.#p2.calls.pw_resource_new as CallableFunction,
      constants: [instance.pointer, this.#resourceType(resource)],
    };
  }

  resourceRep(instance: ComponentInstance, resource: number): Callee {
    return {
      target: this.#p2.calls.pw_resource_rep as CallableFunction,
      constants: [instance.pointer, this.#resourceType(resource)],
    };
  }

  resourceDrop(instance: ComponentInstance, resource: number): Callee {
    const { calls } = this.#p2;
    const type = this.declared.resources[resource]!;
    const number = this.#resourceType(resource);
    if (type.kind === 'import' && wasiResource(type.from, type.name) !== undefined) {
      const binding = this.#bind({ instance, memory: null, realloc: null });
      return { target: calls.p2_drop as CallableFunction, constants: [binding, number] };
    }
    const drop = function* (this: Execution, handle: number): Steps<void> {
      const dropped = calls.pw_resource_drop(instance.pointer, number, handle);
      if (dropped & DESTROY) yield* this.destroy(resource, Number(dropped & (DESTROY - 1n)));
    };
    return { target: this.calling.outOf(drop.bind(this)), constants: [] };
  }

  /** Calls the destructor of a resource of the component, or notifies the page that the component has dropped an object of the page. */
  *destroy(resource: number, rep: number): Steps<void> {
    const type = this.declared.resources[resource]!;
    const page = this.classOf(resource);
    if (page >= 0) yield* this.#typed!.drop(page, resource, rep);
    if (type.kind === 'import' && wasiResource(type.from, type.name) !== undefined)
      this.#p2.calls.pw_release(this.#state, rep);
    if (type.kind === 'own' && type.destructor !== undefined) {
      try {
        yield this.calling.into(this.executor.function(type.destructor))(rep | 0);
      } catch (error) {
        if (isException(error)) this.fail(new Error('it threw an exception of WebAssembly'));
        throw error;
      }
    }
  }

  // --- bindings ---

  /** Returns the binding that describes an import's caller to p2.wasm (native/wasi/p2/p2.h). */
  #bind({ instance, memory, realloc }: Omit<LowerOptions, 'encoding'>): Pointer {
    const made = this.#bindings.get(instance) ?? [];
    this.#bindings.set(instance, made);
    const known = made.find((each) => each.memory === memory && each.realloc === realloc);
    if (known) return known.binding;
    const [copyIn, copyOut, pages] = memory ? this.#bridge(memory) : [0, 0, 0];
    const { pw_bind } = this.#p2.calls;
    const binding = toPointer(pw_bind(instance.pointer, copyIn, copyOut, pages, realloc ? this.#realloc(realloc) : 0));
    if (!binding) throw new RangeError('the kernel is out of memory');
    made.push({ memory, realloc, binding });
    return binding;
  }

  #bridge(memory: WebAssembly.Memory): [number, number, number] {
    let slots = this.#bridges.get(memory);
    if (!slots) {
      const { boot } = this.seat.worker;
      const functions = makeBridge(bridgeKind(boot.jsBridge), this.seat.kernelMemory, memory);
      slots = functions.map((fn) => this.#p2.slots.put(fn)) as [number, number, number];
      this.#bridges.set(memory, slots);
    }
    return slots;
  }

  /**
   * The place of a realloc in the kernel's table. What it throws must not reach the component, which could catch it: that would unwind p2.wasm's
   * functions and leave its stack pointer where they had it.
   */
  #realloc(realloc: CoreFunction): number {
    let slot = this.#reallocs.get(realloc);
    if (slot === undefined) {
      const thrown = (): never => this.fail(new Error('realloc: it threw an exception'));
      this.#reallocs.set(realloc, (slot = this.#p2.slots.put(reallocThunk(realloc, thrown))));
    }
    return slot;
  }

  #resourceType(resource: number): number {
    const type = this.declared.resources[resource]!;
    const known = type.kind === 'import' ? wasiResource(type.from, type.name) : undefined;
    return (this.#resourceTypes[resource] ??= known ?? this.#p2.calls.pw_new_type(this.#state));
  }

  /** The key by which the page identifies a resource type: the interface and the name. */
  fullResourceName(resource: number): string {
    const type = this.declared.resources[resource]!;
    const exported = this.declared.exportedResources.find(({ item }) => item === resource);
    const { from, name } = exported ?? (type.kind === 'import' ? type : { from: '', name: '' });
    return `${from}#${name}`;
  }

  /** The index of the page's class for a resource type; -1 if the page has none. */
  classOf(resource: number): number {
    const type = this.declared.resources[resource]!;
    if (type.kind !== 'import' || wasiResource(type.from, type.name) !== undefined) return -1;
    return hostClass(this.message.guest, type);
  }

  resourceName(resource: number): string {
    const type = this.declared.resources[resource]!;
    if (type.kind === 'import') return type.name;
    return this.declared.exportedResources.find(({ item }) => item === resource)?.name ?? `resource ${resource}`;
  }

  /** Ends the process. Its code cannot catch that. */
  fail(error: Error): never {
    this.seat.fail(error.message);
    throw error;
  }
}

const unversioned = (from: string): string => from.replace(/@[^@]*$/, '');

/** The index of the page's function that has one of the names. The page may leave out the interface's version. */
const hostEntry = (guest: GuestMessage | null, from: string, names: readonly string[]): number =>
  guest?.host.findIndex(
    ({ module, name, link, late }) =>
      !link && !late && (module === from || module === unversioned(from)) && names.includes(name),
  ) ?? -1;

/** The number of the page's class for a resource type that a component imports; -1 if it has none. */
const hostClass = (guest: GuestMessage | null, { from, name }: Pick<Imported, 'from' | 'name'>): number =>
  hostEntry(guest, from, [upperCamel(name)]);

/** The number of the page's class to which the imported constructor, static function or method belongs. */
function memberClass(guest: GuestMessage | null, { from, name }: Imported): number {
  const parts = functionName(name);
  return parts.kind === 'function' ? -1 : hostClass(guest, { from, name: parts.resource });
}

/** The number of the page's function, or of its class, for an import; -1 if it has none. The page may write names in camel case. */
function hostIndex(guest: GuestMessage | null, fn: Imported): number {
  const index = hostEntry(guest, fn.from, [fn.name, lowerCamel(fn.name)]);
  return index >= 0 ? index : memberClass(guest, fn);
}

/** Runs a component to its end, or until it serves calls. `shared`: the worker itself, if it runs all guests. */
export const runComponent = (
  worker: SeatWorker,
  message: RunMessage,
  port: MessagePort | null,
  shared?: SharedWorker,
): Promise<void> => new Execution(seatOf(worker, message), message.component!, message, port, shared).run();

leave({ runComponent });
