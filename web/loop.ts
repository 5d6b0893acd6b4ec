/** The event loop of an instance, which its worker drives (worker/loop.ts). */
import { LOOP, type LoopMessage } from '../common/loop-protocol.js';
import { offAbort, onAbort } from './aborts.js';
import { wrong } from './bytes.js';
import { waitTime, abortSignal, callback, helped, nothingMore } from './check.js';
import { deferred, type Deferred } from './deferred.js';
import type { Exit } from './process.js';

/** How `loop.run()` ended: by `stop()` or its signal, or because the guest exited. */
export type LoopEnd = { state: 'stopped' } | { state: 'finished'; exit: Exit };

/** A round of ticks without a pause. */
export interface LoopRound {
  /** The number of ticks. */
  ticks: number;
  /** The result of the last tick: -1 idle, 0 ready, above 0: milliseconds to the next timer. */
  result: number;
}

/** Options of `loop.run()`. */
export interface LoopOptions {
  /**
   * Milliseconds for which a guest that is always ready ticks before calls, pauses and kills get their turn. One tick may take longer. Default: 5.
   */
  budget?: number;
  /**
   * An idle guest is ticked again after 1, 2, 4, … up to this many milliseconds, because a Go runtime may report that it is idle while a timer is
   * pending. 0: an idle guest sleeps until a call or input wakes it. Default: 1000 with
   * `go_tick`, 0 with `js_std_loop_once`, which knows its timers.
   */
  recheck?: number;
  /** Called shortly after each round of ticks; the guest does not wait for it. */
  onTick?: (round: LoopRound) => void;
  /** Stops the loop when aborted; `run()` then resolves. */
  signal?: AbortSignal;
}

/**
 * The event loop of a guest: its worker ticks it, and sleeps in between. For modules that export `go_start_main` and
 * `go_tick` (Go), or `js_std_loop_once` (QuickJS).
 */
export interface Loop {
  /**
   * The guest's JSContext, for a module with `js_std_loop_once` that does not export `qjs_get_context`. Default:
   * undefined.
   */
  context: number | undefined;
  /**
   * Starts the main function: `go_start_main`, or for QuickJS `qjs_init`, unless there is a context. Later calls do nothing.
   *
   * @throws `CallFailed` when the module lacks an export that a loop needs, or when the instance has ended.
   */
  startMain(): Promise<void>;
  /**
   * Ticks once.
   *
   * @returns -1: idle, 0: ready for another tick, -2: an error (QuickJS), above 0: milliseconds to the next timer.
   * @throws `CallFailed` as `startMain()` does.
   */
  loopOnce(): Promise<number>;
  /**
   * Starts the main function and then ticks, in the guest's worker, whenever there is something to do. While the guest
   * waits for a timer or is idle, its worker sleeps; a call of an export, a write to standard input, or the timer wakes it. An idle guest has not
   * finished: the loop continues until it is stopped or the guest exits.
   *
   * @param options - The time budget of a round, a function to call after each, and an abort signal.
   * @returns How it ended.
   * @throws `CallFailed` when a tick returns an error (the instance stays), or when the instance ends by a trap, a kill or a limit.
   * @throws `TypeError` for invalid options, and while the loop is already running.
   *
   * @example
   * const q = await hf.instantiate('/reactor.wasm');
   * void q.loop.run();
   * await q.call('start_work');
   * await q.loop.whenIdle();
   */
  run(options?: LoopOptions): Promise<LoopEnd>;
  /** Stops ticking. The guest keeps its state, and `run()` can continue it. */
  stop(): Promise<void>;
  /**
   * Waits until the guest reports that it is idle, in a tick after all earlier calls and writes.
   *
   * @returns 'idle', or 'stopped' or 'finished' when the loop ended first.
   * @throws `CallFailed` as `run()` does.
   */
  whenIdle(): Promise<'idle' | 'stopped' | 'finished'>;
}

/** What a loop needs from its instance. */
export interface LoopTools {
  ask(operation: number, args: unknown[]): Promise<unknown>;
  failed(message: string): Error;
}

const BUDGET = 5;

function plan({ budget = BUDGET, recheck, onTick, signal, ...rest }: LoopOptions) {
  nothingMore('loop', rest);
  return {
    budget: waitTime(budget, 'budget'),
    recheck: recheck === undefined ? -1 : waitTime(recheck, 'recheck'),
    onTick: callback(onTick, 'onTick'),
    signal: abortSignal(signal),
  };
}

