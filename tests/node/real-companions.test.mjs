// The package's own companions, with guests and glue as published on npm.
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import test from 'node:test';
import { packageFile } from '../real/support.mjs';
import { runtime } from './support/runtime.mjs';

const companion = (name) => new URL(`../../companions/${name}.js`, import.meta.url);
const forTest = (name) => new URL(`../companions/${name}.mjs`, import.meta.url);
const wasm = (name, file) => readFile(packageFile(name, file));
const lines = () => {
  const chunks = [];
  return { to: (bytes) => void chunks.push(Buffer.from(bytes)), text: () => Buffer.concat(chunks).toString() };
};

test('quickjs-wasi evaluates code, with host callbacks and timers', async (t) => {
  const hf = await runtime(t);
  const q = await hf.instantiate(await wasm('quickjs-wasi', 'quickjs.wasm'), { companion: companion('quickjs') });
  assert.deepEqual(await q.call('eval', '[1 + 2, { a: "ä" }]'), [3, { a: 'ä' }]);
  assert.equal(await q.call('evalAsync', 'const before = 1; await sleep(20); return before + 3'), 4);
  await assert.rejects(q.call('eval', 'null.x'), { name: 'TypeError' });
  await assert.rejects(q.call('evalAsync', 'throw new Error("no")'), { message: 'no' });
});

test('@ruby/4.0-wasm-wasi evaluates Ruby that uses JavaScript and awaits its promises', async (t) => {
  const hf = await runtime(t);
  const ruby = await wasm('@ruby/4.0-wasm-wasi', 'dist/ruby+stdlib.wasm');
  const q = await hf.instantiate(ruby, { companion: companion('ruby') });
  assert.equal(await q.call('eval', '[3, 1, 2].sort.inspect'), '[1, 2, 3]');
  assert.equal(await q.call('eval', 'require "js"; JS.eval("return 6 * 7")'), '42');
  const later = 'JS.eval("return new Promise((resolve) => setTimeout(resolve, 20, 43))").await';
  assert.equal(await q.call('evalAsync', later), '43');
  await assert.rejects(q.call('eval', 'raise "oops"'), /oops \(RuntimeError\)/);
});

test('pandoc-wasm converts files of hf.fs', async (t) => {
  const hf = await runtime(t);
  await hf.fs.mkdir('/doc');
  await hf.fs.writeFile('/doc/stdin', '# Title\n\n*yes*');
  for (const name of ['stdout', 'stderr', 'warnings']) await hf.fs.writeFile(`/doc/${name}`, '');
  const pandoc = await wasm('pandoc-wasm', 'src/pandoc.wasm');
  const q = await hf.instantiate(pandoc, { companion: companion('pandoc'), preopens: { '/': '/doc' } });
  await q.call('convert', { from: 'markdown', to: 'html' });
  assert.equal(await hf.fs.readFile('/doc/stdout', 'utf-8'), '<h1 id="title">Title</h1>\n<p><em>yes</em></p>\n');
});

test('@6over3/zeroperl-ts evaluates Perl, whose output and files are the kernel’s', async (t) => {
  const hf = await runtime(t);
  await hf.fs.mkdir('/perl/dev', { recursive: true });
  await hf.fs.writeFile('/perl/dev/null', '');
  const out = lines();
  const q = await hf.instantiate(await wasm('@6over3/zeroperl-ts', 'dist/esm/zeroperl.wasm'), {
    companion: { module: companion('zeroperl'), serial: true },
    preopens: { '/': '/perl' },
    stdout: out.to,
  });
  await q.call('eval', '$answer = 6 * 7; print "hello\\n"; open(my $f, ">", "/a.txt"); print $f "written"; close $f');
  assert.equal(await q.call('get', 'answer'), '42');
  assert.equal(await hf.fs.readFile('/perl/a.txt', 'utf-8'), 'written');
  await assert.rejects(q.call('eval', 'die "no\\n"'), /no/);
  q.kill();
  await q.released;
  assert.equal(out.text(), 'hello\n');
});

test('@oxc-parser/binding-wasm32-wasi parses synchronously, and in its threads', async (t) => {
  const hf = await runtime(t);
  const oxc = await wasm('@oxc-parser/binding-wasm32-wasi', 'parser.wasm32-wasi.wasm');
  const q = await hf.instantiate(oxc, { companion: forTest('oxc') });
  const program = { type: 'Program', body: 1, errors: [] };
  assert.deepEqual(await q.call('parseSync', 'a.ts', 'const a: number = 1'), program);
  assert.deepEqual(await q.call('parse', 'a.ts', 'let b = 2'), program);
  assert.deepEqual((await q.call('parse', 'a.ts', 'let b = <')).errors, ['Unexpected token']);
  assert.ok((await hf.ps())[0].threads.length > 1);
});

test('@tailwindcss/oxide-wasm32-wasi scans a directory of hf.fs in its threads', async (t) => {
  const hf = await runtime(t);
  await hf.fs.mkdir('/src');
  await hf.fs.writeFile('/src/a.html', '<div class="flex p-4">');
  await hf.fs.writeFile('/src/b.html', '<p class="underline">');
  const oxide = await wasm('@tailwindcss/oxide-wasm32-wasi', 'tailwindcss-oxide.wasm32-wasi.wasm');
  const q = await hf.instantiate(oxide, { companion: forTest('oxide'), preopens: { '/src': '/src' } });
  const found = await q.call('scan', '/src');
  for (const name of ['flex', 'p-4', 'underline']) assert.ok(found.includes(name), found.join(' '));
  assert.ok((await hf.ps())[0].threads.length > 1);
});

test('each companion of the package is under 2 kB, and exported', async () => {
  const root = new URL('../../', import.meta.url);
  const { exports: all } = JSON.parse(await readFile(new URL('package.json', root), 'utf8'));
  const files = await readdir(new URL('companions', root));
  for (const file of files.filter((name) => name.endsWith('.js'))) {
    assert.ok(files.includes(file.replace('.js', '.d.ts')), `${file} has no types`);
    const { length } = await readFile(new URL(`companions/${file}`, root));
    assert.ok(length < 2000, `${file}: ${length} bytes`);
    assert.equal(all[`./companions/${file.replace('.js', '')}`], `./companions/${file}`);
  }
});
