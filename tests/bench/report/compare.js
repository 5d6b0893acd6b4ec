// Compares a report with an earlier one, row by row.
import { keyOf, OURS, spread, subjectOf, timesTheFloor } from './model.js';
import { figure, range, times } from './figures.js';

/**
 * Absolute figures are comparable only on one machine in one browser. A row with a floor is compared as a multiple of that floor, which both runs
 * measured at the same time.
 */
function basisOf(before, now, sameMachine) {
  const ratios = [timesTheFloor(before), timesTheFloor(now)];
  if (before.floor === now.floor && ratios.every(Boolean)) return { samples: ratios, show: (one) => times(one.median) };
  const samples = [before, now].map((row) => subjectOf(row, OURS)?.samples);
  if (before.unit !== now.unit) return { why: `measured in ${before.unit} before` };
  if (!samples[0] || !samples[1]) return { why: samples[1] ? 'not measured before' : 'not measured now' };
  // The size of a download does not depend on the machine.
  if (!sameMachine && now.unit !== 'bytes') return { why: 'another machine or browser, and no floor' };
  return { samples, show: range };
}

/** A change of less than this fraction is never a slow-down: a file that is a byte larger does not matter. */
const NEGLIGIBLE = 0.01;

/** Slower or faster: the medians differ by more than the distance between the smallest and the largest of either run. */
function verdictOf(before, now, better) {
  const difference = (now.median - before.median) * (better === 'less' ? 1 : -1);
  const noise = Math.max(before.max - before.min, now.max - now.min, NEGLIGIBLE * before.median);
  if (Math.abs(difference) <= noise) return 'same';
  return difference > 0 ? 'slower' : 'faster';
}

function compareRow(before, now, sameMachine) {
  const key = keyOf(now);
  if (!before) return { key, verdict: 'new' };
  const { samples, show, why } = basisOf(before, now, sameMachine);
  if (why) return { key, verdict: 'not compared', why };
  const [old, fresh] = samples.map(spread);
  const verdict = verdictOf(old, fresh, now.better);
  return { key, verdict, before: show(old), now: show(fresh), change: fresh.median / old.median };
}

const machineOf = ({ about: { machine, browser } }) => `${machine}\n${browser}`;

/** [{ key, verdict, before, now, change, why }]; the verdict is slower, faster, same, new, gone or not compared. */
export function compareReports(before, now, wanted = () => true) {
  const old = new Map(before.rows.map((row) => [keyOf(row), row]));
  const same = machineOf(before) === machineOf(now);
  const found = now.rows.map((row) => compareRow(old.get(keyOf(row)), row, same));
  const keys = new Set(found.map(({ key }) => key));
  const gone = before.rows.filter((row) => !keys.has(keyOf(row)) && wanted(row));
  return [...found, ...gone.map((row) => ({ key: keyOf(row), verdict: 'gone' }))];
}

const lineOf = ({ key, verdict, before, now, change, why }) =>
  `  ${verdict.padEnd(14)}${key}${change ? `: ${before} → ${now}, ${times(change)}` : why ? `: ${why}` : ''}`;

const ORDER = ['slower', 'faster', 'gone', 'new', 'not compared', 'same'];

/** The verdicts, slow-downs first, and their number. */
export function comparisonText(verdicts, since) {
  const sorted = [...verdicts].sort((a, b) => ORDER.indexOf(a.verdict) - ORDER.indexOf(b.verdict));
  const counts = ORDER.map((name) => [name, verdicts.filter(({ verdict }) => verdict === name).length]);
  const sum = counts.filter(([, count]) => count > 0).map(([name, count]) => `${figure(count)} ${name}`);
  return [`Compared with ${since}`, ...sorted.map(lineOf), sum.join(', ')].join('\n');
}

export const slowDowns = (verdicts) => verdicts.filter(({ verdict }) => verdict === 'slower').length;
