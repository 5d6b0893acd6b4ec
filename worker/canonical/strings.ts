/** Strings in the three encodings of components. */
import type { Codec, Core } from './codec.ts';
import { VALUE_COST, type Side } from './side.ts';
import { refuse, Trap } from './trap.ts';

/** The longest string in bytes: CanonicalABI.md, MAX_STRING_BYTE_LENGTH. */
export const MAX_STRING = 2 ** 28 - 1;
/** The flag in the length of a latin1+utf16 string that says that it is UTF-16. */
const UTF16_TAG = 0x80000000;

type Simple = 'utf8' | 'utf16' | 'latin1';

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true, fatal: true });

/** Up to this length, a loop over ASCII is faster than the decoder. */
const SHORT = 32;
/** Every engine accepts this number of arguments. */
const CHUNK = 8192;

/** A lone surrogate: with the flag `u`, a pair is one character and does not match. */
const LONE = /[\ud800-\udfff]/u;
const LONE_ALL = /[\ud800-\udfff]/gu;
const NOT_LATIN1 = /[^\u0000-\u00ff]/; // eslint-disable-line no-control-regex
const NOT_ASCII = /[^\u0000-\u007f]/; // eslint-disable-line no-control-regex

function fromCodes(codes: Uint8Array | Uint16Array): string {
  if (codes.length <= CHUNK) return String.fromCharCode.apply(null, codes as unknown as number[]);
  const parts: string[] = [];
  for (let at = 0; at < codes.length; at += CHUNK)
    parts.push(String.fromCharCode.apply(null, codes.subarray(at, at + CHUNK) as unknown as number[]));
  return parts.join('');
}

/** Null if a byte is not ASCII. */
function shortAscii(bytes: Uint8Array, at: number, end: number): string | null {
  let text = '';
  for (let i = at; i < end; i++) {
    const byte = bytes[i]!;
    if (byte >= 0x80) return null;
    text += String.fromCharCode(byte);
  }
  return text;
}

function decodeUtf8(bytes: Uint8Array, at: number, size: number): string {
  const ascii = size <= SHORT ? shortAscii(bytes, at, at + size) : null;
  if (ascii !== null) return ascii;
  // The decoder takes no shared memory; a copy is not shared.
  const view = bytes.buffer instanceof ArrayBuffer ? bytes.subarray(at, at + size) : bytes.slice(at, at + size);
  try {
    return decoder.decode(view);
  } catch {
    throw new Trap(`a string, ${size} bytes at ${at}, is not valid UTF-8`);
  }
}

function decodeUtf16(bytes: Uint8Array, at: number, size: number): string {
  const text = fromCodes(new Uint16Array(bytes.buffer, at, size / 2));
  if (LONE.test(text)) throw new Trap(`a string, ${size} bytes at ${at}, is not valid UTF-16`);
  return text;
}

/** The encoding and the length in bytes of a string that a component passes. */
function measure({ encoding }: Side, length: number): [Simple, number] {
  if (encoding === 'utf8') return ['utf8', length];
  if (encoding === 'utf16') return ['utf16', 2 * length];
  return length >= UTF16_TAG ? ['utf16', 2 * (length - UTF16_TAG)] : ['latin1', length];
}

const alignOf = ({ encoding }: Side): number => (encoding === 'utf8' ? 1 : 2);

function requireRange(side: Side, at: number, size: number): void {
  if (size > MAX_STRING) throw new Trap(`a string has ${size} bytes, more than ${MAX_STRING}`);
  side.require(at, size, alignOf(side), 'a string');
}

function loadRange(side: Side, at: number, length: number): string {
  const [simple, size] = measure(side, length);
  requireRange(side, at, size);
  side.spend(VALUE_COST + size);
  return decode(side, simple, at, size);
}

function decode({ bytes }: Side, simple: Simple, at: number, size: number): string {
  if (simple === 'utf8') return decodeUtf8(bytes, at, size);
  if (simple === 'utf16') return decodeUtf16(bytes, at, size);
  return fromCodes(bytes.subarray(at, at + size));
}

/** Where the last string was stored, and its length as components count it: a shared object, so that a call need not allocate one for its two results. */
const stored = { at: 0, length: 0 };

