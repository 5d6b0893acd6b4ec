/**
 * The calls of a component in which values of its types pass: between it and the page, and between the components of which it is composed. Calls of WASI
 * need none of this (p2.ts).
 *
 * This is a separate file, loaded for the first component that makes such calls.
 */
import { PLAN_LATIN1_UTF16, PLAN_UTF16, PLAN_UTF8 } from '../build/generated/layouts.ts';
import { functionType } from '../common/component-types.ts';
import type { HostCallMessage } from '../common/guest-protocol.ts';
import { leave } from '../common/parts.ts';
import { NULL, toPointer } from '../common/pointer.ts';
import { decodeStructure } from '../common/structure.ts';
import { decodeAnswer, type Answer } from '../common/values.ts';
import type { Calling } from './calling.ts';
import {
  callAcross,
  callInto,
  callOut,
  Codecs,
  Side,
  Trap,
  type Callee as CanonicalFunction,
  type LiftedFunction,
  type Lowering,
  type StringEncoding,
} from './canonical.ts';
import { Server, type Served } from './component-server.ts';
import type { Declarations, Imported, Lifted } from './declarations.ts';
import type { Executor, LowerOptions } from './executor.ts';
import { PageResources } from './page-resources.ts';
import type { Seat } from './seat.ts';
import { valueOf, type Steps } from './steps.ts';

const ENCODINGS: Readonly<Record<number, StringEncoding>> = {
  [PLAN_UTF8]: 'utf8',
  [PLAN_UTF16]: 'utf16',
  [PLAN_LATIN1_UTF16]: 'latin1+utf16',
};

const nameOf = ({ from, name }: Pick<Imported, 'from' | 'name'>): string => (from ? `${from}#${name}` : name);

/** The component that makes the calls. */
export interface Caller {
  readonly seat: Seat;
  readonly calling: Calling;
  /** To the page, if it calls the component. */
  readonly port: MessagePort | null;
  readonly declared: Declarations;
  readonly executor: Executor;
  /** The names of a resource type: its own, and the one by which the page knows it, with the interface. */
  resourceName(resource: number): string;
  fullResourceName(resource: number): string;
  /** The place of the page's class among its functions; -1 if the page has none. */
  classOf(resource: number): number;
  /** Destroys a resource that the page has given up. */
  destroy(resource: number, rep: number): Steps<void>;
  /** Carries out the work after what is under way. */
  enqueue(work: () => void | Promise<void>): void;
  /** Ends the process. Its code cannot catch that. */
  fail(error: Error): never;
  /** For the end of a call of the page in which the component trapped. */
  resetStacks(): void;
  report(error: unknown): void;
  leave(): void;
}

export class TypedCalls {
  readonly #codecs: Codecs;
  readonly #lifted = new Map<Lifted, LiftedFunction>();
  readonly #pageResources: PageResources;

