/** What engines throw when they have no memory or no stack. */

/** Engines that have no memory for a module throw a RangeError; Firefox throws the bare string "out of memory". */
export const isOutOfMemory = (error: unknown): boolean =>
  error === 'out of memory' || (error instanceof RangeError && /memory/i.test(error.message));

/** Engines whose stack overflows throw a RangeError; Firefox throws its own InternalError. */
const isStackOverflow = (error: unknown): boolean =>
  error instanceof RangeError || (error instanceof Error && /too much recursion/.test(error.message));

export function describe(error: unknown): string {
  if (isOutOfMemory(error)) return typeof error === 'string' ? error : (error as Error).message;
  if (isStackOverflow(error)) return 'call stack exhausted';
  // WebKit appends the JavaScript expression that failed.
  if (error instanceof Error) return error.message.replace(/ \(evaluating '.*'\)$/s, '');
  return `uncaught exception: ${String(error)}`;
}

/** Absent in engines without WebAssembly exceptions. */
const { Exception } = WebAssembly as unknown as { Exception?: new (...args: never[]) => object };

/** Whether it is an exception that WebAssembly code threw. */
export const isException = (error: unknown): boolean => Exception !== undefined && error instanceof Exception;
