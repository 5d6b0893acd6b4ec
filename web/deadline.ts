/** Waiting with a time limit. */
import { LONGEST_TIMER } from '../common/timers.js';
import { offAbort, onAbort } from './aborts.js';

/**
 * Resolves to the promise's value, or to undefined after that many milliseconds. Rejects with the signal's reason when
 * it is aborted.
 */
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
