/**
 * The page's side of a supervisor. The coordinator decides what happens when; starts are made here. This file is loaded
 * with the first supervisor; classes that must be identical here and in the script that loads it are passed in
 * `SupervisorWire`.
 */
import type { Calls, ChildReason, SupervisorAction, SupervisorOrder, ToCoordinator } from '../common/protocol.js';
import { offAbort, onAbort } from './aborts.js';
import { tagOf } from './bytes.js';
import { abortSignal, callable, helped, nothingMore, object, waitTime } from './check.js';
import { deferred, type Deferred } from './deferred.js';
import { within } from './deadline.js';
import { asError, type SupervisorError } from './errors.js';
import type { Ask } from './holdfast.js';
import type { SpawnOptions } from './options.js';
import type { Exit, Process, ProcessHandle } from './process.js';
import type { Source } from './source.js';
import {
  planChild,
  planSupervise,
  type ChildOptions,
  type ChildPlan,
  type SuperviseOptions,
  type SupervisePlan,
} from './supervise-options.js';

/**
 * Why a child ended: a reason of a process, or its start failed, or it was a supervisor that reached its restart limit.
 * Everything is abnormal except "exit" with the code 0.
 */
export type EndReason = ChildReason;

/** How a child ended. */
export interface ChildExit {
  /** Why it ended. */
  readonly reason: EndReason;
  /** The exit code of a process, as in `exit`; otherwise 0. */
  readonly code: number;
  /** A description of what happened; empty for "exit". */
  readonly message: string;
  /** The end of a process. */
  readonly exit?: Exit;
  /** The error of a start that failed. */
  readonly error?: Error;
  /** The end of a supervisor. */
  readonly outcome?: Outcome;
}

/** What happens to the children, in order. */
export type SupervisorEvent =
  | { readonly type: 'started'; readonly id: string; readonly process?: Process; readonly supervisor?: Supervisor }
  /** The child ended by itself, or its start failed. */
  | ({ readonly type: 'ended'; readonly id: string } & ChildExit)
  /** The child restarts after `delay` milliseconds. `restarts` counts all restarts of the supervisor, including this one. */
  | { readonly type: 'restarting'; readonly id: string; readonly delay: number; readonly restarts: number }
  /** The child was asked to end, for which it has `within` milliseconds, or it is being killed. */
  | { readonly type: 'stopping'; readonly id: string; readonly how: 'ask' | 'kill'; readonly within: number }
  /** The child ended because it was stopped. */
  | ({ readonly type: 'stopped'; readonly id: string } & ChildExit)
  /** The child's end exceeded the restart limit: all children are being stopped. */
  | ({ readonly type: 'limit'; readonly id: string; readonly restarts: number } & ChildExit)
  /** All children have ended for good. */
  | { readonly type: 'completed'; readonly restarts: number }
  /** The supervisor has ended: it was closed, or reached its restart limit. */
  | { readonly type: 'closed'; readonly restarts: number };

/** The result of `supervisor.wait()`. */
export type Outcome =
  /** All children have ended for good (or the supervisor was closed). */
  | { readonly kind: 'completed'; readonly restarts: number }
  /** The end of `id` exceeded the restart limit; all other children were stopped. */
  | ({ readonly kind: 'restart-limit'; readonly id: string; readonly restarts: number } & ChildExit)
  /** The wait timed out. `pending` holds the children that still run: they can be joined, detached or killed, and waited for again. */
  | { readonly kind: 'timeout'; readonly restarts: number; readonly pending: readonly (Process | Supervisor)[] };

/** A snapshot of a child. */
export interface ChildInfo {
  /** The id from its options. */
  readonly id: string;
  /**
   * "waiting": for its turn to start, or for the delay before a restart. "stopped": it has ended for good, or was
   * stopped.
   */
  readonly state: 'waiting' | 'starting' | 'running' | 'stopping' | 'stopped';
  /** The current or last process, if the child is a process. */
  readonly process: Process | undefined;
  /** The current or last supervisor, if the child is a supervisor. */
  readonly supervisor: Supervisor | undefined;
  /** How often it restarted after an end. */
  readonly restarts: number;
  /** How it last ended. */
  readonly lastEnd: ChildExit | undefined;
}

