// Runs the groups of groups.mjs, and writes the report in all forms.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { readJson } from '../../tools/lib.mjs';
import { groups, growth } from './groups.mjs';
import { compareReports, comparisonText, slowDowns } from './report/compare.js';
import { htmlOf } from './report/html.js';
import { keyOf, newReport, rounded, unfilled } from './report/model.js';
import { csvOf, groupText, tableOf } from './report/text.js';
import { runGroups } from './runner.js';

const machine = () => `${os.cpus().length} × ${os.cpus()[0].model.trim()}, ${os.type()}`;
const load = () => os.loadavg()[0].toFixed(1);

/** On a terminal one line that changes; in a log a line for each group. */
function progress(begun) {
  const live = process.stderr.isTTY;
  let last;
  const seconds = () => `[${((performance.now() - begun) / 1000).toFixed(0).padStart(4)} s]`;
  return {
    say(group, round, of) {
      const text = `${seconds()} ${group}: ${round === 0 ? 'warm' : `round ${round} of ${of}`}`;
      if (live) process.stderr.write(`\r\x1b[K${text}`);
      else if (group !== last) process.stderr.write(`${text}\n`);
      last = group;
    },
    clear: () => live && process.stderr.write('\r\x1b[K'),
  };
}

function write(folder, report, verdicts) {
  fs.mkdirSync(folder, { recursive: true });
  const files = {
    'report.txt': `${tableOf(report)}\n`,
    'report.csv': csvOf(report),
    'report.json': `${JSON.stringify(rounded(report), null, 1)}\n`,
    'report.html': htmlOf(report, verdicts),
  };
  for (const [name, text] of Object.entries(files)) fs.writeFileSync(path.join(folder, name), text);
  console.log(`\n${Object.keys(files).join(', ')} are in ${folder}`);
}

async function measured(host, values, command) {
  const before = load();
  const about = { date: new Date().toISOString().slice(0, 10), command, machine: machine(), browser: host.name };
  const report = newReport({ ...about, load: before, rounds: values.rounds });
  const meter = progress(performance.now());
  const pattern = new RegExp(values.rows ?? '', 'i');
  await runGroups(report, values.growth ? growth : groups, {
    rounds: values.rounds,
    matches: (key) => pattern.test(key),
    newPage: host.newPage,
    context: { host, peers: values.peers !== false },
    say: meter.say,
    done(title) {
      meter.clear();
      const rows = report.rows.filter(({ group }) => group === title);
      console.log(`\n${groupText(title, rows)}`);
    },
  });
  report.about.load = `${before} before and ${load()} after`;
  return report;
}

/** Returns the exit status: 1 if a row was not filled, or has become slower. */
export async function reportBenchmark(host, values, command) {
  const earlier = values.compare && readJson(values.compare);
  if (values.compare && !earlier) throw new Error(`${values.compare} is not a report`);
  console.log(`${host.name} on ${machine()}, load ${load()}`);
  const report = await measured(host, values, command);
  const pattern = new RegExp(values.rows ?? '', 'i');
  const verdicts = earlier && compareReports(earlier, report, (row) => pattern.test(keyOf(row)));
  if (verdicts)
    console.log(`\n${comparisonText(verdicts, `${path.basename(values.compare)} of ${earlier.about.date}`)}`);
  write(values.out, report, verdicts);
  const empty = unfilled(report);
  if (empty.length > 0) console.log(`not filled: ${empty.map(keyOf).join(', ')}`);
  return empty.length > 0 || (verdicts && slowDowns(verdicts) > 0) ? 1 : 0;
}
