// Runs in the page: calls between the page and guests, each beside its floor, which is measured by turns with it.
import { start } from '/dist/index.js';

const BATCH = 200;

const spread = (times) => {
  const sorted = [...times].sort((a, b) => a - b);
  return { min: sorted[0], median: sorted[sorted.length >> 1], max: sorted.at(-1) };
};

/** Microseconds for each of `count` things that `body` does. */
async function timed(count, body) {
  const begun = performance.now();
  await body();
  return (1000 * (performance.now() - begun)) / count;
}

const workerOf = (source) => new Worker(URL.createObjectURL(new Blob([source], { type: 'text/javascript' })));

/** Resolves with the next message that the target gets. */
const next = (target) => new Promise((resolve) => (target.onmessage = ({ data }) => resolve(data)));

/** A message to a worker and back, over a port: one by one, or `BATCH` bare messages at once. */
function echo() {
  const worker = workerOf('onmessage = ({ data }) => (data.onmessage = (event) => data.postMessage(event.data));');
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
async function blockingEcho() {
  const waker = workerOf(`const word = new Int32Array(new SharedArrayBuffer(4));
    onmessage = ({ data }) => {
      if (data !== null) return data.postMessage(word);
      Atomics.add(word, 0, 1);
      Atomics.notify(word, 0);
    };`);
  const blocked = workerOf(`let word, done = 0;
    onmessage = ({ data, ports }) => {
      if (ports[0]) return (ports[0].onmessage = (event) => ((word = event.data), postMessage('ready')));
      for (let i = 0; i < data; i++) {
        postMessage('call');
        while (Atomics.load(word, 0) === done) Atomics.wait(word, 0, done);
        done++;
      }
      postMessage('end');
    };`);
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

/** Two workers that wake each other by turns: after a look at the word for as long as a spin of the kernel's takes, or at once. */
async function futexes(spins) {
  const source = `onmessage = ({ data: { words, mine, count } }) => {
    const other = 1 - mine;
    const wake = () => { Atomics.add(words, other, 1); Atomics.notify(words, other); };
    let seen = Atomics.load(words, 2 + mine);
    for (let i = 0; i < count; i++) {
      if (mine === 0) wake();
      for (let left = ${spins}; left > 0 && Atomics.load(words, mine) === seen; left--);
      while (Atomics.load(words, mine) === seen) Atomics.wait(words, mine, seen);
      seen = (seen + 1) | 0;
      if (mine === 1) wake();
    }
    words[2 + mine] = seen;
    postMessage(0);
  };`;
  const workers = [workerOf(source), workerOf(source)];
  const words = new Int32Array(new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true }).buffer);
  return {
    async rounds(count) {
      const ends = workers.map((worker) => next(worker));
      workers.forEach((worker, mine) => worker.postMessage({ words, mine, count }));
      await Promise.all(ends);
    },
    close: () => workers.forEach((worker) => worker.terminate()),
  };
}

