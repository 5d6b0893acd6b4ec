/**
 * Maps stack traces of a rewritten module to the original: the rewriter adds a section that records the original offsets of the code
 * (native/rewrite/offsets.c). The section is read only after a trap.
 */

import { REWRITE_OFFSETS } from '../build/generated/layouts.ts';
import { leb } from '../common/module-bytes.ts';

/** A frame's function and, except in WebKit, the offset in the module: "wasm-function[12]:0x1f". */
const PLACE = /(wasm-function\[(\d+)\])(:0x[\da-f]+)?/;

export function originalFrames(module: WebAssembly.Module, frames: string[]): string[] {
  const section = WebAssembly.Module.customSections(module, REWRITE_OFFSETS).pop();
  if (!section) return frames;
  const bytes = new Uint8Array(section);
  let at = 0;
  const next = () => leb(() => bytes[at++] ?? 0);
  const functions = next();
  const usual = next();
  const start = at;
  /** Inserted bytes map to the instruction that follows them. */
  const original = (offset: number) => {
    at = start;
    for (let where = 0; at < bytes.length;) {
      const distance = next();
      where += distance >> 1;
      const other = distance & 1 ? next() : usual * 2;
      if (offset <= where) break;
      offset = Math.max(where, offset - ((other >> 1) ^ -(other & 1)));
    }
    return offset;
  };
  return frames.flatMap((frame) => {
    const [all, place, index, offset] = PLACE.exec(frame) ?? [];
    if (Number(index) >= functions) return [];
    return offset ? frame.replace(all!, `${place}:0x${original(Number(offset.slice(1))).toString(16)}`) : frame;
  });
}