function allocate(side: Side, size: number, length: number): number {
  if (size > MAX_STRING) throw new Trap(`a string has ${size} bytes, more than ${MAX_STRING}`);
  const at = side.allocate(size, alignOf(side));
  stored.at = at;
  stored.length = length;
  return at;
}

function storeCodes(side: Side, text: string, at: number): void {
  const { bytes } = side;
  for (let i = 0; i < text.length; i++) bytes[at + i] = text.charCodeAt(i);
}

function storeUtf8(side: Side, text: string): void {
  if (text.length <= SHORT && !NOT_ASCII.test(text)) {
    storeCodes(side, text, allocate(side, text.length, text.length));
    return;
  }
  const encoded = encoder.encode(text);
  const at = allocate(side, encoded.length, encoded.length);
  side.bytes.set(encoded, at);
}

function storeUtf16(side: Side, text: string, tag: number): void {
  const wellFormed = text.replace(LONE_ALL, '\ufffd');
  const { length } = wellFormed;
  const at = allocate(side, 2 * length, length + tag);
  const codes = new Uint16Array(side.bytes.buffer, at, length);
  for (let i = 0; i < length; i++) codes[i] = wellFormed.charCodeAt(i);
}

/** Allocates the memory once, with the final size; the canonical ABI leaves that to the host. */
function storeText(side: Side, text: string): void {
  if (side.encoding === 'utf8') storeUtf8(side, text);
  else if (side.encoding === 'utf16') storeUtf16(side, text, 0);
  else if (NOT_LATIN1.test(text)) storeUtf16(side, text, UTF16_TAG);
  else storeCodes(side, text, allocate(side, text.length, text.length));
}

/** Copies a string from one component to another; it becomes a JavaScript string only if the bytes must change. */
function transfer(from: Side, at: number, length: number, to: Side): void {
  const [simple, size] = measure(from, length);
  requireRange(from, at, size);
  const same = simple === 'latin1' ? to.encoding === 'latin1+utf16' : simple === to.encoding;
  const text = same && simple === 'latin1' ? '' : decode(from, simple, at, size); // also checks that it is valid
  if (same) {
    const target = allocate(to, size, simple === 'utf16' ? size / 2 : size);
    from.refresh();
    to.bytes.set(from.bytes.subarray(at, at + size), target);
  } else {
    storeText(to, text);
    from.refresh();
  }
  to.passed(size);
}

/** Whether a string of JavaScript is too long in some encoding. */
const isTooLong = (text: string): boolean =>
  3 * text.length > MAX_STRING && (2 * text.length > MAX_STRING || encoder.encode(text).length > MAX_STRING);

export const string: Codec = {
  size: 8,
  align: 4,
  flat: 'ii',
  plain: false,
  borrows: false,
  wit: () => 'string',
  check(value, path) {
    if (typeof value !== 'string') refuse(path, 'a string', value);
    if (isTooLong(value)) refuse(path, `a string of at most ${MAX_STRING} bytes`, value);
  },
  load(side, at) {
    return loadRange(side, side.view.getUint32(at, true), side.view.getUint32(at + 4, true));
  },
  store(side, value, at) {
    storeText(side, value as string);
    side.view.setUint32(at, stored.at, true);
    side.view.setUint32(at + 4, stored.length, true);
  },
  lift(side, flat, at) {
    return loadRange(side, (flat[at] as number) >>> 0, (flat[at + 1] as number) >>> 0);
  },
  lower(side, value, flat, at) {
    storeText(side, value as string);
    flat[at] = stored.at;
    flat[at + 1] = stored.length;
  },
  copy(from, source, to, target) {
    transfer(from, from.view.getUint32(source, true), from.view.getUint32(source + 4, true), to);
    to.view.setUint32(target, stored.at, true);
    to.view.setUint32(target + 4, stored.length, true);
  },
  pass(from, to, flat: Core[], at) {
    transfer(from, (flat[at] as number) >>> 0, (flat[at + 1] as number) >>> 0, to);
    flat[at] = stored.at;
    flat[at + 1] = stored.length;
  },
};
