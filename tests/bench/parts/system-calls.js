// Runs in the page: system calls of the same guest under holdfast and the other runtimes.
import { OURS } from '../report/model.js';
import { startAll } from '../contestants.js';
import { ask, floorWorker } from '../floor-worker.js';
import { parse } from '../peers.js';

const BARE = 'a bare performance.now import';
const COPY = 'memory.copy in the guest';
const unit = 'ns';
const calls =
  'fd_filestat_get fd_pread_1 fd_pwrite_1 fd_write_1_file random_get_16 sched_yield poll_1_ready open_close create_unlink fd_readdir_1000 path_filestat_get_8_deep fd_pread_1m fd_pwrite_1m';

export const rows = [
  { name: 'clock_time_get', unit, floor: BARE },
  ...calls.split(' ').map((name) => ({ name, unit })),
  ...['fd_read_64k', 'fd_pread_64k', 'fd_pwrite_64k'].map((name) => ({ name, unit, floor: COPY })),
].map((row) => ({
  ...row,
  cannot: {
    coincident: 'passes calls between workers and the page: has no WASI',
    Extism: 'runs exports of plugins, not programs',
  },
}));

/** How long each row is measured in a round. */
const MICROSECONDS = 10_000;

/** Nanoseconds for one call of performance.now from wasm, the minimum for a clock. Measured in a worker, where guests run. */
function bareNow(url) {
  const worker = floorWorker('clock');
  return {
    ready: ask(worker, new URL(url, location.href).href),
    once: () => ask(worker, 0),
    close: () => worker.terminate(),
  };
}

export async function open({ lib, guest, peers }) {
  const failures = [];
  const bare = bareNow(guest('bench-import-call'));
  await bare.ready;
  const onFailure = (name, reason) => failures.push([name, reason]);
  const all = await startAll(guest('bench-peers'), lib, { onFailure, peers });
  return {
    async round(record) {
      await all.each(async (name, { run, place = [] }) => {
        const found = parse(await run([String(MICROSECONDS), ...place]));
        for (const [row, value] of found) if (row !== 'memory_copy_64k') record(row, name, value);
        const copy = found.find(([row]) => row === 'memory_copy_64k');
        if (name === OURS) for (const { name: row, floor } of rows) if (floor === COPY) record(row, COPY, copy[1]);
      });
      record('clock_time_get', BARE, await bare.once());
      for (const [name, reason] of failures) for (const { name: row } of rows) record(row, name, reason);
    },
    async close() {
      bare.close();
      await all.close();
    },
  };
}
