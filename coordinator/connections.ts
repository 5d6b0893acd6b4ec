/** The page's connections and listening ports. The kernel's half is connection.c. It is part of the file files.ts. */
import {
  ERRNO_ECONNABORTED,
  ERRNO_ECONNRESET,
  ERRNO_ENOMEM,
  SOCKET_STATS_ENDS,
  SOCKET_STATS_LENGTH,
  SOCKET_STATS_LISTENERS,
  type SocketStats,
} from '../build/generated/layouts.ts';
import { toTransfer } from '../common/endpoint.ts';
import { NULL, toPointer, type Pointer, type WasmPointer } from '../common/pointer.ts';
import { portError } from '../common/port-errors.ts';
import type { ErrorMessage, StatsMessage, StreamFd } from '../common/protocol.ts';
import type { Channel, ChannelMessage, Post } from './channel.ts';
import { Input } from './input.ts';
import type { Kernel, SystemError } from './kernel.ts';

const EPIPE = { code: 'EPIPE', message: 'the other end of the connection no longer reads' };
const OUTPUT = 1;

const socketError = (kernel: Kernel, errno: number, port: number): SystemError =>
  kernel.error(errno, portError(errno, port));

const inWords = ({ code, errno, message }: SystemError): ErrorMessage => ({ code, errno, message });

class Connection implements Channel {
  /** The kernel's connection; NULL once it is over. */
  #pointer = NULL;
  #opened = false;
  readonly #input: Input;

  readonly #id: number;
  readonly #kernel: Kernel;
  readonly #post: Post;
  readonly #forget: () => void;

  constructor(
    id: number,
    readonly port: number,
    kernel: Kernel,
    post: Post,
    /** Called when the connection was given up. */
    forget: () => void,
  ) {
    this.#id = id;
    this.#kernel = kernel;
    this.#post = post;
    this.#forget = forget;
    this.#input = new Input(
      kernel,
      {
        open: () => this.#opened && this.#pointer !== NULL,
        feed: (bytes, size) => kernel.call.c_connection_feed(this.#pointer, bytes, size),
        end: () => void kernel.call.c_connection_feed_end(this.#pointer, 0),
        done: (error) => post({ t: 'stdin-done', id, error }),
      },
      EPIPE,
    );
  }

  ask(pointer: Pointer): void {
    this.#pointer = pointer;
    this.#kernel.call.c_connection_ask(pointer);
  }

  /** Called with the kernel's answer to `ask`. */
  asked(result: number): void {
    this.#opened = result === 0;
    if (!this.#opened) this.#pointer = NULL;
    const error = this.#opened ? null : inWords(socketError(this.#kernel, -result, this.port));
    this.#post({ t: 'connected', id: this.#id, error });
  }

  handle(message: ChannelMessage): void {
    switch (message.t) {
      case 'stdin':
        this.#input.write(message.bytes);
        if (!this.#pointer) this.#input.fail();
        break;
      case 'stdin-end':
        this.#input.end();
        break;
      case 'credit':
        if (this.#pointer) this.#kernel.call.c_connection_credit(this.#pointer, message.bytes);
        break;
      case 'cancel':
        if (this.#pointer) this.#kernel.call.c_connection_cancel(this.#pointer);
        break;
      case 'abort':
      case 'kill':
        this.#abort((message as { errno?: number }).errno);
        break;
    }
  }

  pumpInput(): void {
    this.#input.pump();
  }

  inputGone(): void {
    this.#input.fail();
    this.#post({ t: 'input-gone', id: this.#id });
  }

  output(_fd: StreamFd, bytes: Uint8Array<ArrayBuffer>): void {
    this.#post({ t: 'output', id: this.#id, fd: OUTPUT, bytes }, toTransfer(bytes));
  }

  outputEnd(_fd: StreamFd, result: number): void {
    const error = result < 0 ? { code: 'ECONNRESET', message: 'the other end reset the connection' } : null;
    this.#post({ t: 'end', id: this.#id, fd: OUTPUT, ...(error ? { error } : {}) });
  }

  /** Breaks the writing side, or gives up a connection that is not open yet. */
  #abort(errno = ERRNO_ECONNRESET): void {
    if (this.#pointer) {
      this.#input.fail();
      if (this.#opened) {
        this.#kernel.call.c_connection_feed_end(this.#pointer, errno);
        return;
      }
      this.#kernel.call.c_connection_withdraw(this.#pointer);
      this.#pointer = NULL;
    }
    this.#forget();
  }

  over(): void {
    this.#pointer = NULL;
    this.#input.fail();
  }
}

export class Connections {
  /** The kernel's pointer and the port of each listener, by the page's number. */
  readonly #listeners = new Map<number, { pointer: Pointer; port: number }>();

  readonly #kernel: Kernel;
  readonly #channels: Map<number, Channel>;
  readonly #post: Post;

  constructor(kernel: Kernel, channels: Map<number, Channel>, post: Post) {
    this.#kernel = kernel;
    this.#channels = channels;
    this.#post = post;
  }

  get(id: number): Connection | undefined {
    const channel = this.#channels.get(id);
    return channel instanceof Connection ? channel : undefined;
  }

  connect(id: number, port: number, credit: number): void {
    this.#begin(id, port, () => this.#kernel.call.c_connect(id, port, credit));
  }

  accept(id: number, listener: number, credit: number): void {
    const from = this.#listeners.get(listener);
    if (from) this.#begin(id, from.port, () => this.#kernel.call.c_accept(id, from.pointer, credit));
    else this.#post({ t: 'connected', id, error: inWords(socketError(this.#kernel, ERRNO_ECONNABORTED, 0)) });
  }

  #begin(id: number, port: number, make: () => WasmPointer): void {
    const connection = new Connection(id, port, this.#kernel, this.#post, () => this.#channels.delete(id));
    this.#channels.set(id, connection);
    const pointer = toPointer(make());
    if (pointer) connection.ask(pointer);
    else this.asked(id, -ERRNO_ENOMEM);
  }

  asked(id: number, result: number): void {
    this.get(id)?.asked(result);
    if (result < 0) this.#channels.delete(id);
  }

  over(id: number): void {
    this.get(id)?.over();
    this.#channels.delete(id);
  }

  /** Listens on `port` (0: any free port) and returns its number. Throws `SystemError`. */
  listen(listener: number, port: number): number {
    const kernel = this.#kernel;
    const pointer = toPointer(kernel.call.c_listen(port, kernel.data));
    const answer = kernel.words<[number]>(kernel.data, 1)[0];
    if (!pointer) throw socketError(kernel, -answer, port);
    this.#listeners.set(listener, { pointer, port: answer });
    return answer;
  }

  listenEnd(listener: number): void {
    const from = this.#listeners.get(listener);
    if (from) this.#kernel.call.c_listen_end(from.pointer);
    this.#listeners.delete(listener);
  }
}

export function socketStats(kernel: Kernel): StatsMessage['sockets'] {
  kernel.call.c_socket_stats(kernel.data);
  const stats = kernel.numbers<SocketStats>(kernel.data, SOCKET_STATS_LENGTH);
  return { connections: Math.ceil(stats[SOCKET_STATS_ENDS] / 2), listeners: stats[SOCKET_STATS_LISTENERS] };
}
