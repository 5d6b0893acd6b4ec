// What a page downloads first must not even name what only workers may touch.
import assert from 'node:assert/strict';
import path from 'node:path';
import test from 'node:test';
import { build } from 'esbuild';
import { root } from './support/load.mjs';

const bundle = async (entry, minify) => {
  const options = {
    entryPoints: [path.join(root, entry)],
    bundle: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
  };
  const { outputFiles, metafile } = await build({ ...options, minify, write: false, metafile: true });
  return { text: outputFiles[0].text, inputs: Object.keys(metafile.inputs) };
};

for (const entry of ['web/index.ts', 'web/cli/page.ts']) {
  test(`nothing reachable from ${entry} mentions Atomics or SharedArrayBuffer`, async () => {
    for (const minify of [false, true]) {
      const { text } = await bundle(entry, minify);
      assert.doesNotMatch(text, /Atomics|SharedArrayBuffer/);
    }
  });
}

test('the page has no dependency, and is told of its worker and files in the way that bundlers see', async () => {
  const { text, inputs } = await bundle('web/index.ts', false);
  assert.ok(
    inputs.every((file) => /(^|\/)web\/[\w-]+\.ts$/.test(file)),
    inputs.join(' '),
  );
  assert.match(
    text,
    /new Worker\(new URL\("\.\/coordinator\.js", import\.meta\.url\), \{ type: "module", name: "holdfast" \}\)/,
  );
  assert.match(text, /new URL\("\.\/kernel\.wasm", import\.meta\.url\)/);
  assert.match(text, /new URL\("\.\/compute\.js", import\.meta\.url\)/);
  assert.doesNotMatch(text, /createObjectURL|\beval\(|new Function\(/);
});
