// Waiting for something that shows only when it is asked for.
import assert from 'node:assert/strict';
import { inspect } from 'node:util';

/** Far longer than anything takes on a busy machine, and short enough for the failure to be reported with the test's name. */
const NEVER = 5 * 60_000;

/** Asks repeatedly until the answer is right, and returns it. */
export async function until(ask, right = Boolean) {
  for (const began = performance.now(); ;) {
    const value = await ask();
    if (right(value)) return value;
    if (performance.now() - began > NEVER) assert.fail(`the answer did not become right: ${inspect(value)}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
