/** Moves bytes between a process's streams and what the embedder gave in their place. */
import { copyOf, isBytes, viewOf } from './bytes.js';
import { asError, PipeError } from './errors.js';
import type { InputData, OutputOption } from './options.js';

/**
 * Writes all of `data` to `stdin`, then ends it. Resolves to the error of the data's own source, if that is what
 * failed; a guest that stops reading (or `gone`) is no error.
 */
export async function feed(
  stdin: WritableStream<Uint8Array>,
  data: InputData,
  gone: AbortSignal,
): Promise<Error | undefined> {
  try {
    // No abort of `stdin` when the source fails: that would be an end of file, and the guest would take half for the whole.
    await streamOf(data).pipeTo(stdin, { signal: gone, preventAbort: true });
  } catch (error) {
    if (!gone.aborted && !(error instanceof PipeError)) return asError(error);
  }
  return undefined;
}

function streamOf(data: InputData): ReadableStream<Uint8Array> {
  if (typeof data === 'string') return oneChunk(new TextEncoder().encode(data));
  if (isBytes(data)) return oneChunk(copyOf(viewOf(data)));
  return 'getReader' in data ? data : data.stream();
}

const oneChunk = (bytes: Uint8Array): ReadableStream<Uint8Array> =>
  new ReadableStream<Uint8Array>({
    start(controller) {
      if (bytes.byteLength > 0) controller.enqueue(bytes);
      controller.close();
    },
  });

/**
 * Hands everything that comes from `stream` to `target`. Never rejects: a target that fails cancels the stream (the
 * guest gets EPIPE), and what a function threw is reported as uncaught.
 */
export async function drain(
  stream: ReadableStream<Uint8Array>,
  target: Exclude<OutputOption, 'pipe' | 'null'>,
): Promise<void> {
  try {
    if (typeof target === 'function') await callWithEach(stream, target);
    else await stream.pipeTo(target);
  } catch {
    // the stream was cancelled, or the runtime died, which `exited` tells
  }
}

async function callWithEach(
  stream: ReadableStream<Uint8Array>,
  target: (chunk: Uint8Array) => void | PromiseLike<void>,
): Promise<void> {
  const reader = stream.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    try {
      await target(value);
    } catch (error) {
      queueMicrotask(() => {
        throw error;
      });
      return reader.cancel();
    }
  }
}

/** A stream without bytes that ends when `when` is settled. */
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
