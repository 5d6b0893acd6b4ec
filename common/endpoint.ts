/** One side of a channel of messages. */

/** The global types of these names, also for those whose TypeScript does not know the DOM. */
export type Port = typeof globalThis extends { MessagePort: { prototype: infer P } } ? P : never;
export type Transfer = ArrayBuffer | Port;

/** The half of a `Worker`, `MessagePort` or Node worker that this library uses, so that tests can put a `MessageChannel` in its place. */
export interface Endpoint<Out, In> {
  post(message: Out, transfer?: Transfer[]): void;
  onmessage: ((message: In) => void) | null;
  /** The other side broke: it threw; or could not be loaded, or has ended: then it is `gone`. */
  onerror: ((error: Error, gone?: boolean) => void) | null;
  terminate(): void;
  /** The name of the lock that the other side holds for life, where it takes one to see its death. */
  readonly lock?: string;
  /** After `terminate`: when the other side is gone, and with it those who held these locks. */
  gone?(locks: readonly string[]): Promise<unknown>;
}
