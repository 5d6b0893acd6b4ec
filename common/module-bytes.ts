/** Reads a module's bytes: the numbers of the relevant sections, and the encoding of numbers and types. */

export const TYPES = 1;
export const IMPORTS = 2;
export const FUNCTIONS = 3;
export const EXPORTS = 7;
export const CODE = 10;
/** Sections are in the order of their numbers, except this one, which comes before the globals, and the data count, which comes before the code. */
export const TAGS = 13;

/** Decodes an unsigned LEB128 number from the bytes that `next` returns. */
export function leb(next: () => number): number {
  let value = 0;
  for (let shift = 0, byte = 0x80; byte & 0x80 && shift < 70; shift += 7) {
    byte = next();
    value += (byte & 0x7f) * 2 ** shift;
  }
  return value;
}

export interface MemoryType {
  /** In pages of 64 KiB. */
  initial: number;
  maximum: number | undefined;
  shared: boolean;
}

const MEMORY = 2;

/** Reads numbers and types from the bytes of a module. Throws a RangeError at the end of the bytes. */
export class Reader {
  at = 8;
  constructor(private readonly bytes: Uint8Array) {}

  byte(): number {
    if (this.at >= this.bytes.length) throw new RangeError('the bytes end inside a section');
    return this.bytes[this.at++]!;
  }

  leb(): number {
    return leb(() => this.byte());
  }

  skip(size: number): void {
    this.at += size;
  }

  /** Reads a value type: one byte, or a reference type with its heap type. Returns the first byte. */
  valueType(): number {
    const type = this.byte();
    if (type === 0x63 || type === 0x64) this.leb();
    return type;
  }

  limits(): MemoryType {
    const flags = this.byte();
    const initial = this.leb();
    return { initial, maximum: flags & 1 ? this.leb() : undefined, shared: (flags & 2) !== 0 };
  }

  /** Reads the description of an import. Returns a function's type index, or -1 for any other kind. */
  importedFunction(): number {
    if (this.at < this.bytes.length && this.bytes[this.at] === 0) {
      this.at++;
      return this.leb();
    }
    this.description();
    return -1;
  }

  /** Reads the description of an import. Returns a memory's type, or null for any other kind. */
  description(): MemoryType | null {
    const kind = this.byte();
    if (kind === MEMORY) return this.limits();
    if (kind === 0) this.leb();
    else if (kind === 1) {
      this.valueType();
      this.limits();
    } else if (kind === 3) {
      this.valueType();
      this.byte();
    } else {
      this.byte(); // a tag's attribute
      this.leb();
    }
    return null;
  }
}
