/** Bytes from the page on their way into a pipe of the kernel's: a process's standard input, or a connection. */
import { STREAM_SCRATCH } from '../build/generated/layouts.ts';
import type { Pointer } from '../common/pointer.ts';
import type { ErrorMessage } from '../common/protocol.ts';
import type { Kernel } from './kernel.ts';

/** The pipe. */
export interface Sink {
  /** Whether there is one, as yet and still. */
  open(): boolean;
  /** How many of the bytes it took, or a negated errno. */
  feed(pointer: Pointer, size: number): number;
  end(): void;
  /** Of a terminal: the place in the bytes of the first key that asks for a signal now, or a negative number. */
  signalAt?(bytes: Uint8Array): number;
  /** One `write` is in the pipe, or lost. */
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
    /** What writes fail with once there is no reader. */
    unread: ErrorMessage,
  ) {
    this.#kernel = kernel;
    this.#sink = sink;
    this.#unread = unread;
  }

  write(bytes: Uint8Array): void {
    const waits = this.#queue.length > 0;
    // A signal does not wait behind unread input, which it makes the terminal discard anyway.
    const at = waits ? (this.#sink.signalAt?.(bytes) ?? -1) : -1;
    if (at >= 0) for (const _ of this.#queue.splice(0)) this.#sink.done(null);
    this.#queue.push({ bytes, done: Math.max(at, 0) });
    this.pump();
  }

  end(): void {
    this.#ended = true;
    this.pump();
  }

  /** Fills the pipe as far as it goes; the kernel calls again when there is room. */
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

  /** There is no reader any more. */
  fail(): void {
    for (const _ of this.#queue.splice(0)) this.#sink.done(this.#unread);
  }
}
