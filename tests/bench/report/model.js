// The data of a benchmark report. All outputs (table, CSV, JSON, HTML, comparison) are made from it, in Node and in a page.
//
//   Report:  { about, rows: Row[] }         about: { date, command, machine, browser, load, rounds }
//   Row:     { group, name, at?, unit, better, floor?, note?, subjects: Subject[] }
//   Subject: { name, samples } or { name, cannot: 'why' }
//
// `at` ({ axis, value }) makes the row a point of a curve. `better` is "less" or "more". `floor` names the subject that is the fastest way in which the
// machine or the engine can do the same. The n-th samples of a row's subjects are from the same round.

export const OURS = 'holdfast';

export const keyOf = ({ group, name, at }) => [group, name, ...(at ? [`${at.value} ${at.axis}`] : [])].join(' / ');

export const newReport = (about) => ({ about, rows: [] });

/** Adds a row, or returns the one that is there. `cannot` of the definition: subject → why it cannot do this. */
export function addRow(report, group, { name, at, unit, better = 'less', floor, note, cannot = {} }) {
  const found = report.rows.find((row) => keyOf(row) === keyOf({ group, name, at }));
  if (found) return found;
  const row = { group, name, ...(at && { at }), unit, better, ...(floor && { floor }), ...(note && { note }) };
  row.subjects = Object.entries(cannot).map(([subject, why]) => ({ name: subject, cannot: why }));
  report.rows.push(row);
  return row;
}

export const subjectOf = (row, name) => row.subjects.find((subject) => subject.name === name);

/** Adds a sample, or, if `value` is a text, the reason why the subject has none. A reason does not replace samples. */
export function record(row, name, value) {
  let subject = subjectOf(row, name);
  if (!subject) row.subjects.push((subject = { name }));
  if (typeof value === 'number' && Number.isFinite(value)) {
    delete subject.cannot;
    (subject.samples ??= []).push(value);
  } else if (!subject.samples) subject.cannot = String(value);
}

/** The subjects in the order in which the outputs show them: holdfast, the floor, the others as they were measured, those that cannot. */
export function ordered(row) {
  const rank = ({ name, samples }) => (name === OURS ? 0 : name === row.floor ? 1 : samples ? 2 : 3);
  return [...row.subjects].sort((a, b) => rank(a) - rank(b));
}

/** The smallest, the median and the largest. */
export function spread(samples) {
  const sorted = [...samples].sort((a, b) => a - b);
  return { min: sorted[0], median: sorted[sorted.length >> 1], max: sorted.at(-1) };
}

/** holdfast's samples as multiples of the floor's, round by round; undefined without a floor. */
export function timesTheFloor(row) {
  const [ours, floor] = [subjectOf(row, OURS)?.samples, row.floor && subjectOf(row, row.floor)?.samples];
  if (!ours || !floor || ours.length !== floor.length || floor.some((sample) => sample <= 0)) return undefined;
  return ours.map((sample, round) => sample / floor[round]);
}

/** The rows without a measurement or a reason for holdfast or for the floor. */
export const unfilled = (report) =>
  report.rows.filter((row) => [OURS, row.floor].some((name) => name && !subjectOf(row, name)));

/** Group → its rows, in the order in which they were measured. */
export function byGroup({ rows }) {
  const groups = new Map();
  for (const row of rows) groups.set(row.group, [...(groups.get(row.group) ?? []), row]);
  return groups;
}

/** Subject → why it can do none of these rows, if that is the same reason in several of them. The outputs say that once. */
export function sharedReasons(rows) {
  const reasons = new Map();
  for (const { name, cannot = '' } of rows.flatMap(({ subjects }) => subjects))
    reasons.set(name, [...(reasons.get(name) ?? []), cannot]);
  const shared = [...reasons].filter(
    ([, [first, ...more]]) => first && more.length > 0 && more.every((why) => why === first),
  );
  return new Map(shared.map(([name, [why]]) => [name, why]));
}

/** The curves of some rows: name → its points, and the rows that are no points. */
export function curvesOf(rows) {
  const curves = new Map();
  for (const row of rows) if (row.at) curves.set(row.name, [...(curves.get(row.name) ?? []), row]);
  return { curves, single: rows.filter((row) => !row.at) };
}

/** A report for storing: samples have four digits, but numbers of bytes remain as they are. */
export function rounded({ about, rows }) {
  const digits = (subject) =>
    subject.samples
      ? { ...subject, samples: subject.samples.map((n) => (Number.isInteger(n) ? n : Number(n.toPrecision(4)))) }
      : subject;
  return { about, rows: rows.map((row) => ({ ...row, subjects: row.subjects.map(digits) })) };
}
