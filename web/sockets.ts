/**
 * The page's ends of connections, and the ports on which it listens. This file is loaded with the first of them;
 * classes that must be identical here and in the script that loads it are passed in `SocketWire`.
 */
import { PORT_HTTP } from '../build/generated/layouts.js';
import { toTransfer } from '../common/endpoint.js';
import type { Calls, ErrorMessage, FromCoordinator, ToCoordinator } from '../common/protocol.js';
import { abortSignal, helped, nothingMore, object, portNumber } from './check.js';
import { offAbort, onAbort } from './aborts.js';
import { deferred } from './deferred.js';
import type { PipeError, SocketError } from './errors.js';
import { planConnect } from './options.js';
import type { InputPipe, OutputPipe } from './streams.js';

/**
 * One end of a connection. The two directions end separately: closing `writable` sends end of file to the other end,
 * and `readable` ends when the other end will send no more.
 */
export interface Connection {
  /**
   * The bytes from the other end; the reader owns each chunk. Ends after the last byte, or fails with `SocketError`
   * (ECONNRESET) if the other end was closed and bytes were lost.
   *
   * While the page does not read, at most `buffer` bytes (and 64 KiB in the kernel) are buffered, and then the other
   * end waits. After `cancel()` the other end's writes fail with EPIPE.
   */
  readonly readable: ReadableStream<Uint8Array>;
  /**
   * Sends bytes (copied). A write resolves when its bytes are sent, of which up to 64 KiB may be in transit, so await
   * writes for backpressure. It rejects with `PipeError` (EPIPE) when the other end no longer reads. `close()` sends
   * end of file, `abort()` an error (ECONNRESET).
   */
  readonly writable: WritableStream<Uint8Array>;
  /** Resolves when both directions have ended. Rejects only with `Closed` or `Fatal`, when the runtime ends first. */
  readonly closed: Promise<void>;
}

/** Options of `hf.connect()` and `listener.accept()`. */
export interface ConnectOptions {
  /**
   * Cancels the attempt when aborted: the call rejects with the signal's reason. Once connected, an abort breaks the
   * connection.
   */
  signal?: AbortSignal;
  /** Bytes that the page buffers before the other end must wait. Default: 1 MiB. */
  buffer?: number;
}

/** Options of `hf.listen()`. */
export interface ListenOptions {
  /**
   * Cancels the attempt when aborted: the call rejects with the signal's reason. Once listening, an abort closes the
   * port.
   */
  signal?: AbortSignal;
}

/**
 * A port on which the page listens. Iterating over it accepts connections until it is closed; leaving the loop closes
 * it.
 *
 * @example
 * for await (const connection of listener) void connection.readable.pipeTo(connection.writable);
 */
export interface Listener extends AsyncIterable<Connection> {
  /** The port number. */
  readonly port: number;
  /**
   * Waits for the next connection.
   *
   * @param options - An abort signal, and the size of the read buffer in bytes.
   * @returns The page's end of the connection.
   * @throws `SocketError` with the code "ECONNABORTED" when the port is closed.
   * @throws The signal's reason when aborted.
   */
  accept(options?: ConnectOptions): Promise<Connection>;
  /**
   * Closes the port: refuses further connections, and breaks those that were not accepted. Does nothing when already
   * closed.
   */
  close(): void;
}

/** What the sockets need from the runtime. */
export interface SocketWire {
  /** Loads the coordinator's part. Call this before the first message about a connection or a listener. */
  load(): Promise<unknown>;
  post(message: ToCoordinator, transfer?: ArrayBuffer[]): void;
  ask(
    name: 'listen',
    question: Calls['listen'][0],
    toError: (error: ErrorMessage) => Error,
  ): Promise<Calls['listen'][1]>;
  /** A number for a connection, which no process uses either. */
  newId(): number;
  requireOpen(signal: AbortSignal | undefined): void;
  InputPipe: typeof InputPipe;
  OutputPipe: typeof OutputPipe;
  PipeError: typeof PipeError;
  SocketError: typeof SocketError;
}

/** All sockets of a runtime. */
export class Sockets {
  readonly #wire: SocketWire;
  readonly #connections = new Map<number, ConnectionEnd>();
  #lastListener = 0;
  /** Whether the coordinator's part is loaded. */
  #loaded = false;

  constructor(wire: SocketWire) {
    this.#wire = wire;
  }

