/**
 * Creates companions for napi-rs modules, from the exports of the packages that they depend on.
 *
 *     import * as runtime from '@napi-rs/wasm-runtime';
 *     import { createContext } from '@emnapi/runtime';
 *     import { emnapi } from 'holdfast/companions/emnapi';
 *     export default emnapi({ ...runtime, createContext }, ({ parse }) => ({ parse }));
 */
export const emnapi = (runtime, calls) => async (context) => {
  const { module, memory, wasi, imports, thread, channel } = context;
  const common = {
    context: runtime.createContext(),
    plugins: [runtime.emnapiAsyncWorkPlugin, runtime.emnapiTSFNPlugin],
    wasi,
    overwriteImports: (o) =>
      Object.assign(o, { env: { ...o.env, ...o.napi, ...o.emnapi, memory }, wasi: imports.wasi }),
  };
  if (thread) {
    const postMessage = (globalThis.postMessage = (message) => channel.post(message));
    runtime.instantiateNapiModuleSync(module, { ...common, childThread: true, postMessage });
    return;
  }
  // What emnapi uses as its Workers
  const made = {};
  const worker = (tid) =>
    (made[tid] ??= Object.assign(new EventTarget(), {
      __emnapi_tid: tid,
      on(type, fn) {
        this.addEventListener(type, (fn.heard ??= ({ data }) => fn(data)));
      },
      off(type, fn) {
        this.removeEventListener(type, fn.heard);
      },
    }));
  channel.onmessage = (data, tid) => {
    for (const to of [tid, 0]) worker(to).dispatchEvent(new MessageEvent('message', { data }));
  };
  const { napiModule } = await runtime.instantiateNapiModule(module, {
    ...common,
    asyncWorkPoolSize: 4,
    beforeInit({ instance: { exports } }) {
      for (const name in exports) if (name.startsWith('__napi_register__')) exports[name]();
    },
  });
  const { PThread } = napiModule;
  PThread.pthreads = new Proxy(made, { get: (_, tid) => worker(+tid) });
  PThread.unusedWorkers.push(worker(0));
  napiModule.emnapi.addSendListener(worker(0));
  return { calls: calls(napiModule.exports) };
};
