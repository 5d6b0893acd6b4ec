// `npm run bench`: measures what holdfast costs in Chromium, with pages served by nginx like the demo, beside other runtimes, native programs and floors.
// Prints a table, and writes it, CSV, JSON and HTML to a folder. Compare only figures of one run, not of different runs or machines.
//
//   --rounds N         interleaved rounds of each row (7), after one that is not counted
//   --rows PATTERN     only rows whose "group / name" contains the regular expression
//   --out FOLDER       where report.{txt,csv,json,html} go (build/bench/report)
//   --compare [FILE]   compares with an earlier report.json (tests/bench/kept.json): status 1 if a row has become slower
//   --no-peers         leaves the other runtimes out
//   --growth           curves instead: guests, files, descriptors, and sizes of modules
//   --calls            short for --rows '^(Calls|Pipes)'
//
// Others print tables of their own: ring (ring.mjs), --kill (kill.mjs), --components, --interruptible and --peers (special.mjs).
import { parseArgs } from 'node:util';
import { chromium } from '@playwright/test';
import { chromiumFlags } from '../../tools/chromium.mjs';
import { serve } from '../../tools/serve.mjs';
import { fromRoot } from '../../tools/lib.mjs';
import { killBenchmark } from './kill.mjs';
import { reportBenchmark } from './report.mjs';
import { ringBenchmark } from './ring.mjs';
import { componentPeers, special } from './special.mjs';

const KEPT = fromRoot('tests/bench/kept.json');

/** parseArgs has no options with an optional value. */
const withDefault = (argv) =>
  argv.flatMap((word, i) =>
    word === '--compare' && (argv[i + 1] ?? '--').startsWith('--') ? ['--compare', KEPT] : [word],
  );

function options(argv) {
  const { values } = parseArgs({
    args: withDefault(argv),
    allowNegative: true,
    options: {
      rounds: { type: 'string' },
      rows: { type: 'string' },
      out: { type: 'string', default: fromRoot('build/bench/report') },
      compare: { type: 'string' },
      growth: { type: 'boolean', default: false },
      peers: { type: 'boolean' }, // alone: system calls in other runtimes, as a table for docs/benchmarks.md
      interruptible: { type: 'boolean', default: false }, // only the cost of `interruptible`
      calls: { type: 'boolean', default: false }, // only calls between the page and guests, and pipes
      components: { type: 'boolean', default: false }, // only system calls of WASI 0.2, beside preview 1
      kill: { type: 'boolean', default: false }, // only how long a kill takes
      host: { type: 'string', default: 'chromium,firefox,webkit' }, // with --kill: in which browsers
      only: { type: 'string' }, // with --interruptible: which of loops, CPython, yosys, clang
    },
  });
  if (values.calls) values.rows ??= '^(Calls|Pipes)';
  const own = values.components || values.interruptible || (values.peers && !values.calls);
  return { ...values, own, rounds: Number(values.rounds ?? (own || values.kill ? 15 : 7)) };
}

/** Calls `body` with { newPage(address), name }. One of the other runtimes creates functions from strings, which the policy forbids. */
async function inChromium(policy, body) {
  const server = await serve(fromRoot('.'), { port: 0, policy });
  const browser = await chromium.launch({
    executablePath: process.env.HOLDFAST_CHROMIUM || undefined,
    args: chromiumFlags,
  });
  const newPage = async (address = 'tests/browser/support/blank.html') => {
    const page = await browser.newPage({ bypassCSP: true });
    await page.goto(new URL(address, server.url).href);
    return page;
  };
  try {
    return await body({ newPage, name: `Chromium ${browser.version()}` });
  } finally {
    await browser.close();
    await server.stop();
  }
}

async function main(argv) {
  if (argv[0] === 'ring') return ringBenchmark(argv.slice(1));
  const values = options(argv);
  if (values.kill) return killBenchmark(values.host.split(','), values.rounds);
  if (values.components && values.peers) return componentPeers(values.rounds);
  return inChromium(Boolean(values.own && !values.peers), async (host) =>
    values.own
      ? special(await host.newPage(), host.name, values, values.rounds)
      : reportBenchmark(host, values, ['npm run bench', ...(argv.length > 0 ? ['--', ...argv] : [])].join(' ')),
  );
}

process.exitCode = (await main(process.argv.slice(2))) ?? 0;
