/**
 * Encodes a host function's result as bytes for the guest's worker, which waits in the kernel: the total size (4 bytes), the kind (1 byte), the value.
 */

/** The result of a host function after its signature was applied. `failed`: it threw, or its result does not match the signature. */
export type Value = undefined | number | bigint | string | Uint8Array;
export type Answer = { value: Value } | { failed: string };

const NOTHING = 0;
const NUMBER = 1;
const BIGINT = 2;
const TEXT = 3;
const BYTES = 4;
const FAILED = 5;

const KIND = 4;
const HEAD = 5;

const withKind = (kind: number, bytes: Uint8Array): Uint8Array<ArrayBuffer> => {
  const all = new Uint8Array(HEAD + bytes.length);
  new DataView(all.buffer).setUint32(0, all.length);
  all[KIND] = kind;
  all.set(bytes, HEAD);
  return all;
};

function eightBytes(set: (view: DataView) => void): Uint8Array {
  const bytes = new Uint8Array(8);
  set(new DataView(bytes.buffer));
  return bytes;
}

export function encodeAnswer(answer: Answer): Uint8Array<ArrayBuffer> {
  if ('failed' in answer) return withKind(FAILED, new TextEncoder().encode(answer.failed));
  const { value } = answer;
  switch (typeof value) {
    case 'number':
      return withKind(
        NUMBER,
        eightBytes((view) => view.setFloat64(0, value)),
      );
    case 'bigint':
      return withKind(
        BIGINT,
        eightBytes((view) => view.setBigInt64(0, value)),
      );
    case 'string':
      return withKind(TEXT, new TextEncoder().encode(value));
    case 'undefined':
      return withKind(NOTHING, new Uint8Array());
    default:
      return withKind(BYTES, value);
  }
}

/** `copy(size)` returns a copy of the first `size` bytes of the answer. */
export function decodeAnswer(copy: (size: number) => Uint8Array<ArrayBuffer>): Answer {
  const bytes = copy(new DataView(copy(KIND).buffer).getUint32(0));
  const rest = bytes.subarray(HEAD);
  const view = new DataView(bytes.buffer, HEAD);
  const text = (): string => new TextDecoder('utf-8', { ignoreBOM: true }).decode(rest);
  switch (bytes[KIND]) {
    case NUMBER:
      return { value: view.getFloat64(0) };
    case BIGINT:
      return { value: view.getBigInt64(0) };
    case TEXT:
      return { value: text() };
    case BYTES:
      return { value: rest };
    case FAILED:
      return { failed: text() };
    default:
      return { value: undefined };
  }
}
