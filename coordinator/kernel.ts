/** The kernel as the coordinator uses it: typed calls, and a scratch area for what is passed by pointer. */
import { ERRNO } from '../build/generated/abi.ts';
import { bytesAt, copyAt, textAt, type KernelExports } from '../worker/kernel.ts';

const ABI = 3;
const PATH_MAX = 4096;
/** Two paths, then data. */
const DATA_AT = 4 * PATH_MAX;
export const DATA_SIZE = 1 << 20;

const names = new Map<number, string>(Object.entries(ERRNO).map(([name, value]) => [value, name]));

/** A negated errno from the kernel. */
export class SystemError extends Error {
  readonly code: string;
  constructor(
    readonly errno: number,
    what: string,
  ) {
    const code = names.get(errno) ?? `errno ${errno}`;
    super(`${code}: ${what}`);
    this.code = code;
  }
}

export class Kernel {
  private readonly scratch: number;
  private readonly encoder = new TextEncoder();
  private abandoned = false;

  constructor(
    private readonly exports: KernelExports,
    readonly memory: WebAssembly.Memory,
  ) {
    const abi = this.call('c_abi');
    if (abi !== ABI)
      throw new Error(
        `coordinator.js and kernel.wasm are of different builds (ABI ${ABI} and ${abi}): deploy both together`,
      );
    this.scratch = this.call('c_alloc', DATA_AT + DATA_SIZE);
    if (!this.scratch) throw new Error('there is not enough kernel memory to start: raise memory.initial');
  }

  /**
   * No call enters it any more, each gives 0: it is what broke, or a worker is about to be ended that may hold a lock of it, for which
   * the coordinator would wait for ever.
   */
  abandon(): void {
    this.abandoned = true;
  }

  call(name: string, ...args: number[]): number {
    if (this.abandoned) return 0;
    return (this.exports[name] as (...args: number[]) => number)(...args);
  }

  /** As `call`, for functions that return a negated errno on failure. The page adds what the call was about. */
  check(name: string, ...args: number[]): number {
    const result = this.call(name, ...args);
    if (result < 0) throw new SystemError(-result, this.meaning(-result));
    return result;
  }

  meaning(errno: number): string {
    const text = this.call('c_errno_text', errno, this.data);
    return textAt(this.memory, text, this.words(this.data, 1)[0]!);
  }

  /** Where data may stand between two calls: DATA_SIZE bytes, aligned to 8. */
  get data(): number {
    return this.scratch + DATA_AT;
  }

  bytes(pointer: number, size: number): Uint8Array {
    return bytesAt(this.memory, pointer, size);
  }

  copy(pointer: number, size: number): Uint8Array<ArrayBuffer> {
    return copyAt(this.memory, pointer, size);
  }

  numbers(pointer: number, count: number): number[] {
    return [...new Float64Array(this.memory.buffer, pointer, count)];
  }

  words(pointer: number, count: number): Int32Array {
    return new Int32Array(this.memory.buffer, pointer, count);
  }

  /** Pointer and size of a path in the scratch area; `slot` 1 for the second path of a call. */
  path(path: string, slot: 0 | 1 = 0): [number, number] {
    const encoded = this.encoder.encode(path);
    const pointer = this.scratch + slot * 2 * PATH_MAX;
    if (encoded.length > PATH_MAX) throw new SystemError(ERRNO.ENAMETOOLONG, `a path of ${encoded.length} bytes`);
    this.bytes(pointer, encoded.length).set(encoded);
    return [pointer, encoded.length];
  }

  /** Runs `use` with a block of kernel memory. */
  withBlock<T>(bytes: Uint8Array, use: (pointer: number) => T): T {
    const pointer = this.call('c_alloc', bytes.length);
    if (!pointer) throw new SystemError(ERRNO.ENOMEM, 'the kernel has no memory left');
    try {
      this.bytes(pointer, bytes.length).set(bytes);
      return use(pointer);
    } finally {
      this.call('c_free', pointer);
    }
  }
}
