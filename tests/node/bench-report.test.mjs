// The outputs of `npm run bench`: a report as a table, CSV, JSON and HTML, and its comparison with an earlier one.
import assert from 'node:assert/strict';
import test from 'node:test';
import { moduleOf } from '../bench/modules.js';
import { compareReports, comparisonText, slowDowns } from '../bench/report/compare.js';
import { figure } from '../bench/report/figures.js';
import { htmlOf } from '../bench/report/html.js';
import {
  addRow,
  keyOf,
  newReport,
  record,
  rounded,
  spread,
  subjectOf,
  timesTheFloor,
  unfilled,
} from '../bench/report/model.js';
import { csvOf, tableOf } from '../bench/report/text.js';
import { runGroups } from '../bench/runner.js';

const about = { date: '2026-11-30', command: 'bench', machine: 'M', browser: 'B', load: '0.5', rounds: 3 };

function sample({ ours = [3, 2, 4], floor = [1, 1, 2], machine = 'M', better = 'less' } = {}) {
  const report = newReport({ ...about, machine });
  const call = addRow(report, 'calls', {
    name: 'a, "call"',
    unit: 'µs',
    better,
    floor: 'bare',
    cannot: { other: 'no <i>' },
  });
  ours.forEach((value) => record(call, 'holdfast', value));
  floor.forEach((value) => record(call, 'bare', value));
  for (const [value, speed] of [
    [1, 10],
    [1024, 5000],
  ]) {
    const point = addRow(report, 'pipes', {
      name: 'speed',
      at: { axis: 'bytes', value },
      unit: 'MB/s',
      better: 'more',
    });
    record(point, 'holdfast', speed);
  }
  return report;
}

const verdict = (before, now) => compareReports(before, now)[0].verdict;

test('the spread has the median and the ends', () => {
  assert.deepEqual(spread([5, 1, 4, 2, 3]), { min: 1, median: 3, max: 5 });
  assert.deepEqual(spread([7]), { min: 7, median: 7, max: 7 });
});

test('a subject has samples or a reason; a later failure keeps the samples', () => {
  const row = addRow(newReport(about), 'g', { name: 'r', unit: 'ns', cannot: { peer: 'has no files' } });
  record(row, 'peer', 'errno 8');
  record(row, 'holdfast', 1);
  record(row, 'holdfast', 'late failure');
  record(row, 'nothing', NaN);
  assert.deepEqual(row.subjects, [
    { name: 'peer', cannot: 'errno 8' },
    { name: 'holdfast', samples: [1] },
    { name: 'nothing', cannot: 'NaN' },
  ]);
});

test('the floor is compared round by round', () => {
  const [row] = sample().rows;
  assert.deepEqual(timesTheFloor(row), [3, 2, 2]);
  record(row, 'bare', 1);
  assert.equal(timesTheFloor(row), undefined);
});

test('a row that has neither a measurement nor a reason is reported', () => {
  const report = sample();
  addRow(report, 'calls', { name: 'empty', unit: 'ns' });
  assert.deepEqual(unfilled(report).map(keyOf), ['calls / empty']);
});

test('a row is added once', () => {
  const report = sample();
  const again = addRow(report, 'pipes', { name: 'speed', at: { axis: 'bytes', value: 1024 }, unit: 'MB/s' });
  assert.equal(report.rows.length, 3);
  assert.deepEqual(subjectOf(again, 'holdfast').samples, [5000]);
});

test('numbers have three digits', () => {
  assert.deepEqual([0, 0.0001234, 0.1234, 12.34, 1234.5, 1234567].map(figure), [
    '0',
    '1.23e-4',
    '0.123',
    '12.3',
    '1,235',
    '1,230,000',
  ]);
});

test('the table has each subject with its spread, the ratio to the floor, and reasons', () => {
  const text = tableOf(sample());
  for (const part of ['3 (2–4)', '1 (1–2)', '2× the floor', 'cannot: no <i>', 'speed, 1,024 bytes, MB/s', '5,000'])
    assert.ok(text.includes(part), `${part} is missing in\n${text}`);
});

test('the CSV has one line for each subject, and quotes what needs it', () => {
  const [header, ...lines] = csvOf(sample()).trimEnd().split('\n');
  assert.equal(header, 'group,row,axis,at,unit,better,subject,floor,rounds,median,min,max,cannot');
  assert.deepEqual(lines, [
    'calls,"a, ""call""",,,µs,less,holdfast,no,3,3,2,4,',
    'calls,"a, ""call""",,,µs,less,bare,yes,3,1,1,2,',
    'calls,"a, ""call""",,,µs,less,other,no,0,,,,no <i>',
    'pipes,speed,bytes,1,MB/s,more,holdfast,no,1,10,10,10,',
    'pipes,speed,bytes,1024,MB/s,more,holdfast,no,1,5000,5000,5000,',
  ]);
});

