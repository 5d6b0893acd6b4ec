// `npm run bench -- --kill [--host NAME,…]`: measures how long it takes from kill() until a computing guest has ended and its core is free, and when
// a timeout fires. Runs in each installed browser, started as by `holdfast run --host`: the page does the work, so the figures include the round
// trip to it, which is also measured.
import os from 'node:os';
import { pathToFileURL } from 'node:url';
import { fromRoot } from '../../tools/lib.mjs';
import { cpuSeconds, family } from '../../tools/processes.mjs';

const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const spread = (numbers, unit) => {
  const sorted = [...numbers].sort((a, b) => a - b);
  const [least, median, most] = [sorted[0], sorted[sorted.length >> 1], sorted.at(-1)].map((n) => n.toFixed(1));
  return `${median} ${unit} (${least} to ${most})`;
};

/** How many milliseconds the work takes. */
async function timed(action) {
  const begun = performance.now();
  await action();
  return performance.now() - begun;
}

/** `Infinity` if it takes longer than this many milliseconds. */
function within(promise, limit) {
  let timer;
  const late = new Promise((resolve) => (timer = setTimeout(resolve, limit, 'late')));
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** The CPU use of the browser (a child of this process) in one second, in percent of a core. */
async function load() {
  const pids = family(process.pid).slice(1);
  const [from, begun] = [cpuSeconds(pids), Date.now()];
  await sleep(1000);
  return (100 * (cpuSeconds(pids) - from)) / ((Date.now() - begun) / 1000);
}

async function spin(hf, program, options) {
  const p = await hf.spawn(program, options);
  const { value } = await p.stdout.getReader().read();
  if (new TextDecoder().decode(value) !== 'spinning\n') throw new Error('it does not spin');
  return p;
}

async function killOne(hf, program, interruptible) {
  const p = await spin(hf, program, { interruptible });
  await sleep(100);
  const begun = performance.now();
  const exited = timed(() => (p.kill(), p.exited));
  const gone = await within(p.released, 10_000);
  return { exited: await exited, released: gone === 'late' ? Infinity : performance.now() - begun };
}

async function timeOut(hf, program, interruptible) {
  const p = await hf.spawn(program, { interruptible, timeout: 1000, stdout: 'null' });
  const time = await timed(async () => {
    const { reason } = await p.exited;
    if (reason !== 'timeout') throw new Error(reason);
  });
  await within(p.released, 10_000);
  return time;
}

async function measure(name, rounds) {
  const { openHost } = await import(pathToFileURL(fromRoot('dist/cli.js')).href);
  const { hf, source, close } = await openHost(name, new AbortController().signal);
  try {
    const program = source(fromRoot('build/guests/spins-forever.wasm'));
    await sleep(1000);
    const trips = [];
    for (let i = 0; i < rounds; i++) trips.push(await timed(() => hf.stats()));
    const rest = [await load(), await load(), await load()];
    console.log(`\n${name}, with ${spread(trips, 'ms')} for the round trip to the page`);
    console.log(`  CPU at rest            ${spread(rest, '%')}`);
    for (const interruptible of [true, false]) {
      const kills = [];
      const loads = [];
      for (let i = 0; i < rounds; i++) {
        const kill = await killOne(hf, program, interruptible);
        kills.push(kill);
        loads.push(await load());
        if (kill.released === Infinity) break; // it never ends, and would take a core from the next measurements
      }
      const released = kills.map((kill) => kill.released);
      console.log(`  interruptible: ${interruptible}`);
      console.log(
        `    kill() to exited       ${spread(
          kills.map(({ exited }) => exited),
          'ms',
        )}`,
      );
      console.log(
        `    kill() to released     ${released.includes(Infinity) ? 'not within 10 s' : spread(released, 'ms')}`,
      );
      console.log(`    CPU in the second after ${spread(loads, '%')}`);
      if (released.includes(Infinity)) continue;
      const timeouts = [];
      for (let i = 0; i < rounds; i++) timeouts.push(await timeOut(hf, program, interruptible));
      console.log(`    timeout: 1000 ends at  ${spread(timeouts, 'ms')}`);
    }
  } finally {
    await close();
  }
}

export async function killBenchmark(hosts, rounds) {
  console.log(`load ${os.loadavg()[0].toFixed(1)}; ${rounds} rounds`);
  for (const host of hosts) {
    await measure(host, rounds).catch((error) => console.log(`\n${host}: ${error.message}`));
  }
}