  constructor(private readonly caller: Caller) {
    this.#codecs = new Codecs(caller.declared.types, (resource) => caller.resourceName(resource));
    this.#pageResources = new PageResources({
      nameOf: (resource) => caller.resourceName(resource),
      fullNameOf: (resource) => caller.fullResourceName(resource),
      classOf: (resource) => caller.classOf(resource),
    });
  }

  // --- calls of the page ---

  /** The component keeps this worker. */
  serve(): void {
    const functions = this.caller.declared.exports.flatMap(({ from, name, item }): Served[] => {
      if (item.kind !== 'lift') return [];
      const fn = { ...this.#liftedFunction(item), name: nameOf({ from, name }) };
      return [{ name: fn.name, call: callInto(fn, this.caller.calling), fails: this.#fails(item.type) }];
    });
    new Server({
      kernel: this.caller.seat.kernel,
      calling: this.caller.calling,
      enqueue: (work) => this.caller.enqueue(work),
      port: this.caller.port!,
      functions,
      resources: this.caller.declared.exportedResources.map(({ from, name }) => [from, name] as const),
      drop: (id) => this.#give(this.#pageResources.take(id)),
      fault: (error) => {
        this.caller.resetStacks();
        this.caller.report(error);
        this.caller.leave();
      },
    }).start();
  }

  /** Destroys what the page gave up. */
  *#give(held: ReturnType<PageResources['take']>): Steps<void> {
    if (held?.own) yield* this.caller.destroy(held.resource, held.rep);
  }

  /** Whether functions of the type return a result. */
  #fails(type: number): boolean {
    const { result } = functionType(this.caller.declared.types, type);
    return result !== null && this.caller.declared.types[result]!.kind === 'result';
  }

  /** Returns the core function by which the component calls a function of the page. */
  callPage(index: number, fn: Imported, options: LowerOptions, member: string | undefined): CallableFunction {
    const lowering: Lowering = {
      name: nameOf(fn),
      signature: this.#codecs.signature(fn.type),
      side: this.#side(options),
      fail: (error) => this.caller.fail(error),
    };
    const fails = this.#fails(fn.type);
    const { calling } = this.caller;
    const host = function* (this: TypedCalls, args: unknown[]): Steps<unknown> {
      const [ok, value] = yield* this.#ask(index, args, member);
      this.#pageResources.endBorrows();
      if (fails) return { tag: ok ? 'ok' : 'err', val: value };
      if (ok) return value;
      throw new Trap("the page's function threw an error value, but its type is not a result");
    };
    return callOut(lowering, (args) => calling.run(host.call(this, args)), calling);
  }

  /** Blocks until the page has answered: [whether it returned, what it returned or threw]. */
  *#ask(fn: number, args: unknown[], member?: string): Steps<[boolean, unknown]> {
    const { seat, port, calling } = this.caller;
    const { kernel } = seat;
    const call = yield* valueOf(calling.into(kernel.w_ask)(fn));
    const message: HostCallMessage = { t: 'host', tid: kernel.w_tid(), call, fn, args, typed: true };
    if (member !== undefined) message.member = member;
    if (port) port.postMessage(message);
    else seat.post(message);
    const pointer = toPointer(yield* valueOf(calling.into(kernel.w_await)()));
    if (pointer === NULL) throw new Trap('the kernel is out of memory');
    let answer: Answer;
    try {
      answer = decodeAnswer((size) => seat.bytes(pointer, size));
    } finally {
      yield calling.into(kernel.w_fetched)();
    }
    if ('failed' in answer) throw new Trap(`the page's function failed: ${answer.failed}`);
    return decodeStructure(answer.value as Uint8Array) as [boolean, unknown];
  }

  /** Notifies the page that the component has dropped an object of its class. */
  *drop(page: number, resource: number, rep: number): Steps<void> {
    const name = this.caller.resourceName(resource);
    yield* this.#ask(page, [this.#pageResources.lifted(resource, rep, true)], `[resource-drop]${name}`);
  }

  // --- calls by the canonical ABI ---

  #side({ instance, memory, realloc, encoding }: LowerOptions): Side {
    const { calling } = this.caller;
    const allocate = realloc as ((...args: number[]) => number) | null;
    return new Side({
      instance,
      memory,
      realloc: allocate && (calling.suspends ? (...args) => calling.atOnce(() => allocate(...args)) : allocate),
      encoding: ENCODINGS[encoding]!,
      resources: this.#pageResources,
      // Where all guests share one worker, no order can be given meanwhile, and the kernel cannot suspend this code.
      checkOrders: calling.checkTime?.bind(calling) ?? this.caller.seat.kernel.w_interrupt,
    });
  }

  #liftedFunction(fn: Lifted): LiftedFunction {
    let made = this.#lifted.get(fn);
    if (!made) {
      const executor = this.caller.executor;
      const side = this.#side({
        instance: executor.instances[fn.instance]!,
        memory: fn.memory === undefined ? null : executor.memory(fn.memory),
        realloc: fn.realloc === undefined ? null : executor.function(fn.realloc),
        encoding: fn.encoding,
      });
      made = {
        name: this.#nameOf(fn),
        signature: this.#codecs.signature(fn.type),
        side,
        callee: this.#callee(fn.core),
        postReturn: fn.postReturn === undefined ? null : this.#callee(fn.postReturn),
      };
      this.#lifted.set(fn, made);
    }
    return made;
  }

  #callee(core: number): CanonicalFunction {
    return this.caller.calling.into(this.caller.executor.function(core)) as CanonicalFunction;
  }

  #nameOf(fn: Lifted): string {
    const exported = this.caller.declared.exports.find(({ item }) => item === fn);
    return exported ? nameOf(exported) : 'a function of a component';
  }

  /** Returns the core function by which the component calls a function of another in the same composition. */
  callAcross(fn: Lifted, options: LowerOptions): CallableFunction {
    const lowering: Lowering = {
      name: this.#nameOf(fn),
      signature: this.#codecs.signature(fn.type),
      side: this.#side(options),
      fail: (error) => this.caller.fail(error),
    };
    return callAcross(lowering, this.#liftedFunction(fn), this.caller.calling);
  }
}

leave({ TypedCalls });
