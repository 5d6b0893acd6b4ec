// `npm run bench [-- --rounds N]`: what holdfast costs, in Chromium, served by nginx as the demo is. Prints tables; every row is the median of interleaved rounds,
// with the fastest and slowest in brackets. With `--calls`: calls between the page and guests and from guest to guest, beside their floors, and pipes between programs beside Linux's; with `--calls --peers`: calls of the page by a guest, as others make them. With `--peers`: system calls against other runtimes, as a table for docs/benchmarks.md. Figures of one run may be compared with each other; those of two runs or machines may not.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import { parseArgs } from 'node:util';
import zlib from 'node:zlib';
import { chromium } from '@playwright/test';
import { chromiumFlags } from '../../tools/chromium.mjs';
import { serve } from '../../tools/serve.mjs';
import { fromRoot } from '../../tools/lib.mjs';
import { killBenchmark } from './kill.mjs';
import { peersTable } from './peers-table.mjs';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '15' },
    peers: { type: 'boolean', default: false },
    interruptible: { type: 'boolean', default: false }, // only what that costs
    calls: { type: 'boolean', default: false }, // only calls between the page and guests
    kill: { type: 'boolean', default: false }, // only how long a kill takes
    host: { type: 'string', default: 'chromium,firefox,webkit' }, // with it: in which browsers
    only: { type: 'string' }, // with it: of loops, CPython, yosys, clang, those
  },
});
const rounds = Number(values.rounds);

const number = (value) =>
  value >= 1000 ? Math.round(value).toLocaleString('en') : value >= 100 ? value.toFixed(0) : value.toFixed(1);
const figure = ({ min, median, max }, unit) =>
  `${number(median)} ${unit}`.padStart(12) + `   (${number(min)} to ${number(max)})`;
const row = (name, text, note = '') => console.log(`  ${name.padEnd(38)}${text}${note && `   ${note}`}`);

function sizes() {
  console.log('\nWhat a page downloads');
  let [raw, packed] = [0, 0];
  for (const file of ['index.js', 'coordinator.js', 'compute.js', 'kernel.wasm']) {
    const bytes = fs.readFileSync(fromRoot('dist', file));
    const gzip = zlib.gzipSync(bytes, { level: 9 }).length;
    [raw, packed] = [raw + bytes.length, packed + gzip];
    row(file, `${number(bytes.length).padStart(9)} bytes   ${number(gzip).padStart(7)} with gzip`);
  }
  row('all', `${number(raw).padStart(9)} bytes   ${number(packed).padStart(7)} with gzip`);
}

function report({ bare, calls, warm, cold, echo, throughput, stats }) {
  console.log(`\nSystem calls, ns a call: median of ${rounds} rounds (fastest to slowest); bridge: ${stats.bridge}`);
  row('(performance.now import)', figure(bare, 'ns'));
  for (const [name, times] of Object.entries(calls)) {
    let note = '';
    if (name === 'clock_time_get') note = `${number(times.median - bare.median)} ns above the bare import`;
    if (/_64k$/.test(name) && name !== 'memory_copy_64k') {
      note = `${Math.round((100 * calls.memory_copy_64k.median) / times.median)} % of memory.copy, ${number(65536 / times.median)} GB/s`;
    }
    row(name, figure(times, 'ns'), note);
  }
  console.log('\nPrograms');
  row('hello, warm', figure(warm, 'ms'));
  row('start() and first hello', figure(cold, 'ms'));
  row('1 byte page-guest-page', figure(echo, 'us'));
  row('64 MiB page-guest-page', figure(throughput, 'MB/s'));
}

