// Experimental features of V8, some of which will be enabled by default in a year or two.
import { execFileSync } from 'node:child_process';

/** Not features of the language: they remove checks, or need more than the switch. */
const others = /reflection|skip|assume|pgo|revectorize|inlining|rab-integration|jspi|growable-stacks|imported-strings/;

/**
 * V8 11 (Node 20) implements the reference and garbage collection instructions with opcodes that the proposal later changed (0xd5 was `ref.eq`, and
 * is now `br_on_null`), and only behind a switch. The rewriter does not support those encodings.
 */
const renumbered = /wasm-(gc|typed-funcref|stringref)$|wasm-staging$/;

/** The switches that this Node supports. */
export function nodeSwitches(node) {
  const old = Number(/^v(\d+)/.exec(execFileSync(node, ['--version'], { encoding: 'utf8' }))[1]) < 22;
  const text = execFileSync(node, ['--v8-options'], { encoding: 'utf8' });
  const names = [...text.matchAll(/^ +(--(?:experimental-wasm-[\w-]+|wasm-staging))\b/gm)].map(([, name]) => name);
  return names.filter((name) => !others.test(name) && !(old && renumbered.test(name)));
}

/** The switches that Chromium's V8 has or had; it cannot list them. It ignores unknown ones. */
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
