/**
 * The tick loop of a guest that serves calls. It ticks while there is something to do; otherwise the worker waits in its event loop. Calls,
 * pauses and kills take effect between ticks.
 */
import type { FromGuest } from '../common/guest-protocol.ts';
import { later } from '../common/later.ts';
import { LOOP, TICK } from '../common/loop-protocol.ts';
import { LONGEST_TIMER } from '../common/timers.ts';
import { CallFailed } from './host-functions.ts';
import { valueOf, type Steps } from './steps.ts';

type Export = (...args: unknown[]) => unknown;
/** A call of an export. */
type Call = (...args: unknown[]) => Steps<number>;

/** What the loop needs from its guest (guest.ts). */
export interface LoopSeat {
  exports: Record<string, WebAssembly.ExportValue>;
  /** Calls one of the exports. */
  call(fn: Export, ...args: unknown[]): unknown;
  /** Wakes the resting guest and runs its code, and then calls `after`, unless the guest has ended. */
  run(work: () => Steps<void>, after: () => void): void;
  post(message: FromGuest): void;
  /** The bytes of standard input that can be read without waiting. */
  waitingInput(): Steps<number>;
  /** Lets other guests run that wait for this one. */
  giveWay(): Steps<void>;
}

/** The functions that drive a guest's loop. */
interface Contract {
  /** The name of the export that ticks, for messages. */
  name: string;
  start(): Steps<unknown>;
  tick(): Steps<number>;
  /** Lets the guest look for input. */
  poll?: (() => Steps<unknown>) | undefined;
  /** Makes the guest print its error on standard error. */
  explain?: (() => Steps<unknown>) | undefined;
}

/** How many ticks a guest makes before it checks whether others should run. */
const BETWEEN_LOOKS = 64;

interface Round {
  ticks: number;
  /** What the last tick returned. */
  result: number;
  refused?: CallFailed;
}

export class Loop {
  private contract: Contract | undefined;
  private context: number | null = null;
  private started = false;
  private running = false;
  private closed = false;
  private budget = 0;
  private recheck = 0;
  private told = false;
  /** Whether there may be input that the guest has not looked at. */
  private input = true;
  /** How long to wait before checking whether an idle guest is still idle, in milliseconds. */
  private patience = 1;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private tickets: number[] = [];
  private posted = false;
  /** Whether a round has begun, or waits for calls. */
  private inRound = false;
  private readonly post = later(() => {
    this.posted = false;
    this.round();
  });

  constructor(private readonly seat: LoopSeat) {}

  /** Handles a request of the page (loop-protocol.ts). Throws `CallFailed`. */
  *perform(operation: number, [context, ...args]: unknown[]): Steps<unknown> {
    this.context = context as number | null;
    switch (operation) {
      case LOOP.start:
        return yield* this.start();
      case LOOP.once:
        return yield* this.once();
      case LOOP.run:
        return yield* this.begin(args as [number, number, boolean]);
      case LOOP.stop:
        return this.stop();
      case LOOP.input:
        this.input = true;
        return undefined;
      case LOOP.idle:
        this.tickets.push(args[0] as number);
        return undefined;
      default:
        throw new CallFailed(`there is no operation ${operation}`);
    }
  }

  /** Called after a call into the guest, which may have given its loop something to do. */
  stir(): void {
    if (!this.running) return;
    this.patience = 1;
    this.soon();
  }

  close(): void {
    this.closed = true;
    this.stop();
  }

  private *start(): Steps<void> {
    this.contract ??= contractOf(this.seat, () => this.context);
    if (this.started) return;
    this.started = true;
    yield* this.contract.start();
  }

  private *begin([budget, recheck, told]: [number, number, boolean]): Steps<void> {
    yield* this.start();
    this.budget = budget;
    this.recheck = recheck < 0 ? (this.contract!.poll ? 0 : 1000) : recheck;
    this.told = told;
    this.running = true; // the caller stirs the loop, as after every call
  }

  private *once(): Steps<number> {
    this.contract ??= contractOf(this.seat, () => this.context);
    if (this.input) yield* this.lookForInput();
    const result = yield* this.contract.tick();
    if (result === TICK.idle) this.tellIdle();
    return result;
  }

  private stop(): void {
    this.running = false;
    clearTimeout(this.timer);
  }

  private soon(): void {
    clearTimeout(this.timer);
    if (this.posted || this.closed) return;
    this.posted = true;
    this.post();
  }

