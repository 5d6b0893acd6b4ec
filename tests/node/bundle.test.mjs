// What a page downloads first must not even mention what only workers may touch.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import zlib from 'node:zlib';
import { build } from 'esbuild';
import { downloads, loadedLater } from '../../tools/build.mjs';
import { FILES, nodeName } from '../../common/files.js';
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

test('the page has no dependency, and names its files in the way that bundlers recognize', async () => {
  const { text, inputs } = await bundle('web/index.ts', false);
  assert.ok(
    inputs.every((file) => /(^|\/)((web|common)\/[\w-]+\.(ts|js)|build\/generated\/layouts\.ts)$/.test(file)),
    inputs.join(' '),
  );
  const urls = [...text.matchAll(/(\w+): \(\) => new URL\("\.\/([\w.-]+)", import\.meta\.url\)/g)];
  assert.deepEqual(Object.fromEntries(urls.map(([, name, file]) => [name, file])), FILES);
  assert.doesNotMatch(text, /\beval\(|new Function\(/);
});

test('the names of the scripts for Node make them modules', async () => {
  const text = fs.readFileSync(path.join(root, 'web/endpoint-node.ts'), 'utf8');
  const urls = [...text.matchAll(/(\w+): \(\) => new URL\('\.\/([\w.-]+)', import\.meta\.url\)/g)];
  const wanted = Object.entries(FILES).map(([name, file]) => [name, nodeName(file)]);
  assert.deepEqual(
    urls.map(([, name, file]) => [name, file]),
    wanted,
  );
});

test('the package exports each of its files, and each of its exports is there', () => {
  const {
    exports: all,
    main,
    module,
    types,
    typesVersions,
  } = JSON.parse(fs.readFileSync(path.join(root, 'package.json')));
  for (const name of Object.values(FILES).flatMap((file) => [file, nodeName(file)]))
    assert.equal(all[`./${name}`], `./dist/${name}`);
  const targets = Object.values(all).flatMap((target) => (typeof target === 'string' ? target : Object.values(target)));
  for (const target of [...targets, main, module, types, ...Object.values(typesVersions['*']).flat()])
    assert.ok(fs.existsSync(path.join(root, target)), target);
});

test('what a page downloads to run a program stays within its budget', () => {
  // bytes; includes the code that lets programs use the page's pipes, call each other, and make HTTP requests, and what components need of the kernel
  const budgets = { brotli: 66_300, gzip: 74_000 };
  const files = downloads.map((file) => fs.readFileSync(path.join(root, 'dist', file)));
  const sum = (pack) => files.reduce((total, bytes) => total + pack(bytes).length, 0);
  const sizes = { brotli: sum(zlib.brotliCompressSync), gzip: sum((bytes) => zlib.gzipSync(bytes, { level: 9 })) };
  for (const [way, budget] of Object.entries(budgets))
    assert.ok(sizes[way] <= budget, `${sizes[way]} bytes with ${way}, ${sizes[way] - budget} too many`);
});

test('what the first component downloads stays within its budget', () => {
  const gzip = (...files) =>
    files.reduce(
      (total, file) => total + zlib.gzipSync(fs.readFileSync(path.join(root, 'dist', file)), { level: 9 }).length,
      0,
    );
  const { component, executor, typed, parser, p2 } = FILES;
  for (const name of [component, executor, typed, parser, p2]) assert.ok(!downloads.includes(name), name);
  const budget = 37_000;
  const size = gzip(component, executor, parser);
  assert.ok(size <= budget, `${size} bytes for components, ${size - budget} too many`);
  assert.ok(gzip(typed) <= 11_800, `${gzip(typed)} bytes for calls with values of a component's types`);
  assert.ok(gzip(p2) <= 40_000, `${gzip(p2)} bytes for WASI 0.2`);
});

test('the command loads what networks, browsers and --dir need only on demand', () => {
  const text = fs.readFileSync(path.join(root, 'dist/cli.js'), 'utf8');
  const imports = [...text.matchAll(/(?:from|import)"node:([\w/]+)"/g)].map(([, name]) => name);
  assert.ok(imports.includes('worker_threads'), imports.join(' '));
  for (const name of ['http', 'net', 'crypto', 'child_process']) assert.ok(!imports.includes(name), name);
});

test('nothing in the package contains the path of the folder in which it was built', () => {
  for (const file of fs.readdirSync(path.join(root, 'dist'), { recursive: true, withFileTypes: true })) {
    const name = path.join(file.parentPath ?? file.path, file.name);
    if (file.isFile()) assert.ok(!fs.readFileSync(name).includes(`${root}/`), name);
  }
});

test('each part that is loaded later is where the scripts look for it', () => {
  for (const file of [...loadedLater, ...Object.values(FILES)])
    assert.ok(fs.existsSync(path.join(root, 'dist', file)), file);
});

test('public classes keep their names in a minified bundle', async () => {
  const { text } = await bundle('web/index.ts', true);
  for (const name of ['Holdfast', 'FileSystem', 'Process']) assert.match(text, new RegExp(`static name="${name}"`));
  const lib = await import('../../dist/node.js'); // this one is minified
  for (const [name, value] of Object.entries(lib).filter(([name]) => /^[A-Z]/.test(name)))
    assert.equal(value.name, name);
  assert.equal(new lib.Closed().name, 'Closed');
  assert.equal(new lib.SpawnRefused('source', '').name, 'SpawnRefused');
});

test('the files that the README links to are in the package', () => {
  const shell = process.platform === 'win32';
  const packed = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    cwd: root,
    shell,
    stdio: 'pipe',
  });
  const files = JSON.parse(packed)[0].files.map((file) => file.path);
  const links = [...fs.readFileSync(path.join(root, 'README.md'), 'utf8').matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)];
  assert.ok(links.length > 0);
  const { scripts } = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8'));
  assert.match(scripts.prepack, /node tools\/docs\.mjs/); // generates the one that is not in the clone
  files.push('docs/api/README.md');
  for (const [, link] of links) assert.ok(files.includes(path.posix.normalize(link)), link);
});
