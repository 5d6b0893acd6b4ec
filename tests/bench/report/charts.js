// The report's charts, as inline SVG. Colors come from the style sheet (classes s0, s1 …). The text beside a chart has the same figures.
import { figure } from './figures.js';
import { spread } from './model.js';
import { logScale, ticks } from './scale.js';

export const escape = (text) =>
  String(text).replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c]);

const STRIP = { width: 170, height: 20, pad: 8 };

/** The scale of all strips of a row. */
export const stripScale = (subjects) =>
  logScale(
    subjects.flatMap(({ samples = [] }) => samples),
    STRIP.pad,
    STRIP.width - STRIP.pad,
  );

/** One subject of a row: a line from the smallest to the largest, a dot at the median, and a tick at the floor's median. */
export function strip({ samples }, scale, color, floor) {
  const { min, median, max } = spread(samples);
  const [y, mark] = [STRIP.height / 2, floor === undefined ? '' : scale.at(floor).toFixed(1)];
  const x = [min, median, max].map((value) => scale.at(value).toFixed(1));
  return `<svg class="strip s${color}" viewBox="0 0 ${STRIP.width} ${STRIP.height}" aria-hidden="true">
<path class="axis" d="M0 ${y}H${STRIP.width}"/>${mark && `<path class="floor" d="M${mark} 0V${STRIP.height}"/>`}
<path class="range" d="M${x[0]} ${y}H${x[2]}"/><circle cx="${x[1]}" cy="${y}" r="4.5"/></svg>`;
}

const CHART = { width: 720, height: 300, left: 72, right: 220, top: 14, bottom: 44 };

/** Shortens long numbers, which would overlap along an axis. */
const short = (value) => (value < 1e6 ? figure(value) : value.toLocaleString('en', { notation: 'compact' }));

function gridOf(x, y, axis, unit) {
  const { width, height, left, right, top, bottom } = CHART;
  const [end, base] = [width - right, height - bottom];
  const across = ticks(y).map((value) => {
    const at = y.at(value).toFixed(1);
    return `<path class="grid" d="M${left} ${at}H${end}"/><text x="${left - 8}" y="${at}" dy="4" text-anchor="end">${figure(value)}</text>`;
  });
  const along = ticks(x).map((value) => {
    const at = x.at(value).toFixed(1);
    return `<path class="grid" d="M${at} ${top}V${base}"/><text x="${at}" y="${base + 16}" text-anchor="middle">${short(value)}</text>`;
  });
  const names = `<text x="${(left + end) / 2}" y="${height - 6}" text-anchor="middle">${escape(axis)}</text>
<text transform="translate(12 ${(top + base) / 2}) rotate(-90)" text-anchor="middle">${escape(unit)}</text>`;
  return [...across, ...along, names].join('');
}

/** Moves labels that would overlap apart. */
function apart(labels) {
  const sorted = [...labels].sort((a, b) => a.y - b.y);
  for (let i = 1; i < sorted.length; i++) sorted[i].y = Math.max(sorted[i].y, sorted[i - 1].y + 14);
  return labels;
}

/** The subjects of a curve: { name, color, floor, points: [{ x, min, median, max }] }. */
function seriesOf(rows, colors) {
  const names = [...new Set(rows.flatMap(({ subjects }) => subjects.map(({ name }) => name)))];
  return names
    .map((name) => ({
      name,
      color: colors(name),
      floor: rows.some(({ floor }) => floor === name),
      points: rows.flatMap(({ at, subjects }) =>
        subjects
          .filter((subject) => subject.name === name && subject.samples)
          .map(({ samples }) => ({ x: at.value, ...spread(samples) })),
      ),
    }))
    .filter(({ points }) => points.length > 0);
}

function lineOf({ color, floor, points }, x, y) {
  const xy = points.map((point) => [x.at(point.x).toFixed(1), y.at(point.median).toFixed(1), point]);
  const ranges = xy.map(([at, , { min, max }]) => `M${at} ${y.at(min).toFixed(1)}V${y.at(max).toFixed(1)}`).join('');
  const line = xy.map(([at, height], i) => `${i ? 'L' : 'M'}${at} ${height}`).join('');
  const dots = xy.map(([at, height]) => `<circle cx="${at}" cy="${height}" r="3.5"/>`).join('');
  return `<g class="s${color}${floor ? ' dashed' : ''}"><path class="range" d="${ranges}"/><path class="line" d="${line}"/>${dots}</g>`;
}

/** Both axes are logarithmic. `colors`: subject → its number. */
export function curveChart(title, rows, colors) {
  const { width, height, left, right, top, bottom } = CHART;
  const series = seriesOf(rows, colors);
  if (series.length === 0) return '';
  const x = logScale(
    rows.map(({ at }) => at.value),
    left,
    width - right,
  );
  const values = series.flatMap(({ points }) => points.flatMap(({ min, max }) => [min, max]));
  const y = logScale(values, height - bottom, top);
  const labels = apart(
    series.map(({ name, color, points }) => ({ name, color, y: y.at(points.at(-1).median), x: x.at(points.at(-1).x) })),
  );
  const texts = labels.map(
    (label) =>
      `<text class="label s${label.color}" x="${(label.x + 10).toFixed(1)}" y="${label.y.toFixed(1)}" dy="4">${escape(label.name)}</text>`,
  );
  const [{ at, unit }] = rows;
  return `<svg class="curve" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escape(`${title}: ${unit} by ${at.axis}, on logarithmic axes; the table below has the figures`)}">
${gridOf(x, y, at.axis, unit)}${series.map((one) => lineOf(one, x, y)).join('')}${texts.join('')}</svg>`;
}