/** A guest made with Binaryen's Asyncify, in the page: each call unwinds its stack, and `yielded` lets the page live. */
async function asyncify(yielded) {
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

/** One channel for all: the message comes when the page has done what waits. */
function byMessages() {
  const { port1, port2 } = new MessageChannel();
  return () => {
    const answer = next(port1);
    port2.postMessage(null);
    return answer;
  };
}

/** The same guest in coincident's worker, and in Extism's. */
async function peersThatBlock() {
  const { default: coincident } = await import('/node_modules/coincident/dist/main.js');
  const { createPlugin } = await import('/node_modules/@extism/extism/dist/browser/mod.js');
  const { Worker: Coincident } = coincident();
  const worker = new Coincident('/tests/bench/coincident-worker.js');
  worker.proxy.add = (a, b) => a + b;
  const extism = await createPlugin(new URL('/build/guests/bench-calls.wasm', location.href), {
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

/** Calls of the page by a guest, one after the other, as others make them. */
export async function callPeersBenchmark({ rounds }) {
  const hf = await start();
  const q = await hf.instantiate('/build/guests/bench-calls.wasm', { host: { page: { add: (a, b) => a + b } } });
  const p = await hf.plugin('/build/guests/bench-plugin.wasm', { handlers: { ping: () => 'pong' } });
  const peers = await peersThatBlock();
  const [timers, messages] = [
    await asyncify(() => new Promise((resolve) => setTimeout(resolve))),
    await asyncify(byMessages()),
  ];
  const rows = {
    'holdfast, host function': () => q.exports.call_page(BATCH),
    'holdfast, call_many of a plugin': () => p.call('call_page', [BATCH]),
    coincident: () => peers.coincident(BATCH),
    'Extism, runInWorker': () => peers.extism(),
    'Asyncify, MessageChannel': () => messages.calls(BATCH),
    'Asyncify, setTimeout(0)': () => timers.calls(BATCH),
  };
  const times = Object.fromEntries(Object.keys(rows).map((name) => [name, []]));
  for (let i = -1; i < rounds; i++)
    for (const [name, calls] of Object.entries(rows)) {
      const time = await timed(BATCH, calls);
      if (i >= 0) times[name].push(time);
    }
  await peers.close();
  await hf.close();
  return Object.fromEntries(Object.entries(times).map(([name, values]) => [name, spread(values)]));
}

/** A module in a plain worker, and what holdfast makes of it beside its companion: a loop that calls an import. */
async function bareImports() {
  const worker = new Worker('/tests/bench/bare-worker.js', { type: 'module' });
  await next(worker);
  return {
    async calls(count) {
      const answer = next(worker);
      worker.postMessage(count);
      await answer;
    },
    close: () => worker.terminate(),
  };
}

/** Megabytes a second, or for single bytes nanoseconds each, that a program gets through a pipe from another. */
export async function pipesBenchmark({ rounds, sizes }) {
  const hf = await start();
  const source = '/build/guests/bench-pipe.wasm';
  const results = {};
  for (const [size, count] of sizes) {
    const times = [];
    for (let i = -1; i < rounds; i++) {
      const programs = [
        { source, args: ['write', String(size), String(count)] },
        { source, args: ['read', String(size)] },
      ];
      const { stdout } = await hf.pipeline(programs);
      const [bytes, time] = stdout.split(' ').map(Number);
      if (bytes !== size * count) throw new Error(`${bytes} bytes came of ${size * count}`);
      if (i >= 0) times.push(time);
    }
    results[size] = spread(times.map((time) => (1000 * size * count) / time));
  }
  await hf.close();
  return results;
}

export async function callsBenchmark({ rounds }) {
  const hf = await start();
  const guest = (name) => `/build/guests/${name}.wasm`;
  const q = await hf.instantiate(guest('bench-calls'), { host: { page: { add: (a, b) => a + b } } });
  const p = await hf.plugin(guest('bench-plugin'), { handlers: { ping: () => 'pong' } });
  const [port, blocked] = [echo(), await blockingEcho()];
  const linked = await hf.instantiate(guest('bench-calls'), { link: { page: q } });
  const busy = await hf.spawn(guest('spins-forever'), { interruptible: true });
  await busy.pause();
  const [spinning, parked] = [await futexes(20_000), await futexes(0)];
  /** With a thread more that computes, nobody spins: there is no core for it. */
  const crowded = async (work) => {
    await busy.resume();
    const time = await work();
    await busy.pause();
    return time;
  };
  const LINKED = 20 * BATCH;
  const IMPORTS = 2e6;
  const bare = await bareImports();
  const beside = await hf.instantiate(guest('with-a-companion'), {
    companion: new URL('/tests/companions/by-hand.mjs', location.href),
  });
  const many = (call) => Promise.all(Array.from({ length: BATCH }, (_, i) => call(i)));
  const repeated = async (call) => {
    for (let i = 0; i < BATCH; i++) await call(i);
  };
  const rows = {
    'message there and back': () => timed(BATCH, () => repeated(port.once)),
    'page calls an export': () => timed(BATCH, () => repeated((i) => q.exports.add(i, 1))),
    'messages, 200 at once': () => timed(BATCH, port.batch),
    'page calls, 200 in one turn': () => timed(BATCH, () => many((i) => q.exports.add(i, 1))),
    'blocked worker, page, waker': () => timed(BATCH, () => blocked.calls(BATCH)),
    'guest calls the page': () => timed(BATCH, () => q.exports.call_page(BATCH)),
    'futex there and back': () => timed(LINKED, () => spinning.rounds(LINKED)),
    'guest calls a guest': () => timed(LINKED, () => linked.exports.call_page(LINKED)),
    'the same, asleep, with a busy thread': () => crowded(() => timed(LINKED, () => parked.rounds(LINKED))),
    'guest calls a guest, likewise': () => crowded(() => timed(LINKED, () => linked.exports.call_page(LINKED))),
    'an import in a plain worker': () => timed(IMPORTS, () => bare.calls(IMPORTS)),
    'companion function': () => timed(IMPORTS, () => beside.exports.call_hook_often(IMPORTS)),
    'plugin calls, 200 at once': () => timed(BATCH, () => p.call('call_page', [BATCH])),
    'plugin ping': () => timed(BATCH, () => repeated(() => p.call('ping'))),
    'plugin prime_sieve(1,000,000)': () => timed(1, () => p.call('prime_sieve', [1_000_000])),
    'plugin start, ping, end': () =>
      timed(1, async () => {
        const other = await hf.plugin(guest('bench-plugin'), {});
        await other.call('ping');
        await other.close();
      }),
  };
  const times = Object.fromEntries(Object.keys(rows).map((name) => [name, []]));
  for (let i = -3; i < rounds; i++)
    for (const [name, measure] of Object.entries(rows)) {
      const time = await measure();
      if (i >= 0) times[name].push(time);
    }
  for (const worker of [port, blocked, spinning, parked, bare]) worker.close();
  await hf.close();
  return Object.fromEntries(Object.entries(times).map(([name, values]) => [name, spread(values)]));
}
