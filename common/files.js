/**
 * The only list of the runtime's own files, which the script loads by URL. The option `assets`, the coordinator's
 * `init` message, `diagnose()` and the build all use it; tests compare it with package.json's exports and the literal
 * URLs of the endpoints. It is JavaScript because the build reads it before a compiler is available.
 */
export const FILES = /** @type {const} */ ({
  coordinator: 'coordinator.js',
  compute: 'compute.js',
  kernel: 'kernel.wasm',
  rewrite: 'rewrite.wasm',
  supervise: 'coordinator-supervise.js',
  files: 'coordinator-files.js',
  guest: 'compute-guest.js',
  component: 'coordinator-component.js',
  parser: 'component.wasm',
  p2: 'p2.wasm',
  executor: 'compute-component.js',
  typed: 'compute-typed.js',
});

/**
 * Instead of the files of the same names above, for pages that are not cross-origin isolated. They are a list of their own, because other pages do not need
 * even their names.
 */
export const SINGLE_FILES = /** @type {const} */ ({
  coordinator: 'coordinator-single.js',
  kernel: 'kernel-single.wasm',
});

/**
 * The name of one of the runtime's files.
 *
 * @typedef {keyof typeof FILES} AssetName
 */

/**
 * The name of a file's version for Node. Scripts end in .mjs, so that they are modules wherever a bundler puts them.
 *
 * @param {string} file
 */
export const nodeName = (file) => file.replace(/\.js$/, '.node.mjs');

/** The files that every runtime needs to start; the others are fetched on first use. */
export const AT_START = /** @type {const} */ (['coordinator', 'compute', 'kernel']);
