/** Waiting for so long and no longer. */
import { offAbort, onAbort } from './aborts.js';
import { wrong } from './bytes.js';

/** What timers take (24.8 days); what is set for later would go off at once. */
export const LONGEST_TIMER = 2 ** 31 - 1;

/** Milliseconds to wait: 0 is not at all, `Infinity` for ever. Throws `TypeError` and `RangeError`. */
export function waitTime(value: unknown, what: string): number {
  if (typeof value !== 'number') throw wrong(what, 'a number of milliseconds', value);
  if (Number.isNaN(value) || value < 0) throw new RangeError(`${what} must be 0 or more milliseconds, not ${value}`);
  return value;
}

/** What the promise gives, or undefined if that takes longer than so many milliseconds. Rejects with the signal's reason when that is aborted. */
export async function within<T>(
  promise: Promise<T>,
  milliseconds: number,
  signal?: AbortSignal,
): Promise<T | undefined> {
  signal?.throwIfAborted();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let abort = (): void => undefined;
  const otherwise = new Promise<undefined>((resolve, reject) => {
    if (milliseconds <= LONGEST_TIMER) timer = setTimeout(() => resolve(undefined), milliseconds);
    abort = () => reject(signal?.reason);
  });
  onAbort(signal, abort);
  try {
    return await Promise.race([promise, otherwise]);
  } finally {
    clearTimeout(timer);
    offAbort(signal, abort);
  }
}
