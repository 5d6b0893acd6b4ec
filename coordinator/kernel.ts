/** The kernel as the coordinator uses it: typed calls, and a scratch area for what is passed by pointer. */
import { ERRNO } from '../build/generated/abi.ts';
import { ABI, ERRNO_ENAMETOOLONG, ERRNO_ENOMEM, PATH_MAX } from '../build/generated/layouts.ts';
import type { CoordinatorCalls } from '../build/generated/exports.ts';
import { after, toPointer, type Pointer, type WasmPointer } from '../common/pointer.ts';
import { bytesAt, copyAt, type KernelExports } from '../worker/kernel.ts';

/** Two paths, then data. */
const DATA_AT = 4 * PATH_MAX;
const DATA_SIZE = 1 << 20;

const names = new Map<number, string>(Object.entries(ERRNO).map(([name, value]) => [value, name]));

/** A negated errno from the kernel. The page puts the code before the message. */
export class SystemError extends Error {
  readonly code: string;
  constructor(
    readonly errno: number,
    what: string,
  ) {
    super(what);
    this.code = names.get(errno) ?? `errno ${errno}`;
  }
}

/** A text, and how many bytes it has. */
type Text = [pointer: Pointer, size: number];

export class Kernel {
  /** What it exports to the coordinator. */
  call: CoordinatorCalls;
  readonly #scratch: Pointer;
  readonly #encoder = new TextEncoder();

  constructor(
    exports: KernelExports,
    readonly memory: WebAssembly.Memory,
    maximum: number,
    /** Below it no memory is given out: for tests. */
    base: number,
  ) {
    this.call = exports;
    const abi = this.call.c_abi();
    if (abi !== ABI)
      throw new Error(
        `coordinator.js and kernel.wasm are from different builds (ABI ${ABI} and ${abi}): deploy both together`,
      );
    this.call.c_memory(maximum, base);
    this.#scratch = toPointer(this.call.c_alloc(DATA_AT + DATA_SIZE));
    if (!this.#scratch) throw new Error('there is not enough kernel memory to start: raise memory.initial');
  }

  /**
   * No call enters it any more, each gives 0: it is what broke, or a worker is about to be ended that may hold a lock of it, for which
   * the coordinator would wait for ever.
   */
  abandon(): void {
    this.call = new Proxy({}, { get: () => () => 0 }) as CoordinatorCalls;
  }

  /** An error that a call of the page is refused with. */
  error(errno: keyof typeof ERRNO | number, what: string): SystemError {
    return new SystemError(typeof errno === 'number' ? errno : ERRNO[errno], what);
  }

  /** How much room there is at `data`. */
  readonly dataSize = DATA_SIZE;

  /** Where data may stand between two calls; aligned to 8. */
  get data(): Pointer {
    return after(this.#scratch, DATA_AT);
  }

  bytes(pointer: Pointer, size: number): Uint8Array {
    return bytesAt(this.memory, pointer, size);
  }

  copy(pointer: Pointer, size: number): Uint8Array<ArrayBuffer> {
    return copyAt(this.memory, pointer, size);
  }

  /** A struct of doubles, as layouts.def has it; a copy. */
  numbers<Struct extends number[]>(pointer: Pointer, length: Struct['length']): Struct {
    return [...new Float64Array(this.memory.buffer, pointer, length)] as Struct;
  }

  /** A struct of words; valid until the memory grows. */
  words<Struct extends number[]>(pointer: Pointer, length: Struct['length']): Struct {
    return new Int32Array(this.memory.buffer, pointer, length) as unknown as Struct;
  }

  /** The pointer that lies there. */
  pointerAt(pointer: Pointer): Pointer {
    return toPointer(this.words<[number]>(pointer, 1)[0] as unknown as WasmPointer);
  }

  /** Pointer and size of a path in the scratch area; `slot` 1 for the second path of a call. */
  path(path: string, slot: 0 | 1 = 0): Text {
    const encoded = this.#encoder.encode(path);
    const pointer = after(this.#scratch, slot * 2 * PATH_MAX);
    if (encoded.length > PATH_MAX) throw new SystemError(ERRNO_ENAMETOOLONG, `a path of ${encoded.length} bytes`);
    this.bytes(pointer, encoded.length).set(encoded);
    return [pointer, encoded.length];
  }

  /** Runs `use` with a block of kernel memory. */
  withBlock<T>(bytes: Uint8Array, use: (pointer: Pointer) => T): T {
    const pointer = toPointer(this.call.c_alloc(bytes.length));
    if (!pointer) throw new SystemError(ERRNO_ENOMEM, 'the kernel has no memory left');
    try {
      this.bytes(pointer, bytes.length).set(bytes);
      return use(pointer);
    } finally {
      this.call.c_free(pointer);
    }
  }
}
