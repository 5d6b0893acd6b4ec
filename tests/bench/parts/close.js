// Runs in the page: how long close() takes, beside the end of as many plain workers.
import { ask, floorWorker } from '../floor-worker.js';
import { OURS } from '../report/model.js';

const CLOSE = 'close() of a runtime with 2 idle workers';
const WORKERS = 'terminate() of 3 plain workers';

export const rows = [
  { name: CLOSE, unit: 'ms', floor: WORKERS, note: 'terminate() reports no end: a Web Lock of each worker does' },
];

/** Resolves to the milliseconds that it takes. */
async function timed(body) {
  const begun = performance.now();
  await body();
  return performance.now() - begun;
}

async function ours(lib) {
  const hf = await lib.start({ workers: { min: 2 } });
  while ((await hf.stats()).workers.idle < 2);
  return timed(() => hf.close());
}

/** The runtime's two workers, and its coordinator. */
async function plain() {
  const locks = ['first', 'second', 'third'].map((name) => `holdfast bench: ${name}`);
  const workers = locks.map(() => floorWorker('holder'));
  await Promise.all(workers.map((worker, i) => ask(worker, locks[i])));
  return timed(async () => {
    workers.forEach((worker) => worker.terminate());
    await Promise.all(locks.map((lock) => navigator.locks.request(lock, () => {})));
  });
}

export const open = ({ lib }) => ({
  async round(record) {
    record(CLOSE, OURS, await ours(lib));
    record(CLOSE, WORKERS, await plain());
  },
  close() {},
});
