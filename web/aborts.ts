/** Any number of callbacks behind one listener of a signal: of more than ten Node warns, and a signal may be that of many programs. */
const callbacks = new WeakMap<AbortSignal, Set<() => void>>();

function callAll({ target }: Event): void {
  for (const call of callbacks.get(target as AbortSignal) ?? []) call();
}

/** Calls back when the signal is aborted, until `offAbort` with the same function. */
export function onAbort(signal: AbortSignal | undefined, call: () => void): void {
  if (!signal) return;
  const calls = callbacks.get(signal) ?? new Set();
  callbacks.set(signal, calls.add(call));
  signal.addEventListener('abort', callAll); // which does nothing where it listens already
}

export function offAbort(signal: AbortSignal | undefined, call: () => void): void {
  if (!signal) return;
  const calls = callbacks.get(signal);
  if (calls?.delete(call) && calls.size === 0) signal.removeEventListener('abort', callAll);
}
