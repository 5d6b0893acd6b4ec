/** One side of a message channel. */

/** The global `MessagePort`, or `never` in TypeScript configurations without the DOM's types. */
export type Port = typeof globalThis extends { MessagePort: { prototype: infer P } } ? P : never;
export type Transfer = ArrayBuffer | Port;

/** Up to this many bytes, copying takes less time than transferring. */
const COPIED = 1024;

/** What to transfer with a message that contains these bytes, which have a buffer of their own. */
export const toTransfer = (bytes: Uint8Array<ArrayBuffer>): ArrayBuffer[] =>
  bytes.length > COPIED ? [bytes.buffer] : [];

/** The part of a `Worker`, `MessagePort` or Node worker that this library uses. Tests replace it with a `MessageChannel`. */
export interface Endpoint<Out, In> {
  post(message: Out, transfer?: Transfer[]): void;
  onmessage: ((message: In) => void) | null;
  /** Called when the other side failed: it threw; or, with `gone` set, it could not be loaded or has ended. */
  onerror: ((error: Error, gone?: boolean) => void) | null;
  /** Ends the other side, soon. */
  terminate(): void;
  /** The name of the lock that the other side holds for life, if its death is detected by a lock. */
  readonly lock?: string;
  /**
   * Called after `terminate`. Resolves when the holders of these locks, the other side's workers, are gone; without
   * locks, when the other side itself is gone.
   */
  gone?(locks: readonly string[] | undefined): Promise<unknown>;
}
