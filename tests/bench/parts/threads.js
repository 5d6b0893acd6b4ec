// Runs in the page: how long a program's thread takes from its start to its end.
import { contestants, reasonOf, within } from '../contestants.js';
import { OURS } from '../report/model.js';

export const THREAD = 'a thread of a program, start to end';
const WORKER = 'a new worker, start to first message';
const noThreads = 'has no wasi threads';

export const rows = [
  {
    name: THREAD,
    unit: 'µs',
    floor: WORKER,
    cannot: {
      '@bjorn3/browser_wasi_shim': noThreads,
      '@runno/wasi': noThreads,
      Extism: noThreads,
      coincident: noThreads,
    },
  },
];

const TIMES = 20;

/** Microseconds for a worker that posts a message at once. */
async function workers() {
  const url = URL.createObjectURL(new Blob(['postMessage(0)'], { type: 'text/javascript' }));
  const begun = performance.now();
  for (let i = 0; i < TIMES; i++) {
    const worker = new Worker(url);
    await new Promise((resolve) => (worker.onmessage = resolve));
    worker.terminate();
  }
  return (1000 * (performance.now() - begun)) / TIMES;
}

/** Microseconds, from the program's eight bytes. */
const microseconds = (bytes) => Number(new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true)) / 1000;

async function ours(hf, url) {
  const process = await hf.spawn(url);
  const { value } = await process.stdout.getReader().read();
  await process.exited;
  return microseconds(value);
}

/** The only other runtime with wasi threads. Its output is text, from which eight bytes cannot be read. */
async function wasmer(url, lib) {
  const { run, close } = await contestants['@wasmer/sdk'](url, lib);
  const begun = performance.now();
  await run([]).finally(close);
  return (1000 * (performance.now() - begun)) / (TIMES + 1);
}

export async function open({ lib, guest, peers }) {
  const hf = await lib.start();
  const url = guest('bench-threads');
  let failed;
  return {
    async round(record) {
      record(THREAD, OURS, await ours(hf, url));
      record(THREAD, WORKER, await workers());
      if (!peers) return;
      const value = failed ?? (await within(wasmer(url, lib), 20_000).catch(reasonOf));
      if (typeof value === 'string') failed = value;
      record(THREAD, '@wasmer/sdk', value);
    },
    close: () => hf.close(),
  };
}
