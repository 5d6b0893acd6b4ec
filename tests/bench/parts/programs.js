// Runs in the page: starting and ending programs.
import { contestants, PLAIN, plainWorker, reasonOf, startAll, within } from '../contestants.js';
import { OURS } from '../report/model.js';

const SEVERAL = 20;
const AT_ONCE = 10;
const oneWorker = 'its worker runs one program at a time; a page must manage several itself';

export const rows = [
  { name: 'hello, warm', unit: 'ms', floor: PLAIN },
  { name: 'start() and first hello', unit: 'ms', floor: PLAIN },
  { name: 'starts and ends, one after the other', unit: 'per second', better: 'more', floor: PLAIN },
  {
    name: 'starts and ends, 10 at once',
    unit: 'per second',
    better: 'more',
    cannot: { '@bjorn3/browser_wasi_shim': oneWorker, '@runno/wasi': oneWorker },
  },
].map((row) => ({
  ...row,
  cannot: { ...row.cannot, coincident: 'runs no WASI programs', Extism: 'runs exports of plugins, not programs' },
}));

/** Milliseconds. */
async function timed(body) {
  const begun = performance.now();
  await body();
  return performance.now() - begun;
}

async function serial(run) {
  for (let i = 0; i < SEVERAL; i++) await run([]);
}

const parallel = (run) => Promise.all(Array.from({ length: AT_ONCE }, () => run([])));

/** From nothing: a new runtime or worker. */
async function cold(start, url, lib) {
  let contestant;
  const time = await timed(async () => {
    contestant = await start(url, lib);
    await contestant.run([]);
  });
  await contestant.close();
  return time;
}

export async function open({ lib, guest, peers, wanted }) {
  const failures = [];
  const url = guest('hello');
  const more = { [PLAIN]: plainWorker };
  const starts = { ...(peers ? contestants : { [OURS]: contestants[OURS] }), ...more };
  const onFailure = (name, reason) => failures.push([name, reason]);
  const all = await startAll(url, lib, { onFailure, more, peers });
  const warm = async (record, name, { run }) => {
    record('hello, warm', name, await timed(() => run([])));
    const serially = 'starts and ends, one after the other';
    if (wanted.has(serially)) record(serially, name, (1000 * SEVERAL) / (await timed(() => serial(run))));
    const severally = 'starts and ends, 10 at once';
    if (![OURS, '@wasmer/sdk'].includes(name) || !wanted.has(severally)) return;
    record(severally, name, (1000 * AT_ONCE) / (await timed(() => parallel(run))));
  };
  return {
    async round(record) {
      await all.each((name, contestant) => warm(record, name, contestant));
      if (wanted.has('start() and first hello'))
        for (const [name, start] of Object.entries(starts))
          record('start() and first hello', name, await within(cold(start, url, lib)).catch(reasonOf));
      for (const [name, reason] of failures) for (const { name: row } of rows) record(row, name, reason);
    },
    close: () => all.close(),
  };
}
