/** Messages between the page and a guest's worker about the guest's tick loop (web/loop.ts, worker/loop.ts). */

/**
 * Requests of the tick loop, which follow READ and WRITE of guest-protocol.ts. start: run the main function. once: tick once. run: tick until stop, with
 * [budget, recheck, whether each round is reported]. stop: stop ticking. input: there may be input. idle: report when the guest is idle, with [ticket].
 * The first argument of each is the context of js_std_loop_once, or null.
 */
export const LOOP = { start: -3, once: -4, run: -5, stop: -6, input: -7, idle: -8 } as const;

/** The results of a tick, other than the milliseconds until the next timer. */
export const TICK = { ready: 0, idle: -1, error: -2 } as const;

export type LoopMessage =
  /** Ticks ran without a pause; `result` is that of the last one. */
  | { t: 'loop'; event: 'ticks'; ticks: number; result: number }
  /** A tick reported that there is nothing to do; answers the requests with these tickets. */
  | { t: 'loop'; event: 'idle'; tickets: number[] }
  /** The loop has stopped with this error. */
  | { t: 'loop'; event: 'failed'; message: string };
