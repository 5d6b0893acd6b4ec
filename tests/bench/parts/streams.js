// Runs in the page: bytes from the page through a program and back.
import { reasonOf, within } from '../contestants.js';
import { ECHO, startDuplexes } from '../duplex.js';

const cannot = {
  '@bjorn3/browser_wasi_shim': 'reads stdin from a function that must return at once, so a page cannot write later',
  Extism: 'runs exports of plugins, not programs',
  coincident: 'passes calls, not streams',
};
const speed = { unit: 'MB/s', better: 'more', floor: ECHO, cannot };
const BY_CHUNK = 'throughput page-guest-page';
const LARGE = '64 MiB page-guest-page';
const ONE = '1 byte page-guest-page';
const MIB = 1 << 20;

/** The size of a chunk, and the number of chunks. */
const CHUNKS = [
  [1, 2000],
  [16, 2000],
  [256, 2000],
  [4096, 1000],
  [65536, 200],
  [MIB, 16],
];

/** Milliseconds; many times what any of them takes. */
const PATIENCE = 10_000;

export const rows = [
  { name: ONE, unit: 'µs', floor: ECHO, cannot },
  { name: LARGE, ...speed },
  ...CHUNKS.map(([value]) => ({ name: BY_CHUNK, at: { axis: 'bytes in a chunk', value }, ...speed })),
];

/** Microseconds for one byte there and back. */
async function oneByte({ write, read }) {
  const TIMES = 50;
  const begun = performance.now();
  for (let i = 0; i < TIMES; i++) {
    void write(new Uint8Array([42]));
    await read();
  }
  return (1000 * (performance.now() - begun)) / TIMES;
}

async function writeAll(write, chunk, count) {
  for (let i = 0; i < count; i++) await write(chunk);
}

/** Megabytes per second. */
async function through({ write, read }, size, count) {
  const begun = performance.now();
  const writing = writeAll(write, new Uint8Array(size).fill(42), count);
  for (let left = size * count; left > 0;) left -= (await read()).length;
  await writing;
  return (size * count) / (1000 * (performance.now() - begun));
}

export async function open({ lib, guest, peers, wanted }) {
  const { duplexes, failures } = await startDuplexes(guest('bench-echo'), lib, peers);
  const measures = [
    [ONE, oneByte],
    [LARGE, (duplex) => through(duplex, MIB, 64)],
    ...CHUNKS.map(([size, count]) => [BY_CHUNK, (duplex) => through(duplex, size, count), size]),
  ].filter(([name, , at]) => wanted.has(`${name}@${at}`));
  const broken = new Map();
  const measured = async (name, duplex, body) => {
    if (broken.has(name)) return broken.get(name);
    const value = await within(body(duplex), PATIENCE).catch(reasonOf);
    if (typeof value === 'string') broken.set(name, value);
    return value;
  };
  return {
    async round(record) {
      for (const [row, body, at] of measures) {
        for (const [name, duplex] of duplexes) record(row, name, await measured(name, duplex, body), at);
        for (const [name, reason] of failures) record(row, name, reason, at);
      }
    },
    async close() {
      for (const [, duplex] of duplexes) await duplex.close();
    },
  };
}
