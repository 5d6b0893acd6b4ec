/**
 * The page's ends of a process's standard streams. Neither end grows with a slow other side: input has a window of
 * unanswered slices, output a credit of bytes that the page is willing to hold.
 */
import { copyOf, concat, describe, tagOf, type OwnedBytes } from './bytes.js';
import { PipeError } from './errors.js';
import type { ErrorMessage } from './protocol.js';

/** A large write travels in slices of this many bytes … */
export const INPUT_SLICE = 64 * 1024;
/** … of which this many may be unanswered. */
export const INPUT_WINDOW = 4;
/** A terminal's keys travel in small slices, and a write is done when they are on their way: ^C must not wait for what nobody reads. */
export const KEY_SLICE = 1024;
export const KEY_WINDOW = 256;
/** What ^C and ^\ are among them. */
const SIGNAL_KEYS = [3, 28];
/** Small chunks that pile up behind a slow reader are handed over together, up to this many bytes. */
const OUTPUT_BATCH = 64 * 1024;

/** What an input pipe sends. */
export interface InputWire {
  send(bytes: OwnedBytes): void;
  end(): void;
  /** The stream was aborted; without it that is an end like any other. */
  abort?(): void;
}

/**
 * Standard input, or what is sent to a connection: a `WritableStream` whose writes finish when their bytes are in the process's pipe; those of a
 * terminal, when they are sent.
 */
export class InputPipe {
  readonly stream: WritableStream<Uint8Array>;
  readonly #wire: InputWire;
  /** What it is called in messages. */
  readonly #name: string;
  readonly #slice: number;
  readonly #window: number;
  /** How many slices may be unanswered when a write is done. */
  readonly #ahead: number;
  #unanswered = 0;
  /** Of a terminal: of each chunk that is not sent yet, whether it has ^C in it; and how many have. */
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
    // Called at once for each chunk, however many are before it.
    const size = (chunk: unknown): number => {
      if (terminal) this.#mark(isUrgent(chunk));
      return ArrayBuffer.isView(chunk) ? chunk.byteLength : 1;
    };
    this.stream = new WritableStream<Uint8Array>(
      {
        // `abort` below is called only after a write in flight has settled, which a guest that does not read can
        // delay for ever; the signal comes at once (engines without it make do with `abort`).
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

  /** The terminal takes keys in another way now. */
  setRaw(raw: boolean): void {
    this.#terminal!.raw = raw;
    this.#stir();
  }

  /** Before a ^C of a terminal that is not raw nothing has a window: the coordinator drops that unread. */
  get #hurries(): boolean {
    return this.#urgent > 0 && !this.#terminal?.raw;
  }

  /** One slice was answered. */
  done(error: ErrorMessage | null): void {
    this.#unanswered--;
    if (error) this.#fail(new PipeError(error.code || 'EPIPE', error.message));
    this.#stir();
  }

  /** Nobody reads any more; writes from now on are rejected with `error`, closing is fine. */
  gone(error: Error): void {
    this.#finished = true;
    this.#failure ??= error;
    this.#stir();
  }

  async #write(chunk: unknown): Promise<void> {
    if (tagOf(chunk) !== 'Uint8Array') {
      this.#finish();
      throw new TypeError(
        `${this.#name} takes Uint8Array chunks, not ${describe(chunk)}: encode text with new TextEncoder()`,
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

  /** Waits until at most `limit` slices are unanswered. */
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

/** What an output pipe sends. */
export interface OutputWire {
  credit(bytes: number): void;
  cancel(): void;
}

export type Controller = ReadableByteStreamController | ReadableStreamDefaultController<Uint8Array>;

/** What a `byteStream` reads from. */
export interface ByteSource {
  type?: 'bytes' | undefined;
  start?(controller: Controller): void;
  pull(controller: Controller): Promise<void> | undefined;
  cancel(): Promise<void> | undefined | void;
}

/**
 * A byte stream, so that a reader can bring its own buffer, where the engine has them (WebKit got them late). It reads nothing ahead, and keeps
 * `source` alive.
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

/** Standard output or error, or what a connection brings: a `ReadableStream` that holds at most its credit. */
export class OutputPipe {
  readonly stream: ReadableStream<Uint8Array>;
  readonly #wire: OutputWire;
  /** Credit is granted in portions of this many bytes: a message for each small read would cost more than the read. */
  readonly #portion: number;
  #controller: Controller | undefined;
  #queue: Uint8Array[] = [];
  #taken = 0;
  #ended = false;
  /** What it ends with, after its last byte. */
  #failure: Error | undefined;
  /** Closed, cancelled or failed: what still comes is dropped. */
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

  /** The consumer waits for a chunk. Nothing is delivered ahead of that: only what was taken earns new credit. */
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
    // A reader that brought its own buffer is told of the end only by an answer to its request.
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

/** A standard input that nobody reads: closing is fine, writing is not. */
export const closedInput = (): WritableStream<Uint8Array> =>
  new WritableStream<Uint8Array>({
    write: () => Promise.reject(new PipeError('EPIPE', 'this process was not started with stdin: "pipe"')),
  });
