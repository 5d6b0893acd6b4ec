// A report as one HTML file, which needs nothing else: tables with a small chart in each line, and curves.
import { curveChart, escape, strip, stripScale } from './charts.js';
import { exact, figure, range, times } from './figures.js';
import { byGroup, curvesOf, keyOf, ordered, OURS, sharedReasons, spread, subjectOf, timesTheFloor } from './model.js';
import { STYLE } from './style.js';
import { titleOf } from './text.js';

const COLORS = 8;
const FLOOR_COLOR = 1;

/** Subject → its color, the same in all charts of a group. */
function colorsOf(rows) {
  const floors = new Set(rows.map(({ floor }) => floor));
  const others = [...new Set(rows.flatMap(({ subjects }) => subjects.map(({ name }) => name)))].filter(
    (name) => name !== OURS && !floors.has(name),
  );
  return (name) => {
    if (name === OURS) return 0;
    return floors.has(name) ? FLOOR_COLOR : 2 + (others.indexOf(name) % (COLORS - 2));
  };
}

/** How many times holdfast's, or, for holdfast, how many times the floor. */
function ratioText(row, { name, samples }) {
  const ours = subjectOf(row, OURS)?.samples;
  if (name === OURS) {
    const ratio = timesTheFloor(row);
    return ratio ? `${times(spread(ratio).median)} the floor` : '';
  }
  if (!ours || name === row.floor) return '';
  return `${times(spread(samples).median / spread(ours).median)} holdfast`;
}

function lineOf(row, subject, scale, colors) {
  const { name, samples, cannot } = subject;
  const label = `<th scope="row">${escape(name)}${name === row.floor ? ' <small>(floor)</small>' : ''}</th>`;
  if (!samples) return `${label}<td class="why" colspan="3">cannot: ${escape(cannot)}</td>`;
  const floor = row.floor && subjectOf(row, row.floor)?.samples;
  const text = range(spread(samples));
  return `${label}<td class="n">${name === OURS ? `<b>${text}</b>` : text}</td><td class="n">${ratioText(row, subject)}</td>
<td>${strip(subject, scale, colors(name), floor && spread(floor).median)}</td>`;
}

function rowHtml(row, { colors, verdicts, shared }) {
  const subjects = ordered(row).filter(({ name }) => !shared.has(name));
  const scale = stripScale(subjects);
  const verdict = verdicts.get(keyOf(row));
  const notes = [`${row.unit}, ${row.better === 'less' ? 'less' : 'more'} is better`, row.note].filter(Boolean);
  const compared = verdict?.change
    ? `<small class="${verdict.verdict}">${verdict.verdict}: ${escape(verdict.before)} before</small>`
    : '';
  const head = `<th class="row" scope="rowgroup" rowspan="${Math.max(1, subjects.length)}">${escape(titleOf(row))}<small>${escape(notes.join('; '))}</small>${compared}</th>`;
  const lines = subjects.map((subject) => lineOf(row, subject, scale, colors));
  return `<tbody>${(lines.length ? lines : ['<td class="why" colspan="4">not measured</td>']).map((line, i) => `<tr>${i === 0 ? head : ''}${line}</tr>`).join('\n')}</tbody>`;
}

const tableHtml = (caption, rows, look) => `<div class="card"><table><caption>${escape(caption)}</caption>
<thead><tr><th scope="col">row</th><th scope="col">subject</th><th scope="col">median (smallest–largest)</th><th scope="col">ratio</th><th scope="col">spread, logarithmic</th></tr></thead>
${rows.map((row) => rowHtml(row, look)).join('\n')}</table></div>`;

/** What a curve cannot show: the points at which a subject cannot. */
const reasonsOf = (rows, { shared }) =>
  rows.flatMap(({ at, subjects }) =>
    subjects
      .filter(({ name, cannot }) => cannot && !shared.has(name))
      .map(({ name, cannot }) => `At ${exact(at.value)} ${at.axis}, ${name} cannot: ${cannot}`),
  );

function curveHtml(name, rows, look) {
  const notes = [...new Set(rows.map(({ note }) => note).filter(Boolean)), ...reasonsOf(rows, look)];
  return `<h3>${escape(name)}</h3>${notes.map((note) => `<p>${escape(note)}</p>`).join('')}
<figure class="card" style="margin:0 0 .5rem">${curveChart(name, rows, look.colors)}</figure>
<details><summary>Figures</summary>${tableHtml(name, rows, look)}</details>`;
}

const idOf = (title) => title.toLowerCase().replace(/[^a-z0-9]+/g, '-');

function groupHtml(title, rows, verdicts) {
  const shared = sharedReasons(rows);
  const look = { colors: colorsOf(rows), verdicts, shared };
  const { curves, single } = curvesOf(rows);
  const parts = [...curves].map(([name, points]) => curveHtml(name, points, look));
  const table = single.length > 0 ? tableHtml(title, single, look) : '';
  const reasons = [...shared].map(([name, why]) => `<li>${escape(name)} cannot: ${escape(why)}</li>`);
  const list = reasons.length > 0 ? `<ul>${reasons.join('')}</ul>` : '';
  return `<section id="${idOf(title)}"><h2>${escape(title)}</h2>${table}${parts.join('')}${list}</section>`;
}

/** The sections of a report, for a page that has its own head and style. */
export function sectionsOf(report, verdicts = []) {
  const byKey = new Map(verdicts.map((verdict) => [verdict.key, verdict]));
  return [...byGroup(report)].map(([title, rows]) => groupHtml(title, rows, byKey)).join('\n');
}

function aboutHtml({ date, command, machine, browser, load, rounds }) {
  return `<p>${escape(browser)} on ${escape(machine)}, ${escape(date)}, load ${escape(load)}; <code>${escape(command)}</code></p>
<p>Medians of ${figure(rounds)} interleaved rounds, or as a row states, with the smallest and the largest. A floor is the fastest way in which the engine or the machine can do the same, measured in the same rounds; a dashed line marks it. Compare ratios of one run, not figures of different machines.</p>`;
}

/** `verdicts`: those of compareReports. */
export function htmlOf(report, verdicts) {
  const links = [...byGroup(report).keys()].map((title) => `<a href="#${idOf(title)}">${escape(title)}</a>`);
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>holdfast benchmarks</title>
<style>${STYLE}</style></head><body>
<header><h1>holdfast benchmarks</h1>${aboutHtml(report.about)}</header><nav aria-label="Groups">${links.join(' ')}</nav>
<main>${sectionsOf(report, verdicts)}</main></body></html>
`;
}
