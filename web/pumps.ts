/**
 * Copies bytes between a process's streams and the sources and targets that the caller passed. It does not use
 * `pipeTo`, which does not report which end failed, and whose Node version does not cancel its source if both ends
 * finish at once.
 */
import { kindOf, tagOf } from './bytes.js';
import { asError, PipeError } from './errors.js';
import type { InputPlan, OutputOption } from './options.js';
import type { PipeWriter } from './pipes.js';
import { uncaught } from './uncaught.js';

const ignore = (): void => undefined;

/**
 * Writes all of `data` to `stdin`, then closes it. Resolves to the error of `data`'s own source if that failed; `stdin`
 * is then left open, because the guest would mistake partial data for all of it. A guest that stops reading (or has
 * `gone`) is not an error.
 */
export async function feed(
  stdin: WritableStream<Uint8Array>,
  data: InputPlan,
  gone: AbortSignal,
): Promise<Error | undefined> {
  const writer = stdin.getWriter();
  let reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  const cancel = (): void => void reader?.cancel().catch(ignore);
  gone.addEventListener('abort', cancel, { once: true });
  try {
    reader = streamOf(data).getReader(); // another program may have locked it since the options were checked
    for (;;) {
      const { done, value } = await reader.read();
      if (gone.aborted) return undefined;
      if (done) break;
      if (tagOf(value) !== 'Uint8Array') throw new TypeError(`a chunk of it is ${kindOf(value)}, not a Uint8Array`);
      await writer.write(value);
    }
    await writer.close();
    return undefined;
  } catch (error) {
    cancel();
    return gone.aborted || error instanceof PipeError ? undefined : asError(error);
  } finally {
    gone.removeEventListener('abort', cancel);
  }
}

function streamOf(data: InputPlan): ReadableStream<Uint8Array> {
  if ('getReader' in data) return data;
  return 'stream' in data ? data.stream() : oneChunk(data);
}

const oneChunk = (bytes: Uint8Array): ReadableStream<Uint8Array> =>
  new ReadableStream<Uint8Array>({
    start(controller) {
      if (bytes.byteLength > 0) controller.enqueue(bytes);
      controller.close();
    },
  });

export type OutputTarget = Exclude<OutputOption, 'pipe' | 'null' | PipeWriter>;

/**
 * Passes everything from `stream` to `target`. Never rejects: if a target fails, it cancels the stream (the guest gets
 * EPIPE); an error thrown by a function, or a locked stream, is reported as uncaught.
 */
export async function drain(stream: ReadableStream<Uint8Array>, target: OutputTarget): Promise<void> {
  const reader = stream.getReader();
  const cancel = (): void => void reader.cancel().catch(ignore);
  let take: Sink;
  try {
    take = typeof target === 'function' ? callbackSink(target) : streamSink(target, cancel);
  } catch (error) {
    uncaught(error); // it was locked after the options were checked
    return cancel();
  }
  for (;;) {
    const next = await reader.read().catch(asError);
    if (next instanceof Error) return take.abort(next); // the runtime has ended
    if (next.done) return take.end();
    if (!(await take.write(next.value))) return cancel();
  }
}

interface Sink {
  /** Resolves to whether more data may follow. */
  write(chunk: Uint8Array): Promise<boolean>;
  end(): Promise<void>;
  abort(error: Error): Promise<void>;
}

const callbackSink = (call: (chunk: Uint8Array) => void | PromiseLike<void>): Sink => ({
  async write(chunk) {
    try {
      await call(chunk);
      return true;
    } catch (error) {
      uncaught(error);
      return false;
    }
  },
  end: () => Promise.resolve(),
  abort: () => Promise.resolve(),
});

function streamSink(target: WritableStream<Uint8Array>, failed: () => void): Sink {
  const writer = target.getWriter();
  writer.closed.catch(failed); // it can fail while no write is pending
  const accepted = (): boolean => true;
  const refused = (): boolean => false;
  return {
    write: (chunk) => writer.write(chunk).then(accepted, refused),
    end: () => writer.close().catch(ignore),
    abort: (error) => writer.abort(error).catch(ignore),
  };
}

/** A stream without bytes that ends when `when` settles. */
export function emptyUntil(when: Promise<unknown>): ReadableStream<Uint8Array> {
  let cancelled = false;
  return new ReadableStream<Uint8Array>({
    start(controller) {
      const close = (): void => {
        if (!cancelled) controller.close();
      };
      when.then(close, close);
    },
    cancel() {
      cancelled = true;
    },
  });
}
