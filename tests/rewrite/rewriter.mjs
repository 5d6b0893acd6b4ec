// Runs rewrite.wasm for the tests, like worker/rewrite.ts but without a worker.
import fs from 'node:fs';

const file = new URL('../../build/wasm/rewrite.wasm', import.meta.url);
let module;

export const NONE = 0;
export const FLAG = 1;
export const FUEL = 2;

/** Whether this engine can run modules rewritten with FLAG. */
export const multiMemory = WebAssembly.validate(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0, 5, 5, 2, 0, 0, 0, 0));

export class Refused extends Error {}

/** @returns {{ bytes: Uint8Array, prefix: string, hasStart: boolean, memories: object[] }} Throws `Refused`. */
export function rewrite(bytes, check, { fuel = 10_000, limitPages = -1 } = {}) {
  module ??= new WebAssembly.Module(fs.readFileSync(file));
  let output;
  let at = 0;
  const { exports: rw } = new WebAssembly.Instance(module, {
    hf: {
      write(pointer, size) {
        output.set(new Uint8Array(rw.memory.buffer, pointer >>> 0, size >>> 0), at);
        at += size >>> 0;
      },
    },
    env: { emscripten_notify_memory_growth: () => undefined },
  });
  rw._initialize();
  const text = (pointer) => {
    const memory = new Uint8Array(rw.memory.buffer);
    return new TextDecoder().decode(memory.slice(pointer, memory.indexOf(0, pointer)));
  };
  const input = rw.rw_alloc(bytes.length) >>> 0;
  new Uint8Array(rw.memory.buffer).set(bytes, input);
  if (!rw.rw_open(input, bytes.length, check, fuel, limitPages))
    throw new Refused(`at ${rw.rw_error_offset()}: ${text(rw.rw_error())}`);
  output = new Uint8Array(rw.rw_size());
  rw.rw_write();
  if (at !== output.length) throw new Error(`${at} bytes were written, not the ${output.length} that were announced`);
  const memories = [];
  for (let i = 0, pointer; (pointer = rw.rw_memory(i)); i++) {
    const [initial, maximum, shared, sixtyFour] = new Float64Array(rw.memory.buffer, pointer, 4);
    const type = { initial, shared: shared !== 0 };
    if (maximum >= 0) type.maximum = maximum;
    memories.push(sixtyFour ? { ...type, address: 'i64' } : type);
  }
  return { bytes: output, prefix: text(rw.rw_prefix()), hasStart: rw.rw_has_start() !== 0, memories };
}

/** One word shared by all instances; 0 until `interrupt()`. */
export const flagMemory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });

const wide = (type) =>
  type.address === 'i64'
    ? { ...type, initial: BigInt(type.initial), ...(type.maximum !== undefined && { maximum: BigInt(type.maximum) }) }
    : type;

/** Instantiates what `rewrite` made. Checks call `stop`; without it the table stays empty. */
export function instantiate(rewritten, imports, { module: compiled, stop } = {}) {
  const { prefix, memories, hasStart, bytes } = rewritten;
  const ours = { flag: flagMemory };
  memories.forEach((type, i) => (ours[`memory${i}`] = new WebAssembly.Memory(wide(type))));
  const instance = new WebAssembly.Instance(compiled ?? new WebAssembly.Module(bytes), { ...imports, [prefix]: ours });
  if (stop) instance.exports[`${prefix}:stop`].set(0, stop);
  if (hasStart) instance.exports[`${prefix}:start`]();
  return instance;
}
