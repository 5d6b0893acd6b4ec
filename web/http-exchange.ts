/** One HTTP request of a component or to it, with its response: an exchange, and the body that the component sends. Part of http.js. */
import { ERRNO_ECONNRESET, ERRNO_ETIMEDOUT, HTTP_FINISH } from '../build/generated/layouts.js';
import { LONGEST_TIMER } from '../common/timers.js';
import { tagOf, wrong } from './bytes.js';
import { deferred } from './deferred.js';
import { failureOf } from './http-errors.js';
import type { Incoming, Message } from './http-message.js';
import type { ConnectionEnd } from './sockets.js';

/** Settles like the promise, or rejects with the error that `late` returns after this many milliseconds. 0: no limit. */
export async function limited<T>(promise: Promise<T>, milliseconds: number, late: () => Error): Promise<T> {
  if (milliseconds === 0 || milliseconds > LONGEST_TIMER) return promise;
  const over = deferred<never>();
  const timer = setTimeout(() => over.reject(late()), milliseconds);
  try {
    return await Promise.race([promise, over.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** A body that a component sends. */
export class Upload {
  readonly #complete = deferred<void>();

  constructor(private readonly incoming: Incoming) {}

  /** Called when the body is complete, or with the reason why it never will be. The end of the connection shows neither. */
  settle(failure: unknown): void {
    if (failure) this.#complete.reject(failure);
    else this.#complete.resolve();
  }

  get stream(): ReadableStream<Uint8Array<ArrayBuffer>> {
    return new ReadableStream(
      {
        pull: async (controller) => {
          const chunk = await this.incoming.chunk();
          if (chunk) return controller.enqueue(chunk as Uint8Array<ArrayBuffer>);
          await this.#complete.promise;
          controller.close();
        },
        cancel: () => this.cancel(),
      },
      { highWaterMark: 0 },
    );
  }

  /** The component's writes fail from now on. */
  cancel(): void {
    this.incoming.cancel();
  }
}

/** The bytes of a body whose connection may not be accepted yet. */
export function streamOf(upload: Promise<Upload>): ReadableStream<Uint8Array<ArrayBuffer>> {
  const { readable, writable } = new TransformStream<Uint8Array<ArrayBuffer>>();
  upload
    .then(({ stream }) => stream.pipeTo(writable))
    .catch((error: unknown) => writable.abort(error).catch(() => undefined));
  return readable;
}

/** A read of a chunk. Node's types have no ReadableStreamReadResult. */
type Reading = ReturnType<ReadableStreamDefaultReader<Uint8Array>['read']>;

/** The reason with which a body is cancelled whose component no longer receives it. */
const LEFT = 'the component no longer reads the body';

/** A page may make a body of anything. Throws `TypeError`: the connection would end as if the body were complete. */
function chunkOf(value: unknown): Uint8Array {
  if (tagOf(value) !== 'Uint8Array') throw wrong('a chunk of a body', 'a Uint8Array', value);
  return value as Uint8Array;
}

/** A connection on which a component sends messages, and gets one message and a body. */
export class Exchange {
  /** Aborted when the component no longer receives, and when it has ended. */
  readonly left: AbortSignal;
  readonly #left = new AbortController();
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;

  constructor(
    private readonly connection: ConnectionEnd,
    private readonly incoming: Incoming,
  ) {
    this.left = this.#left.signal;
    this.#writer = connection.writable.getWriter();
    this.#writer.closed.catch(() => this.#left.abort());
  }

  /** Call this when the component has ended, which its connection does not always show. */
  leave(): void {
    this.#left.abort();
  }

  /** Resolves to null when the connection has ended. */
  message(): Promise<Message | null> {
    return this.incoming.message();
  }

  /** Receives what the component reports about the body that it sends, until the connection ends. `incomplete`: why the body has not become complete, after this message. */
  async watch(upload: Promise<Upload> | undefined, incomplete: (last: Message | null) => unknown): Promise<void> {
    let message = await this.message();
    const failure = message?.kind === HTTP_FINISH ? undefined : await incomplete(message);
    upload?.then((body) => body.settle(failure)).catch(() => undefined);
    while (message) message = await this.message();
    this.#left.abort();
  }

  /**
   * Sends the message, and then the body. If that fails, so do the component's reads; the body is then cancelled, and also when the component has
   * left, even if no chunk comes any more. Rejects only if the body is locked. `next`: reads a chunk.
   */
  async send(
    message: Uint8Array,
    body: ReadableStream<Uint8Array> | null = null,
    next: (read: Reading) => Reading = (read) => read,
  ): Promise<void> {
    const reader = body?.getReader();
    const left = (): void => void reader?.cancel(new Error(LEFT)).catch(() => undefined);
    this.left.addEventListener('abort', left);
    if (this.left.aborted) left();
    try {
      await this.#writer.write(message);
      while (reader) {
        const { done, value } = await next(reader.read());
        if (done) break;
        await this.#writer.write(chunkOf(value));
      }
      await this.#writer.close();
    } catch (error) {
      reader?.cancel(error).catch(() => undefined);
      this.connection.fail(failureOf(error).code === 'connection-read-timeout' ? ERRNO_ETIMEDOUT : ERRNO_ECONNRESET);
    } finally {
      this.left.removeEventListener('abort', left);
    }
  }
}
