/**
 * The page's ends of a process's standard streams. Neither end buffers without limit for a slow peer: input has a
 * window of unacknowledged slices, output a credit of bytes that the page is willing to buffer.
 */
import type { ErrorMessage } from '../common/protocol.js';
import { copyOf, concat, kindOf, tagOf, type OwnedBytes } from './bytes.js';
import { PipeError } from './errors.js';

/** A large write is sent in slices of this many bytes … */
export const INPUT_SLICE = 64 * 1024;
/** … of which this many may be unacknowledged. */
export const INPUT_WINDOW = 4;
/**
 * A terminal's keys are sent in small slices, and a write resolves when they are sent: ^C must not wait behind unread
 * input.
 */
export const KEY_SLICE = 1024;
export const KEY_WINDOW = 256;
/** The bytes of ^C and ^\. */
const SIGNAL_KEYS = [3, 28];
/** Small chunks that pile up behind a slow reader are delivered together, up to this many bytes. */
const OUTPUT_BATCH = 64 * 1024;

/** The messages that an input pipe sends. */
export interface InputWire {
  send(bytes: OwnedBytes): void;
  end(): void;
  /** The stream was aborted; if this is missing, an abort counts as an ordinary end. */
  abort?(): void;
}

/**
 * Standard input, or data for a connection: a `WritableStream` whose writes resolve when their bytes are in the
 * process's pipe or, for a terminal, when they are sent.
 */
export class InputPipe {
  readonly stream: WritableStream<Uint8Array>;
  readonly #wire: InputWire;
  /** Its name in messages. */
  readonly #name: string;
  readonly #slice: number;
  readonly #window: number;
  /** How many slices may be unacknowledged when a write resolves. */
  readonly #ahead: number;
  #unanswered = 0;
  /** For a terminal: whether each chunk that is not yet sent contains ^C, and how many do. */
  readonly #marks: boolean[] = [];
  #urgent = 0;
  readonly #terminal: { raw: boolean } | undefined;
  #finished = false;
  #failure: Error | undefined;
  #wake: (() => void) | undefined;

  constructor(wire: InputWire, name = 'stdin', terminal?: { raw: boolean }) {
    this.#wire = wire;
    this.#name = name;
    this.#terminal = terminal;
    this.#slice = terminal ? KEY_SLICE : INPUT_SLICE;
    this.#window = terminal ? KEY_WINDOW : INPUT_WINDOW;
    this.#ahead = terminal ? KEY_WINDOW - 1 : 0;
    // Called at once for each chunk, however many are queued before it.
    const size = (chunk: unknown): number => {
      if (terminal) this.#mark(isUrgent(chunk));
      return ArrayBuffer.isView(chunk) ? chunk.byteLength : 1;
    };
    this.stream = new WritableStream<Uint8Array>(
      {
        // `abort` below is called only after a write in flight has settled, which a guest that does not read can delay
        // forever; the signal fires at once (engines without it rely on `abort`).
        start: (controller) => (controller.signal as AbortSignal | undefined)?.addEventListener('abort', this.#abort),
        write: (chunk) => this.#write(chunk),
        close: this.#finish,
        abort: this.#abort,
      },
      { highWaterMark: INPUT_SLICE, size },
    );
  }

  #mark(urgent: boolean): void {
    this.#marks.push(urgent);
    if (!urgent) return;
    this.#urgent++;
    this.#stir();
  }

  /** The terminal has switched between raw and cooked mode. */
  setRaw(raw: boolean): void {
    this.#terminal!.raw = raw;
    this.#stir();
  }

