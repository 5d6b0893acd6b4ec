/** Runs the rewriter (native/rewrite) once, in a dedicated worker, because rewriting a large module takes a while. */
import { platform } from '#platform';
import {
  REWRITE_FLAG,
  REWRITE_FUEL,
  REWRITE_NONE,
  REWRITE_NOT_KNOWN,
  REWRITE_NUMBERS_INITIAL,
  REWRITE_NUMBERS_LENGTH,
  REWRITE_NUMBERS_MAXIMUM,
  REWRITE_NUMBERS_MEMORY64,
  REWRITE_NUMBERS_SHARED,
  REWRITE_OBJECTS,
  REWRITE_OVER_LIMIT,
  type RewriteNumbers,
} from '../build/generated/layouts.ts';
import type { RewriterCalls } from '../build/generated/exports.ts';
import { messageOf } from '../common/error-text.ts';
import type { MemoryType } from '../common/module-bytes.ts';
import { toPointer, type WasmPointer } from '../common/pointer.ts';
import type { FromCompute, RewriteMessage, RewrittenMessage } from '../common/worker-protocol.ts';
import { bytesAt } from './kernel.ts';

/** The exports of rewrite.wasm (native/rewrite/wasm.c). */
interface Rewriter extends RewriterCalls {
  [name: string]: WebAssembly.ExportValue;
  memory: WebAssembly.Memory;
  _initialize(): void;
}

const CHECKS = { none: REWRITE_NONE, flag: REWRITE_FLAG, fuel: REWRITE_FUEL };
const FAULTS = {
  [REWRITE_NOT_KNOWN]: 'module',
  [REWRITE_OVER_LIMIT]: 'limit',
  [REWRITE_OBJECTS]: 'objects',
} as const;
type Fault = keyof typeof FAULTS;
/** In modules without a flag, the number of checks between two reads of the order to stop: about ten microseconds. */
const FUEL = 10_000;
const NO_LIMIT = -1;

class ModuleFault extends Error {
  constructor(
    message: string,
    readonly fault: (typeof FAULTS)[Fault] = 'module',
  ) {
    super(message);
  }
}

async function load(url: string, output: { bytes: Uint8Array; at: number }): Promise<Rewriter> {
  const response = await platform.fetch(url);
  if (!response.ok) throw new Error(`${url} answered ${response.status} ${response.statusText}`);
  const { instance } = await WebAssembly.instantiate(await response.arrayBuffer(), {
    hf: {
      write(pointer: WasmPointer, size: number) {
        output.bytes.set(bytesAt(rewriter.memory, toPointer(pointer), size >>> 0), output.at);
        output.at += size >>> 0;
      },
    },
    env: { emscripten_notify_memory_growth: () => undefined },
  });
  const rewriter = instance.exports as Rewriter;
  rewriter._initialize();
  return rewriter;
}

function textAt({ memory }: Rewriter, raw: WasmPointer): string {
  const bytes = new Uint8Array(memory.buffer);
  const pointer = toPointer(raw);
  return new TextDecoder().decode(bytes.slice(pointer, bytes.indexOf(0, pointer)));
}

/** Returns the type of the module's own memory, which the caller must now create for it; null if the module imports its memory. */
function memoryOf(rewriter: Rewriter): MemoryType | null {
  const pointer = toPointer(rewriter.rw_memory(0));
  if (!pointer) return null;
  const numbers = new Float64Array(
    rewriter.memory.buffer,
    pointer,
    REWRITE_NUMBERS_LENGTH,
  ) as unknown as RewriteNumbers;
  if (numbers[REWRITE_NUMBERS_MEMORY64])
    throw new ModuleFault('it has a 64-bit memory, which WASI programs cannot have');
  const maximum = numbers[REWRITE_NUMBERS_MAXIMUM];
  return {
    initial: numbers[REWRITE_NUMBERS_INITIAL],
    maximum: maximum < 0 ? undefined : maximum,
    shared: numbers[REWRITE_NUMBERS_SHARED] !== 0,
  };
}

async function make({ url, bytes, check, limitPages, gc }: RewriteMessage): Promise<RewrittenMessage> {
  const output = { bytes: new Uint8Array(0), at: 0 };
  const rewriter = await load(url, output);
  const input = toPointer(rewriter.rw_alloc(bytes.length));
  if (!input) throw new Error('not enough memory for the rewriter');
  new Uint8Array(rewriter.memory.buffer).set(bytes, input);
  const most = limitPages === Infinity ? NO_LIMIT : limitPages;
  if (!rewriter.rw_open(input, bytes.length, CHECKS[check], FUEL, most, Number(!gc))) {
    const message = `${textAt(rewriter, rewriter.rw_error())} (at byte ${rewriter.rw_error_offset() >>> 0})`;
    throw new ModuleFault(message, FAULTS[rewriter.rw_fault() as Fault]);
  }
  // Only one memory can be provided.
  if (check === 'flag' && rewriter.rw_memories() > 1) throw new ModuleFault('it has several memories');
  output.bytes = new Uint8Array(rewriter.rw_size());
  rewriter.rw_write();
  const added =
    check === 'none'
      ? null
      : { prefix: textAt(rewriter, rewriter.rw_prefix()), check, hasStart: rewriter.rw_has_start() !== 0 };
  return { t: 'rewritten', bytes: output.bytes as Uint8Array<ArrayBuffer>, added, memory: memoryOf(rewriter) };
}

/** Rewrites a module and returns the message that answers the request. Never rejects. */
export async function rewrite(message: RewriteMessage): Promise<FromCompute & { t: 'rewritten' | 'not-rewritten' }> {
  try {
    return await make(message);
  } catch (error) {
    return {
      t: 'not-rewritten',
      fault: error instanceof ModuleFault ? error.fault : 'ours',
      message: messageOf(error),
    };
  }
}
