/** The option `link`. */
import type { HostSignatureOption } from './host-options.js';
import type { Instance } from './instance.js';

/** Any instance, whatever it exports. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type AnyInstance = Pick<Instance<any>, 'id' | 'memory' | 'kill'>;

/**
 * An instance whose exports another guest imports. `functions` declares those that take or return more than numbers, as
 * `hostFunction()` does: text and bytes are copied to memory of the allocator of the guest that is called, and results
 * to memory of the one that calls.
 *
 * In place of an instance, a function that returns it, or a promise of it: it runs at the first call, so that guests can
 * import each other's exports.
 */
export type LinkOption =
  LinkedInstance | { instance: LinkedInstance; functions?: Readonly<Record<string, HostSignatureOption>> };

/** An instance, or where it comes from at the first call. */
export type LinkedInstance = AnyInstance | (() => AnyInstance | PromiseLike<AnyInstance>);

/** Instances by the names of the modules as which a guest imports them. */
export type LinkOptions = Readonly<Record<string, LinkOption>>;
