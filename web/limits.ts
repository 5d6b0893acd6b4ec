/** How much a guest may use, as the embedder says it. */
import { FILES_MAX, THREADS_MAX } from '../build/generated/layouts.js';
import type { LimitsMessage } from './protocol.js';

/**
 * What a process may use at most. Those of the first group end it, with the reason "limit"; those of the second make its
 * calls fail, as on any system. Nothing is limited but by what holds for all unless it is given.
 */
export interface Limits {
  /**
   * Milliseconds of CPU time, of all its threads together: the time in which they ran, what they waited left out. (The
   * Web has no clock of the processor's own time; on a busy machine the time in which another program had the core counts.
   * So does what a thread waits in `memory.atomic.wait`, for a lock or another thread, unless the program is `interruptible`.)
   */
  cpuTime?: number;
  /** Bytes that it may write to standard output and standard error together. Those up to the limit arrive. */
  output?: number;

  /**
   * Bytes that each memory of the program may have, as Wasmtime's `max-memory-size`: `memory.grow` fails beyond, which programs see as `malloc` that
   * returns NULL. It is a matter of whole pages of 64 KiB. All its tables together may have as much, at 16 bytes an element. A program that needs more
   * from the beginning is refused (`SpawnRefused`, "limit"); and so is one that can keep objects in the engine's own heap, unless `gc` is true.
   *
   * A module says itself how far its memory may grow, and no engine takes another word for it: the module is given lower maxima before it
   * is compiled. Its code stays as it is, so it costs nothing while it runs; docs/security.md says what it costs at the start. Needs the module's
   * bytes: not for a `WebAssembly.Module`.
   */
  memory?: number;
  /**
   * `false` refuses a program (`SpawnRefused`, "limit") that can keep objects in the engine's own heap: one whose module has types of structures or
   * arrays (WasmGC), that stores exceptions in tables, globals or other exceptions, or has exceptions of more than four values. No page can limit how much of that heap a program takes, and one
   * that fills it takes the page with it. Exceptions that are only thrown and caught, as those of C++, are not refused. Default: `false` with `memory`,
   * `true` without. Like `memory` it needs the module's bytes.
   *
   * @example
   * await hf.spawn(url, { limits: { memory: 2 ** 26 } });             // nothing that it can allocate goes uncounted
   * await hf.spawn(kotlin, { limits: { memory: 2 ** 26, gc: true } }); // its objects do
   */
  gc?: boolean;
  /** Open descriptors; one more is EMFILE. Default and most: 1,024. */
  files?: number;
  /** Bytes that it may add to the file system, less what it takes away; beyond, ENOSPC. */
  fileBytes?: number;
  /** Threads (wasi-threads), the first one included; beyond, `thread-spawn` fails. Default and most: 64. */
  threads?: number;
}

/** Throws `TypeError` and `RangeError`. */
export type CheckCount = (value: unknown, what: string, least: number) => number;
export type CheckRest = (kind: string, rest: Record<string, never>) => void;

const names = ['cpuTime', 'output', 'memory', 'files', 'fileBytes', 'threads'] as const satisfies (keyof Limits)[];
const most: Readonly<Partial<Record<keyof Limits, number>>> = { files: FILES_MAX, threads: THREADS_MAX };

/** On the wire 0 is no limit of its own. */
export function planLimits(limits: Limits, count: CheckCount, nothingMore: CheckRest): LimitsMessage {
  const { cpuTime: _1, output: _2, memory: _3, gc: _4, files: _5, fileBytes: _6, threads: _7, ...rest } = limits;
  nothingMore('limits', rest);
  const plan: LimitsMessage = { cpuTime: 0, output: 0, memory: 0, files: 0, fileBytes: 0, threads: 0, gc: true };
  for (const name of names) {
    const value = limits[name];
    if (value === undefined || value === Infinity) continue;
    plan[name] = count(value, `limits.${name}`, 1);
    const top = most[name];
    if (top !== undefined && plan[name] > top)
      throw new RangeError(`limits.${name} must be at most ${top}, not ${value}`);
  }
  // No memory of 32 bits is larger than that.
  if (plan.memory >= 2 ** 32) plan.memory = 0;
  const { gc = plan.memory === 0 } = limits;
  if (typeof gc !== 'boolean') throw new TypeError(`limits.gc must be true or false, not ${String(gc)}`);
  plan.gc = gc;
  return plan;
}
