import type { Companion, CompanionReply } from '../dist/types/web/index.js';

/**
 * Creates a companion for a napi-rs module.
 *
 * @param runtime - The exports of `@napi-rs/wasm-runtime`, and `createContext` of `@emnapi/runtime`.
 * @param calls - Returns the functions that the page may call, given the module's exports.
 */
export function emnapi(runtime: object, calls: (exports: never) => CompanionReply['calls']): Companion;
