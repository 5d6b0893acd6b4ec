// Runs the companion benchmark's guest in a plain worker, with the same function as its import. The first message is the guest's URL.
import companion from '../companions/by-hand.mjs';

onmessage = async ({ data: url }) => {
  const wasi_snapshot_preview1 = { proc_exit() {}, fd_write: () => 0 };
  const { imports } = companion({});
  const { instance } = await WebAssembly.instantiateStreaming(fetch(url), { ...imports, wasi_snapshot_preview1 });
  onmessage = ({ data: count }) => postMessage(instance.exports.call_hook_often(count));
  postMessage('ready');
};
