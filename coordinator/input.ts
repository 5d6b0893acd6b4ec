/** Moves bytes from the page into a pipe in the kernel: a process's standard input, or a connection. */
import { STREAM_SCRATCH } from '../build/generated/layouts.ts';
import type { Pointer } from '../common/pointer.ts';
import type { ErrorMessage } from '../common/protocol.ts';
import type { Kernel } from './kernel.ts';

/** The pipe that takes the bytes. */
export interface Sink {
  /** Whether the pipe exists: it may not have been created yet, or be gone already. */
  open(): boolean;
  /** Returns how many of the bytes it took, or a negated errno. */
  feed(pointer: Pointer, size: number): number;
  end(): void;
  /** For a terminal: returns the index of the first byte that sends a signal now, or a negative number. */
  signalAt?(bytes: Uint8Array): number;
  /** Called when the bytes of one `write` are in the pipe, or lost. */
  done(error: ErrorMessage | null): void;
}

export class Input {
  readonly #queue: { bytes: Uint8Array; done: number }[] = [];
  #ended = false;

  readonly #kernel: Kernel;
  readonly #sink: Sink;
  readonly #unread: ErrorMessage;

  constructor(
    kernel: Kernel,
    sink: Sink,
    /** The error of writes once there is no reader. */
    unread: ErrorMessage,
  ) {
    this.#kernel = kernel;
    this.#sink = sink;
    this.#unread = unread;
  }

  write(bytes: Uint8Array): void {
    const waits = this.#queue.length > 0;
    // A signal does not wait behind unread input, which the terminal discards on a signal anyway.
    const at = waits ? (this.#sink.signalAt?.(bytes) ?? -1) : -1;
    if (at >= 0) for (const _ of this.#queue.splice(0)) this.#sink.done(null);
    this.#queue.push({ bytes, done: Math.max(at, 0) });
    this.pump();
  }

  end(): void {
    this.#ended = true;
    this.pump();
  }

  /** Fills the pipe. Called again by the kernel when there is room. */
  pump(): void {
    const kernel = this.#kernel;
    const sink = this.#sink;
    const queue = this.#queue;
    while (sink.open() && queue.length > 0) {
      const head = queue[0]!;
      const part = head.bytes.subarray(head.done, head.done + STREAM_SCRATCH);
      kernel.bytes(kernel.data, part.length).set(part);
      const taken = sink.feed(kernel.data, part.length);
      if (taken < 0) return this.fail();
      head.done += taken;
      if (head.done === head.bytes.length) {
        queue.shift();
        sink.done(null);
      } else if (taken < part.length) {
        return;
      }
    }
    if (this.#ended && queue.length === 0 && sink.open()) sink.end();
  }

  /** Called when there is no reader any more. */
  fail(): void {
    for (const _ of this.#queue.splice(0)) this.#sink.done(this.#unread);
  }
}
