/**
 * Makes sure that a system call never overflows the engine's stack while it runs.
 *
 * A guest may recurse until the stack is almost used up and then call the kernel, which would trap while holding a lock. So each door (native/wasi/door.h)
 * first calls this module's function, whose only purpose is its large frame: engines check for the whole frame when a function is entered, and trap
 * there, where the thread is still in the guest and holds nothing. The frame consists of values that are alive across calls in a branch that is never
 * taken; they are on the operand stack, so there are no locals to clear. They are vectors, because the compile time of the branch grows with
 * the square of their number. The probe costs about 3 ns per system call.
 */
import { leb, moduleOf, section, text } from './module-writer.ts';

/** Bytes of stack that a system call may use: far more than the deepest one does (tests/browser/stack.spec.ts). */
const FRAME = 16384;
const VALUES = FRAME / 16;

const Op = {
  If: 0x04,
  End: 0x0b,
  Call: 0x10,
  LocalGet: 0x20,
} as const;
const I32 = 0x7f;
const V128 = 0x7b;
const VOID = 0x40;

/** (func (export "probe") (param i32) (if (local.get 0) (then (call $make) × VALUES, (call $take) × VALUES))) */
export function probeModule(): Uint8Array<ArrayBuffer> {
  const types = [3, 0x60, 0, 1, V128, 0x60, 1, V128, 0, 0x60, 1, I32, 0];
  const imports = [2, ...text('e'), ...text('make'), 0, 0, ...text('e'), ...text('take'), 0, 1];
  const body: number[] = [0, Op.LocalGet, 0, Op.If, VOID];
  for (let i = 0; i < 2 * VALUES; i++) body.push(Op.Call, Number(i >= VALUES));
  body.push(Op.End, Op.End);
  return moduleOf([
    section(1, types),
    section(2, imports),
    section(3, [1, 2]),
    section(7, [1, ...text('probe'), 0, 2]),
    section(10, [1, ...leb(body.length)].concat(body)),
  ]);
}

/** Returns the function for the kernel's table. Its imports are never called: vectors cannot cross into JavaScript. */
export function instantiateProbe(module: WebAssembly.Module): CallableFunction {
  const instance = new WebAssembly.Instance(module, { e: { make: () => undefined, take: () => undefined } });
  return instance.exports.probe as CallableFunction;
}

/** For the coordinator: only a guest can have used up the stack. */
export const noProbe = (): void => undefined;
