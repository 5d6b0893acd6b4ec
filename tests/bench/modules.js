// Modules of any size, for measuring what size costs.

/** An unsigned number in LEB128. */
function leb(value) {
  const bytes = [];
  do {
    bytes.push((value & 127) | (value > 127 ? 128 : 0));
    value >>>= 7;
  } while (value > 0);
  return bytes;
}

const section = (id, bytes) => [id, ...leb(bytes.length), ...bytes];
const name = (text) => [text.length, ...new TextEncoder().encode(text)];

/** A function of about a kilobyte: adds numbers to a local. */
function body() {
  const step = [0x20, 0, 0x41, 5, 0x6a, 0x21, 0]; // local.get 0, i32.const 5, i32.add, local.set 0
  const code = [1, 1, 0x7f, ...Array.from({ length: 140 }, () => step).flat(), 0x0b];
  return new Uint8Array([...leb(code.length), ...code]);
}

const EMPTY = new Uint8Array([2, 0, 0x0b]);

/** A WASI command of about this many bytes, whose _start returns at once. */
export function moduleOf(size) {
  const one = body();
  const count = Math.max(1, Math.round(size / (one.length + 1)));
  const head = [
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, 0x60, 0, 0]),
    ...section(3, [...leb(count + 1), ...new Array(count + 1).fill(0)]),
    ...section(5, [1, 0, 1]),
    ...section(7, [2, ...name('memory'), 2, 0, ...name('_start'), 0, 0]),
  ];
  const number = leb(count + 1);
  const start = [10, ...leb(number.length + EMPTY.length + count * one.length), ...number, ...EMPTY];
  const bytes = new Uint8Array(head.length + start.length + count * one.length);
  bytes.set(head);
  bytes.set(start, head.length);
  for (let i = 0; i < count; i++) bytes.set(one, head.length + start.length + i * one.length);
  return bytes;
}
