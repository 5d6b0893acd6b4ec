// The package's own companions in a page in Firefox, with guests and glue as published on npm. (Chromium: tests/browser/companions.spec.ts)
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { cases } from '../companions/cases.mjs';
import { load, root } from './support/load.mjs';
import { outcomeOfPage } from './support/page-server.mjs';

const { findBrowser } = await load('web/cli/browsers.ts');
const lacking = await findBrowser('firefox').then(
  () => false,
  (error) => error.message,
);

test('six npm packages with their companions, in Firefox', { skip: lacking, timeout: 600_000 }, async (t) => {
  const code = Object.fromEntries(
    await Promise.all(Object.entries(cases).map(async ([title, { companion }]) => [title, await companion()])),
  );
  const plans = Object.entries(cases).map(([title, { serial, calls }]) => ({ title, serial, calls }));
  const outcome = await outcomeOfPage(t, 'firefox', 'companions.html', (url) => {
    if (url === '/cases.json') return JSON.stringify(plans);
    const [, title, file] = /^\/case\/([^/]+)\/([^/]+)$/.exec(url) ?? [];
    if (file === 'companion.js') return code[decodeURIComponent(title)];
    return file === 'guest.wasm' ? readFileSync(path.join(root, cases[decodeURIComponent(title)].wasm)) : undefined;
  });
  for (const [title, { results, stdout = '' }] of Object.entries(cases)) {
    // An undefined result is omitted from JSON objects, and null in JSON arrays.
    assert.deepEqual(outcome[title], { results: results.map((result) => result ?? null), stdout }, title);
  }
});