  /** In cooked mode, input before a ^C ignores the window: the coordinator drops it unread. */
  get #hurries(): boolean {
    return this.#urgent > 0 && !this.#terminal?.raw;
  }

  /** One slice was acknowledged. */
  done(error: ErrorMessage | null): void {
    this.#unanswered--;
    if (error) this.#fail(new PipeError(error.code || 'EPIPE', error.message));
    this.#stir();
  }

  /** The reader is gone; later writes reject with `error`, closing succeeds. */
  gone(error: Error): void {
    this.#finished = true;
    this.#failure ??= error;
    this.#stir();
  }

  async #write(chunk: unknown): Promise<void> {
    if (tagOf(chunk) !== 'Uint8Array') {
      this.#finish();
      throw new TypeError(
        `${this.#name} takes Uint8Array chunks, not ${kindOf(chunk)}: encode text with new TextEncoder()`,
      );
    }
    const bytes = chunk as Uint8Array;
    for (let at = 0; at < bytes.byteLength; at += this.#slice) {
      await this.#until(this.#window - 1);
      this.#unanswered++;
      this.#wire.send(copyOf(bytes, at, at + this.#slice));
    }
    if (this.#marks.shift()) this.#urgent--;
    await this.#until(this.#ahead);
  }

  /** Waits until at most `limit` slices are unacknowledged. */
  async #until(limit: number): Promise<void> {
    for (;;) {
      if (this.#failure) throw this.#failure;
      if (this.#finished) throw new PipeError('EPIPE', `${this.#name} was aborted`);
      if (this.#unanswered <= limit || this.#hurries) return;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  readonly #finish = (): void => this.#finishBy(() => this.#wire.end());

  readonly #abort = (): void => this.#finishBy(() => (this.#wire.abort ?? this.#wire.end)());

  #finishBy(tell: () => void): void {
    if (this.#finished) return;
    this.#finished = true;
    tell();
    this.#stir();
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#finish();
  }

  #stir(): void {
    this.#wake?.();
    this.#wake = undefined;
  }
}

const isUrgent = (chunk: unknown): boolean =>
  tagOf(chunk) === 'Uint8Array' && SIGNAL_KEYS.some((key) => (chunk as Uint8Array).includes(key));

/** The messages that an output pipe sends. */
export interface OutputWire {
  credit(bytes: number): void;
  cancel(): void;
}

export type Controller = ReadableByteStreamController | ReadableStreamDefaultController<Uint8Array>;

/** The source of a `byteStream`. */
export interface ByteSource {
  type?: 'bytes' | undefined;
  start?(controller: Controller): void;
  pull(controller: Controller): Promise<void> | undefined;
  cancel(): Promise<void> | undefined | void;
}

/**
 * A byte stream where the engine supports them (WebKit added them late), so that readers can bring their own buffer. It
 * does not read ahead, and keeps `source` alive.
 */
export function byteStream(source: ByteSource): ReadableStream<Uint8Array> {
  try {
    source.type = 'bytes';
    return new ReadableStream(source as UnderlyingByteSource, { highWaterMark: 0 });
  } catch {
    source.type = undefined;
    return new ReadableStream<Uint8Array>(source as UnderlyingDefaultSource<Uint8Array>, { highWaterMark: 0 });
  }
}

/** Standard output or error, or data from a connection: a `ReadableStream` that buffers at most its credit. */
export class OutputPipe {
  readonly stream: ReadableStream<Uint8Array>;
  readonly #wire: OutputWire;
  /** Credit is granted in portions of this many bytes: a message for each small read would cost more than the read. */
  readonly #portion: number;
  #controller: Controller | undefined;
  #queue: Uint8Array[] = [];
  #taken = 0;
  #ended = false;
  /** How the stream ends after its last byte. */
  #failure: Error | undefined;
  /** Closed, cancelled or failed: later data is dropped. */
  #over = false;
  #wake: (() => void) | undefined;

  constructor(credit: number, wire: OutputWire) {
    this.#wire = wire;
    this.#portion = Math.max(1, Math.floor(credit / 4));
    this.stream = this.#open();
  }

  push(bytes: Uint8Array): void {
    if (this.#over || bytes.byteLength === 0) return;
    this.#queue.push(bytes);
    if (this.#wake) this.#deliver();
  }

  end(failure?: Error): void {
    this.#ended = true;
    this.#failure = failure;
    if (this.#queue.length === 0) this.#close();
  }

  fail(error: Error): void {
    if (this.#over) return;
    this.#over = true;
    this.#queue = [];
    this.#controller?.error(error);
    this.#stir();
  }

  #open(): ReadableStream<Uint8Array> {
    return byteStream({
      start: (controller) => void (this.#controller = controller),
      pull: () => this.#pull(),
      cancel: () => this.#cancel(),
    });
  }

  /** The consumer waits for a chunk. Nothing is delivered before that: only consumed bytes earn new credit. */
  #pull(): Promise<void> | undefined {
    if (this.#queue.length > 0) {
      this.#deliver();
      return undefined;
    }
    return new Promise((resolve) => (this.#wake = resolve));
  }

  #deliver(): void {
    const chunk = this.#takeBatch();
    this.#grant(chunk.byteLength);
    this.#controller?.enqueue(chunk as OwnedBytes);
    if (this.#ended && this.#queue.length === 0) this.#close();
    this.#stir();
  }

  #takeBatch(): Uint8Array {
    let count = 0;
    let bytes = 0;
    for (const chunk of this.#queue) {
      bytes += chunk.byteLength;
      if (count > 0 && bytes > OUTPUT_BATCH) break;
      count++;
    }
    return concat(this.#queue.splice(0, count));
  }

  #grant(bytes: number): void {
    this.#taken += bytes;
    if (this.#ended || this.#taken < this.#portion) return;
    this.#wire.credit(this.#taken);
    this.#taken = 0;
  }

  #close(): void {
    if (this.#over) return;
    if (this.#failure) return this.fail(this.#failure);
    this.#over = true;
    this.#controller?.close();
    // A reader that brought its own buffer learns of the end only from a response to its request.
    if (this.#controller && 'byobRequest' in this.#controller) this.#controller.byobRequest?.respond(0);
    this.#stir();
  }

  #cancel(): void {
    this.#over = true;
    this.#queue = [];
    if (!this.#ended) this.#wire.cancel();
  }

  #stir(): void {
    this.#wake?.();
    this.#wake = undefined;
  }
}

/** A standard input without a reader: closing succeeds, writing fails. */
export const closedInput = (): WritableStream<Uint8Array> =>
  new WritableStream<Uint8Array>({
    write: () => Promise.reject(new PipeError('EPIPE', 'this process was not started with stdin: "pipe"')),
  });
