// `npm run bench -- --components --peers`: calls of WASI 0.2 in Node, with holdfast and with jco's preview2-shim, in turns.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { fromRoot } from '../../tools/lib.mjs';
import { jco } from '../../tools/jco.mjs';

/** Each round of a row takes this long (microseconds), and there are three; the median counts. */
const ARGUMENTS = ['3', '4000'];

function medians(text) {
  const rows = text
    .trim()
    .split('\n')
    .map((line) => line.split(' '));
  return Object.fromEntries(rows.map(([name, , median]) => [name, Number(median)]));
}

async function withHoldfast(hf, program) {
  const { code, stdout, stderr } = await hf.run(program, { args: ARGUMENTS, preopens: { '/': '/' } });
  if (code !== 0) throw new Error(`bench-components ended with ${code}: ${stderr}`);
  return medians(stdout);
}

const withJco = () =>
  medians(
    execFileSync(process.execPath, [fromRoot('tests/bench/components-jco.mjs'), ...ARGUMENTS], { encoding: 'utf8' }),
  );

const spread = (times) => {
  times.sort((a, b) => a - b);
  return { min: times[0], median: times[times.length >> 1], max: times.at(-1) };
};

/** Row → [holdfast, jco], in nanoseconds per call. */
export async function compareComponents(rounds) {
  await jco();
  const { start } = await import('../../dist/node.js');
  const hf = await start();
  const program = fs.readFileSync(fromRoot('build/guests/bench-components.wasm'));
  const runs = [];
  for (let i = 0; i < rounds; i++) runs.push([await withHoldfast(hf, program), withJco()]);
  await hf.close();
  const names = Object.keys(runs[0][0]);
  return Object.fromEntries(
    names.map((name) => [name, [0, 1].map((which) => spread(runs.map((run) => run[which][name])))]),
  );
}
