/** The page's ends of connections, and the ports that it listens on. */
import { deferred } from './deferred.js';
import { PipeError, SocketError } from './errors.js';
import type { ErrorMessage, ToCoordinator } from './protocol.js';
import { InputPipe, OutputPipe } from './streams.js';

/**
 * One end of a connection. The two directions end one by one: closing `writable` is the other end's end of file, and
 * `readable` ends when the other end will send no more.
 */
export interface Connection {
  /**
   * What the other end sends; each chunk is the reader's own. Ends after the last byte, or fails with `SocketError`
   * (ECONNRESET) when the other end was closed and bytes were lost by that. While nobody reads, at most `buffer` bytes
   * (and 64 KiB in the kernel) are held, and the other end waits. After `cancel()` the other end's writes fail with EPIPE.
   */
  readonly readable: ReadableStream<Uint8Array>;
  /**
   * Takes bytes (copied). A write finishes when its bytes are on their way, of which there may be 64 KiB; awaiting writes
   * is all the backpressure there is. It is rejected with `PipeError` (EPIPE) when the other end does not read any more.
   * `close()` is the other end's end of file, `abort()` its error (ECONNRESET).
   */
  readonly writable: WritableStream<Uint8Array>;
  /** Resolves when both directions are over. Rejects only when the runtime ends first: `Closed` or `Fatal`. */
  readonly closed: Promise<void>;
}

/** Options of `hf.connect()`, and of accepting. */
export interface ConnectOptions {
  /** Gives up when aborted; once connected, breaks the connection. */
  signal?: AbortSignal;
  /** Bytes that the page holds for a reader before the other end has to wait. Default: 1 MiB. */
  buffer?: number;
}

/** Options of `hf.listen()`. */
export interface ListenOptions {
  /** Gives up when aborted; once it listens, closes the port. */
  signal?: AbortSignal;
}

/** A port that the page listens on. Iterating over it gives connections until it is closed; leaving the loop closes it. */
export interface Listener extends AsyncIterable<Connection> {
  /** The port that it listens on. */
  readonly port: number;
  /** The next connection. Rejects with `SocketError` (ECONNABORTED) when the port is closed. */
  accept(options?: ConnectOptions): Promise<Connection>;
  /** Refuses further connections, and breaks those that were not accepted. Does nothing when it was closed already. */
  close(): void;
}

type Post = (message: ToCoordinator, transfer?: Transferable[]) => void;

/** The only output that a connection has. */
const OUTPUT = 1;

export class ConnectionEnd implements Connection {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
  readonly closed: Promise<void>;
  /** Resolves when it is connected. */
  readonly opened: Promise<void>;
  readonly #post: Post;
  readonly #id: number;
  readonly #input: InputPipe;
  readonly #output: OutputPipe;
  readonly #opened = deferred<void>();
  readonly #closed = deferred<void>();
  readonly #signal: AbortSignal | undefined;
  /** What is not over yet. */
  readonly #awaited = new Set<'connected' | 'input' | 'output'>(['connected', 'input', 'output']);

  /** `ask` is `connect` or `accept`. */
  constructor(id: number, credit: number, signal: AbortSignal | undefined, ask: ToCoordinator, post: Post) {
    this.#id = id;
    this.#post = post;
    this.#signal = signal;
    this.#input = new InputPipe(
      {
        send: (bytes) => post({ t: 'stdin', id, bytes }, [bytes.buffer]),
        end: () => this.#endInput({ t: 'stdin-end', id }),
        abort: () => this.#endInput({ t: 'abort', id }),
      },
      'the connection',
    );
    this.#output = new OutputPipe(credit, {
      credit: (bytes) => post({ t: 'credit', id, fd: OUTPUT, bytes }),
      cancel: () => post({ t: 'cancel', id, fd: OUTPUT }),
    });
    this.readable = this.#output.stream;
    this.writable = this.#input.stream;
    this.opened = this.#opened.promise;
    this.closed = this.#closed.promise;
    signal?.addEventListener('abort', this.#onAbort);
    post(ask);
  }

  onConnected(error: ErrorMessage | null): void {
    if (error) return this.#finish(new SocketError(error.code, error.message));
    this.#over('connected');
    this.#opened.resolve();
  }

  onInputDone(error: ErrorMessage | null): void {
    this.#input.done(error);
  }

  onInputGone(): void {
    this.#input.gone(new PipeError('EPIPE', 'the other end of the connection does not read any more'));
    this.#over('input');
  }

  onOutput(bytes: Uint8Array): void {
    this.#output.push(bytes);
  }

  onEnd(error: ErrorMessage | undefined): void {
    this.#output.end(error && new SocketError(error.code, error.message));
    this.#over('output');
  }

  onRuntimeGone(error: Error): void {
    this.#finish(error);
  }

  #endInput(message: ToCoordinator): void {
    this.#post(message);
    this.#over('input');
  }

  #over(what: 'connected' | 'input' | 'output'): void {
    this.#awaited.delete(what);
    if (this.#awaited.size > 0) return;
    this.#signal?.removeEventListener('abort', this.#onAbort);
    this.#closed.resolve();
  }

  /** It was never connected, or the runtime ended: everything fails with `error`. */
  #finish(error: unknown): void {
    const failure = error instanceof Error ? error : new SocketError('ECONNABORTED', 'the connection was given up');
    this.#awaited.clear();
    this.#signal?.removeEventListener('abort', this.#onAbort);
    this.#input.gone(failure);
    this.#output.fail(failure);
    this.#opened.reject(error);
    this.#closed.reject(error);
  }

  readonly #onAbort = (): void => {
    const reason: unknown = this.#signal?.reason;
    this.#post({ t: 'abort', id: this.#id });
    this.#post({ t: 'cancel', id: this.#id, fd: OUTPUT }); // also when the word that it is connected is still under way
    if (this.#awaited.has('connected')) return this.#finish(reason);
    const failure = reason instanceof Error ? reason : new SocketError('ECONNABORTED', 'the connection was broken off');
    this.#input.gone(failure);
    this.#output.fail(failure);
    this.#over('input');
  };
}

/** What a listener needs of the runtime. */
export interface ListenerWire {
  accept(options: ConnectOptions | undefined): Promise<Connection>;
  close(): void;
}

export class ListenerEnd implements Listener {
  readonly port: number;
  readonly #wire: ListenerWire;
  readonly #signal: AbortSignal | undefined;
  #closed = false;

  constructor(port: number, wire: ListenerWire, signal: AbortSignal | undefined) {
    this.port = port;
    this.#wire = wire;
    this.#signal = signal;
    signal?.addEventListener('abort', this.#onAbort);
    if (signal?.aborted) this.close();
  }

  accept(options?: ConnectOptions): Promise<Connection> {
    if (this.#closed) return Promise.reject(new SocketError('ECONNABORTED', `port ${this.port} was closed`));
    return this.#wire.accept(options);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#signal?.removeEventListener('abort', this.#onAbort);
    this.#wire.close();
  }

  readonly #onAbort = (): void => this.close();

  async *[Symbol.asyncIterator](): AsyncGenerator<Connection, void, undefined> {
    try {
      while (!this.#closed) yield await this.accept();
    } catch (error) {
      if (!(this.#closed && error instanceof SocketError)) throw error;
    } finally {
      this.close();
    }
  }
}
