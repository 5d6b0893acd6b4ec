/** Tells of an error of the embedder's own function as of any that nobody caught; nothing of ours is disturbed by it. */
export function uncaught(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}
