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
 * Writes the guest's output to `to`, and resolves when all of it is written. If `to` fails or loses its reader, the guest
 * gets EPIPE too. Resolves to false if output is lost although there is a reader. Never rejects: the guest's `exited`
 * reports the runtime's death.
 */
export async function pumpOutput(from: ReadableStream<Uint8Array>, to: Writable, warn: Warn): Promise<boolean> {
  const reader = from.getReader();
  for (;;) {
    const next = await reader.read().catch(() => undefined);
    if (!next || next.done) return true;
    try {
      await write(to, next.value);
    } catch (error) {
      await reader.cancel().catch(() => undefined);
      if (isGone(error)) return true;
      warn(`output: ${asError(error).message}`);
      return false;
    }
  }
}

/** Whether a write failed because its reader has gone. */
const isGone = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'EPIPE';

/** Text of the command itself could not be written. */
export class OutputError extends Error {
  override readonly name = 'OutputError';

  constructor(override readonly cause: unknown) {
    super(`output: ${asError(cause).message}`);
  }

  /** Whether its reader has gone, about which a shell says nothing either. */
  get gone(): boolean {
    return isGone(this.cause);
  }
}

/** Prints text of the command itself. Throws `OutputError`. */
export async function print(text: string): Promise<void> {
  await write(process.stdout, text).catch((error: unknown) => {
    throw new OutputError(error);
  });
}

/** Resolves when these bytes, and all earlier ones, have been passed to the operating system. */
export const write = (to: Writable, chunk: Uint8Array | string): Promise<void> =>
  new Promise((resolve, reject) => {
    to.write(chunk, (error) => (error ? reject(error) : resolve()));
  });
