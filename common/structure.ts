/** Encodes a JavaScript value as bytes: the result of a page's function that a component imports. Unlike structured cloning, this needs no message. */

const Tag = {
  Undefined: 0,
  Null: 1,
  False: 2,
  True: 3,
  Number: 4,
  BigInt: 5,
  Text: 6,
  Array: 7,
  Object: 8,
  /** A typed array, followed by its index in ARRAYS. */
  Typed: 9,
} as const;

const ARRAYS = [
  Uint8Array,
  Int8Array,
  Uint16Array,
  Int16Array,
  Uint32Array,
  Int32Array,
  BigUint64Array,
  BigInt64Array,
  Float32Array,
  Float64Array,
] as const;
type Typed = InstanceType<(typeof ARRAYS)[number]>;

/** The maximum depth of a value, so that neither side overflows its stack. Components' types are less deep (HF_COMPONENT_TYPE_DEPTH). */
const DEPTH = 500;

class Writer {
  private bytes = new Uint8Array(256);
  private view = new DataView(this.bytes.buffer);
  private size = 0;

  private reserve(size: number): number {
    const at = this.size;
    this.size += size;
    if (this.size > this.bytes.length) {
      const larger = new Uint8Array(Math.max(this.size, 2 * this.bytes.length));
      larger.set(this.bytes);
      this.bytes = larger;
      this.view = new DataView(larger.buffer);
    }
    return at;
  }

  private byte(value: number): void {
    const at = this.reserve(1);
    this.bytes[at] = value;
  }

  private count(value: number): void {
    const at = this.reserve(4);
    this.view.setUint32(at, value, true);
  }

  private raw(bytes: Uint8Array): void {
    this.count(bytes.length);
    const at = this.reserve(bytes.length);
    this.bytes.set(bytes, at);
  }

  private text(value: string): void {
    this.raw(new TextEncoder().encode(value));
  }

  value(value: unknown, depth = 0): void {
    if (depth > DEPTH) throw new RangeError('the value is too deep, or contains itself');
    switch (typeof value) {
      case 'undefined':
        return this.byte(Tag.Undefined);
      case 'boolean':
        return this.byte(value ? Tag.True : Tag.False);
      case 'number': {
        this.byte(Tag.Number);
        const at = this.reserve(8);
        return this.view.setFloat64(at, value, true);
      }
      case 'bigint':
        this.byte(Tag.BigInt);
        return this.text(String(value));
      case 'string':
        this.byte(Tag.Text);
        return this.text(value);
      case 'object':
        return value === null ? this.byte(Tag.Null) : this.object(value, depth + 1);
      default:
        throw new TypeError(`a ${typeof value} cannot be passed to a component`);
    }
  }

  private object(value: object, depth: number): void {
    const typed = ARRAYS.findIndex((kind) => value instanceof kind);
    if (typed >= 0) {
      const { buffer, byteOffset, byteLength } = value as Typed;
      this.byte(Tag.Typed);
      this.byte(typed);
      return this.raw(new Uint8Array(buffer, byteOffset, byteLength));
    }
    if (Array.isArray(value)) {
      this.byte(Tag.Array);
      this.count(value.length);
      for (const item of value) this.value(item, depth);
      return;
    }
    const entries = Object.entries(value);
    this.byte(Tag.Object);
    this.count(entries.length);
    for (const [key, item] of entries) {
      this.text(key);
      this.value(item, depth);
    }
  }

  get whole(): Uint8Array<ArrayBuffer> {
    return this.bytes.slice(0, this.size);
  }
}

/** Throws `TypeError` or `RangeError` for values that cannot be encoded. */
export function encodeStructure(value: unknown): Uint8Array<ArrayBuffer> {
  const writer = new Writer();
  writer.value(value);
  return writer.whole;
}

class Reader {
  private at = 0;
  private readonly view: DataView;

  constructor(private readonly bytes: Uint8Array) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  private count(): number {
    this.at += 4;
    return this.view.getUint32(this.at - 4, true);
  }

  private raw(): Uint8Array<ArrayBuffer> {
    const size = this.count();
    this.at += size;
    return new Uint8Array(this.bytes.slice(this.at - size, this.at));
  }

  private text(): string {
    return new TextDecoder('utf-8', { ignoreBOM: true }).decode(this.raw());
  }

  value(): unknown {
    const tag = this.bytes[this.at++];
    switch (tag) {
      case Tag.Undefined:
        return undefined;
      case Tag.Null:
        return null;
      case Tag.False:
      case Tag.True:
        return tag === Tag.True;
      case Tag.Number:
        this.at += 8;
        return this.view.getFloat64(this.at - 8, true);
      case Tag.BigInt:
        return BigInt(this.text());
      case Tag.Text:
        return this.text();
      case Tag.Array:
        return Array.from({ length: this.count() }, () => this.value());
      case Tag.Object:
        return Object.fromEntries(Array.from({ length: this.count() }, () => [this.text(), this.value()]));
      default: {
        const kind = ARRAYS[this.bytes[this.at++]!]!;
        return new kind(this.raw().buffer);
      }
    }
  }
}

export const decodeStructure = (bytes: Uint8Array): unknown => new Reader(bytes).value();