type Listener<E> = (event: E) => void;
/** The events that a listener of a name receives. */
export type SupervisorEventOf<T extends SupervisorEventName> = T extends SupervisorEvent['type']
  ? Extract<SupervisorEvent, { type: T }>
  : SupervisorEvent;
/** The name of an event; "event" stands for all of them. */
export type SupervisorEventName = SupervisorEvent['type'] | 'event';

/**
 * Keeps children running, as an Erlang/OTP supervisor does; OTP's documentation describes which children restart when,
 * the order of starts and stops, and the restart limit.
 *
 * When the runtime ends, all pending calls reject with `Closed` or `Fatal`. Calls to a supervisor that has ended reject
 * with `SupervisorError` (ECANCELED).
 */
export interface Supervisor extends AsyncDisposable {
  /** A number that is unique for the life of this runtime; `hf.ps()` reports it. */
  readonly id: number;
  /**
   * Adds a listener. It is never called before the call that created the supervisor has returned.
   *
   * @param type - The type of event, or "event" for all types.
   * @param listener - Called with each event.
   * @returns A function that removes the listener.
   * @throws `TypeError` for an unknown type, or a listener that is not a function.
   *
   * @example
   * supervisor.on('ended', ({ id, reason, code }) => console.log(id, reason, code));
   */
  on<T extends SupervisorEventName>(type: T, listener: (event: SupervisorEventOf<T>) => void): () => void;
  /**
   * Removes a listener; does nothing if it was not added.
   *
   * @param type - The type that it was added for.
   * @param listener - The listener.
   */
  off<T extends SupervisorEventName>(type: T, listener: (event: SupervisorEventOf<T>) => void): void;
  /**
   * Waits until all children have ended for good, or the supervisor has ended. Neither a timeout nor an abort stops
   * anything, and `wait()` may be called repeatedly. Also resolves while there are no children.
   *
   * @param options - `timeout` in milliseconds, and `signal`.
   * @returns What became of the children, with the kind "timeout" when they still run.
   * @throws The signal's reason when aborted.
   * @throws `Closed` or `Fatal` when the runtime ends first.
   */
  wait(options?: { timeout?: number | undefined; signal?: AbortSignal | undefined }): Promise<Outcome>;
  /**
   * Starts a child that is stopped or waiting; stops and starts a running one. Does not affect other children, and does
   * not count as a restart. Resolves when the child runs.
   *
   * @param id - The child's id.
   * @throws `SupervisorError` with the code "ENOENT" when there is no such child, or "ECANCELED" when it is stopped or
   * removed before it runs, or the supervisor has ended.
   */
  restart(id: string): Promise<void>;
  /**
   * Stops a child: asks it to end, and kills it after its `shutdown` time. Unless it is temporary, it stays in the
   * list, and can start again with `restart()`, or together with others if the strategy requires it. Resolves when it
   * has ended.
   *
   * @param id - The child's id.
   * @throws `SupervisorError` with the code "ENOENT" when there is no such child, or "ECANCELED" when the supervisor
   * has ended.
   */
  stop(id: string): Promise<void>;
  /**
   * Adds a child at the end of the order and starts it. Resolves when it runs.
   *
   * @param child - The child's options.
   * @throws `SupervisorError` with the code "EEXIST" when the id is taken, or "ECANCELED" when the child is stopped or
   * removed before it runs, or the supervisor has ended.
   * @throws `TypeError` or `RangeError` for invalid options.
   */
  add(child: ChildOptions): Promise<void>;
  /** Returns a snapshot of all children, in the order of their start. */
  children(): readonly ChildInfo[];
  /**
   * Stops all children, the last one first, each with its `shutdown` time. Resolves when they have ended. May be called
   * again.
   */
  close(): Promise<void>;
  /** Kills all children. Resolves when they have ended. */
  kill(): Promise<void>;
}