  async connect(port: number, options: ConnectOptions = {}): Promise<Connection> {
    const to = portNumber(port, 'port', 1);
    return this.#open(options, (id, credit) => ({ t: 'connect', id, port: to, credit }));
  }

  listen(port = 0, options: ListenOptions = {}): Promise<Listener> {
    return helped(() => this.#listen(port, options));
  }

  /** Listens on a port that only a component reaches, by HTTP. */
  listenForHttp(): Promise<ListenerEnd> {
    return this.#bind(PORT_HTTP);
  }

  async #listen(port: number, options: ListenOptions): Promise<Listener> {
    const wanted = portNumber(port, 'port', 0);
    const { signal: given, ...rest } = object(options, 'listen options');
    nothingMore('listen', rest);
    return this.#bind(wanted, abortSignal(given));
  }

  async #bind(wanted: number, signal?: AbortSignal): Promise<ListenerEnd> {
    const wire = this.#wire;
    if (!this.#loaded) await this.#load(signal);
    wire.requireOpen(signal);
    const listener = ++this.#lastListener;
    const toError = ({ code, message }: ErrorMessage): Error => new wire.SocketError(code, message);
    const bound = await wire.ask('listen', { listener, port: wanted }, toError);
    const end = new ListenerEnd(
      bound,
      {
        accept: (how = {}) => this.#open(how, (id, credit) => ({ t: 'accept', id, listener, credit })),
        close: () => wire.post({ t: 'listen-end', listener }),
        SocketError: wire.SocketError,
      },
      signal,
    );
    signal?.throwIfAborted();
    return end;
  }

