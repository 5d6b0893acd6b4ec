/** Parses a component with component.wasm (native/component). */
import type { ComponentCalls } from '../build/generated/exports.js';
import { toPointer, type WasmPointer } from './pointer.js';

/** What is wrong with a component that was refused. */
export class InvalidComponent extends Error {}

/** A component's instantiation plan (native/component/plan.def). */
export interface PlanBytes {
  words: Uint32Array<ArrayBuffer>;
  names: Uint8Array<ArrayBuffer>;
}

interface Parser extends ComponentCalls {
  memory: { readonly buffer: ArrayBuffer };
  _initialize(): void;
}

/** What component.wasm imports. */
export const parserImports = { env: { emscripten_notify_memory_growth: (): void => undefined } };

/** The bytes at an address, as a copy. */
const copied = ({ memory }: Parser, pointer: WasmPointer, size: number): Uint8Array<ArrayBuffer> =>
  new Uint8Array(memory.buffer).slice(toPointer(pointer), toPointer(pointer) + size);

function textAt({ memory }: Parser, pointer: WasmPointer): string {
  const bytes = new Uint8Array(memory.buffer);
  return new TextDecoder().decode(bytes.subarray(toPointer(pointer), bytes.indexOf(0, toPointer(pointer))));
}

/**
 * `exports`: of an instance of component.wasm that serves this component alone, so that a component cannot affect a later one, and the memory is freed.
 * Throws `InvalidComponent`.
 */
export function planOf(exports: object, bytes: Uint8Array): PlanBytes {
  const parser = exports as Parser;
  parser._initialize();
  const input = toPointer(parser.cp_alloc(bytes.length));
  if (!input) throw new InvalidComponent('not enough memory to read it');
  new Uint8Array(parser.memory.buffer).set(bytes, input);
  if (!parser.cp_open(input, bytes.length))
    throw new InvalidComponent(`${textAt(parser, parser.cp_error())} (at byte ${parser.cp_error_offset() >>> 0})`);
  const words = copied(parser, parser.cp_words(), 4 * parser.cp_words_count());
  return { words: new Uint32Array(words.buffer), names: copied(parser, parser.cp_names(), parser.cp_names_size()) };
}
