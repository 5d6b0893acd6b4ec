// Runs in the page: how exact sleeps are, and poll() of many descriptors, under holdfast and the others.
import { reasonOf, startAll, within } from '../contestants.js';
import { ask, floorWorker } from '../floor-worker.js';

export const SLEEP = 'how late a sleep ends';
export const POLL = 'poll() of ready descriptors';
export const WAIT = 'Atomics.wait in a worker';
export const GCC = 'gcc, natively';

/** Nanoseconds of a sleep, and how many there are in a round. */
export const SLEEPS = [
  [1e3, 20],
  [1e4, 20],
  [1e5, 20],
  [1e6, 10],
  [1e7, 4],
  [1e8, 1],
  [1e9, 1],
];
export const DESCRIPTORS = [1000];

const cannot = { coincident: 'has no WASI', Extism: 'runs exports of plugins, not programs' };

export const pollRow = (value) => ({
  name: POLL,
  at: { axis: 'descriptors', value },
  unit: 'µs',
  floor: GCC,
  cannot,
});

export const rows = [
  ...SLEEPS.map(([value]) => ({ name: SLEEP, at: { axis: 'ns', value }, unit: 'µs', floor: WAIT, cannot })),
  ...DESCRIPTORS.map(pollRow),
];

/** The median of what bench-waits printed, in microseconds. */
export function microseconds(stdout) {
  const times = stdout
    .trim()
    .split('\n')
    .map((line) => Number(line.split(' ')[2]) / 1000)
    .sort((a, b) => a - b);
  return times[times.length >> 1];
}

/** Microseconds by which Atomics.wait ends late. */
function waiter() {
  const worker = floorWorker('waiter');
  return { late: (ns, count) => ask(worker, [ns, count]), close: () => worker.terminate() };
}

export async function open({ lib, guest, peers, wanted, descriptors = DESCRIPTORS }) {
  const failures = [];
  const onFailure = (name, reason) => failures.push([name, reason]);
  const all = await startAll(guest('bench-waits'), lib, { onFailure, peers });
  const wait = waiter();
  const measures = [
    ...SLEEPS.map(([ns, count]) => ({ row: SLEEP, at: ns, args: () => ['sleep', String(ns), String(count)] })),
    ...descriptors.map((count) => ({ row: POLL, at: count, args: (prefix) => ['poll', `/${prefix}f`, String(count)] })),
  ].filter(({ row, at }) => wanted.has(`${row}@${at}`));
  const broken = new Map();
  /** A row that fails is not tried again; the contestant continues with the other rows. */
  async function measure(name, { run, place = [] }, { row, args }) {
    const key = `${name} ${row}`;
    if (broken.has(key)) return broken.get(key);
    const value = await within(run(args(place[1] ?? '')).then(microseconds), 8_000).catch(reasonOf);
    if (typeof value === 'string') broken.set(key, value);
    return value;
  }
  return {
    async round(record) {
      for (const one of measures) {
        await all.each(async (name, contestant) => record(one.row, name, await measure(name, contestant, one), one.at));
        for (const [name, reason] of failures) record(one.row, name, reason, one.at);
      }
      for (const [ns, count] of SLEEPS)
        if (wanted.has(`${SLEEP}@${ns}`)) record(SLEEP, WAIT, await wait.late(ns, count), ns);
    },
    async close() {
      wait.close();
      await all.close();
    },
  };
}
