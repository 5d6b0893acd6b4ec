/** The option `limits`: how much a guest may use. */
import { FILES_MAX, THREADS_MAX } from '../build/generated/layouts.js';
import type { LimitsMessage } from '../common/protocol.js';
import { count, flag, nothingMore, object } from './check.js';

/**
 * Limits for one process. Exceeding `cpuTime` or `output` ends the process with the reason "limit"; at the other limits
 * its calls fail, as on any system. Without an entry, only the limits of the runtime apply.
 */
export interface Limits {
  /**
   * Milliseconds of CPU time of all threads together: the time in which they ran, without the time in which they
   * waited.
   *
   * The Web has no clock for processor time, so on a busy machine the time that other programs had the core also
   * counts. So does a wait in `memory.atomic.wait`, for a lock or another thread, unless the program is
   * `interruptible`.
   */
  cpuTime?: number;
  /**
   * Bytes that the process may write to standard output and standard error together. Bytes up to the limit arrive.
   *
   * For `hf.run()`, the files in the result and their paths may together have the same number of bytes; if they have more,
   * the reason is also "limit", and `files` is empty. Without this limit, `hf.run()` collects at most 256 MiB of output and
   * 256 MiB of files; output that you send elsewhere (`stdout`, `stderr`) then does not count.
   */
  output?: number;

  /**
   * Bytes that each of the program's memories may have, in whole pages of 64 KiB, like Wasmtime's `max-memory-size`.
   * Beyond that, `memory.grow` fails, which programs see as `malloc` returning NULL. All tables together may use the same
   * amount again, at 16 bytes per element. The spawn fails with `SpawnRefused` ("limit") for a program that needs more when
   * it starts, and for one that can keep objects in the engine's own heap, unless `gc` is true.
   *
   * Engines enforce only the maximum that a module declares, so holdfast lowers the module's maxima before it compiles the
   * module. The code is unchanged and runs as fast; docs/security.md has the cost at the start. This needs the module's
   * bytes, so it does not work with a `WebAssembly.Module`.
   */
  memory?: number;
  /**
   * Whether the program may keep objects in the engine's own heap. A page cannot limit how much of that heap a program
   * uses, and a program that fills it crashes the page.
   *
   * `false` refuses (`SpawnRefused`, "limit") a module that has struct or array types (WasmGC), that stores exceptions
   * in tables, globals or other exceptions, or that has exceptions of more than four values. Exceptions that are only
   * thrown and caught, as in C++, are allowed. Default: `false` with `memory`, otherwise `true`. Like `memory`, this needs
   * the module's bytes.
   *
   * @example
   * await hf.spawn(url, { limits: { memory: 2 ** 26 } }); // every allocation counts
   * await hf.spawn(kotlin, { limits: { memory: 2 ** 26, gc: true } }); // its objects do not count
   */
  gc?: boolean;
  /** Open descriptors; opening one more fails with EMFILE. Default and maximum: 1,024. */
  descriptors?: number;
  /**
   * Bytes that the process may add to the file system, minus those that it removes; beyond that, writes fail with ENOSPC.
   */
  fileBytes?: number;
  /** Threads (wasi-threads), including the first; beyond that, `thread-spawn` fails. Default and maximum: 64. */
  threads?: number;
}

/** The default of `output` for a run or a pipeline, because the page holds the collected output in memory. */
export const DEFAULT_OUTPUT = 256 * 1024 * 1024;

const names = [
  'cpuTime',
  'output',
  'memory',
  'descriptors',
  'fileBytes',
  'threads',
] as const satisfies (keyof Limits)[];
const most: Readonly<Partial<Record<keyof Limits, number>>> = { descriptors: FILES_MAX, threads: THREADS_MAX };

/** Makes the limits for the coordinator, where 0 means that the process has no such limit. */
export function planLimits(limits: Limits): LimitsMessage {
  const {
    cpuTime: _1,
    output: _2,
    memory: _3,
    gc: _4,
    descriptors: _5,
    fileBytes: _6,
    threads: _7,
    ...rest
  } = object(limits, 'limits');
  nothingMore('limits', rest);
  const plan: LimitsMessage = { cpuTime: 0, output: 0, memory: 0, descriptors: 0, fileBytes: 0, threads: 0, gc: true };
  for (const name of names) {
    const value = limits[name];
    if (value === undefined || value === Infinity) continue;
    plan[name] = count(value, `limits.${name}`, 1, most[name]);
  }
  // No 32-bit memory can be larger, so this is no limit.
  if (plan.memory >= 2 ** 32) plan.memory = 0;
  plan.gc = flag(limits.gc ?? plan.memory === 0, 'limits.gc');
  return plan;
}
