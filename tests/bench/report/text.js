// A report as text: the table that `npm run bench` prints, and CSV.
import { byGroup, ordered, sharedReasons, spread, timesTheFloor } from './model.js';
import { exact, range, times } from './figures.js';

const WIDTH = 40;

export const titleOf = ({ name, at }) => (at ? `${name}, ${exact(at.value)} ${at.axis}` : name);

function linesOf(row, shared) {
  const ratio = timesTheFloor(row);
  const notes = [ratio && `${times(spread(ratio).median)} the floor`, row.note].filter(Boolean).join('; ');
  const shown = ordered(row).filter(({ name }) => !shared.has(name));
  const lines = shown.map(({ name, samples, cannot }) => {
    const label = name === row.floor ? `${name} (floor)` : name;
    return `    ${label.padEnd(WIDTH - 2)} ${samples ? range(spread(samples)) : `cannot: ${cannot}`}`;
  });
  return [`  ${`${titleOf(row)}, ${row.unit}`.padEnd(WIDTH)} ${notes}`.trimEnd(), ...lines];
}

/** The rows of one group. */
export function groupText(title, rows) {
  const shared = sharedReasons(rows);
  const reasons = [...shared].map(([name, why]) => `  ${name} cannot: ${why}`);
  return [title, ...rows.flatMap((row) => linesOf(row, shared)), ...reasons].join('\n');
}

export function tableOf(report) {
  const { date, machine, browser, load, rounds, command } = report.about;
  const head = `${browser} on ${machine}, ${date}, load ${load}; ${command}\nmedians of ${rounds} interleaved rounds or as stated (smallest–largest)`;
  return [head, ...[...byGroup(report)].map(([title, rows]) => groupText(title, rows))].join('\n\n');
}

const HEADER = 'group,row,axis,at,unit,better,subject,floor,rounds,median,min,max,cannot';

/** Spreadsheets treat a field that begins with one of = + - @ as a formula, but no field here does. */
const field = (value) => (/[",\n]/.test(value) ? `"${String(value).replaceAll('"', '""')}"` : String(value));

/** One line for each subject of each row. */
export function csvOf(report) {
  const lines = report.rows.flatMap((row) =>
    ordered(row).map(({ name, samples, cannot = '' }) => {
      const { median, min, max } = samples ? spread(samples) : { median: '', min: '', max: '' };
      const { group, at = { axis: '', value: '' }, unit, better, floor } = row;
      const what = [group, row.name, at.axis, at.value, unit, better, name, name === floor ? 'yes' : 'no'];
      return [...what, samples?.length ?? 0, median, min, max, cannot].map(field).join(',');
    }),
  );
  return `${[HEADER, ...lines].join('\n')}\n`;
}
