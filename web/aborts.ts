/**
 * Shares one listener per signal among any number of callbacks: Node warns about more than ten listeners, and many
 * programs may use one signal.
 */
const callbacks = new WeakMap<AbortSignal, Set<() => void>>();

function callAll({ target }: Event): void {
  for (const call of callbacks.get(target as AbortSignal) ?? []) call();
}

/** Calls `callback` when the signal is aborted, unless `offAbort` removed it first. */
export function onAbort(signal: AbortSignal | undefined, call: () => void): void {
  if (!signal) return;
  const calls = callbacks.get(signal) ?? new Set();
  callbacks.set(signal, calls.add(call));
  signal.addEventListener('abort', callAll); // no effect if it is already registered
}

export function offAbort(signal: AbortSignal | undefined, call: () => void): void {
  if (!signal) return;
  const calls = callbacks.get(signal);
  if (calls?.delete(call) && calls.size === 0) signal.removeEventListener('abort', callAll);
}