export class LoopSide implements Loop {
  static readonly name = 'Loop';
  context: number | undefined;
  readonly #tools: LoopTools;
  #running: Deferred<LoopEnd> | undefined;
  #result: Promise<LoopEnd> | undefined;
  #onTick: ((round: LoopRound) => void) | undefined;
  #lastTicket = 0;
  readonly #waiting = new Map<number, Deferred<'idle' | 'stopped' | 'finished'>>();

  constructor(tools: LoopTools) {
    this.#tools = tools;
  }

  async startMain(): Promise<void> {
    await this.#ask(LOOP.start);
  }

  async loopOnce(): Promise<number> {
    return (await this.#ask(LOOP.once)) as number;
  }

  run(options: LoopOptions = {}): Promise<LoopEnd> {
    const result = this.#run(options);
    if (!this.#running) this.#result = result;
    return result;
  }

  async #run(options: LoopOptions): Promise<LoopEnd> {
    const { budget, recheck, onTick, signal } = await helped(() => plan(options));
    signal?.throwIfAborted();
    if (this.#running) throw new TypeError('the loop is already running');
    const end = (this.#running = deferred<LoopEnd>());
    this.#onTick = onTick;
    const stop = (): void => void this.stop().catch(() => undefined);
    onAbort(signal, stop);
    try {
      await Promise.race([this.#ask(LOOP.run, budget, recheck, onTick !== undefined), end.promise]);
      return await end.promise;
    } catch (error) {
      const { exit } = error as { exit?: Exit };
      if (exit?.reason !== 'exit') throw error;
      return { state: 'finished', exit };
    } finally {
      if (this.#running === end) this.#running = undefined;
      offAbort(signal, stop);
    }
  }

  async stop(): Promise<void> {
    await this.#ask(LOOP.stop);
    this.#end({ state: 'stopped' });
  }

  async whenIdle(): Promise<'idle' | 'stopped' | 'finished'> {
    const ticket = ++this.#lastTicket;
    const wait = deferred<'idle' | 'stopped' | 'finished'>();
    this.#waiting.set(ticket, wait);
    this.#ask(LOOP.idle, ticket).catch((error: unknown) => this.#forget(ticket, error));
    return wait.promise;
  }

  /** Called when there may be new standard input. */
  input(): void {
    this.#ask(LOOP.input).catch(() => undefined);
  }

  receive(message: LoopMessage): void {
    switch (message.event) {
      case 'ticks':
        return this.#onTick?.({ ticks: message.ticks, result: message.result });
      case 'idle':
        for (const ticket of message.tickets) this.#take(ticket)?.resolve('idle');
        return;
      case 'failed':
        return this.#fail(this.#tools.failed(message.message));
    }
  }

  /** Called when the instance has ended. Its `exited` reports that, so a `run()` that is not awaited must not cause an unhandled rejection. */
  ended(error: Error & { exit?: Exit | undefined }): void {
    if (error.exit?.reason === 'exit') return this.#end({ state: 'finished', exit: error.exit });
    this.#result?.catch(() => undefined);
    this.#fail(error);
  }

  #fail(error: Error): void {
    this.#running?.reject(error);
    this.#running = undefined;
    for (const ticket of [...this.#waiting.keys()]) this.#take(ticket)!.reject(error);
  }

  #end(end: LoopEnd): void {
    this.#running?.resolve(end);
    this.#running = undefined;
    for (const ticket of [...this.#waiting.keys()]) this.#take(ticket)!.resolve(end.state);
  }

  #forget(ticket: number, error: unknown): void {
    const { exit } = error as { exit?: Exit };
    if (exit?.reason === 'exit') this.#take(ticket)?.resolve('finished');
    else this.#take(ticket)?.reject(error);
  }

  #take(ticket: number): Deferred<'idle' | 'stopped' | 'finished'> | undefined {
    const found = this.#waiting.get(ticket);
    this.#waiting.delete(ticket);
    return found;
  }

  #ask(operation: number, ...args: unknown[]): Promise<unknown> {
    const { context } = this;
    if (context !== undefined && !(Number.isInteger(context) && context > 0))
      return Promise.reject(wrong('loop.context', 'a pointer', context));
    return this.#tools.ask(operation, [context ?? null, ...args]);
  }
}
