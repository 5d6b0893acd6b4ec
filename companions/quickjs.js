/**
 * A companion for the package quickjs-wasi: JavaScript in a sandbox. The guest is its quickjs.wasm.
 *
 *     const companion = { module: new URL('holdfast/companions/quickjs', import.meta.url) };
 *     const q = await hf.instantiate(wasm, { companion });
 *     await q.call('eval', '1 + 2');            // 3
 *     await q.call('evalAsync', 'await sleep(10); 4');
 */
import { QuickJS } from 'quickjs-wasi';

const companion = async ({ module, wasi }) => {
  const vm = await QuickJS.create({ wasm: module, wasi: () => wasi.wasiImport });
  const give = (name, fn) => vm.setProp(vm.global, name, vm.newFunction(name, fn));
  // Functions for the code in the sandbox: a callback into this worker, and a timer.
  give('log', (...values) => {
    console.log(...values.map((value) => vm.dump(value)));
    return vm.undefined;
  });
  give('sleep', (time) => {
    const later = new Promise((resolve) => setTimeout(resolve, time.toNumber()));
    return vm.hostToHandle(later.finally(() => queueMicrotask(() => vm.executePendingJobs())));
  });
  const dumped = (handle) => {
    try {
      return vm.dump(handle);
    } finally {
      handle.dispose();
    }
  };
  return {
    calls: {
      eval: (code) => dumped(vm.evalCode(code)),
      async evalAsync(code) {
        const promise = vm.evalCode(`(async () => { ${code} })()`);
        vm.executePendingJobs();
        const result = await vm.resolvePromise(promise);
        if ('error' in result) throw new Error(String(vm.dump(result.error)?.message ?? vm.dump(result.error)));
        return dumped(result.value);
      },
    },
  };
};

export { companion as default };
