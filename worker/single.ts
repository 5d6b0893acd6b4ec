/** Runs guests in the coordinator's worker, where none can have a worker of its own (worker/scheduler.ts). */
import type { Added, BootMessage, FromCompute, RunMessage } from '../common/worker-protocol.ts';
import { left } from '../common/parts.ts';
import type * as ComponentPart from './component.ts';
import { ComputeWorker } from './compute-worker.ts';
import { promising, suspending, type Scheduler } from './scheduler.ts';
import type { Stacks } from './seat.ts';
import type { OtherImports } from './wasi-imports.ts';

/** An import() that bundlers leave alone; tools/build.mjs defines it. */
declare function importUrl(url: string): Promise<unknown>;

type Entry = (...args: unknown[]) => unknown;

/** What a component needs of it (component.ts). */
export interface SharedWorker {
  /** Begins the run. Returns false if the process has ended meanwhile and nothing is left to do. */
  begin(): Promise<boolean>;
  readonly scheduler: Pick<Scheduler, 'atOnce' | 'held' | 'overtime'>;
  /** The start function that the rewriter has taken out of the last instance, once. */
  takeStart(): (() => void) | undefined;
  /** Carries out the work after what is under way, unless the process has ended meanwhile. */
  enqueue(work: () => void | Promise<void>): void;
}

/** The entries of a guest, as functions that return promises. */
const mayWait = ({ _start: start, wasi_thread_start: thread }: WebAssembly.Exports): WebAssembly.Exports => ({
  ...(start && { _start: promising(start as Entry) }),
  ...(thread && { wasi_thread_start: promising(thread as Entry) }),
});

/** What is a compute worker elsewhere: an instance of the kernel with a stack, which runs one thread of a guest at a time. */
export class SingleWorker extends ComputeWorker {
  readonly #scheduler: Scheduler;
  /** The port of the last guest that had one. */
  #port: MessagePort | undefined;
  readonly #begin: () => Promise<void>;
  /** The guest's start function, if it is to be called. */
  #startFunction: Entry | undefined;
  /** The memory that the module defines, until its start function has run: as elsewhere, its system calls have no memory (EFAULT). */
  #unbound: WebAssembly.Memory | undefined;
  /** Settles when all work so far is done. */
  #work = Promise.resolve();
  #terminated = false;
  /** The functions that have been called, and how. */
  readonly #promising = new WeakMap<object, CallableFunction>();

  /** `failed` gets an error that no guest is the cause of. */
  constructor(
    boot: BootMessage,
    tell: (message: FromCompute) => void,
    private readonly failed: (error: unknown) => void,
    scheduler: Scheduler,
  ) {
    super(boot, tell, scheduler.imports);
    this.#scheduler = scheduler;
    const { kernel } = this;
    this.#begin = promising(kernel.w_begin);
    // The base class begins a run with this call, which may have to wait.
    (this as { kernel: unknown }).kernel = { ...kernel, w_begin: () => undefined };
    this.#shared = {
      begin: async () => {
        if (!this.#terminated) await this.#begin();
        return !this.#terminated;
      },
      scheduler,
      takeStart: () => this.#takeStart() as (() => void) | undefined,
      enqueue: (work) => this.#after(() => this.#unlessTerminated(async () => work())),
    };
  }

  /** Nothing runs here any more, except what has begun. Resolves when no code of a guest is left. */
  async terminate(): Promise<void> {
    this.#terminated = true;
    this.#port?.close();
    await this.#work;
  }

  readonly stacks: Stacks = {
    call: <Args extends unknown[], Result>(fn: (...args: Args) => Result, ...args: Args): Promise<Result> => {
      let call = this.#promising.get(fn) as ((...args: Args) => Promise<Result>) | undefined;
      if (!call) this.#promising.set(fn, (call = promising(fn)));
      return call(...args);
    },
    suspending: (work) => suspending(work) as WebAssembly.ImportValue,
    inTurn: (work) => this.#inTurn(work),
    callStart: async () => {
      // In a task of its own, because a program that cannot be interrupted might never let the coordinator say that it runs.
      await this.#scheduler.turn();
      if (this.#terminated) throw new Error('the program was killed before it began');
      const start = this.#takeStart();
      if (start) await promising(start)();
      if (this.#unbound) super.bindMemory(this.#unbound);
      this.#unbound = undefined;
    },
  };

  readonly #shared: SharedWorker;

  #takeStart(): Entry | undefined {
    const start = this.#startFunction;
    this.#startFunction = undefined;
    return start;
  }

  /** Instantiates a module, whose start function, if the engine runs it, cannot be suspended. */
  override begin(message: RunMessage, others?: OtherImports): WebAssembly.Instance | null | undefined {
    return this.#scheduler.atOnce(() => super.begin(message, others));
  }

  /** The scheduler begins it, because in Node up to a thousand messages of a guest may arrive in succession. */
  #inTurn(work: () => Promise<void>): void {
    this.#after(() => new Promise((resolve) => this.#scheduler.enqueue(() => resolve(this.#unlessTerminated(work)))));
  }

  /** Does the work when all earlier work is done. */
  #after(work: () => Promise<void>): void {
    this.#work = this.#work.then(work).catch((error: unknown) => this.failed(error));
  }

  async #unlessTerminated(work: () => Promise<void>): Promise<void> {
    if (!this.#terminated) await work();
  }

  override run(message: RunMessage): void {
    this.#after(() => this.#unlessTerminated(() => this.#run(message)));
  }

  async #run(message: RunMessage): Promise<void> {
    const { session, tid, module, guest, component } = message;
    const part = component?.url ?? (guest && this.boot.guest);
    if (part) await importUrl(part).catch(() => undefined); // the base class reports it
    if (this.#terminated) return;
    this.#port = guest?.port ?? this.#port;
    this.#startFunction = this.#unbound = undefined; // of a guest that ended before
    const { runComponent } = left<typeof ComponentPart | undefined>() ?? {};
    if (component && runComponent) return runComponent(this, message, this.#port ?? null, this.#shared);
    try {
      await this.#begin();
    } catch (error) {
      this.resetStack();
      this.report(error, module);
      if (tid === 0) this.tell({ t: 'started', session });
      this.leave();
      return;
    }
    if (part) return super.run(message);
    const instance = this.begin(message);
    if (instance) await this.start({ exports: mayWait(instance.exports) }, message);
    if (instance !== undefined) this.leave();
  }

  /** A start function that the rewriter has taken out may wait; one that the engine runs may not. */
  override makeInterruptible(instance: WebAssembly.Instance, added: Added): void {
    super.makeInterruptible(instance, { ...added, hasStart: false });
    if (added.hasStart) this.#startFunction = instance.exports[`${added.prefix}:start`] as Entry;
  }

  override bindMemory(memory: WebAssembly.Memory): void {
    if (this.#startFunction) this.#unbound = memory;
    else super.bindMemory(memory);
  }

  override async start({ exports }: Pick<WebAssembly.Instance, 'exports'>, run: RunMessage): Promise<void> {
    const { tid, argument, module } = run;
    try {
      await this.stacks.callStart();
      if (tid === 0) await (exports._start as Entry)();
      else await (exports.wasi_thread_start as Entry)(tid, argument);
    } catch (error) {
      this.resetStack();
      this.report(error, module);
      return;
    }
    this.resetStack();
    if (tid === 0) this.kernel.w_returned();
    else this.kernel.w_thread_returned();
  }
}
