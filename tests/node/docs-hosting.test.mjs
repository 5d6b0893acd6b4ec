// docs/hosting.md: each recipe sends the two headers, tested with the program that it is for, where that is available.
import assert from 'node:assert/strict';
import { readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import test from 'node:test';
import { pathToFileURL } from 'node:url';

const text = await readFile(new URL('../../docs/hosting.md', import.meta.url), 'utf8');
const blocks = [...text.matchAll(/^### (.+)\n[^]*?^```(\w[\w-]*)\n([^]*?)^```$/gm)].map(
  ([, title, language, code]) => ({ title, language, code }),
);
const wanted = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' };
const recipe = (title) => blocks.find((block) => block.title.startsWith(title)).code;

/** The script's exports, as its tool would see them. */
async function load(t, code, extension) {
  const file = path.join(
    os.tmpdir(),
    `holdfast-recipe-${process.pid}-${Math.random().toString(36).slice(2)}.${extension}`,
  );
  await writeFile(file, code);
  t.after(() => rm(file));
  return import(pathToFileURL(file).href);
}

const listed = (list) => Object.fromEntries(list.map(({ key, value }) => [key, value]));
const lines = (code, form) => Object.fromEntries([...code.matchAll(form)].map(([, name, value]) => [name, value]));

test('nginx, Caddy and a file of headers', () => {
  assert.deepEqual(lines(recipe('nginx'), /^add_header (\S+) (\S+) always;$/gm), wanted);
  assert.deepEqual(lines(recipe('Caddy'), /^\t(\S+) (\S+)$/gm), wanted);
  assert.deepEqual(lines(recipe('Netlify'), /^ {2}(\S+): (\S+)$/gm), wanted);
});

test('Vercel', () => {
  const [rule] = JSON.parse(recipe('Vercel')).headers;
  assert.ok(new RegExp(`^${rule.source}$`).test('/a/b.js'));
  assert.deepEqual(listed(rule.headers), wanted);
});

test('webpack-dev-server', async (t) => {
  const { default: config } = await load(t, recipe('webpack'), 'cjs');
  assert.deepEqual(config.devServer.headers, wanted);
});

test('Next', async (t) => {
  const { default: config } = await load(t, recipe('Next'), 'mjs');
  const [rule] = await config.headers();
  assert.equal(rule.source, '/:path*');
  assert.deepEqual(listed(rule.headers), wanted);
});
