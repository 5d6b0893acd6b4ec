// The benchmarks that print tables of their own: `npm run bench -- --components [--peers]`, `--interruptible` and `--peers`.
import os from 'node:os';
import { compareComponents } from './components-peers.mjs';
import { peersTable } from './peers-table.mjs';

const number = (value) =>
  value >= 1000 ? Math.round(value).toLocaleString('en') : value >= 100 ? value.toFixed(0) : value.toFixed(1);
const figure = ({ min, median, max }, unit) =>
  `${number(median)} ${unit}`.padStart(12) + `   (${number(min)} to ${number(max)})`;
const row = (name, text, note = '') => console.log(`  ${name.padEnd(38)}${text}${note && `   ${note}`}`);

function reportComponents({ calls, hello, first }, rounds) {
  console.log(
    `\nSystem calls, ns a call, preview 1 and WASI 0.2 by turns: median of ${rounds} rounds (fastest to slowest)`,
  );
  for (const [name, [one, two]] of Object.entries(calls)) {
    row(name, figure(one, 'ns'));
    row('  in WASI 0.2', figure(two, 'ns'), `${(two.median / one.median).toFixed(2)} times preview 1`);
  }
  console.log('\nFrom spawn() to the first output');
  for (const [note, [plain, component]] of Object.entries({ '': hello, ', first of a runtime': first })) {
    row(`hello${note}`, figure(plain, 'ms'));
    row('  as a component', figure(component, 'ms'), `${(component.median / plain.median).toFixed(2)} times`);
  }
}

function reportComponentPeers(calls, rounds) {
  console.log(`\nNode ${process.version}, ns a call: median of ${rounds} rounds (fastest to slowest)`);
  for (const [name, [own, other]] of Object.entries(calls)) {
    row(name, figure(own, 'ns'));
    row("  with jco's preview2-shim", figure(other, 'ns'), `${(other.median / own.median).toFixed(1)} times`);
  }
}

function reportInterruptible(results) {
  for (const { way, rows, kills } of results) {
    console.log(`\nInterruptible by ${way}: the fastest round, unchanged and rewritten`);
    for (const [name, { plain, made, unit }] of Object.entries(rows)) {
      row(
        name,
        `${plain.toFixed(3).padStart(9)} ${unit}  ${made.toFixed(3).padStart(9)} ${unit}`,
        `${(made / plain).toFixed(2)} times`,
      );
    }
    row(
      'kill() of a loop',
      `${number(kills.median)} ms (at most ${number(kills.most)}), ${kills.zombies} workers terminated`,
    );
  }
}

/** Components under jco, in Node. */
export const componentPeers = async (rounds) => reportComponentPeers(await compareComponents(rounds), rounds);

async function peers(page, browser, rounds) {
  const begun = os.loadavg()[0];
  const compare = async (options) => (await import('/tests/bench/peers.js')).comparePeers(options);
  const results = await page.evaluate(compare, { rounds, microseconds: 20_000 });
  const load = `${begun.toFixed(1)} before and ${os.loadavg()[0].toFixed(1)} after`;
  console.log(peersTable(results, { rounds, browser, load }));
}

/** In a page of the browser, whose name and version is `browser`. */
export async function special(page, browser, { components, interruptible, only, peers: withPeers }, rounds) {
  console.log(browser);
  if (withPeers) return peers(page, browser, rounds);
  if (components) {
    const run = async (options) => (await import('/tests/bench/components.js')).componentsBenchmark(options);
    return reportComponents(await page.evaluate(run, { rounds }), rounds);
  }
  if (!interruptible) return undefined;
  const run = async (options) => (await import('/tests/bench/interruptible.js')).interruptibleBenchmark(options);
  return reportInterruptible(await page.evaluate(run, { only: only?.split(',') }));
}
