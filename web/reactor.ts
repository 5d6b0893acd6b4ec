/**
 * Reactors of Go and QuickJS on the thread that calls them, without a runtime: for code that was written for such a
 * harness. In a page, `hf.instantiate()` and its `loop` keep the page free.
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
