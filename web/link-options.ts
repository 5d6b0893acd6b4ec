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
 */
export type LinkOption =
  AnyInstance | { instance: AnyInstance; functions?: Readonly<Record<string, HostSignatureOption>> };

/** Instances by the names of the modules as which a guest imports them. */
export type LinkOptions = Readonly<Record<string, LinkOption>>;
