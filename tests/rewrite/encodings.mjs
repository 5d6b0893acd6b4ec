// Looks for instructions that end at different places for the rewriter and for the engine. With such an instruction, an attacker could make the rewriter insert
// checks in the middle of what the engine executes.
//
// Tests every opcode (including those after the prefixes), with every possible next byte and several bytes after that, followed by bytes that are
// not opcodes in any engine. If the rewriter accepts the instruction, the engine must find its end at the same place, or find it invalid. This also
// runs in a page, so it imports nothing.

const leb = (number) => (number < 0x80 ? [number] : [(number & 0x7f) | 0x80, ...leb(number >>> 7)]);
const section = (id, body) => [id, ...leb(body.length), ...body];

/** Undefined opcodes: where a reader finds one of them, the instruction before it has ended. */
const END = [0xff, 0xff, 0xff];
const FLAG = 1;

/** One of each item that an instruction can refer to. The memory is shared or 64-bit; not every engine has structs and arrays. */
function frame({ memory, gc }) {
  const types = gc
    ? [6, 0x60, 0, 0, 0x5f, 1, 0x7f, 1, 0x5e, 0x7f, 1, 0x60, 0, 1, 0x7f, 0x5e, 0x70, 1, 0x5e, 0x78, 1]
    : [2, 0x60, 0, 0, 0x60, 0, 1, 0x7f];
  const head = [
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, types),
    ...section(3, [2, 0, 0]),
    ...section(4, [2, 0x70, 0, 1, 0x70, 0, 1]),
    ...section(5, [1, ...memory]),
    ...section(13, [1, 0, 0]),
    ...section(6, [1, 0x7f, 1, 0x41, 0, 0x0b]),
    ...section(9, [1, 3, 0, 1, 0]),
    ...section(12, [1]),
  ];
  return { head, locals: gc ? [2, 1, 0x7f, 1, 0x63, 2] : [1, 1, 0x7f], tail: section(11, [1, 1, 0]) };
}

/** After `unreachable`, where operands may have any type. */
function moduleOf({ head, locals, tail }, instruction, end = END) {
  const before = [...locals, 0x00];
  const body = [...before, ...instruction, ...end, 0x0b];
  const code = section(10, [2, ...leb(body.length), ...body, 2, 0, 0x0b]);
  const at = head.length + code.length - 3 - (body.length - before.length);
  return { bytes: Uint8Array.from([...head, ...code, ...tail]), at };
}

const opcodes = (hexadecimal, count) => Array.from({ length: count }, (_, number) => [...hexadecimal, ...leb(number)]);
const all = [
  ...Array.from({ length: 256 }, (_, opcode) => [opcode]).filter(([opcode]) => opcode < 0xfb || opcode === 0xff),
  ...opcodes([0xfb], 0x100),
  ...opcodes([0xfc], 0x100),
  ...opcodes([0xfd], 0x200),
  ...opcodes([0xfe], 0x100),
  // Longer than necessary.
  ...[0xfb, 0xfc, 0xfd, 0xfe].flatMap((prefix) =>
    [0, 3, 10, 0x10].map((number) => [prefix, 0x80 | number, 0x80, 0x80, 0x80, 0]),
  ),
];
/** Also an undefined opcode, but a valid operand. This shows how each reader interprets it. */
const EITHER = 0x27;
const followers = [
  ...[[], [0], [1], [0x0b], [0x40], [0x70], [0, 0], [1, 0], [0x42, 0], [0, 0, 0], [0x80, 0, 0]],
  ...[[], [0], [1], [0x11], [0x42], [0, 0], [0, 1], [1, 0]].map((bytes) => [...bytes, EITHER]),
];

/**
 * @param {WebAssembly.Module} rewriterModule  rewrite.wasm
 * @returns {{ shapes: number, compared: number, agreed: number, differences: string[] }}
 */
export function compareEncodings(rewriterModule) {
  let rewriter;
  let runs = 0;
  const text = (pointer) => {
    const memory = new Uint8Array(rewriter.memory.buffer);
    return String.fromCharCode(...memory.subarray(pointer, memory.indexOf(0, pointer)));
  };
  /** Returns where the rewriter finds an unknown next instruction, or `Infinity` if it finds none; otherwise where it refuses this instruction. */
  const askRewriter = ({ bytes, at }) => {
    // An instance never frees its input, so use a new one from time to time.
    if (runs++ % 5000 === 0) {
      const imports = { hf: { write() {} }, env: { emscripten_notify_memory_growth() {} } };
      rewriter = new WebAssembly.Instance(rewriterModule, imports).exports;
      rewriter._initialize();
    }
    const input = rewriter.rw_alloc(bytes.length) >>> 0;
    new Uint8Array(rewriter.memory.buffer).set(bytes, input);
    if (rewriter.rw_open(input, bytes.length, FLAG, 1, -1)) return { end: Infinity };
    const place = (rewriter.rw_error_offset() >>> 0) - at;
    return place > 0 && /instruction that/.test(text(rewriter.rw_error() >>> 0)) ? { end: place } : { refused: place };
  };
  const engineEnd = ({ bytes, at }) => {
    try {
      new WebAssembly.Module(bytes);
      return Infinity;
    } catch ({ message }) {
      const place = Number(/invalid opcode.*@\+(\d+)/i.exec(message)?.[1] ?? at) - at;
      return place > 0 ? place : null;
    }
  };

  /** Some versions of V8 (Node 20) continue after an invalid instruction, and report errors in its bytes. */
  const accepts = (shape, instruction) =>
    [[0x00], [0x00, 0x0b]].some((end) => WebAssembly.validate(moduleOf(shape, instruction, end).bytes));

  const result = { shapes: 0, compared: 0, agreed: 0, differences: [] };
  /** Returns whether further bytes can make it a different instruction. */
  const compare = (shape, instruction) => {
    const module = moduleOf(shape, instruction);
    const { end, refused } = askRewriter(module);
    // Not if the rewriter refused it at once, or because of a byte that completes a number.
    if (end === undefined) return refused > 0 && !(refused < instruction.length && instruction.at(-1) < 0x80);
    const engines = engineEnd(module);
    result.compared++;
    if (end === engines) result.agreed++;
    else if (engines !== null && accepts(shape, [...instruction, ...END].slice(0, engines))) {
      const bytes = instruction.map((byte) => byte.toString(16)).join(' ');
      result.differences.push(`${bytes}: it ends at ${end} for the rewriter, at ${engines} for the engine`);
    }
    // If it ends here, further bytes are another instruction, which is tested separately.
    return end !== instruction.length;
  };
  const valid = (shape) => WebAssembly.validate(moduleOf(shape, [], []).bytes);
  const shapes = [
    [3, 1, 1],
    [4, 1],
  ].map((memory) => [frame({ memory, gc: true }), frame({ memory, gc: false })].find(valid));
  for (const shape of shapes.filter(Boolean)) {
    result.shapes++;
    for (const opcode of all) {
      if (!compare(shape, opcode)) continue;
      for (let first = 0; first < 256; first++) {
        if (!compare(shape, [...opcode, first])) continue;
        for (const rest of followers) compare(shape, [...opcode, first, ...rest]);
      }
    }
  }
  return result;
}
