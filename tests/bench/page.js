// Runs in the page: everything that is measured, in one runtime and one run, so that ratios are fair.
// Each figure is { min, median, max } over the rounds.

const spread = (times) => {
  const sorted = [...times].sort((a, b) => a - b);
  return { min: sorted[0], median: sorted[sorted.length >> 1], max: sorted.at(-1) };
};

async function timed(rounds, body) {
  const times = [];
  for (let i = 0; i < rounds; i++) times.push(await body());
  return spread(times);
}

const guest = (name) => `/build/guests/${name}.wasm`;

/** ns a call, by row. */
async function systemCalls(hf, rounds) {
  const { code, stdout, stderr } = await hf.run(guest('bench-syscalls'), {
    args: [String(rounds)],
    preopens: { '/': '/' },
  });
  if (code !== 0) throw new Error(`bench-syscalls ended with ${code}: ${stderr}`);
  const rows = {};
  for (const line of stdout.trim().split('\n')) {
    const [name, min, median, max] = line.split(' ');
    rows[name] = { min: Number(min), median: Number(median), max: Number(max) };
  }
  return rows;
}

/** ns for one call of performance.now from wasm: what a clock costs at the least. Measured in a worker, where guests run. */
async function bareNow(rounds) {
  const source = `onmessage = async ({ data: { url, rounds } }) => {
    const { instance } = await WebAssembly.instantiateStreaming(fetch(url), { bench: { now: performance.now.bind(performance) } });
    const times = [];
    instance.exports.run(1000000);
    for (let i = 0; i < rounds; i++) { const t = performance.now(); instance.exports.run(100000); times.push((performance.now() - t) * 10); }
    postMessage(times); };`;
  const worker = new Worker(URL.createObjectURL(new Blob([source], { type: 'text/javascript' })));
  const times = await new Promise((resolve, reject) => {
    worker.onmessage = (event) => resolve(event.data);
    worker.onerror = (event) => reject(new Error(event.message));
    worker.postMessage({ url: new URL(guest('bench-import-call'), location.href).href, rounds });
  });
  worker.terminate();
  return spread(times);
}

/** ms from spawn to the end of hello, in a runtime that has run it before. */
const warmHello = (hf, rounds) =>
  timed(rounds, async () => {
    const start = performance.now();
    const { code } = await hf.run(guest('hello'), {});
    if (code !== 0) throw new Error(`hello ended with ${code}`);
    return performance.now() - start;
  });

/** ms from start() in a fresh page to the end of its first hello: workers, kernel and guest are fetched and compiled. */
const coldHello = (start, rounds) =>
  timed(rounds, async () => {
    const from = performance.now();
    const hf = await start();
    await hf.run(guest('hello'), {});
    const time = performance.now() - from;
    await hf.close();
    return time;
  });

/** us for one byte from the page to the guest and back. */
async function roundTrip(hf, rounds) {
  const process = await hf.spawn(guest('bench-echo'), {});
  const writer = process.stdin.getWriter();
  const reader = process.stdout.getReader();
  const once = async () => {
    const start = performance.now();
    void writer.write(new Uint8Array([42]));
    await reader.read();
    return (performance.now() - start) * 1000;
  };
  for (let i = 0; i < 50; i++) await once();
  const result = await timed(rounds, once);
  await writer.close();
  await process.exited;
  return result;
}

/** MB/s of 64 MiB from the page through the guest and back. */
const throughput = (hf, rounds) =>
  timed(rounds, async () => {
    const size = 64 << 20;
    const process = await hf.spawn(guest('bench-echo'), {});
    const start = performance.now();
    const writing = (async () => {
      const writer = process.stdin.getWriter();
      for (let done = 0; done < size; done += 1 << 20) await writer.write(new Uint8Array(1 << 20));
      await writer.close();
    })();
    let received = 0;
    for await (const chunk of process.stdout) received += chunk.length;
    await writing;
    if (received !== size) throw new Error(`${received} of ${size} bytes came back`);
    return size / 1e6 / ((performance.now() - start) / 1000);
  });

export async function benchmark({ rounds }) {
  const { start } = await import('/dist/index.js');
  const cold = await coldHello(start, 5);
  const hf = await start();
  const result = {
    bare: await bareNow(rounds),
    calls: await systemCalls(hf, rounds),
    warm: await warmHello(hf, 30),
    cold,
    echo: await roundTrip(hf, 200),
    throughput: await throughput(hf, 3),
    stats: await hf.stats(),
  };
  await hf.close();
  return result;
}
