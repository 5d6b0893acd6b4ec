// What a page downloads first must not even name what only workers may touch.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import zlib from 'node:zlib';
import { build } from 'esbuild';
import { downloads, loadedLater } from '../../tools/build.mjs';
import { root } from './support/load.mjs';

const bundle = async (entry, minify) => {
  const options = {
    entryPoints: [path.join(root, entry)],
    bundle: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    external: loadedLater,
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

test('what a page downloads to run a program stays within its budget', () => {
  const budgets = { brotli: 60_000, gzip: 67_500 }; // bytes
  const files = downloads.map((file) => fs.readFileSync(path.join(root, 'dist', file)));
  const sum = (pack) => files.reduce((total, bytes) => total + pack(bytes).length, 0);
  const sizes = { brotli: sum(zlib.brotliCompressSync), gzip: sum((bytes) => zlib.gzipSync(bytes, { level: 9 })) };
  for (const [way, budget] of Object.entries(budgets))
    assert.ok(sizes[way] <= budget, `${sizes[way]} bytes with ${way}, ${sizes[way] - budget} too many`);
});

test('each part that is loaded later is where the script looks for it', () => {
  for (const file of [...loadedLater, './coordinator-supervise.js'])
    assert.ok(fs.existsSync(path.join(root, 'dist', file)), file);
});