function reportInterruptible(results) {
  for (const { way, rows, kills } of results) {
    console.log(`\nInterruptible by ${way}: the least of the rounds, as it is and rewritten`);
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

/** [row, its floor] */
const CALLS = [
  ['message there and back'],
  ['page calls an export', 'message there and back'],
  ['messages, 200 at once'],
  ['page calls, 200 in one turn', 'messages, 200 at once'],
  ['blocked worker, page, waker'],
  ['guest calls the page', 'blocked worker, page, waker'],
  ['futex there and back'],
  ['guest calls a guest', 'futex there and back'],
  ['the same, asleep, with a busy thread'],
  ['guest calls a guest, likewise', 'the same, asleep, with a busy thread'],
  ['an import in a plain worker'],
  ['companion function', 'an import in a plain worker'],
  ['plugin calls, 200 at once'],
  ['plugin ping', 'message there and back'],
  ['plugin prime_sieve(1,000,000)'],
  ['plugin start, ping, end'],
];

function reportCalls(results) {
  console.log(`\nCalls: median of ${rounds} rounds (fastest to slowest), for one call`);
  for (const [name, floor] of CALLS) {
    const { min, median, max } = results[name];
    const ratio = floor && (median / results[floor].median).toFixed(2);
    const times =
      median < 0.1
        ? figure({ min: 1e3 * min, median: 1e3 * median, max: 1e3 * max }, 'ns')
        : figure(results[name], 'us');
    row(name, times, ratio ? `${ratio} times the floor` : '');
  }
}

/** What each program writes at once, and how often. */
const PIPES = [
  [1, 200_000],
  [4096, 20_000],
  [65536, 4000],
  [2 ** 20, 256],
];

/** The same program in two processes of this machine. */
async function nativePipes() {
  const program = fromRoot('build', 'bench-pipe');
  execFileSync('clang', ['-O2', '-o', program, fromRoot('tests/guests/bench/bench-pipe.c')]);
  const results = {};
  for (const [size, count] of PIPES) {
    const times = Array.from({ length: rounds }, () => {
      const line = `'${program}' write ${size} ${count} | '${program}' read ${size}`;
      return Number(execFileSync('sh', ['-c', line], { encoding: 'utf8' }).split(' ')[1]);
    }).sort((a, b) => a - b);
    const speed = (time) => (1000 * size * count) / time;
    results[size] = { min: speed(times.at(-1)), median: speed(times[times.length >> 1]), max: speed(times[0]) };
  }
  return results;
}

function reportPipes(ours, native) {
  console.log(`\nA pipe between two programs, by the size of a write: median of ${rounds} rounds (slowest to fastest)`);
  for (const [size] of PIPES) {
    row(`${size} bytes, of Linux`, figure(native[size], 'MB/s'));
    row(
      `${size} bytes`,
      figure(ours[size], 'MB/s'),
      `${(ours[size].median / native[size].median).toFixed(2)} times as fast`,
    );
  }
}

/** The guest for Asyncify is Binaryen's work. */
async function callPeers(page) {
  const guest = (name) => fromRoot('build', name);
  const args = [guest('guests/bench-calls.wasm'), '-O2', '--asyncify', '--pass-arg=asyncify-imports@page.add'];
  execFileSync(fromRoot('.toolchain/bin/wasm-opt'), [...args, '-o', guest('bench-calls-asyncify.wasm')]);
  const run = async (options) => (await import('/tests/bench/calls.js')).callPeersBenchmark(options);
  return page.evaluate(run, { rounds });
}

function reportCallPeers(results) {
  console.log(`\n200 calls of the page by a guest: median of ${rounds} rounds (fastest to slowest), for one call`);
  const ours = results['holdfast, host function'].median;
  for (const [name, times] of Object.entries(results)) {
    row(name, figure(times, 'us'), `${(times.median / ours).toFixed(2)} times a host function`);
  }
}

if (values.kill) {
  await killBenchmark(values.host.split(','), rounds);
  process.exit();
}

// One of the peers makes functions of texts, which the policy forbids.
const server = await serve(fromRoot('.'), { port: 0, policy: !values.peers });
const browser = await chromium.launch({
  executablePath: process.env.HOLDFAST_CHROMIUM || undefined,
  args: chromiumFlags,
});
try {
  const page = await browser.newPage({ bypassCSP: true });
  await page.goto(new URL('tests/browser/support/blank.html', server.url).href);
  console.log(`Chromium ${browser.version()}`);
  if (values.peers && values.calls) {
    reportCallPeers(await callPeers(page));
  } else if (values.peers) {
    const begun = os.loadavg()[0];
    const results = await page.evaluate(
      async (options) => {
        const { comparePeers } = await import('/tests/bench/peers.js');
        return comparePeers(options);
      },
      { rounds, microseconds: 20_000 },
    );
    const load = `${begun.toFixed(1)} before and ${os.loadavg()[0].toFixed(1)} after`;
    console.log(peersTable(results, { rounds, browser: `Chromium ${browser.version()}`, load }));
  } else if (values.calls) {
    reportCalls(
      await page.evaluate(async (options) => (await import('/tests/bench/calls.js')).callsBenchmark(options), {
        rounds,
      }),
    );
    const pipes = await page.evaluate(
      async (options) => (await import('/tests/bench/calls.js')).pipesBenchmark(options),
      { rounds, sizes: PIPES },
    );
    reportPipes(pipes, await nativePipes());
  } else if (values.interruptible) {
    reportInterruptible(
      await page.evaluate(
        async (options) => (await import('/tests/bench/interruptible.js')).interruptibleBenchmark(options),
        { only: values.only?.split(',') },
      ),
    );
  } else {
    const result = await page.evaluate(
      async (options) => {
        const { benchmark } = await import('/tests/bench/page.js');
        return benchmark(options);
      },
      { rounds },
    );
    report(result);
    sizes();
  }
} finally {
  await browser.close();
  await server.stop();
}
