// What V8 can be made to know beyond what it knows by itself: in a year or two, some of that is on.
import { execFileSync } from 'node:child_process';

/** Not instructions: they take checks away, or need more than the switch. */
const others = /reflection|skip|assume|pgo|revectorize|inlining|rab-integration|jspi|growable-stacks|imported-strings/;

/**
 * V8 11 (Node 20) has the instructions of references and of garbage collection under numbers that the proposal dropped before it was finished (0xd5
 * was `ref.eq`, and is `br_on_null`), and never without a switch. Those encodings are not the language that the rewriter reads.
 */
const renumbered = /wasm-(gc|typed-funcref|stringref)$|wasm-staging$/;

/** The switches that this Node has. */
export function nodeSwitches(node) {
  const old = Number(/^v(\d+)/.exec(execFileSync(node, ['--version'], { encoding: 'utf8' }))[1]) < 22;
  const text = execFileSync(node, ['--v8-options'], { encoding: 'utf8' });
  const names = [...text.matchAll(/^ +(--(?:experimental-wasm-[\w-]+|wasm-staging))\b/gm)].map(([, name]) => name);
  return names.filter((name) => !others.test(name) && !(old && renumbered.test(name)));
}

/** Those that Chromium's V8 has or had, which it does not tell. It passes over those that it does not know. */
export const chromiumSwitches = [
  '--wasm-staging',
  '--wasm-acquire-release',
  '--experimental-wasm-acquire-release',
  '--wasm-wide-arithmetic',
  '--experimental-wasm-wide-arithmetic',
  '--wasm-compact-imports',
  '--experimental-wasm-compact-imports',
  '--wasm-custom-descriptors',
  '--experimental-wasm-custom-descriptors',
  '--wasm-fp16',
  '--experimental-wasm-fp16',
  '--wasm-memory-control',
  '--experimental-wasm-memory-control',
  '--wasm-js-interop',
  '--experimental-wasm-js-interop',
  '--wasm-shared',
  '--experimental-wasm-shared',
  '--wasm-stringref',
  '--experimental-wasm-stringref',
  '--experimental-wasm-wasmfx',
  '--experimental-wasm-stack-switching',
  '--experimental-wasm-legacy-eh',
  '--experimental-wasm-exnref',
  '--experimental-wasm-compilation-hints',
  '--experimental-wasm-instruction-tracing',
  '--experimental-wasm-branch-hinting',
  '--experimental-wasm-ref-cast-nop',
  '--experimental-wasm-custom-page-sizes',
];
