/**
 * Returns a function that schedules `task` in the event loop, after the messages that are already waiting. It posts a message to itself, because browsers
 * delay nested timers by 4 ms. In Node, which handles up to a thousand messages of one port before the other ports, it uses setImmediate.
 */
export function later(task: () => void): () => void {
  const { setImmediate } = globalThis as { setImmediate?: (task: () => void) => void };
  if (setImmediate) return () => setImmediate(task);
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = task;
  return () => port2.postMessage(null);
}
