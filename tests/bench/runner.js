// Measures groups of rows. A group is { title, parts, rounds?, warm? }: its parts (parts.js) measure by turns, and a part measures its subjects by turns, so
// that a slow moment of the machine affects all of them.
import { within } from './contestants.js';
import { addRow, keyOf, OURS, record } from './report/model.js';

const reasonOf = (error) => String(error?.message ?? error).split('\n')[0];

/** The rows of a part, as far as they match. */
async function plan(report, { title, parts }, matches) {
  const plans = [];
  for (const part of parts) {
    const rows = (await part.rows()).filter((row) => matches(keyOf({ group: title, ...row })));
    if (rows.length > 0) plans.push({ part, rows: rows.map((row) => addRow(report, title, row)) });
  }
  return plans;
}

/** The time limit of a round, and of the start of a part, in milliseconds: many times what they take. */
const PATIENCE = 150_000;

/** A part that fails, or hangs, leaves its reason in its rows. */
async function guarded({ rows, part: { subject = OURS } }, body) {
  try {
    return await within(body(), PATIENCE);
  } catch (error) {
    for (const row of rows) record(row, subject, reasonOf(error));
    return undefined;
  }
}

function keep(rows, records) {
  for (const [name, subject, value, at] of records) {
    const row = rows.find((one) => one.name === name && one.at?.value === at);
    if (row) record(row, subject, value);
  }
}

/** Round 0 warms up, and does not count. */
async function measure(plans, context, { first, rounds, signal }, say) {
  const open = [];
  for (const plan of plans) {
    const wanted = new Set(plan.rows.flatMap(({ name, at }) => [name, `${name}@${at?.value}`]));
    const opened = await guarded(plan, () => plan.part.open({ ...context, wanted }));
    if (opened) open.push({ ...plan, opened });
  }
  for (let round = first; round <= rounds && !signal?.aborted; round++) {
    say(round);
    for (const one of open) {
      if (one.failed) continue;
      const records = await guarded(one, () => one.opened.round());
      one.failed = records === undefined;
      if (round > 0 && records) keep(one.rows, records);
    }
  }
  for (const one of open) await guarded(one, () => one.opened.close());
}

/**
 * Adds the groups' rows to the report. `matches`: which rows, by their key. `newPage` opens a page for each group. `say(group, round, of)` reports
 * progress, `done(group)` the end of a group that has rows. `signal` ends it after the round that is being measured.
 */
export async function runGroups(report, groups, { rounds, matches, newPage, context, signal, say, done }) {
  for (const group of groups) {
    if (signal?.aborted) return;
    const plans = await plan(report, group, matches);
    if (plans.length === 0) continue;
    const page = await newPage();
    const count = Math.min(rounds, group.rounds ?? rounds);
    const which = { first: group.warm === false ? 1 : 0, rounds: count, signal };
    await measure(plans, { ...context, page }, which, (round) => say(group.title, round, count));
    done(group.title);
    await page.close();
  }
}
