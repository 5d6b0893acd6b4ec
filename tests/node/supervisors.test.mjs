// hf.supervise() on Node, with real guests: runs tests/supervisors/scenarios.mjs.
import assert from 'node:assert/strict';
import test from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { runtime } from './support/runtime.mjs';
import { scenarios, tools } from '../supervisors/scenarios.mjs';

const root = fileURLToPath(new URL('../../', import.meta.url));
const guest = (name) => new URL(`build/guests/${name}.wasm`, pathToFileURL(root));

for (const [name, { run, gives, browserOnly }] of Object.entries(scenarios)) {
  if (browserOnly) continue;
  test(name, async (t) => {
    const hf = await runtime(t);
    assert.deepEqual(await run(tools({ hf, guest })), gives);
  });
}
