// Prints the results of tests/bench/peers.js as the table of docs/benchmarks.md.
import fs from 'node:fs';
import { fromRoot } from '../../tools/lib.mjs';

/** row → its name in the table and, for throughput, the number of bytes per call. */
const rows = {
  clock_time_get: { label: '`clock_time_get`' },
  fd_filestat_get: { label: '`fd_filestat_get`' },
  fd_pread_1: { label: '`fd_pread`, 1 byte' },
  fd_pwrite_1: { label: '`fd_pwrite`, 1 byte' },
  open_close: { label: 'open and close' },
  fd_readdir_1000: { label: '`fd_readdir`, 1,000 entries' },
  path_filestat_get_8_deep: { label: '`path_filestat_get`, 8 deep' },
  fd_pread_64k: { label: '`fd_pread`, 64 KiB', bytes: 1 << 16 },
  fd_pwrite_64k: { label: '`fd_pwrite`, 64 KiB', bytes: 1 << 16 },
  fd_pread_1m: { label: '`fd_pread`, 1 MiB', bytes: 1 << 20 },
  fd_pwrite_1m: { label: '`fd_pwrite`, 1 MiB', bytes: 1 << 20 },
};

const version = (name) => JSON.parse(fs.readFileSync(fromRoot('node_modules', name, 'package.json'), 'utf8')).version;

/** Three digits; two for values below 10. */
const digits = (value) =>
  value >= 1000
    ? Math.round(Number(value.toPrecision(3))).toLocaleString('en')
    : String(Number(value.toPrecision(value < 10 ? 2 : 3)));

/** Returns the median and its text: times in ns, or throughput in GB/s, whose minimum comes from the longest time. */
function figures(times, bytes) {
  const ns = [...times].sort((a, b) => a - b);
  const [min, median, max] = [ns[0], ns[ns.length >> 1], ns.at(-1)];
  const values = bytes ? [median, max, min].map((time) => bytes / time) : [median, min, max];
  return { median, text: `${digits(values[0])} (${digits(values[1])}–${digits(values[2])})` };
}

function cell(times, ours, bytes) {
  if (times === undefined) return '–';
  if (typeof times === 'string') return times;
  const { median, text } = figures(times, bytes);
  const ratio = median / figures(ours, bytes).median;
  return times === ours ? `**${text}**` : `${text}, ${digits(ratio)}×`;
}

/** `results` are those of comparePeers; `load` is a text. */
export function peersTable(results, { rounds, browser, load }) {
  const { holdfast, ...peers } = results;
  if (holdfast.error) throw new Error(holdfast.error);
  const names = Object.keys(peers);
  const lines = [
    `${browser}; medians of ${rounds} interleaved rounds in one run, with the fastest and the slowest; "×" is how many times as long it takes. Load of the machine: ${load}.`,
    '',
    `| | holdfast | ${names.map((name) => `${name} ${version(name)}`).join(' | ')} |`,
    `|---|---|${names.map(() => '---|').join('')}`,
  ];
  for (const [row, { label, bytes }] of Object.entries(rows)) {
    const ours = holdfast[row];
    const cells = names.map((name) => (peers[name].error ? '–' : cell(peers[name][row], ours, bytes)));
    lines.push(`| ${label}, ${bytes ? 'GB/s' : 'ns'} | ${cell(ours, ours, bytes)} | ${cells.join(' | ')} |`);
  }
  for (const name of names) if (peers[name].error) lines.push('', `${name} could not be run: ${peers[name].error}`);
  return lines.join('\n');
}
