/**
 * WASI for a reactor on the calling thread: arguments, standard streams, clocks and random numbers. It has no files, and no call waits.
 */
import {
  CLOCK_REALTIME,
  CLOCK_THREAD_CPUTIME,
  ERRNO_EAGAIN,
  ERRNO_EBADF,
  ERRNO_EINVAL,
  ERRNO_ENOSYS,
  ERRNO_ENOTDIR,
  ERRNO_ENOTSOCK,
  ERRNO_ESPIPE,
  EVENTTYPE_CLOCK,
  EVENTTYPE_FD_READ,
  EVENTTYPE_FD_WRITE,
  EVENT_HANGUP,
  EVENT_SIZE,
  FILETYPE_CHARACTER_DEVICE,
  SUBCLOCK_ABSTIME,
  SUBSCRIPTION_SIZE,
} from '../build/generated/layouts.js';

/** `crypto.getRandomValues` returns at most this many bytes at once. */
const RANDOM_AT_ONCE = 65_536;

/** Thrown through the guest by its `proc_exit`. */
export class WASIProcExit extends Error {
  static override readonly name = 'WASIProcExit';

  /** @param code - The exit code. */
  constructor(readonly code: number) {
    super(`exit(${code})`);
    this.name = 'WASIProcExit';
  }
}

/** Standard input that the page fills. */
export class Input {
  #chunks: Uint8Array[] = [];
  #size = 0;
  #closed = false;
  readonly #wakes = new Set<() => void>();

  get size(): number {
    return this.#size;
  }

  get closed(): boolean {
    return this.#closed;
  }

