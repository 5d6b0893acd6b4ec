/** `holdfast bench ring`. A file of its own, which the command loads for it. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import {
  csvOf,
  measureRing,
  nativeArguments,
  nativeRuns,
  parseRing,
  RING_USAGE,
  RingUsageError,
  tableOf,
  wasmRing,
  type RingOptions,
  type RunRing,
} from '../bench-ring.js';
import { asError } from '../errors.js';
import { start } from '../node.js';
import { createMemory } from '../threads.js';
import { print } from './stdio.js';

export { csvOf, measureRing, parseRing, tableOf, type RingOptions, type RunRing };

const execute = promisify(execFile);
const FAILED = 1;
const USAGE_STATUS = 2;

const beside = (file: string): string => fileURLToPath(new URL(file, import.meta.url));

/** Resolves to the exit status. */
export async function bench(argv: readonly string[]): Promise<number> {
  try {
    const [what, ...rest] = argv;
    if (rest.includes('--help') || what === '--help') {
      await print(RING_USAGE);
      return 0;
    }
    if (what !== 'ring') throw new RingUsageError(what ? `no benchmark "${what}"` : 'which benchmark? "ring"');
    await ring(parseRing(rest));
    return 0;
  } catch (error) {
    if ((error as Error).name === 'OutputError') throw error;
    process.stderr.write(`holdfast: bench: ${asError(error).message}\n`);
    if (!(error instanceof RingUsageError)) return FAILED;
    process.stderr.write('Try "holdfast bench ring --help".\n');
    return USAGE_STATUS;
  }
}

async function ring(options: RingOptions): Promise<void> {
  const hf = await start();
  const native = await nativeRing();
  try {
    const wasm = wasmRing(hf, createMemory, await readFile(beside('./ring.wasm')));
    const rows = await measureRing(options, { ...(native.run && { os_ring: native.run }), wasm_ring: wasm });
    if (!native.run && !options.csvOnly) await print(`No native rows: ${native.why}\n`);
    if (!options.csvOnly) await print(tableOf(rows));
    if (options.csv || options.csvOnly) await print(csvOf(rows, options));
  } finally {
    await native.end();
    await hf.close();
  }
}

/** The ring compiled with gcc -O3; `run` is missing where that is not possible. */
export interface NativeRing {
  run?: RunRing;
  why: string;
  end(): Promise<void>;
}

/** Compiles the ring natively, into a temporary folder that `end` removes. */
export async function nativeRing(): Promise<NativeRing> {
  const folder = await mkdtemp(path.join(tmpdir(), 'holdfast-ring-'));
  const end = (): Promise<void> => rm(folder, { recursive: true, force: true });
  const program = path.join(folder, 'ring');
  try {
    await execute('gcc', ['-O3', '-pthread', '-o', program, beside('../native/ring/native.c')]);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const why = code === 'ENOENT' ? 'gcc is not installed' : `gcc cannot compile the ring: ${message}`;
    return { why, end };
  }
  const run: RunRing = async (session) => nativeRuns((await execute(program, nativeArguments(session))).stdout);
  return { run, why: '', end };
}
