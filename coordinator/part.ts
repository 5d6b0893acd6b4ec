import { messageOf } from '../common/error-text.ts';
import { left } from '../common/parts.ts';

/** An import() that bundlers do not process; tools/build.mjs defines it. */
declare function importUrl(url: string): Promise<unknown>;

/** Imports a part of the coordinator that is fetched on first use. */
export async function load<T>(url: string): Promise<T> {
  try {
    await importUrl(url);
    return left<T>();
  } catch (error) {
    throw new Error(`${url} cannot be loaded: ${messageOf(error)}. Is the file deployed?`, { cause: error });
  }
}
