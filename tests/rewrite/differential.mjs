// Modules that wasm-tools smith makes, before and after the rewriter.
//
//   NODE tests/rewrite/differential.mjs [--seeds N] [--from N]
//
// Each is rewritten in both ways. wasm-tools finds the result valid, and this engine compiles it if it compiled the original; the functions that it
// exports give the same results and leave the same memory (each module ends by itself: smith gives it fuel of its own). The last line is
// `N passed, N failed`, a module counting once for each way.
import { execFileSync, spawnSync } from 'node:child_process';
import path from 'node:path';
import { parseArgs } from 'node:util';
import fs from 'node:fs';
import { FLAG, FUEL, flagMemory, instantiate, multiMemory, rewrite } from './rewriter.mjs';
import { stop } from './stop.mjs';

const { values: options } = parseArgs({
  options: {
    seeds: { type: 'string', default: '50' },
    from: { type: 'string', default: '1' },
    keep: { type: 'string' },
  },
});
const tools = path.join(process.env.HOLDFAST_TOOLCHAIN ?? '.toolchain', 'bin/wasm-tools');

/** xorshift32: the same modules for the same numbers. */
function seedBytes(seed) {
  const bytes = new Uint8Array(10_000 + ((seed * 7919) % 50_000));
  let state = (seed * 2654435761) >>> 0 || 1;
  return bytes.map(() => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 24;
  });
}

const everything = [
  'bulk-memory',
  'exceptions',
  'gc',
  'multi-value',
  'reference-types',
  'relaxed-simd',
  'saturating-float-to-int',
  'sign-extension-ops',
  'simd',
  'tail-call',
  'threads',
  'extended-const',
];
/** Memories are small, for all that is in them is summed. */
const common = [
  '--min-funcs=8',
  '--max-memory32-bytes=16777216',
  '--canonicalize-nans=true',
  '--allow-start-export=true',
  '--max-tables=3',
];
const runnable = [
  '--memory64-enabled=false',
  '--max-memories=1',
  '--max-imports=0',
  '--export-everything=true',
  '--ensure-termination',
  '--relaxed-simd-enabled=false',
];
const switches = (names) => names.map((name) => `--${name}-enabled=true`);
/** The first is all that there is; the others are what an engine of today can run. */
const shapes = [
  [
    ...common,
    ...switches(everything),
    '--memory64-enabled=true',
    '--max-memories=3',
    '--generate-custom-sections=true',
    '--max-tags=3',
  ],
  [...common, ...runnable, ...switches(everything.filter((name) => name !== 'threads' && name !== 'relaxed-simd'))],
  [
    ...common,
    ...runnable,
    '--gc-enabled=false',
    '--exceptions-enabled=false',
    '--tail-call-enabled=false',
    '--threads-enabled=false',
  ],
];

function smith(seed, shape) {
  const made = spawnSync(tools, ['smith', ...shape], { input: seedBytes(seed), maxBuffer: 1 << 26 });
  return made.status === 0 ? new Uint8Array(made.stdout) : null;
}

const validate = (bytes) =>
  execFileSync(tools, ['validate', '--features', 'all,-custom-page-sizes'], {
    input: bytes,
    stdio: ['pipe', 'ignore', 'pipe'],
  });

const show = (value) =>
  typeof value === 'bigint'
    ? `${value}n`
    : Object.is(value, -0)
      ? '-0'
      : Array.isArray(value)
        ? `[${value.map(show)}]`
        : typeof value === 'object' || typeof value === 'function'
          ? value === null
            ? 'null'
            : typeof value
          : String(value);

const attempt = (work) => {
  try {
    return show(work());
  } catch (error) {
    return error instanceof RangeError
      ? 'RangeError'
      : `${error.constructor.name}: ${(error.message ?? '').replace(/ @\+\d+|#\d+|"[^"]*"/g, '')}`;
  }
};

function checksum(buffer) {
  let sum = 0;
  for (const word of new Uint32Array(buffer, 0, buffer.byteLength >> 2)) sum = (Math.imul(sum, 31) + word) | 0;
  return `${buffer.byteLength} bytes, ${sum}`;
}

/** What the module does, as text. `ours`: begins the names that the rewriter added. */
function story(makeInstance, ours) {
  let exports;
  const begun = attempt(() => {
    ({ exports } = makeInstance());
    return 0;
  });
  if (!exports) return begun;
  const lines = [begun];
  const names = Object.keys(exports).filter((name) => !ours || !name.startsWith(ours));
  for (const name of names) {
    if (typeof exports[name] !== 'function') continue;
    lines.push(`${name}: ${attempt(() => exports[name](...Array(exports[name].length).fill(0)))}`);
    if (lines.at(-1).includes('BigInt'))
      lines.push(attempt(() => exports[name](...Array(exports[name].length).fill(1n))));
  }
  for (const name of names) {
    if (exports[name] instanceof WebAssembly.Global) lines.push(`${name}: ${attempt(() => exports[name].value)}`);
    if (exports[name] instanceof WebAssembly.Memory) lines.push(`${name}: ${checksum(exports[name].buffer)}`);
  }
  return lines.join('\n');
}

new Int32Array(flagMemory.buffer)[0] = 1; // each check calls, and goes on

const counts = { modules: 0, rewritten: 0, run: 0, passed: 0, failed: 0 };
for (let seed = Number(options.from); seed < Number(options.from) + Number(options.seeds); seed++) {
  for (const [i, shape] of shapes.entries()) {
    const bytes = smith(seed, shape);
    if (!bytes) continue;
    counts.modules++;
    let complaints = 0;
    const complain = (text) => {
      complaints++;
      console.log(`seed ${seed}, shape ${i}: ${text}`);
      if (options.keep) fs.writeFileSync(path.join(options.keep, `${seed}-${i}.wasm`), bytes);
    };
    const compiles = WebAssembly.validate(bytes);
    const before = i > 0 && compiles ? story(() => new WebAssembly.Instance(new WebAssembly.Module(bytes))) : null;
    for (const check of [FLAG, FUEL]) {
      const way = check === FLAG ? 'flag' : 'fuel';
      complaints = 0;
      try {
        const rewritten = rewrite(bytes, check, { fuel: 7 });
        counts.rewritten++;
        validate(rewritten.bytes);
        const runs = check !== FLAG || multiMemory;
        if (runs && compiles && !WebAssembly.validate(rewritten.bytes))
          complain(`${way}: the engine refuses it: ${attempt(() => new WebAssembly.Module(rewritten.bytes))}`);
        if (runs && before !== null) {
          const after = story(() => instantiate(rewritten, {}, { stop }), rewritten.prefix);
          counts.run++;
          if (after !== before) complain(`${way}: before\n${before}\nafter\n${after}`);
        }
      } catch (error) {
        complain(`${way}: ${error.stderr ?? error.stack}`);
      }
      counts[complaints > 0 ? 'failed' : 'passed']++;
    }
  }
}
console.log(`${counts.modules} modules; ${counts.rewritten} rewritten, ${counts.run} of them run`);
console.log(`\n${counts.passed} passed, ${counts.failed} failed`);
process.exitCode = counts.failed > 0 || counts.modules === 0 ? 1 : 0;
