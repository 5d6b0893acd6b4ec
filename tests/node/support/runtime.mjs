// The runtime on Node and the command, each of which ends with the test that started it: also when the test fails, so that it fails at once.
import { isDeepStrictEqual } from 'node:util';
import { start } from '../../../dist/node.js';

/** The file of a program of tests/guests. */
export const guest = (name) => new URL(`../../../build/guests/${name}.wasm`, import.meta.url);

/** A runtime that is closed when the test is over. */
export async function runtime(t, options) {
  const hf = await start(options);
  t.after(() => hf.close());
  return hf;
}

/**
 * Whether the answer once stays the same for a while: that of a thread that is on its way to sleep does soon, that of one that computes or is woken
 * again and again never.
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

/** Asks again until the answer is right, and returns it; the runner's time limit ends it. */
export async function until(ask, right) {
  for (;;) {
    const value = await ask();
    if (right(value)) return value;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
