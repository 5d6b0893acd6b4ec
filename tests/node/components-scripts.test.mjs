// Scripts about components: resources, what a hostile component may return, and components that call each other.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { jcoPath } from '../../tools/jco.mjs';
import { openParser } from '../components/parser.mjs';
import { runFile } from '../components/script.mjs';
import { root } from './support/load.mjs';
import { runtime } from './support/runtime.mjs';

const skip = jcoPath() === undefined && 'jco is missing: run node tools/jco.mjs to install it';
const patience = { skip, timeout: 300_000 };
const folder = path.join(root, 'tests/components/scripts');

for (const file of fs.readdirSync(folder)) {
  test(file, patience, async (t) => {
    const parser = openParser(path.join(root, 'dist/component.wasm'));
    const { passed, failures, unsupported, text, reasons } = await runFile(
      path.join(folder, file),
      parser,
      await runtime(t),
    );
    assert.deepEqual(failures, []);
    assert.deepEqual([unsupported, text], [0, 0], [...reasons.keys()].join('\n'));
    assert.ok(passed > 0);
  });
}

test('a script whose expectations are wrong fails', patience, async (t) => {
  const parser = openParser(path.join(root, 'dist/component.wasm'));
  const script = path.join(fs.mkdtempSync(path.join(root, 'build/script-')), 'wrong.wast');
  t.after(() => fs.rmSync(path.dirname(script), { recursive: true }));
  fs.writeFileSync(
    script,
    `(component
      (core module $M
        (func (export "f") (result i32) (i32.const 3))
        (func (export "g") unreachable))
      (core instance $m (instantiate $M))
      (func (export "f") (result u32) (canon lift (core func $m "f")))
      (func (export "g") (canon lift (core func $m "g"))))
    (assert_return (invoke "f") (u32.const 3))
    (assert_return (invoke "f") (u32.const 4))
    (assert_trap (invoke "f") "it does not")
    (assert_return (invoke "g"))
    (assert_invalid (component) "it is valid")`,
  );
  const { passed, failures } = await runFile(script, parser, await runtime(t));
  assert.equal(passed, 2);
  assert.deepEqual(
    failures.map((failure) => failure.split(':')[0]),
    ['9', '10', '11', '12'],
  );
});