/** What supervisors need from the runtime. */
export interface SupervisorWire {
  post(message: ToCoordinator): void;
  ask: Ask;
  spawn(source: Source, options: SpawnOptions): Promise<Process>;
  /** Every process and supervisor of this runtime. */
  readonly own: WeakSet<object>;
  isProcess(handle: unknown): handle is ProcessHandle;
  SupervisorError: typeof SupervisorError;
  /** Reads the body of a program's response. Throws `SpawnRefused`. */
  read(response: Response): Promise<Uint8Array<ArrayBuffer>>;
  /** Waits until the promise settles or the signal is aborted. */
  wait<T>(promise: Promise<T>, signal: AbortSignal): Promise<T>;
  requireOpen(signal: AbortSignal | undefined): void;
  newId(): number;
  /** The supervisors that messages can arrive for. */
  readonly open: Map<number, SupervisorHandle>;
}

/** Implements `hf.supervise`. */
export async function openSupervisor(options: SuperviseOptions, wire: SupervisorWire): Promise<Supervisor> {
  const plan = await helped(() => planSupervise(options));
  wire.requireOpen(plan.signal);
  const supervisor = new SupervisorHandle(wire.newId(), plan, wire);
  wire.open.set(supervisor.id, supervisor);
  wire.own.add(supervisor);
  await supervisor.open();
  return supervisor;
}

interface Child {
  key: number;
  plan: ChildPlan;
  state: ChildInfo['state'];
  generation: number;
  /** Set while it starts. */
  starting: AbortController | undefined;
  handle: ProcessHandle | SupervisorHandle | undefined;
  startError: Error | undefined;
  restarts: number;
  lastEnd: ChildExit | undefined;
  forgotten: boolean;
  watchers: Watcher[];
}

/** A caller that waits until a child is up, as a later generation than `after`, or down. */
interface Watcher {
  up: boolean;
  after: number;
  promise: Deferred<void>;
}

export class SupervisorHandle implements Supervisor {
  static readonly name = 'Supervisor';
  readonly id: number;
  /** The supervisor that this one is a child of. */
  parent: SupervisorHandle | undefined;
  /** How it ended, once it has. */
  outcome: Outcome | undefined;

  readonly #wire: SupervisorWire;
  readonly #plan: SupervisePlan;
  readonly #children: Child[] = [];
  /** Includes children that are gone, whose last messages may still arrive. */
  readonly #byKey = new Map<number, Child>();
  readonly #listeners = new Map<SupervisorEventName, Set<Listener<never>>>();
  readonly #finished = deferred<Outcome>();
  #lastKey = 0;
  #restarts = 0;
  #limit: Extract<Outcome, { kind: 'restart-limit' }> | undefined;
  /** Settled while all children have ended for good. */
  #completed = deferred<Outcome>();
  #complete = false;
  #dead: Error | undefined;

  constructor(id: number, plan: SupervisePlan, wire: SupervisorWire) {
    this.id = id;
    this.#wire = wire;
    this.#plan = plan;
    for (const child of plan.children) this.#take(child);
  }

  /** Creates the supervisor in the coordinator, which then starts the children. */
  async open(): Promise<void> {
    const { settings, signal } = this.#plan;
    const children = this.#children.map(({ key, plan }) => ({ key, ...plan.message }));
    try {
      await this.#ask('supervise', { sup: this.id, ...settings, children });
    } catch (error) {
      this.#wire.open.delete(this.id);
      throw error;
    }
    if (!signal) return;
    const close = (): void => void this.close().catch(() => undefined);
    onAbort(signal, close);
    const forget = (): void => offAbort(signal, close);
    this.#finished.promise.then(forget, forget);
    if (signal.aborted) close();
    signal.throwIfAborted();
  }

  /** Resolves when it has ended. */
  get finished(): Promise<Outcome> {
    return this.#finished.promise;
  }

