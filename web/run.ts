/** A program from start to end, with all that it wrote. */
import { CODE_OUTPUT } from '../build/generated/layouts.js';
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
import type { FileData } from './fs.js';
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
   * reason is "limit". So it is, without any `files` in the result, when those and their paths have more bytes than this. Default: 256 MiB.
   */
  maxOutput?: number;
  /**
   * Files for the program, by their paths as it sees them; directories are made. A path that no preopen contains lies in a directory of the run's own,
   * which is the program's "/" and is gone after the run: so without `preopens` runs share nothing, however many there are at once.
   *
   * A path in one of the `preopens` is written to that directory of `hf.fs`, in place of what is there, and stays. Of two runs at a time that
   * pass the same such file the second is refused (`SpawnRefused`, "options"); nothing keeps programs from changing each other's files there.
   *
   * @example
   * const { files } = await hf.run('/clang.wasm', { args: ['-c', '/a.c', '-o', '/a.o'], files: { '/a.c': 'int x;' } });
   * files['/a.o']; // Uint8Array
   */
  files?: Files;
  /**
   * Which files and directories (with all that is in them) `files` of the result covers, by their paths as the program sees them. As with `files`, what
   * no preopen contains is in a directory of the run's own. Default: all of that directory, and the files that were passed.
   */
  outputs?: readonly string[];
}

/** Files by their absolute paths: text (as UTF-8), bytes, a `Blob` or a stream for each. */
export type Files = Readonly<Record<string, FileData>>;

/** How a program ended, and what it wrote. A stream that was sent elsewhere (to `stdout`, for example), or nowhere, is empty here. */
export interface RunResult<Output = string> extends Exit {
  readonly stdout: Output;
  readonly stderr: Output;
  /**
   * With `files` or `outputs`: the regular files that the program made or changed, by their paths as it sees them. Changed is what has another
   * modification time, size or inode than when the program started, be it that the same was written again; what was renamed is there by its new
   * name, what was removed is not there. Symbolic links are not followed, and what has a path of over 4,096 bytes in hf.fs is left out. In directories that others use (`preopens`) their changes count, too.
   * Empty without both options.
   */
  readonly files: Readonly<Record<string, Uint8Array>>;
}

const DEFAULT_MAX_OUTPUT = 256 * 1024 * 1024;

interface RunPlan extends Pick<RunOptions, 'files' | 'outputs'> {
  plan: SpawnPlan;
  encoding: 'utf-8' | 'bytes';
  limit: number;
}

/** Splits run options into those of the spawn and the rest. Throws `TypeError` and `RangeError`. */
export function planRun(options: RunOptions): RunPlan {
  const {
    stdin,
    encoding = 'utf-8',
    maxOutput = DEFAULT_MAX_OUTPUT,
    files,
    outputs,
    ...rest
  } = object(options, 'run options');
  if (/^(pipe|tty|null)$/.test(stdin as string)) throw new Unclear('run.stdin', 'stdin', stdin);
  const input = typeof stdin === 'string' ? { text: stdin } : (stdin ?? 'null');
  return {
    plan: planSpawn({ ...rest, stdin: input }, 'run'),
    encoding: oneOf(encoding, ['utf-8', 'bytes'], 'encoding'),
    limit: count(maxOutput, 'maxOutput', 0),
    files,
    outputs,
  };
}

/** Reads a process to its end. Rejects only as `exited` does. */
export async function collect(process: Process, maxOutput: number): Promise<Omit<RunResult<Uint8Array>, 'files'>> {
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
  return { reason: 'limit', code: CODE_OUTPUT, message, stack: '', limit, stdout, stderr };
}

export const inText = (result: RunResult<Uint8Array>): RunResult => ({
  ...result,
  stdout: textOf(result.stdout),
  stderr: textOf(result.stderr),
});
