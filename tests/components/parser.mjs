// Uses the parser of components (native/component) alone, to see whether it accepts a component.
import fs from 'node:fs';

/** In the order of component_fault in native/component/plan.def. */
const FAULTS = ['malformed', 'invalid', 'limit', 'unsupported', 'no memory'];

/** `check(bytes)` returns undefined if the parser in `file` accepts the component, else { fault, text, offset }. */
export function openParser(file) {
  const module = new WebAssembly.Module(fs.readFileSync(file));
  return {
    check(bytes) {
      const env = { emscripten_notify_memory_growth: () => undefined };
      const { exports } = new WebAssembly.Instance(module, { env });
      exports._initialize();
      const at = exports.cp_alloc(bytes.length) >>> 0;
      if (at === 0) throw new Error('not enough memory for the parser');
      new Uint8Array(exports.memory.buffer).set(bytes, at);
      if (exports.cp_open(at, bytes.length)) return undefined;
      const memory = new Uint8Array(exports.memory.buffer);
      const error = exports.cp_error() >>> 0;
      const text = new TextDecoder().decode(memory.subarray(error, memory.indexOf(0, error)));
      return { fault: FAULTS[exports.cp_fault()], text, offset: exports.cp_error_offset() >>> 0 };
    },
  };
}

const CORE_MODULE = 1;
const COMPONENT = 4;

/** All core modules of a valid component, including those of inner components. */
export function coreModules(bytes) {
  const found = [];
  let at = 8; // after the preamble
  while (at < bytes.length) {
    const id = bytes[at++];
    let size = 0;
    for (let shift = 0, byte = 0x80; byte & 0x80; shift += 7) {
      byte = bytes[at++];
      size += (byte & 0x7f) * 2 ** shift;
    }
    const body = bytes.subarray(at, at + size);
    if (id === CORE_MODULE) found.push(body);
    else if (id === COMPONENT) found.push(...coreModules(body));
    at += size;
  }
  return found;
}