test('the JSON is the report again, with four digits', () => {
  const report = sample({ ours: [3.14159, 2, 4] });
  const [row] = JSON.parse(JSON.stringify(rounded(report))).rows;
  assert.deepEqual(subjectOf(row, 'holdfast').samples, [3.142, 2, 4]);
  assert.deepEqual(JSON.parse(JSON.stringify(rounded(sample()))), sample());
});

test('the HTML is one file that loads nothing, escapes text, and has all figures as text', () => {
  const html = htmlOf(sample());
  assert.doesNotMatch(html, /<script|<link|<img|<iframe|url\(|@import|\b(?:src|href)="(?!#)/);
  assert.doesNotMatch(html, /<i>/);
  for (const part of ['no &lt;i&gt;', '3 (2–4)', '2× the floor', '5,000', 'role="img"', 'prefers-color-scheme: dark'])
    assert.ok(html.includes(part), `${part} is missing`);
  const open = (tag) => html.match(new RegExp(`<${tag}[ >]`, 'g')).length;
  const closed = (tag) => html.match(new RegExp(`</${tag}>`, 'g')).length;
  for (const tag of ['table', 'tbody', 'tr', 'svg', 'section', 'details']) assert.equal(open(tag), closed(tag), tag);
  assert.doesNotMatch(html, /NaN|undefined|Infinity/);
});

test('a row without any sample, a zero and a single point can be drawn', () => {
  const report = sample({ ours: [0, 0, 0] });
  addRow(report, 'calls', { name: 'empty', unit: 'ns' });
  addRow(report, 'calls', {
    name: 'one point',
    at: { axis: 'files', value: 1 },
    unit: 'ns',
    cannot: { holdfast: 'no' },
  });
  assert.doesNotMatch(htmlOf(report), /NaN|undefined|Infinity/);
});

test('a curve says at which points a subject cannot, and why', () => {
  const report = sample();
  const at = { axis: 'bytes', value: 1_000_000 };
  addRow(report, 'pipes', { name: 'speed', at, unit: 'MB/s', cannot: { holdfast: 'no <room>' } });
  assert.ok(htmlOf(report).includes('<p>At 1,000,000 bytes, holdfast cannot: no &lt;room&gt;</p>'));
});

test('slower: the medians differ by more than either spread, in the direction that is worse', () => {
  const floor = [1, 1, 1];
  const before = sample({ floor });
  assert.equal(verdict(before, sample({ floor })), 'same');
  assert.equal(verdict(before, sample({ ours: [4, 3.5, 4.5], floor })), 'same');
  assert.equal(verdict(before, sample({ ours: [9, 8, 9], floor })), 'slower');
  assert.equal(verdict(before, sample({ ours: [30, 3, 90], floor })), 'same', 'this run is too noisy');
  const more = { floor, better: 'more' };
  assert.equal(verdict(sample(more), sample({ ...more, ours: [9, 8, 9] })), 'faster');
});

test('one more byte is not a slow-down, and sizes are stored exactly', () => {
  const sized = (bytes) => {
    const report = newReport(about);
    record(addRow(report, 'downloads', { name: 'all', unit: 'bytes' }), 'holdfast', bytes);
    return rounded(report);
  };
  assert.deepEqual(subjectOf(sized(172_973).rows[0], 'holdfast').samples, [172_973]);
  assert.equal(verdict(sized(172_973), sized(172_974)), 'same');
  assert.equal(verdict(sized(172_973), sized(175_000)), 'slower');
});

test('rows with a floor are compared by their ratio, so a slower machine is not a slow-down', () => {
  const slow = sample({ ours: [30, 20, 40], floor: [10, 10, 20], machine: 'another' });
  const verdicts = compareReports(sample(), slow);
  assert.deepEqual(
    verdicts.map(({ verdict }) => verdict),
    ['same', 'not compared', 'not compared'],
  );
});

test('new and missing rows are reported, slow-downs come first, and their number decides', () => {
  const [before, now] = [sample(), sample({ ours: [90, 80, 90] })];
  const [removed] = before.rows.splice(1, 1);
  now.rows.splice(2, 1);
  const verdicts = compareReports(before, now);
  assert.deepEqual(
    verdicts.map(({ key, verdict }) => [key, verdict]),
    [
      ['calls / a, "call"', 'slower'],
      [keyOf(removed), 'new'],
      ['pipes / speed / 1024 bytes', 'gone'],
    ],
  );
  assert.match(comparisonText(verdicts, 'kept.json').split('\n')[1], /^ {2}slower .*2× → 80×, 40×$/);
  assert.equal(slowDowns(verdicts), 1);
  assert.equal(slowDowns(compareReports(now, now)), 0);
});

test('a reason that holds for all rows of a group is given once', () => {
  const report = newReport(about);
  const cannot = { peer: 'has no files', other: 'no' };
  addRow(report, 'g', { name: 'one', unit: 'ns', cannot });
  addRow(report, 'g', { name: 'two', unit: 'ns', cannot: { ...cannot, other: 'neither' } });
  for (const text of [tableOf(report), htmlOf(report)]) {
    assert.equal(text.split('has no files').length, 2, text);
    assert.ok(text.includes('neither'));
  }
});

/** A part whose rounds add their number to `log`. */
const part = (name, log, fails = {}) => ({
  rows: () => [{ name, unit: 'ns' }],
  async open({ wanted }) {
    if (fails.open) throw new Error(fails.open);
    log.push(`open ${[...wanted][0]}`);
    let round = 0;
    return {
      async round() {
        log.push(name);
        if (fails.round === round) throw new Error('it broke\nat a place');
        return [[name, 'holdfast', round++]];
      },
      close: () => log.push(`close ${name}`),
    };
  },
});

async function ran(parts, pattern = '', group = {}) {
  const report = newReport(about);
  const done = [];
  const newPage = async () => ({ close: async () => {} });
  const say = () => {};
  const matches = (key) => key.includes(pattern);
  const groups = [{ title: 'G', parts, ...group }];
  await runGroups(report, groups, { rounds: 2, matches, newPage, context: {}, say, done: (title) => done.push(title) });
  return { report, done };
}

test('the parts of a group take turns, and the first round does not count', async () => {
  const log = [];
  const { report } = await ran([part('A', log), part('B', log)]);
  assert.deepEqual(log, ['open A', 'open B', 'A', 'B', 'A', 'B', 'A', 'B', 'close A', 'close B']);
  assert.deepEqual(
    report.rows.map((row) => subjectOf(row, 'holdfast').samples),
    [
      [1, 2],
      [1, 2],
    ],
  );
});

test('a group may have fewer rounds, and no first round that does not count', async () => {
  const { report } = await ran([part('A', [])], '', { rounds: 1, warm: false });
  assert.deepEqual(subjectOf(report.rows[0], 'holdfast').samples, [0]);
});

test('a part that fails leaves its reason, and the others continue', async () => {
  const log = [];
  const { report } = await ran([part('A', log, { open: 'no gcc' }), part('B', log, { round: 1 }), part('C', log)]);
  assert.deepEqual(
    report.rows.map(({ subjects: [{ cannot, samples }] }) => cannot ?? samples),
    ['no gcc', 'it broke', [1, 2]],
  );
  assert.deepEqual(unfilled(report), []);
});

test('a signal ends it after the round that is being measured', async () => {
  const [log, stop] = [[], new AbortController()];
  const stopping = {
    ...part('A', log),
    open: async () => ({ round: () => (stop.abort(), []), close: () => log.push('close A') }),
  };
  const say = (group, round) => log.push(`${group} ${round}`);
  const groups = ['G', 'H'].map((title) => ({ title, parts: [stopping] }));
  const report = newReport(about);
  const newPage = () => ({ close() {} });
  const options = { rounds: 3, matches: () => true, newPage, context: {}, say, done: () => {}, signal: stop.signal };
  await runGroups(report, groups, options);
  assert.deepEqual(log, ['G 0', 'close A']);
  assert.deepEqual(
    report.rows.map(({ group }) => group),
    ['G'],
  );
});

test('only rows that match are measured', async () => {
  const log = [];
  const { report, done } = await ran([part('A', log), part('B', log)], 'G / B');
  assert.deepEqual(report.rows.map(keyOf), ['G / B']);
  assert.equal(log.includes('A'), false);
  assert.deepEqual(done, ['G']);
  assert.deepEqual((await ran([part('A', log)], 'nothing')).done, []);
});

test('generated modules are valid, and about as large as asked', async () => {
  for (const size of [100, 10_000, 1_000_000]) {
    const bytes = moduleOf(size);
    const { instance } = await WebAssembly.instantiate(bytes);
    instance.exports._start();
    assert.ok(bytes.length > size / 2 && bytes.length < size + 3000, `${bytes.length} for ${size}`);
  }
});
