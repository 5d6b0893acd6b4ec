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
  for (const worker of [port, blocked, spinning, parked]) worker.close();
  await hf.close();
  return Object.fromEntries(Object.entries(times).map(([name, values]) => [name, spread(values)]));
}
