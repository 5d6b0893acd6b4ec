// Runs a guest in a worker of coincident: its import calls the page and blocks.
import coincident from '/node_modules/coincident/dist/worker.js';

const { proxy } = await coincident();
const page = { add: (a, b) => proxy.add(a, b) };
const { instance } = await WebAssembly.instantiateStreaming(fetch('/build/guests/bench-calls.wasm'), { page });
proxy.callPage = (times) => {
  const sum = instance.exports.call_page(times);
  if (sum !== times) throw new Error(`${sum} calls of ${times}`);
};
