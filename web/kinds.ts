/** How values pass between the page and a guest. */
import { shown } from './bytes.js';
import { array } from './check.js';
import type { Kind, SignatureMessage } from '../common/guest-protocol.js';

const KINDS: readonly unknown[] = ['i32', 'i64', 'f32', 'f64', 'string', 'bytes', 'json'] satisfies Kind[];

/** Validates a signature. Throws `TypeError`. */
export function kinds(params: readonly Kind[] = [], result: Kind | undefined, what: string): SignatureMessage {
  array(params, `params of ${what}`);
  for (const kind of result === undefined ? params : [...params, result])
    if (!KINDS.includes(kind))
      throw new TypeError(`${what} must be a signature of ${KINDS.join(', ')}, not ${shown(kind)}`);
  return { params: [...params], result: result ?? null };
}
