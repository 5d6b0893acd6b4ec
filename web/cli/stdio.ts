/** Our own standard streams, moved to and from the guest's: byte for byte, with backpressure both ways. */
import type { Readable, Writable } from 'node:stream';
import { asError, PipeError } from '../errors.js';

type Warn = (text: string) => void;

/** Feeds `from` to the guest until its end. Never rejects; a guest that stops reading, or has `gone`, ends it. */
export async function pumpInput(from: Readable, to: WritableStream<Uint8Array>, gone: AbortSignal, warn: Warn) {
  const writer = to.getWriter();
  try {
    for await (const chunk of from) await writer.write(chunk as Buffer);
  } catch (error) {
    if (gone.aborted || error instanceof PipeError) return;
    warn(`standard input: ${asError(error).message}`);
  }
  await writer.close().catch(() => undefined);
}

/**
 * Writes what the guest writes to `to`, and resolves when all of it is there. When nobody reads `to` any more, the
 * guest gets EPIPE too. Never rejects: that the runtime died, the guest's `exited` tells.
 */
export async function pumpOutput(from: ReadableStream<Uint8Array>, to: Writable, warn: Warn) {
  const reader = from.getReader();
  for (;;) {
    const next = await reader.read().catch(() => undefined);
    if (!next || next.done) return;
    try {
      await write(to, next.value);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EPIPE') warn(`output: ${asError(error).message}`);
      return reader.cancel().catch(() => undefined);
    }
  }
}

/** Resolves when the bytes, and all that were written before, are with the operating system. */
export const write = (to: Writable, chunk: Uint8Array | string): Promise<void> =>
  new Promise((resolve, reject) => {
    to.write(chunk, (error) => (error ? reject(error) : resolve()));
  });
