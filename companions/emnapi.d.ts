import type { Companion, CompanionReply } from '../dist/types/web/index.js';

/**
 * Makes a companion for a module of napi-rs.
 *
 * @param runtime - What `@napi-rs/wasm-runtime` exports, with `createContext` of `@emnapi/runtime`.
 * @param calls - Makes the functions that the page calls from those that the module exports.
 */
export function emnapi(runtime: object, calls: (exports: never) => CompanionReply['calls']): Companion;
