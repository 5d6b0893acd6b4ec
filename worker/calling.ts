/**
 * How JavaScript calls a component, and how a component calls JavaScript. In a worker of its own a component is called like any function. Where all guests
 * share one worker (single.ts), each call into it returns a promise, and each call out of it suspends its stack, because the engine cannot suspend
 * frames of JavaScript.
 */
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

  constructor(private readonly scheduler: Pick<Scheduler, 'atOnce' | 'held'>) {}

  into<Args extends unknown[], Result>(fn: (...args: Args) => Result): (...args: Args) => Promise<Result> {
    const call = promising(fn);
    return (...args) => {
      if (this.scheduler.held) throw new TypeError(CANNOT_WAIT);
      return call(...args);
    };
  }

  outOf<Args extends Core[], Result>(work: (...args: Args) => Steps<Result>): (...args: Args) => Result {
    const call = (...args: Args): Result | Promise<Result> => this.run(work(...args));
    return suspending(call as (...args: never[]) => unknown) as unknown as (...args: Args) => Result;
  }

  /** While the component must not be suspended, the steps fail before they have to wait. */
  run<Result>(steps: Steps<Result>): Result | Promise<Result> {
    return this.scheduler.held ? runNow(steps) : runAwaiting(steps);
  }

  atOnce<Result>(work: () => Result): Result {
    return this.scheduler.atOnce(work);
  }
}

const CANNOT_WAIT =
  'its start function calls the page or another component, for which the page must be cross-origin isolated (Cross-Origin-Opener-Policy and Cross-Origin-Embedder-Policy)';
