/** A program from start to end, with all that it wrote. */
import { concat, textOf } from './bytes.js';
import {
  count,
  object,
  oneOf,
  planSpawn,
  Unclear,
  type InputData,
  type SpawnOptions,
  type SpawnPlan,
} from './options.js';
import type { Exit, Process } from './process.js';

/** Options of `hf.run()`. */
export interface RunOptions extends Omit<SpawnOptions, 'stdin'> {
  /**
   * The whole input; a string is text here. The words that are modes of `spawn` ("pipe", "tty", "null") are refused as strings: there is nobody who could
   * type, and to pass them as text there is `{ text: 'pipe' }`. Default: none (end of file at once).
   */
  stdin?: string | InputData;
  /** "utf-8" (what is no UTF-8 becomes U+FFFD) or "bytes". Default: "utf-8". */
  encoding?: 'utf-8' | 'bytes';
  /**
   * The most bytes of output that are collected, both streams together. A guest that writes more is killed, and the
   * reason is "limit". Default: 256 MiB.
   */
  maxOutput?: number;
}

/** How a program ended, and what it wrote. A stream that was sent elsewhere (to `stdout`, for example), or nowhere, is empty here. */
export interface RunResult<Output = string> extends Exit {
  readonly stdout: Output;
  readonly stderr: Output;
}

const DEFAULT_MAX_OUTPUT = 256 * 1024 * 1024;

/** What killed a process because it wrote too much ends with: 128 + SIGKILL. */
const KILLED = 137;

/** Splits run options into those of the spawn and the rest. Throws `TypeError` and `RangeError`. */
export function planRun(options: RunOptions): { plan: SpawnPlan; encoding: 'utf-8' | 'bytes'; limit: number } {
  const { stdin, encoding = 'utf-8', maxOutput = DEFAULT_MAX_OUTPUT, ...rest } = object(options, 'run options');
  if (/^(pipe|tty|null)$/.test(stdin as string)) throw new Unclear('run.stdin', 'stdin', stdin);
  const input = typeof stdin === 'string' ? { text: stdin } : (stdin ?? 'null');
  return {
    plan: planSpawn({ ...rest, stdin: input }, 'run'),
    encoding: oneOf(encoding, ['utf-8', 'bytes'], 'encoding'),
    limit: count(maxOutput, 'maxOutput', 0),
  };
}

/** Reads a process to its end. Rejects only as `exited` does. */
export async function collect(process: Process, maxOutput: number): Promise<RunResult<Uint8Array>> {
  let room = maxOutput;
  let over = false;
  const readAll = async (stream: ReadableStream<Uint8Array>): Promise<Uint8Array> => {
    const chunks: Uint8Array[] = [];
    const reader = stream.getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return concat(chunks);
      chunks.push(value.subarray(0, room));
      over ||= value.byteLength > room;
      room -= Math.min(room, value.byteLength);
      if (!over) continue;
      process.kill();
      await reader.cancel();
      return concat(chunks);
    }
  };
  const [stdout, stderr, exit] = await Promise.all([readAll(process.stdout), readAll(process.stderr), process.exited]);
  if (!over) return { ...exit, stdout, stderr };
  const message = `killed, because it wrote more than the ${maxOutput} bytes that maxOutput allows`;
  const limit = { name: 'maxOutput', most: maxOutput };
  return { reason: 'limit', code: KILLED, message, stack: '', limit, stdout, stderr };
}

export const inText = (result: RunResult<Uint8Array>): RunResult => ({
  ...result,
  stdout: textOf(result.stdout),
  stderr: textOf(result.stderr),
});