  push(bytes: Uint8Array): void {
    if (this.#closed || bytes.length === 0) return;
    this.#chunks.push(bytes.slice());
    this.#size += bytes.length;
    this.#wake();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#wake();
  }

  /** Returns a function that removes the listener. */
  onWake(wake: () => void): () => void {
    this.#wakes.add(wake);
    return () => this.#wakes.delete(wake);
  }

  /** Moves bytes into `place`. Returns the number of bytes. */
  read(place: Uint8Array): number {
    let count = 0;
    while (count < place.length && this.#chunks.length > 0) {
      const chunk = this.#chunks[0]!;
      const part = chunk.subarray(0, place.length - count);
      place.set(part, count);
      count += part.length;
      if (part.length === chunk.length) this.#chunks.shift();
      else this.#chunks[0] = chunk.subarray(part.length);
    }
    this.#size -= count;
    return count;
  }

  #wake(): void {
    for (const wake of [...this.#wakes]) wake();
  }
}

/** The parts from which the imports are created. */
export interface WasiParts {
  args: readonly string[];
  /** NAME=value. */
  env: readonly string[];
  input: Input;
  /** Called with a copy of each write to descriptor 1 or 2. */
  output: (fd: 1 | 2, bytes: Uint8Array<ArrayBuffer>) => void;
}

const encoder = new TextEncoder();
const NO_FILES =
  'fd_advise fd_allocate fd_datasync fd_fdstat_set_rights fd_filestat_set_size fd_filestat_set_times fd_pread fd_pwrite fd_readdir fd_renumber fd_sync';
const PATHS =
  'create_directory filestat_get filestat_set_times link open readlink remove_directory rename symlink unlink_file';
const SOCKETS = 'sock_accept sock_recv sock_send sock_shutdown';

const nanoseconds = (milliseconds: number): bigint => BigInt(Math.round(milliseconds * 1e6));
const clock = (id: number): bigint => nanoseconds(id === CLOCK_REALTIME ? Date.now() : performance.now());

type Imports = Record<string, (...args: never[]) => number>;

/** The imports for a guest whose memory `view` returns. */
export function wasiImports(parts: WasiParts, memory: () => ArrayBufferLike): Imports {
  const open = new Set([0, 1, 2]);
  const view = (): DataView => new DataView(memory());
  const bytes = (pointer: number, size: number): Uint8Array => new Uint8Array(memory(), pointer >>> 0, size >>> 0);
  const set32 = (pointer: number, value: number): void => view().setUint32(pointer >>> 0, value, true);
  const set64 = (pointer: number, value: bigint): void => view().setBigUint64(pointer >>> 0, value, true);

  const vectors = (pointer: number, count: number): Uint8Array[] =>
    Array.from({ length: count }, (_, i) => {
      const at = (pointer >>> 0) + 8 * i;
      return bytes(view().getUint32(at, true), view().getUint32(at + 4, true));
    });

  const sizes = (list: readonly string[]) => (count: number, size: number) => {
    set32(count, list.length);
    set32(
      size,
      list.reduce((sum, text) => sum + encoder.encode(text).length + 1, 0),
    );
    return 0;
  };
  const texts = (list: readonly string[]) => (pointers: number, place: number) => {
    let at = place >>> 0;
    list.forEach((text, i) => {
      const encoded = encoder.encode(`${text}\0`);
      set32(pointers + 4 * i, at);
      bytes(at, encoded.length).set(encoded);
      at += encoded.length;
    });
    return 0;
  };
  const onOpen =
    (otherwise: number) =>
    (fd: number): number =>
      open.has(fd) ? otherwise : ERRNO_EBADF;

  /** The event of a subscription that has occurred, or null. */
  const occurred = (at: number): { type: number; error: number; size: number; flags: number } | null => {
    const data = view();
    const type = data.getUint8(at + 8);
    const id = data.getUint32(at + 16, true);
    const failed = (error: number) => ({ type, error, size: 0, flags: 0 });
    if (type === EVENTTYPE_CLOCK) {
      if (id > CLOCK_THREAD_CPUTIME) return failed(ERRNO_EINVAL);
      const timeout = data.getBigUint64(at + 24, true);
      const absolute = (data.getUint16(at + 40, true) & SUBCLOCK_ABSTIME) !== 0;
      return (absolute ? timeout <= clock(id) : timeout === 0n) ? failed(0) : null;
    }
    if (!open.has(id) || (id === 0) !== (type === EVENTTYPE_FD_READ)) return failed(ERRNO_EBADF);
    if (type === EVENTTYPE_FD_WRITE) return failed(0);
    const { size, closed } = parts.input;
    return size > 0 || closed ? { type, error: 0, size, flags: closed && size === 0 ? EVENT_HANGUP : 0 } : null;
  };

  const writeEvent = (at: number, userdata: bigint, event: NonNullable<ReturnType<typeof occurred>>): void => {
    bytes(at, EVENT_SIZE).fill(0);
    const data = view();
    data.setBigUint64(at, userdata, true);
    data.setUint16(at + 8, event.error, true);
    data.setUint8(at + 10, event.type);
    data.setBigUint64(at + 16, BigInt(event.size), true);
    data.setUint16(at + 24, event.flags, true);
  };

  const withoutFiles = (names: string, prefix: string, errno: number): Imports =>
    Object.fromEntries(names.split(' ').map((name) => [prefix + name, onOpen(errno)]));

  return {
    ...withoutFiles(NO_FILES, '', ERRNO_ENOSYS),
    ...withoutFiles(PATHS, 'path_', ERRNO_ENOTDIR),
    ...withoutFiles(SOCKETS, '', ERRNO_ENOTSOCK),
    args_sizes_get: sizes(parts.args),
    args_get: texts(parts.args),
    environ_sizes_get: sizes(parts.env),
    environ_get: texts(parts.env),
    clock_res_get: (id: number, pointer: number) => {
      if (id >>> 0 > CLOCK_THREAD_CPUTIME) return ERRNO_EINVAL;
      set64(pointer, id === CLOCK_REALTIME ? 1_000_000n : 5000n);
      return 0;
    },
    clock_time_get: (id: number, _precision: bigint, pointer: number) => {
      if (id >>> 0 > CLOCK_THREAD_CPUTIME) return ERRNO_EINVAL;
      set64(pointer, clock(id));
      return 0;
    },
    fd_close: (fd: number) => (open.delete(fd) ? 0 : ERRNO_EBADF),
    fd_fdstat_get: (fd: number, pointer: number) => {
      if (!open.has(fd)) return ERRNO_EBADF;
      bytes(pointer, 24).fill(0).fill(255, 8);
      bytes(pointer, 1)[0] = FILETYPE_CHARACTER_DEVICE;
      return 0;
    },
    fd_fdstat_set_flags: onOpen(0),
    fd_filestat_get: (fd: number, pointer: number) => {
      if (!open.has(fd)) return ERRNO_EBADF;
      bytes(pointer, 64).fill(0)[16] = FILETYPE_CHARACTER_DEVICE;
      return 0;
    },
    fd_prestat_get: () => ERRNO_EBADF,
    fd_prestat_dir_name: () => ERRNO_EBADF,
    fd_seek: onOpen(ERRNO_ESPIPE),
    fd_tell: onOpen(ERRNO_ESPIPE),
    fd_read: (fd: number, pointer: number, count: number, result: number) => {
      if (fd !== 0 || !open.has(0)) return ERRNO_EBADF;
      const places = vectors(pointer, count);
      const room = places.reduce((sum, { length }) => sum + length, 0);
      if (parts.input.size === 0 && !parts.input.closed && room > 0) return ERRNO_EAGAIN;
      set32(
        result,
        places.reduce((sum, place) => sum + parts.input.read(place), 0),
      );
      return 0;
    },
    fd_write: (fd: number, pointer: number, count: number, result: number) => {
      if ((fd !== 1 && fd !== 2) || !open.has(fd)) return ERRNO_EBADF;
      const chunks = vectors(pointer, count);
      const all = new Uint8Array(chunks.reduce((sum, { length }) => sum + length, 0));
      let at = 0;
      for (const chunk of chunks) {
        all.set(chunk, at);
        at += chunk.length;
      }
      set32(result, all.length);
      if (all.length > 0) parts.output(fd, all);
      return 0;
    },
    poll_oneoff: (from: number, to: number, count: number, result: number) => {
      if (count === 0) return ERRNO_EINVAL;
      let found = 0;
      for (let i = 0; i < count; i++) {
        const at = (from >>> 0) + SUBSCRIPTION_SIZE * i;
        const event = occurred(at);
        if (event) writeEvent((to >>> 0) + EVENT_SIZE * found++, view().getBigUint64(at, true), event);
      }
      set32(result, found);
      return 0;
    },
    proc_exit: (code: number) => {
      throw new WASIProcExit(code >>> 0);
    },
    proc_raise: () => ERRNO_ENOSYS,
    random_get: (pointer: number, size: number) => {
      // A copy, because `crypto` refuses shared memory.
      for (let at = 0; at < size >>> 0; at += RANDOM_AT_ONCE) {
        const part = new Uint8Array(Math.min(RANDOM_AT_ONCE, (size >>> 0) - at));
        bytes((pointer >>> 0) + at, part.length).set(crypto.getRandomValues(part));
      }
      return 0;
    },
    sched_yield: () => 0,
  } as Imports;
}

/** How long a guest may run before the page's other work gets its turn, in milliseconds. */
const BUDGET = 8;

/** Lets other work run: only microtasks while the budget lasts, then a task of the event loop. */
export class Turns {
  #began = performance.now();

  async next(): Promise<void> {
    if (performance.now() - this.#began < BUDGET) return Promise.resolve();
    await new Promise<void>((resolve) => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => {
        port1.close();
        resolve();
      };
      port2.postMessage(null);
    });
    this.#began = performance.now();
  }
}
