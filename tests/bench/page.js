// What a page needs to measure by itself, without Node and without other runtimes: the demo's bench.html. demo/build.mjs publishes this file with all that
// it imports.
import * as calls from './parts/calls.js';
import * as close from './parts/close.js';
import * as files from './parts/files.js';
import * as pipes from './parts/pipes.js';
import * as programs from './parts/programs.js';
import * as streams from './parts/streams.js';
import * as systemCalls from './parts/system-calls.js';
import * as waits from './parts/waits.js';
import { direct } from './parts.js';
import { newReport } from './report/model.js';
import { runGroups } from './runner.js';

export { compareReports } from './report/compare.js';
export { sectionsOf } from './report/html.js';
export { rounded } from './report/model.js';
export { STYLE } from './report/style.js';
export { csvOf } from './report/text.js';

const MIB = 1 << 20;
/** Longer sleeps are as late. */
const LONGEST_SLEEP = 1e8;

/** The groups of groups.mjs, with the rows whose floor is in the page. */
const groups = [
  { title: 'System calls', part: systemCalls },
  { title: 'Programs', part: programs },
  { title: 'Streams', part: streams },
  { title: 'Calls', part: calls },
  // The floor elsewhere is a native program.
  { title: 'Pipes', part: pipes, rows: pipes.rows.map((row) => ({ ...row, floor: pipes.COPIES })) },
  {
    title: 'Timers and poll',
    part: waits,
    rows: waits.rows.filter(({ name, at }) => name === waits.SLEEP && at.value <= LONGEST_SLEEP),
  },
  { title: 'hf.fs', part: files, rows: files.rows.filter(({ at }) => at.value <= MIB) },
  { title: 'Close', part: close },
];

export const titles = groups.map(({ title }) => title);

/** Other runtimes are not measured, so their reasons are left out. */
const withoutPeers = ({ cannot: _, ...row }) => row;

/**
 * Measures the groups with these titles, and resolves to the report. `lib` has start(), `guest(name)` returns the URL of a program. `signal`, `say` and
 * `done` are those of runGroups().
 */
export async function measure(about, chosen, { lib, guest, rounds, signal, say, done }) {
  const report = newReport({ ...about, rounds });
  const parts = ({ part, rows = part.rows }) => [
    direct(rows.map(withoutPeers), ({ wanted }) => part.open({ lib, guest, wanted, peers: false })),
  ];
  const list = groups.filter(({ title }) => chosen.includes(title)).map((group) => ({ ...group, parts: parts(group) }));
  await runGroups(report, list, {
    rounds,
    matches: () => true,
    newPage: () => ({ close() {} }),
    context: {},
    signal,
    say,
    done: () => done(report),
  });
  return report;
}