  /** Ticks while the guest has something to do, until it is time to return to the event loop. */
  private round(): void {
    if (!this.running || this.inRound) return;
    this.inRound = true;
    const round: Round = { ticks: 0, result: TICK.idle };
    this.seat.run(
      () => this.tick(round),
      () => this.after(round),
    );
  }

  private *tick(round: Round): Steps<void> {
    if (!this.running) return; // the work may have waited for a call that stopped the loop
    const end = performance.now() + this.budget;
    try {
      do {
        if (this.input) yield* this.lookForInput();
        round.result = yield* this.contract!.tick();
        if (++round.ticks % BETWEEN_LOOKS === 0) yield* this.seat.giveWay();
      } while ((round.result === TICK.ready || this.input) && performance.now() < end);
      if (round.result === TICK.error && this.contract!.explain) yield* this.contract!.explain();
    } catch (error) {
      if (!(error instanceof CallFailed)) throw error;
      round.refused = error;
    }
  }

  private after({ ticks, result, refused }: Round): void {
    this.inRound = false;
    if (!this.running) return;
    if (refused) return this.fail(refused.message);
    if (this.told) this.seat.post({ t: 'loop', event: 'ticks', ticks, result });
    this.waitAfter(result);
  }

  private waitAfter(result: number): void {
    if (result < TICK.idle) return this.fail(this.meaning(result));
    if (result === TICK.ready || this.input) return this.soon();
    if (result > 0) this.wakeIn(result);
    else this.rest();
  }

  /** A runtime may report that it is idle while a timer is pending, so an idle guest is asked again from time to time. */
  private rest(): void {
    this.tellIdle();
    if (this.recheck === 0) return;
    this.wakeIn(Math.min(this.patience, this.recheck));
    this.patience = Math.min(2 * this.patience, this.recheck);
  }

  private wakeIn(milliseconds: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.round(), Math.min(milliseconds, LONGEST_TIMER));
  }

  private tellIdle(): void {
    if (this.tickets.length > 0) this.seat.post({ t: 'loop', event: 'idle', tickets: this.tickets.splice(0) });
  }

  private meaning(result: number): string {
    const { name } = this.contract!;
    const meaning = result === TICK.error ? 'an error in the guest’s event loop' : 'which is not a valid result';
    return `${name} returned ${result}, ${meaning}`;
  }

  private fail(message: string): void {
    this.stop();
    this.seat.post({ t: 'loop', event: 'failed', message });
  }

  /** Lets the guest read input. It may read only part of it, but if it reads none, it is not asked again for that input. */
  private *lookForInput(): Steps<void> {
    this.input = false;
    const poll = this.contract!.poll;
    if (!poll) return;
    const before = yield* this.seat.waitingInput();
    yield* poll();
    const left = before > 0 ? yield* this.seat.waitingInput() : 0;
    this.input = left > 0 && left < before;
  }
}

/** Finds the guest's tick export. Throws `CallFailed` if it has none. */
function contractOf(seat: LoopSeat, context: () => number | null): Contract {
  const find = (name: string): Call | undefined => {
    const fn = seat.exports[name];
    return typeof fn === 'function' ? (...args) => valueOf(seat.call(fn as Export, ...args) as number) : undefined;
  };
  const once = find('js_std_loop_once');
  return once ? ofQuickJS(once, find, context) : ofGo(find);
}

function ofGo(find: (name: string) => Call | undefined): Contract {
  const need = (name: string): Call => {
    const found = find(name);
    if (!found) throw new CallFailed(`Module does not export ${name} (not built with modified Go runtime?)`);
    return found;
  };
  return { name: 'go_tick', start: need('go_start_main'), tick: need('go_tick') };
}

function ofQuickJS(once: Call, find: (name: string) => Call | undefined, given: () => number | null): Contract {
  const own = find('qjs_get_context');
  const init = find('qjs_init');
  const pollIO = find('js_std_poll_io');
  const dump = find('js_std_dump_error');
  function* context(): Steps<number> {
    const found = given() ?? (own ? yield* own() : 0);
    if (found === 0) throw new CallFailed('there is no QuickJS context: call startMain() first, or set loop.context');
    return found;
  }
  return {
    name: 'js_std_loop_once',
    *start() {
      if (given() !== null || !own || (yield* own()) !== 0) return;
      if (!init || (yield* init()) !== 0) throw new CallFailed('qjs_init failed');
    },
    *tick() {
      return yield* once(yield* context());
    },
    poll:
      pollIO &&
      function* () {
        yield* pollIO(yield* context(), 0);
      },
    explain:
      dump &&
      function* () {
        yield* dump(yield* context());
      },
  };
}
