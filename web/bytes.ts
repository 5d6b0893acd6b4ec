/** Bytes that own their whole buffer and can therefore be transferred. */
export type OwnedBytes = Uint8Array<ArrayBuffer>;

/** The built-in tag of an object ("Response", "ArrayBuffer"). Unlike `instanceof` it works across realms (iframes). */
export const tagOf = (value: unknown): string => Object.prototype.toString.call(value).slice(8, -1);

/** What a value is, for an error message about a wrong argument: "a string", "an array". */
export function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  const noun = typeof value === 'object' ? tagOf(value) : typeof value;
  return `${/^[AEIO]/i.test(noun) ? 'an' : 'a'} ${/^(Array|Object)$/.test(noun) ? noun.toLowerCase() : noun}`;
}

/** The error for a value of the wrong type. */
export const wrong = (what: string, wanted: string, value: unknown): TypeError =>
  new TypeError(`${what} must be ${wanted}, not ${kindOf(value)}`);

/** A string or a number as a literal, anything else as its kind. */
export const shown = (value: unknown): string =>
  typeof value === 'string' ? JSON.stringify(value) : typeof value === 'number' ? `${value}` : kindOf(value);

export const isBytes = (value: unknown): value is ArrayBuffer | ArrayBufferView =>
  ArrayBuffer.isView(value) || tagOf(value) === 'ArrayBuffer';

export const isBlob = (value: unknown): value is Blob => /^(Blob|File)$/.test(tagOf(value));

/** The bytes of a buffer or a view, without copying. */
export const viewOf = (data: ArrayBuffer | ArrayBufferView): Uint8Array =>
  ArrayBuffer.isView(data) ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength) : new Uint8Array(data);

/**
 * A copy of `view[from, to)` that owns its buffer. (Not `view.slice()`: that of a Node `Buffer` shares memory, and a
 * small `Buffer` is part of a pool.)
 */
export function copyOf(view: Uint8Array, from = 0, to = view.byteLength): OwnedBytes {
  const copy = new Uint8Array(Math.min(to, view.byteLength) - from);
  copy.set(view.subarray(from, from + copy.byteLength));
  return copy;
}

/** Joins all chunks; returns a single chunk unchanged. */
export function concat(chunks: readonly Uint8Array[]): Uint8Array {
  const [first] = chunks;
  if (first !== undefined && chunks.length === 1) return first;
  const whole = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0));
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.byteLength;
  }
  return whole;
}

/** Decodes UTF-8 as programs expect: keeps a byte order mark, and replaces invalid bytes with U+FFFD. */
export function textOf(bytes: Uint8Array): string {
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
  // Chromium returns "" for text that is too long for a string; other engines throw.
  if (!text && bytes.length > 0) throw new RangeError(`a string cannot hold ${bytes.length} bytes`);
  return text;
}
