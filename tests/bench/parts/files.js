// Runs in the page: hf.fs, beside a worker to which the page sends the same bytes, and which sends a copy back.
import { ask, floorWorker } from '../floor-worker.js';
import { OURS } from '../report/model.js';

const WORKER = 'message to a worker and back';
const WASMER = '@wasmer/sdk';
const MIB = 1 << 20;
/** Bytes, and how often in a round. */
const SIZES = [
  [1, 50],
  [MIB, 10],
  [100 * MIB, 1],
];
const inWorker = 'files are objects of the worker: a page reads and writes them by messages of its own';
const cannot = {
  '@bjorn3/browser_wasi_shim': inWorker,
  '@runno/wasi': 'files are given at the start and returned at the end',
  coincident: 'has no files',
  Extism: 'has no files',
};

const names = ['hf.fs.writeFile', 'hf.fs.readFile'];

export const rows = names.flatMap((name) =>
  SIZES.map(([value]) => ({ name, at: { axis: 'bytes', value }, unit: 'µs', floor: WORKER, cannot })),
);

/** A worker that takes bytes and keeps them, or sends a copy of them. */
function keeper() {
  const worker = floorWorker('keeper');
  return {
    write: (bytes) => ask(worker, bytes),
    read: () => ask(worker, null),
    close: () => worker.terminate(),
  };
}

async function wasmer() {
  const { Wasmer } = await import('/node_modules/@wasmer/sdk/dist/index.js');
  const runtime = new Wasmer({ cache: false });
  const { fs } = await runtime.sandboxes.create({ packages: [] });
  return {
    write: (bytes) => fs.writeFile('/workspace/bench', bytes),
    read: () => fs.readFile('/workspace/bench'),
    close: () => runtime.close(),
  };
}

async function ours(lib) {
  const hf = await lib.start();
  return {
    write: (bytes) => hf.fs.writeFile('/bench', bytes),
    read: () => hf.fs.readFile('/bench'),
    close: () => hf.close(),
  };
}

/** Microseconds for one. */
async function timed(count, body) {
  const begun = performance.now();
  for (let i = 0; i < count; i++) await body();
  return (1000 * (performance.now() - begun)) / count;
}

async function measure({ write, read }, bytes, count) {
  const written = await timed(count, () => write(bytes));
  return [written, await timed(count, read)];
}

/** [name, place] of those that start; the reason of one that does not. */
async function startAll(lib, peers) {
  const places = [
    [OURS, await ours(lib)],
    [WORKER, keeper()],
  ];
  if (!peers) return { places };
  try {
    return { places: [...places, [WASMER, await wasmer()]] };
  } catch (error) {
    return { places, reason: error.message };
  }
}

export async function open({ lib, peers, wanted }) {
  const { places, reason } = await startAll(lib, peers);
  return {
    async round(record) {
      for (const [size, count] of SIZES) {
        if (!names.some((name) => wanted.has(`${name}@${size}`))) continue;
        const bytes = new Uint8Array(size).fill(1);
        for (const [name, place] of places) {
          const [written, read] = await measure(place, bytes, count).catch(({ message }) => [message, message]);
          record('hf.fs.writeFile', name, written, size);
          record('hf.fs.readFile', name, read, size);
        }
      }
      if (reason) for (const { name, at } of rows) record(name, WASMER, reason, at.value);
    },
    async close() {
      for (const [, place] of places) await place.close();
    },
  };
}
