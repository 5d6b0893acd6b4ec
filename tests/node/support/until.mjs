// Waits for a condition by polling.
import assert from 'node:assert/strict';
import { inspect } from 'node:util';

/** Far longer than anything takes on a busy machine, and short enough for the failure to be reported with the test's name. */
const NEVER = 5 * 60_000;

/** Calls `ask` repeatedly until `right` accepts its result, and returns that result. */
export async function until(ask, right = Boolean) {
  for (const began = performance.now(); ;) {
    const value = await ask();
    if (right(value)) return value;
    if (performance.now() - began > NEVER)
      assert.fail(`the condition did not become true; the last value is ${inspect(value)}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
