/** How the code around a guest's calls runs: at once, or, where all guests share one worker, in steps that wait (steps.ts). Part of guest.ts. */
import { EXIT_MESSAGE_MAX, TEXT_MESSAGE } from '../build/generated/layouts.ts';
import type { RunMessage } from '../common/worker-protocol.ts';
import { seatOf, type Seat, type SeatWorker, type Stacks } from './seat.ts';
import { runAwaiting, runNow, valueOf, type Steps } from './steps.ts';

interface Calls {
  /** Whether all guests share one worker, and their stacks are suspended while they wait. */
  readonly single: boolean;
  /** Calls a function of the guest, or one of the kernel that may wait; see steps.ts. */
  call<Args extends unknown[], Result>(fn: (...args: Args) => Result, ...args: Args): Result | Promise<Result>;
  /** Does the work, of which `call` is a part. */
  run<T>(work: Steps<T>): T | Promise<T>;
  /** Does the work after all earlier work of this guest. */
  inTurn(work: () => Steps<void>): void;
  /** The function that a guest imports to have this work done. */
  importOf(work: (...args: unknown[]) => Steps<unknown>): WebAssembly.ImportValue;
  /** Calls the module's start function, if the instance was made without. */
  callStart(): Steps<void>;
}

export interface GuestSeat extends Seat, Calls {
  /** Tells the coordinator that the program runs; it may be told again later. */
  started(): void;
  /** The same as `fail`, as a part of other work. */
  failing(text: string): Steps<void>;
}

const directCalls: Calls = {
  single: false,
  call: (fn, ...args) => fn(...args),
  run: runNow,
  inTurn: (work) => runNow(work()),
  importOf:
    (work) =>
    (...args: unknown[]) =>
      runNow(work(...args)),
  *callStart() {
    // It has run.
  },
};

const suspendingCalls = (stacks: Stacks): Calls => ({
  single: true,
  call: (fn, ...args) => stacks.call(fn, ...args),
  run: runAwaiting,
  inTurn: (work) => stacks.inTurn(() => runAwaiting(work())),
  importOf: (work) => stacks.suspending((...args) => runAwaiting(work(...args))),
  callStart: () => valueOf(stacks.callStart()),
});

export function guestSeatOf(worker: SeatWorker, message: RunMessage): GuestSeat {
  const calls = worker.stacks ? suspendingCalls(worker.stacks) : directCalls;
  return {
    ...seatOf(worker, message),
    ...calls,
    started() {
      if (message.tid === 0) worker.tell({ t: 'started', session: message.session });
    },
    *failing(text) {
      const { pointer, size } = worker.put(TEXT_MESSAGE, text, EXIT_MESSAGE_MAX);
      yield* valueOf(calls.call(worker.kernel.w_fail, pointer, size));
    },
  };
}
