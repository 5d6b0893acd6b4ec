/** Parts of the runtime that few pages use: files of their own, beside the script, loaded when they are wanted. */
import { asError, HoldfastError } from './errors.js';

/** What the file exports. Rejects with `HoldfastError` when it cannot be loaded. */
export async function later<T>(file: string, loaded: Promise<T>): Promise<T> {
  try {
    return await loaded;
  } catch (error) {
    const message = `${file} cannot be loaded: ${asError(error).message}. Is it deployed beside the script of this package?`;
    throw new HoldfastError(message, { cause: error });
  }
}
