// The page of a first visit: runs hello under what the address names, and says how many milliseconds after the start of the navigation that was done.
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
