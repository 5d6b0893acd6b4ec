// The workers of the floors. A worker's name is its role. They are in a file, because a page's policy may forbid workers from blobs.

/** Sends back what it gets. */
function echo() {
  onmessage = ({ data }) => postMessage(data, [data.buffer]);
}

/** Sends back what comes over a port. */
function portEcho() {
  onmessage = ({ data }) => (data.onmessage = (event) => data.postMessage(event.data));
}

/** Keeps bytes, or sends a copy of them. */
function keeper() {
  let kept;
  onmessage = ({ data }) => postMessage(data ? ((kept = data), 0) : kept);
}

/** Wakes the worker that is blocked. */
function waker() {
  const word = new Int32Array(new SharedArrayBuffer(4));
  onmessage = ({ data }) => {
    if (data !== null) return data.postMessage(word);
    Atomics.add(word, 0, 1);
    Atomics.notify(word, 0);
  };
}

/** Calls the page, and blocks until it is woken. */
function blocked() {
  let word;
  let done = 0;
  onmessage = ({ data, ports }) => {
    if (ports[0]) return (ports[0].onmessage = (event) => ((word = event.data), postMessage('ready')));
    for (let i = 0; i < data; i++) {
      postMessage('call');
      while (Atomics.load(word, 0) === done) Atomics.wait(word, 0, done);
      done++;
    }
    postMessage('end');
  };
}

/** One of two that wake each other alternately. */
function futex() {
  onmessage = ({ data: { words, mine, count, spins } }) => {
    const other = 1 - mine;
    const wake = () => {
      Atomics.add(words, other, 1);
      Atomics.notify(words, other);
    };
    let seen = Atomics.load(words, 2 + mine);
    for (let i = 0; i < count; i++) {
      if (mine === 0) wake();
      for (let left = spins; left > 0 && Atomics.load(words, mine) === seen; left--);
      while (Atomics.load(words, mine) === seen) Atomics.wait(words, mine, seen);
      seen = (seen + 1) | 0;
      if (mine === 1) wake();
    }
    words[2 + mine] = seen;
    postMessage(0);
  };
}

/** Posts the median of the microseconds by which Atomics.wait ends late. */
function waiter() {
  onmessage = ({ data: [ns, count] }) => {
    const word = new Int32Array(new SharedArrayBuffer(4));
    const late = [];
    for (let i = 0; i < count; i++) {
      const begun = performance.now();
      Atomics.wait(word, 0, 0, ns / 1e6);
      late.push(1000 * (performance.now() - begun) - ns / 1000);
    }
    late.sort((a, b) => a - b);
    postMessage(late[count >> 1]);
  };
}

/** Posts the nanoseconds of one call of performance.now from wasm. The first message is the module's URL. */
function clock() {
  onmessage = async ({ data: url }) => {
    const now = performance.now.bind(performance);
    const { instance } = await WebAssembly.instantiateStreaming(fetch(url), { bench: { now } });
    instance.exports.run(1_000_000);
    onmessage = () => {
      const begun = performance.now();
      instance.exports.run(100_000);
      postMessage((performance.now() - begun) * 10);
    };
    postMessage(0);
  };
}

/** Copies so many chunks into shared memory and out again, and posts how many milliseconds that takes. */
function copier() {
  onmessage = ({ data: [size, count] }) => {
    const shared = new Uint8Array(new SharedArrayBuffer(size));
    const [from, to] = [new Uint8Array(size).fill(42), new Uint8Array(size)];
    const begun = performance.now();
    for (let i = 0; i < count; i++) {
      shared.set(from);
      to.set(shared);
    }
    postMessage(performance.now() - begun);
  };
}

/** Holds a Web Lock for as long as it lives. */
function holder() {
  onmessage = ({ data }) => navigator.locks.request(data, () => (postMessage(0), new Promise(() => {})));
}

const roles = { echo, portEcho, keeper, waker, blocked, futex, waiter, clock, copier, holder };
roles[name]();
