// Runs the companion benchmark's guest in a plain worker, with the same function as its import.
import companion from '/tests/companions/by-hand.mjs';

const wasi_snapshot_preview1 = { proc_exit() {}, fd_write: () => 0 };
const { imports } = companion({});
const guest = fetch('/build/guests/with-a-companion.wasm');
const { instance } = await WebAssembly.instantiateStreaming(guest, { ...imports, wasi_snapshot_preview1 });
onmessage = ({ data: count }) => postMessage(instance.exports.call_hook_often(count));
postMessage('ready');
