/** How values pass between the page and a guest. */
import type { Kind } from '../common/guest-protocol.js';

export const KINDS: readonly string[] = ['i32', 'i64', 'f32', 'f64', 'string', 'bytes', 'json'] satisfies Kind[];
