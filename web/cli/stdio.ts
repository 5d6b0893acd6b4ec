/** Connects this process's standard streams to the guest's, byte for byte, with backpressure both ways. */
import type { Readable, Writable } from 'node:stream';
import { asError, PipeError } from '../errors.js';

type Warn = (text: string) => void;

/** Feeds `from` to the guest until its end. Never rejects; it ends if the guest stops reading, or has `gone`. */
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
 * Writes the guest's output to `to`, and resolves when all of it is written. If `to` loses its reader, the guest gets
 * EPIPE too. Never rejects: the guest's `exited` reports the runtime's death.
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

/** Resolves when these bytes, and all earlier ones, have been passed to the operating system. */
export const write = (to: Writable, chunk: Uint8Array | string): Promise<void> =>
  new Promise((resolve, reject) => {
    to.write(chunk, (error) => (error ? reject(error) : resolve()));
  });
