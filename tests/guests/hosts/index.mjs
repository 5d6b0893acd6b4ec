// The hosts that guests can be run on.
import { replaced, shared } from './browser.mjs';
import { cli, jco, reference } from './process.mjs';

/** Name → function that opens the host: `{ cannot(case), run(case, limit), close() }`; some hosts also have `about()`, a line about the engine. */
export const hosts = {
  /** The Node API: all cases in one runtime. */
  node: async (setting) => (await import('./node.mjs')).open(setting),
  /** The same in a process of Node 24: a different WebAssembly compiler, and multi-memory. */
  node24: async (setting) => (await import('./node24.mjs')).open(setting),
  /** One headless browser for all cases. */
  chromium: (setting) => shared('chromium', setting),
  firefox: (setting) => shared('firefox', setting),
  /** A new browser after each case that leaves a loop running in it. */
  webkit: (setting) => replaced('webkit', setting),
  /** `holdfast run`: one process per case, and so one browser per case. */
  'node-cli': cli('node'),
  'chromium-cli': cli('chromium'),
  'firefox-cli': cli('firefox'),
  'webkit-cli': cli('webkit'),
  /** The native kernel under the sanitizers, with guests translated by wasm2c: one process per case. */
  native: async (setting) => (await import('./native.mjs')).open(setting),
  /** Node's own WASI, for modules; jco, for components. */
  reference,
  jco,
};
