// The hosts that guests can be run on.
import { replaced, shared } from './browser.mjs';
import { cli, reference } from './process.mjs';

/** Name → opens the host: `{ cannot(case), run(case, limit), close() }`; some have `about()`, a line about the engine. */
export const hosts = {
  /** The Node API: all cases in one runtime. */
  node: async (setting) => (await import('./node.mjs')).open(setting),
  /** The same in a process of Node 24: another WebAssembly compiler, and multi-memory. */
  node24: async (setting) => (await import('./node24.mjs')).open(setting),
  /** One headless browser for all cases. */
  chromium: (setting) => shared('chromium', setting),
  firefox: (setting) => shared('firefox', setting),
  /** A new one after each case that leaves it a loop that it never ends. */
  webkit: (setting) => replaced('webkit', setting),
  /** `holdfast run`: one process a case, and with it one browser a case. */
  'node-cli': cli('node'),
  'chromium-cli': cli('chromium'),
  'firefox-cli': cli('firefox'),
  'webkit-cli': cli('webkit'),
  /** The native kernel under the sanitizers, guests by wasm2c: one process a case. */
  native: async (setting) => (await import('./native.mjs')).open(setting),
  /** Node's own WASI. */
  reference,
};
