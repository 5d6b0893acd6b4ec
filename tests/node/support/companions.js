// In a page: runs every case of tests/companions/cases.mjs, and posts the results to the test (real-companions-firefox.test.mjs).
import { start } from './dist/index.js';
import { callAll } from './companions/in-page.mjs';

const post = (body) => fetch('outcome', { method: 'POST', body: JSON.stringify(body) });
const outcome = {};
for (const { title, serial, calls } of await (await fetch('cases.json')).json()) {
  const folder = new URL(`case/${encodeURIComponent(title)}/`, import.meta.url);
  const module = new URL('companion.js', folder);
  const plan = { wasm: new URL('guest.wasm', folder), companion: serial ? { module, serial } : module, calls };
  outcome[title] = await callAll(start, plan).catch((error) => ({ failed: `${error.stack ?? error}` }));
}
await post(outcome);
