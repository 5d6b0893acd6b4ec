// The page of a first visit: runs hello under the runtime that the address names, and reports when it ended, in milliseconds since the start of the navigation.
import { contestants, PLAIN, plainWorker } from './contestants.js';

const who = decodeURIComponent(location.hash.slice(1));
const lib = who === 'holdfast' ? await import('/dist/index.js') : undefined;
const start = who === PLAIN ? plainWorker : contestants[who];
try {
  const { run } = await start('/build/guests/hello.wasm', lib);
  await run([]);
  window.outcome = performance.now();
} catch (error) {
  window.outcome = String(error.message ?? error);
}
