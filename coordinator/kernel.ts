/** The kernel as the coordinator uses it: typed calls, and a scratch area for what is passed by pointer. */
import { ERRNO } from '../build/generated/abi.ts';
import {
  after,
  bytesAt,
  callOf,
  copyAt,
  toPointer,
  type Call,
  type KernelExports,
  type Pointer,
  type WasmPointer,
} from '../worker/kernel.ts';

const ABI = 5;
const PATH_MAX = 4096;
/** Two paths, then data. */
const DATA_AT = 4 * PATH_MAX;
const DATA_SIZE = 1 << 20;

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

/** A text, and how many bytes it has. */
type Text = [pointer: Pointer, size: number];

/** What the kernel exports to the coordinator: boot.c, pool.c, session.c, control.c, connection.c, root.c, remove.c. */
export interface CoordinatorCalls {
  c_abi(): number;
  c_memory(maximum: number, base: number): void;
  c_boot(cores: number, messageDoorbell: number, memory: number): WasmPointer;
  c_drain(doorbell: Pointer): number;
  c_alloc(size: number): WasmPointer;
  c_free(block: Pointer): void;

  c_pool_init(min: number, max: number): void;
  c_pool_shrink(keep: number, idle: number): void;
  c_pool_retire(): number;
  c_pool_count(state: number): number;
  c_worker_booted(worker: number): void;
  c_worker_idle(worker: number): void;
  c_worker_dead(worker: number): void;
  c_worker_crashed(worker: number): void;

  c_spawn(header: Pointer, error: Pointer): WasmPointer;
  c_pid(session: Pointer): number;
  c_feed(session: Pointer, bytes: Pointer, size: number): number;
  c_feed_end(session: Pointer): void;
  c_signal_at(session: Pointer, keys: Pointer, size: number): number;
  c_raw(session: Pointer, raw: number, onlcr: number): void;
  c_echo(session: Pointer, echo: number): void;
  c_credit(session: Pointer, fd: number, bytes: number): void;
  c_cancel(session: Pointer, fd: number): void;
  c_end(session: Pointer, reason: number, code: number, ...message: Text): void;
  c_claim(session: Pointer): void;
  c_pause(session: Pointer, paused: number): number;
  c_is_paused(session: Pointer): number;
  c_cpu_time(session: Pointer): number;
  c_run_time(session: Pointer): number;
  c_ps(session: Pointer, out: Pointer, room: number): number;
  c_session_stats(session: Pointer, out: Pointer): void;
  c_trace(session: Pointer, on: number, credit: number): number;

  c_connect(id: number, port: number, credit: number): WasmPointer;
  c_accept(id: number, listener: Pointer, credit: number): WasmPointer;
  c_connection_ask(connection: Pointer): void;
  c_connection_withdraw(connection: Pointer): void;
  c_connection_feed(connection: Pointer, bytes: Pointer, size: number): number;
  c_connection_feed_end(connection: Pointer, force: number): void;
  c_connection_credit(connection: Pointer, bytes: number): void;
  c_connection_cancel(connection: Pointer): void;
  c_listen(port: number, answer: Pointer): WasmPointer;
  c_listen_end(listener: Pointer): void;
  c_socket_stats(out: Pointer): void;

  c_fs_open(...args: [...path: Text, how: number, vnode: Pointer]): number;
  c_fs_close(vnode: Pointer): void;
  c_fs_read(vnode: Pointer, offset: number, buffer: Pointer, size: number): number;
  c_fs_append(vnode: Pointer, buffer: Pointer, size: number): number;
  c_fs_draft(vnode: Pointer): number;
  c_fs_replace(vnode: Pointer, draft: Pointer): number;
  c_fs_truncate(...args: [...path: Text, size: number]): number;
  c_fs_stat(...args: [...path: Text, follow: number, out: Pointer]): number;
  c_fs_chmod(...args: [...path: Text, readOnly: number]): number;
  c_fs_fstat(vnode: Pointer, out: Pointer): number;
  c_fs_utimes(...args: [...path: Text, follow: number, atime: number, mtime: number]): number;
  c_fs_readdir(directory: Pointer, cookie: number, buffer: Pointer, size: number): number;
  c_fs_change(change: number, ...path: Text): number;
  c_fs_symlink(...args: [...target: Text, ...path: Text]): number;
  c_fs_readlink(...args: [...path: Text, buffer: Pointer, size: number]): number;
  c_fs_two(rename: number, ...paths: [...from: Text, ...to: Text]): number;
  c_fs_remove_begin(...args: [...path: Text, removal: Pointer]): number;
  c_fs_remove_some(removal: Pointer, steps: number): number;
  c_fs_usage(out: Pointer): void;
}

