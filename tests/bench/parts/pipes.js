// Runs in the page: a pipe between two programs, by the size of a write.
import { ask, floorWorker } from '../floor-worker.js';
import { OURS } from '../report/model.js';

/** What a pipe does in any case: the bytes go into shared memory and out of it. */
export const COPIES = 'two copies, without waits';

/** The size of a write, and the number of writes. */
export const SIZES = [
  [1, 200_000],
  [4096, 20_000],
  [65536, 4000],
  [2 ** 20, 256],
];

const alone = 'runs one program at a time: there is no pipe between two';

export const rows = SIZES.map(([value]) => ({
  name: 'a pipe between two programs',
  at: { axis: 'bytes in a write', value },
  unit: 'MB/s',
  better: 'more',
  floor: 'Linux, gcc',
  cannot: { '@bjorn3/browser_wasi_shim': alone, '@runno/wasi': alone, Extism: alone, coincident: 'has no pipes' },
}));

/** Megabytes per second, from what bench-pipe printed. */
export function speedOf(stdout, size, count) {
  const [bytes, time] = stdout.split(' ').map(Number);
  if (bytes !== size * count) throw new Error(`${bytes} bytes came of ${size * count}`);
  return (1000 * size * count) / time;
}

export async function open({ lib, guest, wanted }) {
  const hf = await lib.start();
  const copier = floorWorker('copier');
  const source = guest('bench-pipe');
  return {
    async round(record) {
      for (const [size, count] of SIZES) {
        if (!wanted.has(`${rows[0].name}@${size}`)) continue;
        const programs = [
          { source, args: ['write', String(size), String(count)] },
          { source, args: ['read', String(size)] },
        ];
        const { stdout } = await hf.pipeline(programs);
        record(rows[0].name, OURS, speedOf(stdout, size, count), size);
        record(rows[0].name, COPIES, (size * count) / (1000 * (await ask(copier, [size, count]))), size);
      }
    },
    async close() {
      copier.terminate();
      await hf.close();
    },
  };
}
