/** Splits streams of bytes into lines. */
import { concat } from './bytes.js';

const NEWLINE = 10;
/** How many bytes of a line that is too long the error holds. */
const QUOTED = 1024;

/** A line was longer than allowed; `start` holds its first bytes. */
export class LineTooLong extends Error {
  constructor(readonly start: Uint8Array) {
    super('line too long');
  }
}

/** The lines of a block, without their ends. */
export function* linesOf(block: Uint8Array): Iterable<Uint8Array> {
  let from = 0;
  for (let end = block.indexOf(NEWLINE); end >= 0; end = block.indexOf(NEWLINE, from)) {
    yield block.subarray(from, end);
    from = end + 1;
  }
  yield block.subarray(from);
}

/**
 * Collects chunks until lines are complete. A line may be split anywhere, also within a character. Complete lines come in
 * blocks, to be decoded together: in Chromium each call of a TextDecoder takes about 4 µs, however short the line.
 */
export class LineSplitter {
  #parts: Uint8Array[] = [];
  #size = 0;

  /** `most` is the length of the longest line in bytes, without its end. */
  constructor(private readonly most: number) {}

  /** The block of lines that the chunk completes, without the last one's end. Throws `LineTooLong`, after the lines before the long one. */
  *push(chunk: Uint8Array): Iterable<Uint8Array> {
    const end = chunk.lastIndexOf(NEWLINE);
    if (end >= 0) {
      this.#add(chunk.subarray(0, end));
      yield* this.#checked(this.#take());
    }
    this.#add(chunk.subarray(end + 1));
    if (this.#size > this.most) throw new LineTooLong(this.#take().slice(0, QUOTED));
  }

  /** What follows the last newline. */
  *end(): Iterable<Uint8Array> {
    if (this.#size > 0) yield this.#take();
  }

  *#checked(block: Uint8Array): Iterable<Uint8Array> {
    if (block.byteLength > this.most) {
      for (const line of linesOf(block)) {
        if (line.byteLength <= this.most) continue;
        const before = line.byteOffset - block.byteOffset;
        if (before > 0) yield block.subarray(0, before - 1);
        throw new LineTooLong(line.slice(0, QUOTED));
      }
    }
    yield block;
  }

  #add(part: Uint8Array): void {
    if (part.byteLength === 0) return;
    this.#parts.push(part);
    this.#size += part.byteLength;
  }

  #take(): Uint8Array {
    const bytes = concat(this.#parts);
    this.#parts = [];
    this.#size = 0;
    return bytes;
  }
}
