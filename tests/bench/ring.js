// Runs in the page: the ring in its engine, and by turns natively, which the server does. Posts the rows.
import { measureRing, nativeRuns, parseRing, wasmRing } from '/dist/bench-ring.js';
import { start } from '/dist/index.js';
import { createMemory } from '/dist/threads.js';

const fetched = async (url, options) => {
  const response = await fetch(url, options);
  if (!response.ok) throw new Error(`${url}: ${await response.text()}`);
  return response;
};

async function rows() {
  const { argv, native } = await (await fetched('/options')).json();
  const hf = await start();
  const module = new Uint8Array(await (await fetched('/dist/ring.wasm')).arrayBuffer());
  const os = async (session) =>
    nativeRuns(await (await fetched('/native', { method: 'POST', body: JSON.stringify(session) })).text());
  const ways = { ...(native && { os_ring: os }), wasm_ring: wasmRing(hf, createMemory, module) };
  const measured = await measureRing(parseRing(argv), ways);
  await hf.close();
  return { rows: measured };
}

const outcome = await rows().catch((error) => ({ failed: `${error.stack ?? error}` }));
await fetch('/outcome', { method: 'POST', body: JSON.stringify(outcome) });
