// Builds the demo: a folder that any static host can serve, from any path, with the two headers of cross-origin isolation.
//
// Every file except the pages has a hash of its content in its name (NAME-ABCD1234.ext) or its folder's name (NAME-ABCD1234/), so
// serve.conf lets browsers cache it forever. The pages refer to the manifest, their script and the style sheet; the manifest lists the
// rest. All URLs are relative.
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import zlib from 'node:zlib';
import * as render from './render.mjs';
import { benchFiles } from './bench-files.mjs';

/** The files that every page loads, in this order. */
const runtimeFiles = ['index.js', 'coordinator.js', 'compute.js', 'kernel.wasm'];
/**
 * Files in dist/ that a page's workers do not load: those for Node, those for the command, and those that the page's
 * script contains.
 */
const elsewhere = /^(?:.*\.)?node\.js$|^cli.*\.js$|^(?:index|trace)\.js$/;

const pages = ['index.html', 'plugins.html', 'bench.html'];
/** What all pages contain: {{head}} and {{mark}}. */
const parts = ['head', 'mark'];
/** The programs that plugins.html calls. */
const pluginFiles = { c: 'build/guests/primes.wasm', go: 'build/guests/words.wasm' };

export async function build({ root, out, esbuild }) {
  fs.mkdirSync(out, { recursive: true });
  const from = (...parts) => path.join(root, ...parts);
  const written = new Set();

  /** Writes `bytes` under its hashed name, unless that file exists; also writes FILE.gz, which servers send. */
  const publish = (name, bytes) => {
    const { name: stem, ext } = path.parse(name);
    const file = `${stem}-${hashOf(bytes)}${ext}`;
    written.add(file).add(`${file}.gz`);
    writeUnlessThere(path.join(out, file), () => bytes);
    const packed = path.join(out, `${file}.gz`);
    writeUnlessThere(packed, () => zlib.gzipSync(bytes, { level: 9 }));
    return { url: file, bytes: bytes.length, gzip: fs.statSync(packed).size };
  };

  /** The same for a folder of files that refer to one another. */
  const publishFolder = (name, files) => {
    const folder = `${name}-${hashOf(Buffer.concat(files.flatMap(([file, bytes]) => [Buffer.from(`${file}\0`), bytes])))}`;
    written.add(folder);
    for (const [file, bytes] of files) {
      fs.mkdirSync(path.dirname(path.join(out, folder, file)), { recursive: true });
      writeUnlessThere(path.join(out, folder, file), () => bytes);
      writeUnlessThere(path.join(out, folder, `${file}.gz`), () => zlib.gzipSync(bytes, { level: 9 }));
    }
    return `${folder}/`;
  };

  const runtime = (name) => publishable(name, fs.readFileSync(from('dist', name)));
  const workers = fs.readdirSync(from('dist')).filter((name) => /\.(?:js|wasm)$/.test(name) && !elsewhere.test(name));
  const runtimeFolder = publishFolder(
    'runtime',
    workers.sort().map((name) => [name, runtime(name)]),
  );
  const programs = JSON.parse(fs.readFileSync(from('demo/programs.json'), 'utf8')).map(({ wasm, ...program }) => ({
    ...program,
    ...publish(path.basename(wasm), fs.readFileSync(from(wasm))),
  }));
  const plugins = Object.entries(pluginFiles).map(([id, wasm]) => ({
    id,
    ...publish(path.basename(wasm), fs.readFileSync(from(wasm))),
  }));
  const manifest = publish(
    'manifest.json',
    Buffer.from(
      JSON.stringify({
        programs: programs.map(({ try: _, kind: __, ...program }) => program),
        plugins,
        bench: publishFolder('bench', benchFiles(root)),
        runtime: runtimeFolder,
      }),
    ),
  );

  const shown = programs.filter(({ background }) => !background);
  const { script, plugins: pluginScript, bench, style } = await bundle(esbuild, root);
  const files = {
    script: publish('demo.js', script),
    plugins: publish('plugins.js', pluginScript),
    bench: publish('bench.js', bench),
    style: publish('demo.css', style),
  };
  const sizes = runtimeFiles.map((name) => {
    const bytes = runtime(name);
    return { name, bytes: bytes.length, gzip: zlib.gzipSync(bytes, { level: 9 }).length };
  });
  const values = {
    style: files.style.url,
    script: files.script.url,
    'plugins-script': files.plugins.url,
    'bench-script': files.bench.url,
    manifest: manifest.url,
    tabs: render.tabs(shown),
    terminals: render.terminals(shown),
    suggestions: render.suggestions(shown),
    children: render.children(['db', 'cache', 'api', 'web']),
    sizes: render.sizes(sizes),
    'runtime-size': render.runtimeSize(sizes),
    'page-size': render.pageSize(files.script.gzip + files.style.gzip),
  };
  const filled = (name) =>
    fs.readFileSync(from('demo', name), 'utf8').replace(/\{\{([\w-]+)\}\}/g, (_, key) => {
      if (values[key] === undefined)
        throw new Error(`demo/${name} contains {{${key}}}, which the build does not define`);
      return values[key];
    });
  for (const part of parts) values[part] = filled(`${part}.html`).trimEnd();
  for (const name of pages) {
    const text = filled(name);
    const file = path.join(out, name);
    if (!fs.existsSync(file) || fs.readFileSync(file, 'utf8') !== text) fs.writeFileSync(file, text);
    written.add(name).add(`${name}.gz`);
  }
  for (const file of fs.readdirSync(out)) if (!written.has(file)) fs.rmSync(path.join(out, file), { recursive: true });
}

/** Eight characters of base 32, like esbuild's. */
function hashOf(bytes) {
  const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  return Array.from(createHash('sha256').update(bytes).digest().subarray(0, 8), (byte) => digits[byte & 31]).join('');
}

/** Writes atomically: a name with a hash promises its content. */
function writeUnlessThere(file, make) {
  if (fs.existsSync(file)) return;
  fs.writeFileSync(`${file}.tmp`, make());
  fs.renameSync(`${file}.tmp`, file);
}

/** Without the comment that names a source map, because source maps are not published. */
const publishable = (name, bytes) =>
  name.endsWith('.js') ? Buffer.from(bytes.toString().replace(/\n\/\/# sourceMappingURL=.*\s*$/, '\n')) : bytes;

async function bundle(esbuild, root) {
  const { outputFiles } = await esbuild.build({
    absWorkingDir: root,
    entryPoints: {
      script: 'demo/src/main.ts',
      plugins: 'demo/src/plugins.ts',
      bench: 'demo/src/bench.ts',
      style: 'demo/css/index.css',
    },
    outdir: '/',
    bundle: true,
    write: false,
    minify: true,
    format: 'esm',
    target: ['es2022', 'chrome110', 'firefox115', 'safari16.4'],
    legalComments: 'none',
    logLevel: 'warning',
  });
  const text = (name) => Buffer.from(outputFiles.find((file) => path.basename(file.path) === name).contents);
  return { script: text('script.js'), plugins: text('plugins.js'), bench: text('bench.js'), style: text('style.css') };
}
