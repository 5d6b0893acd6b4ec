// The runtime on Node and the command; each ends with the test that started it, even if the test fails, so that a failure is reported at once.
import { isDeepStrictEqual } from 'node:util';
import { start } from '../../../dist/node.js';

export { until } from './until.mjs';

/** The file of a program of tests/guests. */
export const guest = (name) => new URL(`../../../build/guests/${name}.wasm`, import.meta.url);

/** Whether runtimes of the tests run all programs in one worker, as in a page that is not isolated: with HOLDFAST_ISOLATION=none, on Node 24. */
export const single = process.env.HOLDFAST_ISOLATION === 'none';

/** A runtime that is closed at the end of the test. */
export async function runtime(t, options) {
  const hf = await start(single ? { ...options, isolation: 'none' } : options);
  t.after(() => hf.close());
  return hf;
}

/**
 * Whether the answer eventually stays the same for a while. For a thread that goes to sleep it soon does; for one that computes or is woken
 * repeatedly it never does.
 */
export async function comesToRest(ask, tries = 100) {
  for (let before = await ask(); tries > 0; tries--) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    const now = await ask();
    if (isDeepStrictEqual(now, before)) return true;
    before = now;
  }
  return false;
}
