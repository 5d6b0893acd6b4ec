// Runs in the page: the workers of the floors (worker.js).

export const floorWorker = (role) => new Worker(new URL('./worker.js', import.meta.url), { name: role });

/** Resolves to the next message that the target gets. */
export const next = (target) => new Promise((resolve) => (target.onmessage = ({ data }) => resolve(data)));

/** Resolves to the worker's answer, or rejects if the worker fails. */
export const ask = (worker, message, transfer = []) =>
  new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = (event) => reject(new Error(event.message ?? 'the worker failed'));
    worker.postMessage(message, transfer);
  });
