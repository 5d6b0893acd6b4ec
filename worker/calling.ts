/**
 * How JavaScript calls a component, and how a component calls JavaScript. In a worker of its own a component is called like any function. Where all guests
 * share one worker (single.ts), each call into it returns a promise, and each call out of it suspends its stack, because the engine cannot suspend
 * frames of JavaScript.
 */
import { Trap } from './canonical/trap.ts';
import { promising, suspending, type Scheduler } from './scheduler.ts';
import { runAwaiting, runNow, type Steps } from './steps.ts';

type Core = number | bigint;

export interface Calling {
  /** Makes a function of WebAssembly callable from steps, which yield what it returns. */
  into<Args extends unknown[], Result>(fn: (...args: Args) => Result): (...args: Args) => Result | Promise<Result>;
  /** Makes a function that carries out steps callable from WebAssembly. */
  outOf<Args extends Core[], Result>(work: (...args: Args) => Steps<Result>): (...args: Args) => Result;
  run<Result>(steps: Steps<Result>): Result | Promise<Result>;
  /** Runs code of the component during which it must not be suspended, because frames of JavaScript lie below: a realloc, or an engine's start function. */
  atOnce<Result>(work: () => Result): Result;
  /** Whether the engine suspends stacks. */
  readonly suspends: boolean;
  /** Call this now and then while values pass, which cannot be suspended. Throws `Trap` if it takes too long for the others. */
  checkTime?(): void;
}

export const direct: Calling = {
  into: (fn) => fn,
  outOf:
    (work) =>
    (...args) =>
      runNow(work(...args)),
  run: runNow,
  atOnce: (work) => work(),
  suspends: false,
};

export class Suspended implements Calling {
  readonly suspends = true;

  private readonly interrupt: () => Promise<void>;

  /** `interrupt`: the kernel's function that lets others run if it is their turn. */
  constructor(
    private readonly scheduler: Pick<Scheduler, 'atOnce' | 'held' | 'overtime'>,
    interrupt: () => void,
  ) {
    this.interrupt = promising(interrupt);
  }

  into<Args extends unknown[], Result>(fn: (...args: Args) => Result): (...args: Args) => Promise<Result> {
    const call = promising(fn);
    return (...args) => {
      if (this.scheduler.held) throw new TypeError(CANNOT_WAIT);
      return call(...args);
    };
  }

  outOf<Args extends Core[], Result>(work: (...args: Args) => Steps<Result>): (...args: Args) => Result {
    const call = (...args: Args): Result | Promise<Result> =>
      this.scheduler.held ? runNow(work(...args)) : this.#withItsTime(work(...args));
    return suspending(call as (...args: never[]) => unknown) as unknown as (...args: Args) => Result;
  }

  checkTime(): void {
    if (this.scheduler.overtime > MOST_OVERTIME) throw new Trap(TOO_LONG);
  }

  /** What passes takes time that the component does not count, because its own code does not run. */
  async #withItsTime<Result>(steps: Steps<Result>): Promise<Result> {
    const result = await runAwaiting(steps);
    if (this.scheduler.overtime >= 0) await this.interrupt();
    return result;
  }

  /** While the component must not be suspended, the steps fail before they have to wait. */
  run<Result>(steps: Steps<Result>): Result | Promise<Result> {
    return this.scheduler.held ? runNow(steps) : runAwaiting(steps);
  }

  atOnce<Result>(work: () => Result): Result {
    return this.scheduler.atOnce(work);
  }
}

/** How long values may pass in one call, in milliseconds: shorter than the page waits for a sign of life (web/single.ts). */
const MOST_OVERTIME = 5000;
const TOO_LONG =
  'a call passed values for longer than five seconds, during which no other program could run, because the page is not cross-origin isolated';

const CANNOT_WAIT =
  'its start function calls the page or another component, for which the page must be cross-origin isolated (Cross-Origin-Opener-Policy and Cross-Origin-Embedder-Policy)';
