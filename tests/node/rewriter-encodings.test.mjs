// The rewriter and the engine agree about where each instruction ends, even if the engine supports features that are not in the specification yet.
// (Chromium: tests/browser/rewriter-encodings.spec.ts.)
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { node24Path } from '../../tools/node24.mjs';
import { nodeSwitches } from '../rewrite/v8-features.mjs';

const script = fileURLToPath(new URL('../rewrite/encodings-main.mjs', import.meta.url));
const nodes = { 'this Node': process.execPath, 'Node 24': node24Path() };

for (const [name, node] of Object.entries(nodes)) {
  for (const switches of [[], nodeSwitches(node)]) {
    test(`${name}${switches.length > 0 ? ', with experimental features' : ''}`, async () => {
      const { stdout } = await promisify(execFile)(node, [...switches, script]);
      const { differences, agreed, shapes } = JSON.parse(stdout);
      assert.deepEqual(differences, []);
      // The engine's answers were parsed.
      assert.ok(agreed > 5000 && shapes > 0, stdout);
    });
  }
}
