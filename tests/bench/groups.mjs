// The groups of rows that `npm run bench` measures, in this order.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import zlib from 'node:zlib';
import { AT_START, FILES } from '../../common/files.js';
import { fromRoot } from '../../tools/lib.mjs';
import { compiled } from './gcc.mjs';
import { kills, memories, nodeCalls, nodePython, visits } from './native-parts.mjs';
import { direct, inPage } from './parts.js';
import { NATIVE_DESCRIPTORS } from './parts/growth.js';
import { rows as pipeRows, SIZES, speedOf } from './parts/pipes.js';
import { rows as threadRows, THREAD } from './parts/threads.js';
import { DESCRIPTORS, GCC, microseconds, POLL, pollRow, rows as waitRows, SLEEP, SLEEPS } from './parts/waits.js';
import { OURS } from './report/model.js';

/** Transforms the guest for Asyncify with Binaryen. */
function asyncify() {
  const guest = (name) => fromRoot('build', name);
  const args = [guest('guests/bench-calls.wasm'), '-O2', '--asyncify', '--pass-arg=asyncify-imports@page.add'];
  execFileSync(fromRoot('.toolchain/bin/wasm-opt'), [...args, '-o', guest('bench-calls-asyncify.wasm')]);
}

/** The same program in two native processes. */
const linuxPipes = direct(pipeRows, ({ wanted }) => {
  const program = compiled('tests/guests/bench/bench-pipe.c');
  return {
    round(record) {
      for (const [size, count] of SIZES) {
        if (!wanted.has(`${pipeRows[0].name}@${size}`)) continue;
        const line = `'${program}' write ${size} ${count} | '${program}' read ${size}`;
        const stdout = execFileSync('sh', ['-c', line], { encoding: 'utf8' });
        record(pipeRows[0].name, 'Linux, gcc', speedOf(stdout, size, count), size);
      }
    },
  };
});

const waits = 'tests/guests/bench/bench-waits.c';
const output = (program, args) => execFileSync(program, args.map(String), { encoding: 'utf8' });

const nativeSleeps = direct(
  waitRows.filter(({ name }) => name === SLEEP),
  ({ wanted }) => {
    const program = compiled(waits);
    return {
      round(record) {
        for (const [ns, count] of SLEEPS)
          if (wanted.has(`${SLEEP}@${ns}`)) record(SLEEP, GCC, microseconds(output(program, ['sleep', ns, count])), ns);
      },
    };
  },
);

/** poll() of this many descriptors, natively. */
const nativePolls = (counts) =>
  direct(counts.map(pollRow), ({ wanted }) => {
    const program = compiled(waits);
    return {
      round(record) {
        for (const count of counts)
          if (wanted.has(`${POLL}@${count}`))
            record(POLL, GCC, microseconds(output(program, ['poll', fromRoot('build/bench/polled'), count])), count);
      },
    };
  });

const nativeThreads = direct(threadRows, () => {
  const program = compiled('tests/bench/threads.c', '-pthread');
  return { round: (record) => record(THREAD, GCC, microseconds(output(program, []))) };
});

const packings = {
  'as it is': (bytes) => bytes.length,
  'gzip -9': (bytes) => zlib.gzipSync(bytes, { level: 9 }).length,
  'Brotli 11': (bytes) => zlib.brotliCompressSync(bytes).length,
};

/** What every page loads. */
const loaded = ['index.js', ...AT_START.map((name) => FILES[name])];

const sizeRows = [...loaded, 'all'].flatMap((file) =>
  Object.keys(packings).map((packing) => ({ name: `${file}, ${packing}`, unit: 'bytes' })),
);

/** Sizes do not vary, so one round is enough. */
const downloads = direct(sizeRows, () => ({
  round(record) {
    const sums = {};
    for (const file of loaded)
      for (const [packing, sizeOf] of Object.entries(packings)) {
        const size = sizeOf(fs.readFileSync(fromRoot('dist', file)));
        sums[packing] = (sums[packing] ?? 0) + size;
        record(`${file}, ${packing}`, OURS, size);
      }
    for (const [packing, size] of Object.entries(sums)) record(`all, ${packing}`, OURS, size);
  },
}));

export const groups = [
  { title: 'System calls', parts: [inPage('system-calls'), nodeCalls] },
  { title: 'Programs', parts: [inPage('programs')] },
  { title: 'First visit', rounds: 5, warm: false, parts: [visits] },
  { title: 'CPython', rounds: 3, parts: [inPage('cpython'), nodePython] },
  { title: 'Streams', parts: [inPage('streams')] },
  { title: 'Calls', parts: [inPage('calls', { prepare: asyncify })] },
  { title: 'Pipes', parts: [inPage('pipes'), linuxPipes] },
  { title: 'Timers and poll', rounds: 3, parts: [inPage('waits'), nativeSleeps, nativePolls(DESCRIPTORS)] },
  { title: 'Threads', parts: [inPage('threads'), nativeThreads] },
  { title: 'hf.fs', parts: [inPage('files')] },
  { title: 'Kills', rounds: 3, parts: [kills] },
  { title: 'Close', parts: [inPage('close')] },
  { title: 'Memory', rounds: 3, warm: false, parts: [memories] },
  { title: 'What a page downloads', rounds: 1, warm: false, parts: [downloads] },
];

/** With --growth. */
export const growth = [
  { title: 'Growth', rounds: 3, warm: false, parts: [inPage('growth'), nativePolls(NATIVE_DESCRIPTORS)] },
];
