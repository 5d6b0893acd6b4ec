/** Chooses V8's compiler for a module, with the custom section of an abandoned proposal that V8 still reads if a flag says so. */
import { CODE, FUNCTIONS, Reader } from '../common/module-bytes.ts';
import { leb, section, text } from './module-writer.ts';

const LAZY = 1;
const OPTIMIZING = 2;
/** A function's hint: when to compile it, with which compiler at first, and with which one finally. */
const HINT = LAZY | (OPTIMIZING << 2) | (OPTIMIZING << 4);

/** Returns the module with hints to compile each function at its first call, with the optimizing compiler only. */
export function optimizedLazily(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const { at, functions } = findCode(bytes);
  const body = [...text('compilationHints'), ...leb(functions), ...Array<number>(functions).fill(HINT)];
  const hints = functions > 0 ? section(0, body) : [];
  const hinted = new Uint8Array(bytes.length + hints.length);
  hinted.set(bytes.subarray(0, at));
  hinted.set(hints, at);
  hinted.set(bytes.subarray(at), at + hints.length);
  return hinted;
}

/** Returns where the code section is, which must follow the hints, and its number of functions. */
function findCode(bytes: Uint8Array): { at: number; functions: number } {
  const reader = new Reader(bytes);
  let functions = 0;
  while (reader.at < bytes.length) {
    const at = reader.at;
    const id = reader.byte();
    if (id === CODE) return { at, functions };
    const size = reader.leb();
    const end = reader.at + size;
    if (id === FUNCTIONS) functions = reader.leb();
    reader.at = end;
  }
  return { at: bytes.length, functions: 0 };
}