  on<T extends SupervisorEventName>(type: T, listener: (event: SupervisorEventOf<T>) => void): () => void {
    callable(listener, 'a listener');
    if (!EVENTS.has(type))
      throw new TypeError(`unknown event ${JSON.stringify(type)}; the events are ${[...EVENTS].join(', ')}`);
    let listeners = this.#listeners.get(type);
    if (!listeners) this.#listeners.set(type, (listeners = new Set()));
    listeners.add(listener as Listener<never>);
    return () => this.off(type, listener);
  }

  off<T extends SupervisorEventName>(type: T, listener: (event: SupervisorEventOf<T>) => void): void {
    this.#listeners.get(type)?.delete(listener as Listener<never>);
  }

  async wait(options: { timeout?: number | undefined; signal?: AbortSignal | undefined } = {}): Promise<Outcome> {
    return helped(() => this.#wait(options));
  }

  async #wait(options: { timeout?: number | undefined; signal?: AbortSignal | undefined }): Promise<Outcome> {
    const { timeout, signal, ...rest } = object(options, 'wait options');
    nothingMore('wait', rest);
    const limit = timeout === undefined ? Infinity : waitTime(timeout, 'timeout');
    if (this.#dead) throw this.#dead;
    const done = Promise.race([this.#finished.promise, this.#completed.promise]);
    return (
      (await within(done, limit, abortSignal(signal))) ?? {
        kind: 'timeout',
        restarts: this.#restarts,
        pending: this.#pending(),
      }
    );
  }

  async restart(id: string): Promise<void> {
    const child = this.#find(id);
    const up = this.#watch(child, true);
    await this.#order('restart', child.key, id);
    await up;
  }

  async stop(id: string): Promise<void> {
    const child = this.#find(id);
    const before = new Set(child.watchers); // later watchers belong to a new start
    const down = this.#watch(child, false);
    await this.#order('stop', child.key, id);
    const error = this.#error('ECANCELED', `${JSON.stringify(id)} was stopped before it ran`);
    this.#settle(child, (watcher) => {
      if (watcher.up) return before.has(watcher) ? error : undefined;
      return child.state === 'stopped' ? null : undefined;
    });
    await down;
  }

  async add(options: ChildOptions): Promise<void> {
    return helped(() => this.#add(options));
  }

  async #add(options: ChildOptions): Promise<void> {
    this.#requireOpen();
    const plan = planChild(options, 'child');
    const name = JSON.stringify(plan.id);
    if (this.#children.some((child) => child.plan.id === plan.id)) {
      throw this.#error('EEXIST', `a child ${name} already exists`);
    }
    const child = this.#take(plan);
    const up = this.#watch(child, true);
    this.#reopen();
    try {
      const { key } = child;
      await this.#ask('sup-add', { sup: this.id, child: { key, ...plan.message } });
    } catch (error) {
      this.#drop(child);
      throw this.#dead ?? error;
    }
    await up;
  }

  children(): readonly ChildInfo[] {
    return this.#children.map(({ plan, state, handle, restarts, lastEnd }) => ({
      id: plan.id,
      state,
      process: this.#wire.isProcess(handle) ? handle : undefined,
      supervisor: handle instanceof SupervisorHandle ? handle : undefined,
      restarts,
      lastEnd,
    }));
  }

  close(): Promise<void> {
    return this.#end('close');
  }

  kill(): Promise<void> {
    return this.#end('kill');
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #end(order: 'close' | 'kill'): Promise<void> {
    // If it ends at the same moment, that is fine too.
    if (!this.outcome && !this.#dead) {
      await this.#ask('sup-order', { sup: this.id, order, key: 0 }).catch(() => undefined);
    }
    await this.#finished.promise;
  }

  // --- children ---

  #take(plan: ChildPlan): Child {
    const child: Child = {
      key: ++this.#lastKey,
      plan,
      state: 'waiting',
      generation: 0,
      starting: undefined,
      handle: undefined,
      startError: undefined,
      restarts: 0,
      lastEnd: undefined,
      forgotten: false,
      watchers: [],
    };
    this.#children.push(child);
    this.#byKey.set(child.key, child);
    return child;
  }

  #drop(child: Child): void {
    child.forgotten = true;
    this.#byKey.delete(child.key);
    const at = this.#children.indexOf(child);
    if (at >= 0) this.#children.splice(at, 1);
    const error = this.#error('ECANCELED', `${JSON.stringify(child.plan.id)} is gone${why(child)}`);
    this.#settle(child, ({ up }) => (up ? error : null));
  }

  #find(id: string): Child {
    this.#requireOpen();
    const child = this.#children.find(({ plan }) => plan.id === id);
    if (!child) throw this.#error('ENOENT', `there is no child ${JSON.stringify(String(id))}`);
    return child;
  }

  #gone(): SupervisorError {
    return this.#error('ECANCELED', 'the supervisor has ended');
  }

  #requireOpen(): void {
    if (this.#dead) throw this.#dead;
    if (this.outcome) throw this.#gone();
  }

  #pending(): (Process | Supervisor)[] {
    return this.#children.flatMap(({ state, handle }) =>
      handle && (state === 'running' || state === 'stopping') ? [handle] : [],
    );
  }

  #error(code: string, message: string, options?: ErrorOptions): SupervisorError {
    return new this.#wire.SupervisorError(code, message, options);
  }

  #ask<Name extends 'supervise' | 'sup-add' | 'sup-order'>(name: Name, question: Calls[Name][0]): Promise<undefined> {
    return this.#wire.ask(name, question, ({ code, message }) => this.#error(code, message)) as Promise<undefined>;
  }

  async #order(order: SupervisorOrder, key: number, id: string): Promise<void> {
    try {
      await this.#ask('sup-order', { sup: this.id, order, key });
    } catch (error) {
      if (this.#dead) throw this.#dead;
      const code = (error as Partial<SupervisorError>).code ?? 'ECANCELED';
      const what = code === 'ENOENT' ? `the child ${JSON.stringify(id)} no longer exists` : 'the supervisor has ended';
      throw this.#error(code, `${code}: ${what}`, { cause: error });
    }
  }

  /** Resolves when the child runs (as a later generation than now), or has stopped. */
  #watch(child: Child, up: boolean): Promise<void> {
    const promise = deferred<void>();
    child.watchers.push({ up, after: child.generation, promise });
    return promise.promise;
  }

  /** `judge` returns for each watcher: an error, null for success, or undefined to keep waiting. */
  #settle(child: Child, judge: (watcher: Watcher) => Error | null | undefined): void {
    child.watchers = child.watchers.filter((watcher) => {
      const verdict = judge(watcher);
      if (verdict) watcher.promise.reject(verdict);
      else if (verdict === null) watcher.promise.resolve();
      return verdict === undefined;
    });
  }

  // --- messages from the coordinator ---

  onAction(action: SupervisorAction): void {
    if (action.a === 'completed' || action.a === 'finished') return this.#onWord(action);
    const child = this.#byKey.get(action.key);
    if (!child) return;
    const { id } = child.plan;
    switch (action.a) {
      case 'start':
        this.#reopen();
        child.state = 'starting';
        child.generation = action.generation;
        void this.#start(child, action.generation);
        return;
      case 'started':
        child.state = 'running';
        this.#settle(child, ({ up, after }) => (up && child.generation > after ? null : undefined));
        return this.#emit({ type: 'started', id, ...handleOf(child) });
      case 'ask':
      case 'kill':
        this.#onStop(child, action.a);
        return this.#emit({ type: 'stopping', id, how: action.a, within: action.within });
      case 'ended':
      case 'stopped': {
        child.state = 'stopped';
        child.lastEnd = this.#endOf(child, action.reason, action.code);
        this.#settle(child, ({ up }) => (up ? undefined : null));
        this.#emit({ type: action.a, id, ...child.lastEnd });
        if (action.forgotten) this.#drop(child);
        return;
      }
      case 'restarting':
        child.state = 'waiting';
        child.restarts++;
        this.#restarts = action.restarts;
        return this.#emit({ type: 'restarting', id, delay: action.delay, restarts: action.restarts });
      case 'limit': {
        const end = child.lastEnd ?? this.#endOf(child, action.reason, action.code);
        this.#limit = { kind: 'restart-limit', id, restarts: action.restarts, ...end };
        return this.#emit({ type: 'limit', id, restarts: action.restarts, ...end });
      }
    }
  }

  #onWord({ a, restarts }: Extract<SupervisorAction, { a: 'completed' | 'finished' }>): void {
    this.#restarts = restarts;
    for (const child of this.#children) child.state = 'stopped';
    const outcome: Outcome = this.#limit ?? { kind: 'completed', restarts };
    if (a === 'completed') {
      this.#complete = true;
      this.#completed.resolve(outcome);
      return this.#emit({ type: 'completed', restarts });
    }
    this.outcome = outcome;
    for (const child of this.#children) this.#settle(child, ({ up }) => (up ? this.#gone() : null));
    this.#finished.resolve(outcome);
    this.#wire.open.delete(this.id);
    this.#emit({ type: 'closed', restarts });
  }

  /** A child runs again, so `wait()` has to wait again. */
  #reopen(): void {
    if (!this.#complete) return;
    this.#complete = false;
    this.#completed = deferred();
  }

  onRuntimeGone(error: Error): void {
    this.#dead = error;
    this.#finished.reject(error);
    for (const child of this.#children) {
      child.starting?.abort(error);
      this.#settle(child, () => error);
    }
  }

  #endOf(child: Child, reason: EndReason, code: number): ChildExit {
    const { handle, startError } = child;
    if (reason === 'start-failed') {
      const message = startError?.message ?? 'it was stopped before it had started';
      return { reason, code, message, ...(startError ? { error: startError } : {}) };
    }
    if (handle instanceof SupervisorHandle) {
      const { outcome } = handle;
      const message =
        outcome?.kind === 'restart-limit' ? `its child ${JSON.stringify(outcome.id)} ended too often` : '';
      return { reason, code, message, ...(outcome ? { outcome } : {}) };
    }
    const exit = handle?.exit;
    return { reason, code, message: exit?.message ?? '', ...(exit ? { exit } : {}) };
  }

  #emit(event: SupervisorEvent): void {
    for (const type of [event.type, 'event'] as const) {
      for (const listener of [...(this.#listeners.get(type) ?? [])]) {
        try {
          (listener as Listener<SupervisorEvent>)(event);
        } catch (error) {
          report(error);
        }
      }
    }
  }

  // --- starts and stops ---

  async #start(child: Child, generation: number): Promise<void> {
    const controller = new AbortController();
    child.starting = controller;
    child.startError = undefined;
    child.handle = undefined;
    let handle: ProcessHandle | SupervisorHandle;
    try {
      handle = this.#check(await begin(child.plan, controller.signal, this.#wire));
    } catch (error) {
      if (child.generation !== generation || child.starting !== controller) return; // given up, and already reported
      if (!controller.signal.aborted) child.startError = asError(error);
      child.starting = undefined;
      return this.#tellEnd(child, generation, 'start-failed', 0);
    }
    if (this.#dead || child.starting !== controller) {
      // The supervisor no longer needs it.
      Promise.resolve(handle.kill()).catch(() => undefined);
      return;
    }
    child.starting = undefined;
    child.handle = handle;
    const isProcess = this.#wire.isProcess(handle);
    if (!isProcess) (handle as SupervisorHandle).parent = this;
    const [process, supervisor] = isProcess ? [handle.id, 0] : [0, handle.id];
    this.#wire.post({ t: 'sup-started', sup: this.id, key: child.key, generation, process, supervisor });
    const told = isProcess
      ? (handle as ProcessHandle).exited.then(({ reason, code }) => this.#tellEnd(child, generation, reason, code))
      : (handle as SupervisorHandle).finished.then(({ kind }) =>
          this.#tellEnd(child, generation, kind === 'restart-limit' ? 'restart-limit' : 'exit', 0),
        );
    told.catch(() => undefined); // the runtime is gone
  }

  #tellEnd(child: Child, generation: number, reason: EndReason, code: number): void {
    this.#wire.post({ t: 'sup-ended', sup: this.id, key: child.key, generation, reason, code });
  }

  /** Returns the result of a start if it can be supervised; otherwise throws. */
  #check(given: unknown): ProcessHandle | SupervisorHandle {
    // An instance or a thread has its process.
    const handle: unknown = (given as { process?: unknown } | undefined)?.process ?? given;
    if (!(this.#wire.isProcess(handle) || handle instanceof SupervisorHandle)) {
      throw new TypeError('start must return a process (hf.spawn), a thread or a supervisor (hf.supervise)');
    }
    if (!this.#wire.own.has(handle)) throw new TypeError('start returned a process or supervisor of another runtime');
    if (this.#wire.isProcess(handle)) return handle;
    if (handle.parent)
      throw new TypeError('start returned a supervisor that is already supervised: create a new one for each start');
    if (this.isOrIsBelow(handle)) throw new TypeError('start returned the supervisor itself');
    return handle;
  }

  /** Whether `other` is this supervisor or one of its ancestors. */
  isOrIsBelow(other: SupervisorHandle): boolean {
    return other === this || this.parent?.isOrIsBelow(other) === true;
  }

  #onStop(child: Child, how: 'ask' | 'kill'): void {
    child.state = 'stopping';
    if (child.starting) {
      const { starting, generation } = child;
      if (how === 'kill') {
        // If the start still succeeds, its result is killed then.
        child.starting = undefined;
        this.#tellEnd(child, generation, 'start-failed', 0);
      }
      starting.abort(this.#error('ECANCELED', 'the supervisor is stopping this child'));
    } else if (how === 'ask' && this.#wire.isProcess(child.handle)) {
      try {
        Promise.resolve(child.plan.stop?.(child.handle)).catch(report);
      } catch (error) {
        report(error);
      }
    }
  }
}

const EVENTS = new Set<SupervisorEventName>([
  'event',
  'started',
  'ended',
  'restarting',
  'stopping',
  'stopped',
  'limit',
  'completed',
  'closed',
]);

async function begin(plan: ChildPlan, stop: AbortSignal, wire: SupervisorWire): Promise<unknown> {
  if (!plan.program) return plan.start({ signal: stop });
  const { source, ...options } = plan.program;
  const signal = options.signal ? anyOf([options.signal, stop]) : stop;
  plan.kept ??= reusable(source, wire);
  plan.kept.catch(() => undefined); // each start that awaits it gets the error
  return wire.spawn(await wire.wait(plan.kept, signal), {
    name: plan.id,
    stdout: 'null',
    stderr: 'null',
    ...options,
    signal,
  });
}

/** A response can be read only once, so its body is kept for later starts, and read to the end even if this start is given up. */
async function reusable(source: Source, wire: SupervisorWire): Promise<Source> {
  const settled: unknown = await source;
  return tagOf(settled) === 'Response' ? wire.read(settled as Response) : source;
}

/** `AbortSignal.any`, which keeps nothing alive, or a substitute where it is missing. */
function anyOf(signals: AbortSignal[]): AbortSignal {
  const { any } = AbortSignal as { any?: (signals: AbortSignal[]) => AbortSignal };
  if (any) return any.call(AbortSignal, signals);
  const controller = new AbortController();
  for (const signal of signals) {
    if (signal.aborted) controller.abort(signal.reason);
    signal.addEventListener('abort', () => controller.abort(signal.reason), { once: true, signal: controller.signal });
  }
  return controller.signal;
}

const handleOf = ({ handle }: Child): { process?: Process; supervisor?: Supervisor } =>
  handle instanceof SupervisorHandle ? { supervisor: handle } : handle ? { process: handle } : {};

const why = ({ lastEnd }: Child): string => (lastEnd?.message ? `: ${lastEnd.message}` : '');

/** Reports an error to the page as if an event listener had thrown it; nothing else is affected. */
function report(error: unknown): void {
  const { reportError } = globalThis as { reportError?: (error: unknown) => void };
  if (reportError) reportError(error);
  else queueMicrotask(() => Promise.reject(error));
}
