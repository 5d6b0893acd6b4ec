/**
 * Makes a function that has `task` called in a turn of the event loop, after the messages that wait already: by a message to itself, since browsers
 * delay nested timers by 4 ms. Node takes up to a thousand messages of one port before it looks at others, so there it is an immediate.
 */
export function later(task: () => void): () => void {
  const { setImmediate } = globalThis as { setImmediate?: (task: () => void) => void };
  if (setImmediate) return () => setImmediate(task);
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = task;
  return () => port2.postMessage(null);
}
