// Makes components from text.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { bin } from '../../../tools/toolchain/recipe.mjs';

const wasmTools = path.join(bin, 'wasm-tools');

/** Returns the bytes of a component. */
export const assemble = (text) =>
  new Uint8Array(execFileSync(wasmTools, ['parse', '-'], { input: text, maxBuffer: 1 << 26 }));

/** Returns the composition of a component and another one that exports what it imports. */
export function compose(component, provider) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'holdfast-compose-'));
  const file = (name) => path.join(folder, `${name}.wasm`);
  try {
    fs.writeFileSync(file('component'), component);
    fs.writeFileSync(file('provider'), provider);
    execFileSync(wasmTools, ['compose', file('component'), '-d', file('provider'), '-o', file('composition')], {
      stdio: 'pipe', // it reports each instance that it connects
    });
    return new Uint8Array(fs.readFileSync(file('composition')));
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}

/**
 * A command of WASI 0.2. `core`: the contents of its core module, except the imports; it exports `run`, which returns 0 (ok) or 1 (an error).
 * `imports`: [interface, function, type in WIT's text, core type] each, imported by the core module
 * from "i".
 */
export function command(core, imports = [], version = '0.2.0') {
  const interfaces = new Map();
  for (const [from, ...rest] of imports) interfaces.set(from, [...(interfaces.get(from) ?? []), rest]);
  const list = [...interfaces].map(([from, functions], i) => ({ from, functions, name: `$i${i}` }));
  const each = (write) => list.flatMap((entry) => entry.functions.map((fn) => write(entry, fn))).join('\n');
  return assemble(`(component
    ${list.map(({ from, functions, name }) => `(import "${from}" (instance ${name} ${functions.map(([fn, type]) => `(export "${fn}" ${type})`).join(' ')}))`).join('\n')}
    (core module $m
      ${each((_, [fn, , core]) => `(import "i" "${fn}" ${core.replace('(func', `(func $${fn}`)})`)}
      ${core})
    ${each(({ name }, [fn]) => `(core func $${fn} (canon lower (func ${name} "${fn}")))`)}
    (core instance $m (instantiate $m (with "i" (instance ${each((_, [fn]) => `(export "${fn}" (func $${fn}))`)}))))
    (func $run (result (result)) (canon lift (core func $m "run")))
    (instance $run (export "run" (func $run)))
    (export "wasi:cli/run@${version}" (instance $run)))`);
}