/** Those that return a negated errno on failure. */
export type Checked = {
  [Name in keyof CoordinatorCalls]: ReturnType<CoordinatorCalls[Name]> extends number ? Name : never;
}[keyof CoordinatorCalls];

export class Kernel {
  private readonly enter: Call<CoordinatorCalls>;
  private readonly scratch: Pointer;
  private readonly encoder = new TextEncoder();
  private abandoned = false;

  constructor(
    exports: KernelExports,
    readonly memory: WebAssembly.Memory,
    maximum: number,
    /** Below it no memory is given out: for tests. */
    base: number,
  ) {
    this.enter = callOf(exports);
    const abi = this.call('c_abi');
    if (abi !== ABI)
      throw new Error(
        `coordinator.js and kernel.wasm are of different builds (ABI ${ABI} and ${abi}): deploy both together`,
      );
    this.call('c_memory', maximum, base);
    this.scratch = toPointer(this.call('c_alloc', DATA_AT + DATA_SIZE));
    if (!this.scratch) throw new Error('there is not enough kernel memory to start: raise memory.initial');
  }

  /**
   * No call enters it any more, each gives 0: it is what broke, or a worker is about to be ended that may hold a lock of it, for which
   * the coordinator would wait for ever.
   */
  abandon(): void {
    this.abandoned = true;
  }

  readonly call: Call<CoordinatorCalls> = (name, ...args) =>
    this.abandoned ? (0 as unknown as ReturnType<CoordinatorCalls[typeof name]>) : this.enter(name, ...args);

  /** An error that a call of the page is refused with. */
  error(errno: keyof typeof ERRNO | number, what: string): SystemError {
    return new SystemError(typeof errno === 'number' ? errno : ERRNO[errno], what);
  }

  /** How much room there is at `data`. */
  readonly dataSize = DATA_SIZE;

  /** Where data may stand between two calls; aligned to 8. */
  get data(): Pointer {
    return after(this.scratch, DATA_AT);
  }

  bytes(pointer: Pointer, size: number): Uint8Array {
    return bytesAt(this.memory, pointer, size);
  }

  copy(pointer: Pointer, size: number): Uint8Array<ArrayBuffer> {
    return copyAt(this.memory, pointer, size);
  }

  numbers(pointer: Pointer, count: number): number[] {
    return [...new Float64Array(this.memory.buffer, pointer, count)];
  }

  words(pointer: Pointer, count: number): Int32Array {
    return new Int32Array(this.memory.buffer, pointer, count);
  }

  /** The pointer that lies there. */
  pointerAt(pointer: Pointer): Pointer {
    return toPointer(this.words(pointer, 1)[0] as unknown as WasmPointer);
  }

  /** Pointer and size of a path in the scratch area; `slot` 1 for the second path of a call. */
  path(path: string, slot: 0 | 1 = 0): Text {
    const encoded = this.encoder.encode(path);
    const pointer = after(this.scratch, slot * 2 * PATH_MAX);
    if (encoded.length > PATH_MAX) throw new SystemError(ERRNO.ENAMETOOLONG, `a path of ${encoded.length} bytes`);
    this.bytes(pointer, encoded.length).set(encoded);
    return [pointer, encoded.length];
  }

  /** Runs `use` with a block of kernel memory. */
  withBlock<T>(bytes: Uint8Array, use: (pointer: Pointer) => T): T {
    const pointer = toPointer(this.call('c_alloc', bytes.length));
    if (!pointer) throw new SystemError(ERRNO.ENOMEM, 'the kernel has no memory left');
    try {
      this.bytes(pointer, bytes.length).set(bytes);
      return use(pointer);
    } finally {
      this.call('c_free', pointer);
    }
  }
}
