// Runs in the page: how times grow with the number of guests, files and descriptors, and with the size of a module.
import { reasonOf, within } from '../contestants.js';
import { moduleOf } from '../modules.js';
import { OURS } from '../report/model.js';
import { microseconds, POLL, pollRow } from './waits.js';

const SPAWN = 'starting a guest beside others';
const CREATE = 'creating a file';
const LOOKUP = 'stat() of a file';
const MODULE = 'a first run of a module';
const COMPILE = 'WebAssembly.compile';

const GUESTS = [1, 2, 4, 8, 16, 32, 64, 100, 128, 256];
const FILES = [10, 100, 1000, 10_000, 100_000, 1_000_000];
/** Linux allows 1,024 descriptors. */
export const NATIVE_DESCRIPTORS = [1, 10, 100, 1000];
const DESCRIPTORS = [...NATIVE_DESCRIPTORS, 10_000];
const BYTES = [1e4, 1e5, 1e6, 1e7, 7.5e7];
const PATIENCE = 60_000;

const curve = (name, axis, values, more) => values.map((value) => ({ name, at: { axis, value }, unit: 'µs', ...more }));

export const rows = [
  ...curve(SPAWN, 'guests', GUESTS),
  ...curve(CREATE, 'files', FILES),
  ...curve(LOOKUP, 'files', FILES),
  ...NATIVE_DESCRIPTORS.map(pollRow),
  ...curve(POLL, 'descriptors', [10_000]),
  ...curve(MODULE, 'bytes', BYTES, { floor: COMPILE }),
];

async function timed(body) {
  const begun = performance.now();
  await body();
  return 1000 * (performance.now() - begun);
}

/** From spawn() to its first output. */
async function another(hf, url) {
  const process = await hf.spawn(url);
  await process.stdout.getReader().read();
}

async function guests(lib, guest, take) {
  const hf = await lib.start({ workers: { max: Math.max(...GUESTS) } });
  let running = 0;
  try {
    for (const count of GUESTS) {
      while (running < count - 1) running += (await another(hf, guest('sleeps-forever')), 1);
      take(SPAWN, OURS, await timed(() => another(hf, guest('sleeps-forever'))), count);
      running++;
    }
  } catch (error) {
    for (const count of GUESTS.filter((one) => one > running)) take(SPAWN, OURS, reasonOf(error), count);
  }
  await hf.close();
}

async function files(lib, guest, take) {
  const hf = await lib.start();
  await hf.fs.mkdir('/many');
  const run = async (...args) => {
    const { code, stdout } = await hf.run(guest('bench-waits'), { args: args.map(String), preopens: { '/': '/' } });
    if (code !== 0) throw new Error(stdout || `it ended with ${code}`);
    return microseconds(stdout);
  };
  const tried = (...args) => within(run(...args), PATIENCE).catch(reasonOf);
  for (const count of FILES) {
    take(CREATE, OURS, await tried('files', '/many', count), count);
    take(LOOKUP, OURS, await tried('lookups', '/many', count), count);
  }
  for (const count of DESCRIPTORS) take(POLL, OURS, await tried('poll', '/polled', count), count);
  await hf.close();
}

/** Each run has a module that the engine has not seen, because it has one more function. */
async function modules(lib, take, round) {
  const hf = await lib.start();
  await hf.run(moduleOf(100));
  for (const size of BYTES) {
    const [first, second] = [moduleOf(size + 2000 * round), moduleOf(size + 2000 * round + 1000)];
    take(MODULE, OURS, await timed(() => hf.run(first)), size);
    take(MODULE, COMPILE, await timed(() => WebAssembly.compile(second)), size);
  }
  await hf.close();
}

export async function open({ lib, guest, wanted }) {
  let rounds = 0;
  return {
    async round(record) {
      const take = (row, subject, value, at) => wanted.has(`${row}@${at}`) && record(row, subject, value, at);
      if (wanted.has(SPAWN)) await guests(lib, guest, take);
      if ([CREATE, LOOKUP, POLL].some((name) => wanted.has(name))) await files(lib, guest, take);
      if (wanted.has(MODULE)) await modules(lib, take, rounds++);
    },
    close() {},
  };
}
