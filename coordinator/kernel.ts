/** The kernel as the coordinator uses it: typed calls, and a scratch area for arguments that are passed by pointer. */
import { ERRNO } from '../build/generated/abi.ts';
import { ABI, ERRNO_ENAMETOOLONG, ERRNO_ENOMEM, P2_DATA_END, PATH_MAX } from '../build/generated/layouts.ts';
import type { CoordinatorCalls } from '../build/generated/exports.ts';
import { after, toPointer, type Pointer, type WasmPointer } from '../common/pointer.ts';
import { bytesAt, copyAt, type KernelExports } from '../worker/kernel.ts';

/** The scratch area holds two paths, then data. */
const DATA_AT = 4 * PATH_MAX;
const DATA_SIZE = 1 << 20;

const names = new Map<number, string>(Object.entries(ERRNO).map(([name, value]) => [value, name]));

/** An error from the kernel, which returns it as a negated errno. The page prefixes the message with `code`. */
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

/** A text in kernel memory; `size` is in bytes. */
type Text = [pointer: Pointer, size: number];

export class Kernel {
  /** The kernel's exports to the coordinator. */
  call: CoordinatorCalls;
  readonly #scratch: Pointer;
  readonly #encoder = new TextEncoder();

  constructor(
    exports: KernelExports,
    readonly memory: WebAssembly.Memory,
    maximum: number,
    /** For tests: the lowest address that the allocator may return; 0: the first after the data of the kernel's modules. */
    base: number,
  ) {
    this.call = exports;
    const abi = this.call.c_abi();
    if (abi !== ABI)
      throw new Error(
        `coordinator.js and kernel.wasm are from different builds (ABI ${ABI} and ${abi}): deploy both together`,
      );
    this.call.c_memory(maximum, base || P2_DATA_END);
    this.#scratch = toPointer(this.call.c_alloc(DATA_AT + DATA_SIZE));
    if (!this.#scratch) throw new Error('there is not enough kernel memory to start: raise memory.initial');
  }

  /**
   * Stops all calls into the kernel: from now on each returns 0. Used when the kernel is broken, or before the coordinator ends a worker that
   * may hold one of the kernel's locks, for which the coordinator would otherwise wait forever.
   */
  abandon(): void {
    this.call = new Proxy({}, { get: () => () => 0 }) as CoordinatorCalls;
  }

  /** Creates the error that rejects a call from the page. */
  error(errno: keyof typeof ERRNO | number, what: string): SystemError {
    return new SystemError(typeof errno === 'number' ? errno : ERRNO[errno], what);
  }

  /** The number of bytes available at `data`. */
  readonly dataSize = DATA_SIZE;

  /** Scratch memory for data; later calls may overwrite it. Aligned to 8 bytes. */
  get data(): Pointer {
    return after(this.#scratch, DATA_AT);
  }

  bytes(pointer: Pointer, size: number): Uint8Array {
    return bytesAt(this.memory, pointer, size);
  }

  copy(pointer: Pointer, size: number): Uint8Array<ArrayBuffer> {
    return copyAt(this.memory, pointer, size);
  }

  /** Copies a struct of doubles that is declared in layouts.def. */
  numbers<Struct extends number[]>(pointer: Pointer, length: Struct['length']): Struct {
    return [...new Float64Array(this.memory.buffer, pointer, length)] as Struct;
  }

  /** Returns a view of a struct of words, which is valid until the memory grows. */
  words<Struct extends number[]>(pointer: Pointer, length: Struct['length']): Struct {
    return new Int32Array(this.memory.buffer, pointer, length) as unknown as Struct;
  }

  /** Reads the pointer stored at an address. */
  pointerAt(pointer: Pointer): Pointer {
    return toPointer(this.words<[number]>(pointer, 1)[0] as unknown as WasmPointer);
  }

  /** Writes a path to the scratch area and returns its pointer and size. `slot` is 1 for the second path of a call. */
  path(path: string, slot: 0 | 1 = 0): Text {
    const encoded = this.#encoder.encode(path);
    const pointer = after(this.#scratch, slot * 2 * PATH_MAX);
    if (encoded.length > PATH_MAX) throw new SystemError(ERRNO_ENAMETOOLONG, `a path of ${encoded.length} bytes`);
    this.bytes(pointer, encoded.length).set(encoded);
    return [pointer, encoded.length];
  }

  /** Copies `bytes` into a block of kernel memory, which exists while `use` runs. */
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
