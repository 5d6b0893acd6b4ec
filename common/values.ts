/** How a host function's result travels to the guest's worker, which waits in the kernel: as bytes. The first one is its kind. */

/** What a host function may come to, once its signature was applied. `failed`: it threw, or its result does not fit. */
export type Value = undefined | number | bigint | string | Uint8Array;
export type Answer = { value: Value } | { failed: string };

const NOTHING = 0;
const NUMBER = 1;
const BIGINT = 2;
const TEXT = 3;
const BYTES = 4;
const FAILED = 5;

const withKind = (kind: number, bytes: Uint8Array): Uint8Array<ArrayBuffer> => {
  const all = new Uint8Array(1 + bytes.length);
  all[0] = kind;
  all.set(bytes, 1);
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

/** `bytes` are the decoder's own. */
export function decodeAnswer(bytes: Uint8Array<ArrayBuffer>): Answer {
  const rest = bytes.subarray(1);
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const text = (): string => new TextDecoder('utf-8', { ignoreBOM: true }).decode(rest);
  switch (bytes[0]) {
    case NUMBER:
      return { value: view.getFloat64(1) };
    case BIGINT:
      return { value: view.getBigInt64(1) };
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
