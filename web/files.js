/**
 * The runtime's own files, which the script loads by URL: the one list of them. What the option `assets` takes, what the coordinator is sent,
 * what `diagnose()` looks at and what the build makes follow it; tests hold package.json's exports and the literal URLs of the endpoints to it.
 * In JavaScript, because the build reads it before there is a compiler.
 */
export const FILES = /** @type {const} */ ({
  coordinator: 'coordinator.js',
  compute: 'compute.js',
  kernel: 'kernel.wasm',
  rewrite: 'rewrite.wasm',
  supervise: 'coordinator-supervise.js',
  files: 'coordinator-files.js',
});

/**
 * What a file is called for Node. Scripts end in .mjs, so that they are modules wherever a bundler puts them.
 * @param {string} file
 */
export const nodeName = (file) => file.replace(/\.js$/, '.node.mjs');

/** Those of them that every runtime needs to start; the others are fetched when they are first wanted. */
export const AT_START = /** @type {const} */ (['coordinator', 'compute', 'kernel']);
