/** What the page and the worker of a guest say about its tick loop (web/loop.ts, worker/loop.ts). */

/**
 * What is asked for beside calls of exports (READ, WRITE in guest-protocol.ts), in their order: the main function; one tick; ticks until STOP, with
 * [budget, recheck, whether each round is told]; the end of these; there may be input; an answer when the guest is idle, with [ticket].
 * The first argument of all is the context of js_std_loop_once, or null.
 */
export const LOOP = { start: -3, once: -4, run: -5, stop: -6, input: -7, idle: -8 } as const;

/** What a tick answers, where it is not the milliseconds to the next timer. */
export const TICK = { ready: 0, idle: -1, error: -2 } as const;

export type LoopMessage =
  /** Ticks ran without a pause in between; the last one answered this. */
  | { t: 'loop'; event: 'ticks'; ticks: number; result: number }
  /** A tick answered that there is nothing to do, after these were asked for. */
  | { t: 'loop'; event: 'idle'; tickets: number[] }
  /** The loop has stopped because of this. */
  | { t: 'loop'; event: 'failed'; message: string };
