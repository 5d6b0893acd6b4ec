/** Reports an error in the caller's own function as an uncaught one; the runtime is not affected. */
export function uncaught(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}
