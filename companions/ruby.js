/**
 * A companion for the packages @ruby/4.0-wasm-wasi and @ruby/wasm-wasi. The guest is dist/ruby+stdlib.wasm of the first.
 *
 *     const q = await hf.instantiate(wasm, { companion: new URL('holdfast/companions/ruby', import.meta.url) });
 *     await q.call('eval', 'RUBY_VERSION');
 *     await q.call('evalAsync', 'require "js"; JS.global.fetch("/a.txt").await.status');
 */
import { RubyVM } from '@ruby/wasm-wasi/dist/vm';

const companion = async ({ module, wasi }) => {
  const { vm } = await RubyVM.instantiateModule({ module, wasip1: wasi });
  return {
    calls: {
      eval: (code) => vm.eval(code).toString(),
      evalAsync: async (code) => (await vm.evalAsync(code)).toString(),
    },
  };
};

export { companion as default };
