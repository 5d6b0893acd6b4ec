/** Splits streams of bytes into lines. */
import { concat } from './bytes.js';

const NEWLINE = 10;

/** A line was longer than allowed; `start` holds its first bytes. */
export class LineTooLong extends Error {
  constructor(readonly start: Uint8Array) {
    super('line too long');
  }
}

/** Collects chunks until a line is complete. A line may be split anywhere, also within a character. */
export class LineSplitter {
  #parts: Uint8Array[] = [];
  #size = 0;

  /** `most` is the length of the longest line in bytes, without its end. */
  constructor(private readonly most: number) {}

  /** The lines that the chunk completes, without their ends. Throws `LineTooLong`. */
  *push(chunk: Uint8Array): Iterable<Uint8Array> {
    let from = 0;
    for (;;) {
      const end = chunk.indexOf(NEWLINE, from);
      this.#add(chunk.subarray(from, end < 0 ? undefined : end));
      if (end < 0) return;
      yield this.#take();
      from = end + 1;
    }
  }

  /** What follows the last newline. */
  *end(): Iterable<Uint8Array> {
    if (this.#size > 0) yield this.#take();
  }

  #add(part: Uint8Array): void {
    if (part.byteLength === 0) return;
    this.#parts.push(part);
    this.#size += part.byteLength;
    if (this.#size > this.most) throw new LineTooLong(concat(this.#parts).slice(0, 1024));
  }

  #take(): Uint8Array {
    const line = concat(this.#parts);
    this.#parts = [];
    this.#size = 0;
    return line;
  }
}
