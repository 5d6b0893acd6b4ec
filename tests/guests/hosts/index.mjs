// The hosts that guests can be run on.
import { cli, reference } from './process.mjs';

/** Name → opens the host: `{ cannot(case), run(case, limit), close() }`. */
export const hosts = {
  /** The Node API: all cases in one runtime. */
  node: async (setting) => (await import('./node.mjs')).open(setting),
  /** `holdfast run`, on Node: one process a case. */
  'node-cli': cli('node'),
  /** `holdfast run --host chromium`: one browser a case. tests/browser runs the same cases in one page. */
  chromium: cli('chromium'),
  /** Node's own WASI. */
  reference,
};
