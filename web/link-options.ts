/** The option `link`. */
import type { HostSignatureOption } from './host-options.js';
import type { Instance } from './instance.js';

/** Any instance, whatever it exports. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type AnyInstance = Pick<Instance<any>, 'id' | 'memory' | 'kill'>;

/**
 * An instance whose exports another guest imports. `functions` declares those that take or return more than numbers, as `hostFunction()` does:
 * arguments are copied to memory from the callee's allocator, and results to the caller's memory.
 *
 * Instead of an instance, this can be a function that returns one, or a promise of one: it is called at the first call, so that guests can import
 * each other's exports.
 */
export type LinkOption =
  LinkedInstance | { instance: LinkedInstance; functions?: Readonly<Record<string, HostSignatureOption>> };

/** An instance, or a function that returns it at the first call. */
export type LinkedInstance = AnyInstance | (() => AnyInstance | PromiseLike<AnyInstance>);

/** Instances by the module names under which a guest imports them. */
export type LinkOptions = Readonly<Record<string, LinkOption>>;
