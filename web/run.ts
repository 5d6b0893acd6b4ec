/** Runs a program from start to end and collects its output. */
import { CODE_OUTPUT } from '../build/generated/layouts.js';
import { concat, textOf } from './bytes.js';
import { object, oneOf, Unclear } from './check.js';
import { DEFAULT_OUTPUT } from './limits.js';
import { planSpawn, type InputData, type SpawnOptions, type SpawnPlan } from './options.js';
import type { FileData } from './fs.js';
import type { PipeReader } from './pipes.js';
import type { Exit, Process } from './process.js';

/** Options of `hf.run()`. */
export interface RunOptions extends Omit<SpawnOptions, 'stdin'> {
  /**
   * The complete input, or the reader of a pipe of `hf.pipe()`; here a string is text. The strings "pipe", "tty" and "null" are refused, because they look
   * like modes of `spawn()`: pass them as `{ text: 'pipe' }`. Default: immediate end of file.
   */
  stdin?: string | PipeReader | InputData;
  /** How output is returned: "utf-8" (invalid bytes become U+FFFD) or "bytes". Default: "utf-8". */
  encoding?: 'utf-8' | 'bytes';
  /**
   * Files for the program, by the paths that it sees; directories are created. A path outside all preopens goes to a
   * private directory of this run, which is the program's "/" and is removed after the run. So runs without `preopens`
   * share nothing, even at the same time.
   *
   * A path inside a preopen is written to that directory of `hf.fs`, replacing what is there, and stays. Of two
   * concurrent runs that pass the same such file, the second is refused (`SpawnRefused`, "options"); programs can still
   * change each other's files there.
   *
   * @example
   * const { files } = await hf.run('/clang.wasm', { args: ['-c', '/a.c', '-o', '/a.o'], files: { '/a.c': 'int x;' } });
   * files['/a.o']; // Uint8Array
   */
  files?: Files;
  /**
   * The files and directories (with their contents) that `files` of the result covers, by the paths that the program
   * sees. As with `files`, paths outside all preopens are in the private directory. Default: all of that directory, and
   * the files that were passed.
   */
  outputs?: readonly string[];
}

/** The contents of files, by absolute path: text (as UTF-8), bytes, a `Blob` or a stream. */
export type Files = Readonly<Record<string, FileData>>;

/** How a program ended, and what it wrote. */
export interface RunResult<Output = string> extends Exit {
  /** Standard output; empty if the option `stdout` sent it elsewhere. */
  readonly stdout: Output;
  /** Standard error; empty if the option `stderr` sent it elsewhere. */
  readonly stderr: Output;
  /**
   * With `files` or `outputs`: the regular files that the program created or changed, by the paths that it sees; empty
   * without both options.
   *
   * A file counts as changed if its modification time, size or inode differs from when the program started, even if the
   * contents are the same. A renamed file appears under its new name, a removed one does not appear. Symbolic links are
   * not followed, and files with a path of over 4,096 bytes in `hf.fs` are omitted. In shared directories (`preopens`),
   * changes by others count too.
   */
  readonly files: Readonly<Record<string, Uint8Array>>;
}

interface RunPlan extends Pick<RunOptions, 'files' | 'outputs'> {
  plan: SpawnPlan;
  encoding: 'utf-8' | 'bytes';
  limit: number;
}

/** Splits run options into those of the spawn and the rest. Throws `TypeError` and `RangeError`. */
export function planRun(options: RunOptions): RunPlan {
  const { stdin, encoding = 'utf-8', files, outputs, ...rest } = object(options, 'run options');
  if (/^(pipe|tty|null)$/.test(stdin as string)) throw new Unclear('run.stdin', 'stdin', stdin);
  const input = typeof stdin === 'string' ? { text: stdin } : (stdin ?? 'null');
  const plan = planSpawn({ ...rest, stdin: input }, 'run');
  return {
    plan,
    encoding: oneOf(encoding, ['utf-8', 'bytes'], 'encoding'),
    limit: rest.limits?.output ?? DEFAULT_OUTPUT,
    files,
    outputs,
  };
}

/** Reads a process to its end. Rejects only as `exited` does. */
export async function collect(process: Process, most: number): Promise<Omit<RunResult<Uint8Array>, 'files'>> {
  let room = most;
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
  const message = `killed, because it wrote more than the ${most} bytes that limits.output allows`;
  const limit = { name: 'output', most };
  return { reason: 'limit', code: CODE_OUTPUT, message, stack: '', limit, stdout, stderr };
}

export const inText = (result: RunResult<Uint8Array>): RunResult => ({
  ...result,
  stdout: textOf(result.stdout),
  stderr: textOf(result.stderr),
});