  /** Loads the coordinator's part. Later calls do not even await a promise, so that an accept() is sent before a close() that follows it. */
  async #load(signal: AbortSignal | undefined): Promise<void> {
    this.#wire.requireOpen(signal);
    await this.#wire.load();
    this.#loaded = true;
  }

  #open(options: ConnectOptions, ask: (id: number, credit: number) => ToCoordinator): Promise<ConnectionEnd> {
    return helped(() => this.#openWith(planConnect(options), ask));
  }

  async #openWith(
    { credit, signal }: ReturnType<typeof planConnect>,
    ask: (id: number, credit: number) => ToCoordinator,
  ): Promise<ConnectionEnd> {
    if (!this.#loaded) await this.#load(signal);
    this.#wire.requireOpen(signal);
    const id = this.#wire.newId();
    const connection = new ConnectionEnd(id, credit, signal, ask(id, credit), this.#wire);
    this.#connections.set(id, connection);
    const forget = (): void => void this.#connections.delete(id);
    connection.closed.then(forget, forget);
    await connection.opened;
    return connection;
  }

  /** Returns false if the message does not concern a connection. */
  receive(message: Extract<FromCoordinator, { id: number }>): boolean {
    const connection = this.#connections.get(message.id);
    if (!connection) return false;
    switch (message.t) {
      case 'connected':
        connection.onConnected(message.error);
        break;
      case 'stdin-done':
        connection.onInputDone(message.error);
        break;
      case 'output':
        connection.onOutput(message.bytes);
        break;
      case 'end':
        connection.onEnd(message.error);
        break;
      case 'input-gone':
        connection.onInputGone();
        break;
    }
    return true;
  }

  onRuntimeGone(error: Error): void {
    for (const connection of this.#connections.values()) connection.onRuntimeGone(error);
    this.#connections.clear();
  }
}

/** A connection's only output. */
const OUTPUT = 1;

export class ConnectionEnd implements Connection {
  static readonly name = 'Connection';
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
  readonly closed: Promise<void>;
  /** Resolves when it is connected. */
  readonly opened: Promise<void>;
  readonly #wire: SocketWire;
  readonly #id: number;
  readonly #input: InputPipe;
  readonly #output: OutputPipe;
  readonly #opened = deferred<void>();
  readonly #closed = deferred<void>();
  readonly #signal: AbortSignal | undefined;
  /** What has not finished yet. */
  readonly #awaited = new Set<'connected' | 'input' | 'output'>(['connected', 'input', 'output']);

  /** `ask` is `connect` or `accept`. */
  constructor(id: number, credit: number, signal: AbortSignal | undefined, ask: ToCoordinator, wire: SocketWire) {
    const { post } = wire;
    this.#id = id;
    this.#wire = wire;
    this.#signal = signal;
    this.#input = new wire.InputPipe(
      {
        send: (bytes) => post({ t: 'stdin', id, bytes }, toTransfer(bytes)),
        end: () => this.#endInput({ t: 'stdin-end', id }),
        abort: () => this.#endInput({ t: 'abort', id }),
      },
      'the connection',
    );
    this.#output = new wire.OutputPipe(credit, {
      credit: (bytes) => post({ t: 'credit', id, fd: OUTPUT, bytes }),
      cancel: () => post({ t: 'cancel', id, fd: OUTPUT }),
    });
    this.readable = this.#output.stream;
    this.writable = this.#input.stream;
    this.opened = this.#opened.promise;
    this.closed = this.#closed.promise;
    onAbort(signal, this.#abort);
    post(ask);
  }

  onConnected(error: ErrorMessage | null): void {
    if (error) return this.#finish(this.#inWords(error));
    this.#over('connected');
    this.#opened.resolve();
  }

  onInputDone(error: ErrorMessage | null): void {
    this.#input.done(error);
  }

  onInputGone(): void {
    this.#input.gone(new this.#wire.PipeError('EPIPE', 'the other end of the connection no longer reads'));
    this.#over('input');
  }

  onOutput(bytes: Uint8Array): void {
    this.#output.push(bytes);
  }

  onEnd(error: ErrorMessage | undefined): void {
    this.#output.end(error && this.#inWords(error));
    this.#over('output');
  }

  onRuntimeGone(error: Error): void {
    this.#finish(error);
  }

  #inWords({ code, message }: ErrorMessage): Error {
    return new this.#wire.SocketError(code, message);
  }

  #failure(reason: unknown, message: string): Error {
    return reason instanceof Error ? reason : this.#inWords({ code: 'ECONNABORTED', message });
  }

  #endInput(message: ToCoordinator): void {
    this.#wire.post(message);
    this.#over('input');
  }

  /** Breaks the writing side: the other end reads this error. */
  fail(errno: number): void {
    this.#endInput({ t: 'abort', id: this.#id, errno });
    this.#input.gone(this.#inWords({ code: '', message: 'the connection was broken' }));
  }

  #over(what: 'connected' | 'input' | 'output'): void {
    this.#awaited.delete(what);
    if (this.#awaited.size > 0) return;
    offAbort(this.#signal, this.#abort);
    this.#closed.resolve();
  }

  /** It was never connected, or the runtime ended: fails everything with `error`. */
  #finish(error: unknown): void {
    const failure = this.#failure(error, 'the connection was cancelled');
    this.#awaited.clear();
    offAbort(this.#signal, this.#abort);
    this.#input.gone(failure);
    this.#output.fail(failure);
    this.#opened.reject(error);
    this.#closed.reject(error);
  }

  readonly #abort = (): void => {
    const reason: unknown = this.#signal?.reason;
    const { post } = this.#wire;
    post({ t: 'abort', id: this.#id });
    post({ t: 'cancel', id: this.#id, fd: OUTPUT }); // also if `connected` is still in transit
    if (this.#awaited.has('connected')) return this.#finish(reason);
    const failure = this.#failure(reason, 'the connection was aborted');
    this.#input.gone(failure);
    this.#output.fail(failure);
    this.#over('input');
  };
}

/** What a listener needs from the runtime. */
export interface ListenerWire {
  accept(options: ConnectOptions | undefined): Promise<ConnectionEnd>;
  close(): void;
  SocketError: typeof SocketError;
}

export class ListenerEnd implements Listener {
  static readonly name = 'Listener';
  readonly port: number;
  readonly #wire: ListenerWire;
  readonly #signal: AbortSignal | undefined;
  #closed = false;

  constructor(port: number, wire: ListenerWire, signal: AbortSignal | undefined) {
    this.port = port;
    this.#wire = wire;
    this.#signal = signal;
    onAbort(signal, this.#abort);
    if (signal?.aborted) this.close();
  }

  accept(options?: ConnectOptions): Promise<ConnectionEnd> {
    if (this.#closed) return Promise.reject(new this.#wire.SocketError('ECONNABORTED', `port ${this.port} was closed`));
    return this.#wire.accept(options);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    offAbort(this.#signal, this.#abort);
    this.#wire.close();
  }

  readonly #abort = (): void => this.close();

  async *[Symbol.asyncIterator](): AsyncGenerator<Connection, void, undefined> {
    try {
      while (!this.#closed) yield await this.accept();
    } catch (error) {
      if (!(this.#closed && error instanceof this.#wire.SocketError)) throw error;
    } finally {
      this.close();
    }
  }
}
