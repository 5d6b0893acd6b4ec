/**
 * Runs Go and QuickJS reactors on the calling thread, without a runtime, for code that was written for such a
 * harness. In a page, prefer `hf.instantiate()` and its `loop`, which do not block the page.
 *
 * @packageDocumentation
 */
export {
  createMinimalWASI,
  createReactor,
  LoopResult,
  Reactor,
  type GoReactorExports,
  type MinimalWASI,
  type MinimalWASIOptions,
  type ReactorOptions,
  type WaitCallback,
} from './reactor-go.js';
export { createQuickJS, loadQuickJS, LOOP_ERROR, LOOP_IDLE, QuickJS, type QuickJSOptions } from './reactor-quickjs.js';
export { WASIProcExit } from './reactor-wasi.js';
