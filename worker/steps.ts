/**
 * Code between JavaScript and a guest's functions, written once for both ways in which guests run: in a worker of its own a guest is called like any
 * function, and where all share one (single.ts), a call returns a promise, because the guest's stack may be suspended.
 *
 * Such code is a generator that yields what a call returned, and gets its value: `const pointer = yield* valueOf(seat.call(malloc, size))`.
 */

/** Code that ends with a `T`. */
export type Steps<T> = Generator<unknown, T, unknown>;

/** The value of a call that may have returned a promise. */
export function* valueOf<T>(result: T | Promise<T>): Steps<T> {
  return result instanceof Promise ? ((yield result) as T) : result;
}

/** Runs the steps where every call returns its value. */
export function runNow<T>(steps: Steps<T>): T {
  for (let value: unknown; ;) {
    const step = steps.next(value);
    if (step.done) return step.value;
    value = step.value;
  }
}

/** Runs the steps where calls return promises. */
export async function runAwaiting<T>(steps: Steps<T>): Promise<T> {
  let step = steps.next();
  while (!step.done) {
    let value: unknown;
    try {
      value = await step.value;
    } catch (error) {
      step = steps.throw(error);
      continue;
    }
    step = steps.next(value);
  }
  return step.value;
}
