// Runs in the page: the floors of calls between the page and guests, and how other libraries make such calls.

import { ask, floorWorker, next } from './floor-worker.js';

export const BATCH = 200;

/** Measures a message to a worker and back over a port: one at a time, or `BATCH` bare messages at once. */
export function echo() {
  const worker = floorWorker('portEcho');
  const { port1, port2 } = new MessageChannel();
  worker.postMessage(port2, [port2]);
  return {
    async once() {
      const answer = next(port1);
      port1.postMessage(1);
      await answer;
    },
    async batch() {
      let left = BATCH;
      const all = new Promise((resolve) => (port1.onmessage = () => --left === 0 && resolve()));
      for (let i = 0; i < BATCH; i++) port1.postMessage(i);
      await all;
    },
    close: () => worker.terminate(),
  };
}

/**
 * The shortest way for a worker that blocks to be answered by a page without `Atomics`: a message to the page, one from
 * the page to a second worker, and that one wakes the first.
 */
export async function blockingEcho() {
  const [waker, blocked] = [floorWorker('waker'), floorWorker('blocked')];
  const { port1, port2 } = new MessageChannel();
  const ready = next(blocked);
  blocked.postMessage(null, [port1]);
  waker.postMessage(port2, [port2]);
  await ready;
  return {
    calls: (count) =>
      new Promise((resolve) => {
        blocked.onmessage = ({ data }) => (data === 'call' ? waker.postMessage(null) : resolve());
        blocked.postMessage(count);
      }),
    close() {
      blocked.terminate();
      waker.terminate();
    },
  };
}

/** Two workers that wake each other alternately, with or without spinning first for as long as the kernel does. */
export async function futexes(spins) {
  const workers = [floorWorker('futex'), floorWorker('futex')];
  const words = new Int32Array(new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true }).buffer);
  return {
    async rounds(count) {
      const ends = workers.map((worker) => next(worker));
      workers.forEach((worker, mine) => worker.postMessage({ words, mine, count, spins }));
      await Promise.all(ends);
    },
    close: () => workers.forEach((worker) => worker.terminate()),
  };
}

/** A guest transformed by Binaryen's Asyncify, in the page: each call unwinds its stack, and `yielded` lets the page run. */
export async function asyncify(yielded) {
  let state = null;
  const add = (a, b) => {
    if (state) {
      exports.asyncify_stop_rewind();
      const { sum } = state;
      state = null;
      return sum;
    }
    state = { sum: a + b };
    exports.asyncify_start_unwind(at);
    return 0;
  };
  const response = fetch('/build/bench-calls-asyncify.wasm');
  const { instance } = await WebAssembly.instantiateStreaming(response, { page: { add } });
  const { exports } = instance;
  const at = exports.memory.grow(1) * 65536;
  new Int32Array(exports.memory.buffer).set([at + 8, at + 65536], at / 4);
  return {
    async calls(count) {
      let result = exports.call_page(count);
      while (state) {
        exports.asyncify_stop_unwind();
        await yielded();
        exports.asyncify_start_rewind(at);
        result = exports.call_page(count);
      }
      if (result !== count) throw new Error(`${result} calls of ${count}`);
    },
  };
}

/** Uses one channel for all calls: a message arrives after the page's pending tasks. */
export function byMessages() {
  const { port1, port2 } = new MessageChannel();
  return () => {
    const answer = next(port1);
    port2.postMessage(null);
    return answer;
  };
}

/** The same guest in a worker of coincident, and of Extism. */
export async function peersThatBlock(guest) {
  const { default: coincident } = await import('/node_modules/coincident/dist/main.js');
  const { createPlugin } = await import('/node_modules/@extism/extism/dist/browser/mod.js');
  const { Worker: Coincident } = coincident();
  const worker = new Coincident('/tests/bench/coincident-worker.js');
  worker.proxy.add = (a, b) => a + b;
  const extism = await createPlugin(new URL(guest('bench-calls'), location.href), {
    runInWorker: true,
    functions: { page: { add: (_, a, b) => a + b } },
  });
  return {
    coincident: (count) => worker.proxy.callPage(count),
    extism: () => extism.call('call_page_200'),
    async close() {
      worker.terminate();
      await extism.close();
    },
  };
}

/** A loop that calls an import, in a plain worker, and under holdfast with a companion. */
export async function bareImports(url) {
  const worker = new Worker(new URL('./bare-worker.js', import.meta.url), { type: 'module' });
  await ask(worker, new URL(url, location.href).href);
  return { calls: (count) => ask(worker, count), close: () => worker.terminate() };
}
