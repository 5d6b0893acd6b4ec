/** A script of its own, which the page loads for the first `Response`. */
export { BadDownload, compiled, downloadBytes, downloadModule, requireCore, unreachable } from '../common/download.js';
