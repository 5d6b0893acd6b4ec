/** Loads parts of the runtime that few pages use, from files beside the script. */
import { asError, HoldfastError } from './errors.js';

/** Returns the file's exports. Rejects with `HoldfastError` if it cannot be loaded. */
export async function later<T>(file: string, loaded: Promise<T>): Promise<T> {
  try {
    return await loaded;
  } catch (error) {
    const message = `${file} cannot be loaded: ${asError(error).message}. Is it deployed beside the script of this package?`;
    throw new HoldfastError(message, { cause: error });
  }
}
