// Builds targets: `node tools/build.mjs [TARGET…]`; by default everything except the native kernels. A part is skipped if
// its inputs did not change: ninja decides for C, a hash of the inputs for guests and type declarations.
//
//   wasm         build/wasm/kernel.{mjs,wasm}   the kernel and the coordinator (CMake, Emscripten)
//   wasm-errors  build/wasm-errors/kernel.wasm  the same, recording which errors each call returns: for tests/guests/errnos.test.mjs
//   runtime      dist/                          the npm package (implies wasm): esbuild bundles, kernel.wasm, types
//   guests       build/guests/NAME.wasm         the programs in tests/guests and demo/guests
//   demo         build/demo/                    the static page (implies runtime and guests), by demo/build.mjs
//   native-host                                 build/native-{asan,tsan}/holdfast-{guest,supervised}: the native host, and a test's program, under each sanitizer
//   native, native-asan, native-tsan, fuzz      build/PRESET/: the native kernel, its tests and fuzzers
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import zlib from 'node:zlib';
import { AT_START, FILES, nodeName, SINGLE_FILES } from '../common/files.js';
import { generateAbi, shortNames } from './abi.mjs';
import {
  Complaint,
  exists,
  filesBelow,
  fromRoot,
  inParallel,
  isMain,
  main,
  progress,
  readJson,
  root,
  run,
  say,
  sha256,
  withLock,
  writeIfChanged,
} from './lib.mjs';
import { adapters } from './jco.mjs';
import { needs, setup } from './setup.mjs';
import { bin, folder } from './toolchain/recipe.mjs';

const presets = ['native', 'native-asan', 'native-tsan', 'fuzz'];
const steps = {
  wasm: buildWasm,
  'wasm-errors': async () => {
    generateAbi();
    await cmakeForWasm('wasm-errors');
  },
  runtime: buildRuntime,
  guests: buildGuests,
  demo: buildDemo,
};
for (const preset of presets) steps[preset] = () => cmake(preset);
steps['native-host'] = async () => {
  const programs = ['holdfast-guest', 'holdfast-supervised'];
  for (const preset of ['native-asan', 'native-tsan']) await cmake(preset, [], ['--target', ...programs]);
};

/** Builds the targets in a suitable order. The caller has run setup. */
export async function build(targets = ['demo']) {
  const unknown = targets.filter((name) => !steps[name]);
  if (unknown.length > 0)
    throw new Complaint(`unknown target ${unknown.join(', ')}; the targets are ${Object.keys(steps).join(', ')}`);
  await withLock(fromRoot('build/build.lock'), 'a build', async () => {
    const implied = new Set(targets);
    if (implied.has('demo')) implied.add('runtime').add('guests');
    if (implied.has('runtime')) implied.add('wasm');
    for (const name of Object.keys(steps)) if (implied.has(name)) await steps[name]();
  });
}

/** During development a part may not exist yet; then only the steps that need it fail. */
const absent = (what) => say(`build: no ${what}, left out`);

const hashOfFiles = (files) =>
  sha256(files.map((file) => `${file}\0${sha256(fs.readFileSync(fromRoot(file)))}`).join('\n'));

/** Runs `make`, unless `key` is the same as at its last success and `output` still exists. */
async function unlessDone(output, key, make) {
  const stamp = fromRoot('build/stamps', `${path.relative(root, output).replaceAll(path.sep, '-')}.json`);
  if (readJson(stamp) === key && exists(output)) return false;
  fs.rmSync(stamp, { force: true });
  await make();
  writeIfChanged(stamp, JSON.stringify(key));
  return true;
}

// --- C ---

async function cmake(preset, wrapper = [], options = []) {
  const folderOfBuild = fromRoot('build', preset);
  const key = hashOfFiles(['CMakePresets.json']) + (wrapper.length > 0 ? toolchainKey() : '');
  await unlessDone(path.join(folderOfBuild, 'build.ninja'), key, async () => {
    fs.rmSync(path.join(folderOfBuild, 'CMakeCache.txt'), { force: true });
    const [command, ...args] = [...wrapper, 'cmake', '--preset', preset];
    await run(command, args, { quiet: true });
  });
  const meter = progress(`build: ${preset}`);
  let compiled = 0;
  await run('cmake', ['--build', folderOfBuild, ...options], {
    onLine: (line) => {
      const step = /^\[(\d+)\/(\d+)\] (Building|Linking)/.exec(line);
      if (step) meter.update(`${++compiled && step[1]} of ${step[2]}`);
    },
  });
  meter.done(compiled > 0 ? `${compiled} steps` : 'unchanged');
}

const toolchainKey = () =>
  readJson(path.join(folder, 'manifest.json'))?.hash ?? readJson(path.join(folder, 'emcc-on-path.json'))?.key ?? '';

/** The generated files in build/generated that TypeScript imports. */
export async function generate() {
  generateAbi();
  await assembleBridges();
}

async function buildWasm() {
  await generate();
  if (filesBelow(fromRoot('coordinator'), (file) => file.endsWith('.c')).length === 0) return absent('coordinator/*.c');
  await cmakeForWasm('wasm');
}

const features = (...names) => names.map((name) => `--enable-${name}`);

/**
 * Optimizes once more with Binaryen. The linker drops unused code only in its last pass, so these passes, which analyze the whole module, run again
 * after it. This saves 0.3 % of what a page downloads.
 */
async function packWasm(wasm, output) {
  // Emscripten's runtime exports these even if nothing calls them.
  const unused = ['__set_thread_state', '*emscripten_*'].map((names) => `--remove-exports=${names}`);
  // Inlines functions that are hardly larger than a call of them: 0.3 % of the kernel, compressed.
  const inline = ['--always-inline-max-function-size', '5'];
  const passes = [...inline, ...unused, '--generate-global-effects', '--gufa-optimizing', '-Oz', '--roundtrip', '-Oz'];
  await unlessDone(output, JSON.stringify(passes) + sha256(fs.readFileSync(wasm)) + toolchainKey(), async () => {
    const known = features(
      'threads',
      'bulk-memory',
      'mutable-globals',
      'sign-ext',
      'nontrapping-float-to-int',
      'multivalue',
      'reference-types',
    );
    await run(path.join(bin, 'wasm-opt'), [...known, ...passes, wasm, '-o', output], { quiet: true });
  });
}

const cmakeForWasm = (preset) => cmake(preset, [path.join(bin, 'emcmake')]);

/**
 * worker/NAME.wat becomes build/generated/NAME.ts: `export const name: Uint8Array`, small enough to include in the
 * bundle.
 */
async function assembleBridges() {
  for (const file of filesBelow(fromRoot('worker'), (name) => name.endsWith('.wat'))) {
    const name = path.basename(file, '.wat');
    const wasm = fromRoot('build/generated', `${name}.wasm`);
    const output = fromRoot('build/generated', `${name}.ts`);
    await unlessDone(output, hashOfFiles([`worker/${file}`]) + toolchainKey(), async () => {
      fs.mkdirSync(path.dirname(wasm), { recursive: true });
      const known = features('multimemory', 'threads', 'bulk-memory', 'mutable-globals', 'sign-ext', 'reference-types');
      await run(path.join(bin, 'wasm-as'), [...known, fromRoot('worker', file), '-o', wasm], { quiet: true });
      const constant = name.replace(/-(\w)/g, (_, letter) => letter.toUpperCase());
      const text = fs.readFileSync(wasm).toString('base64');
      writeIfChanged(
        output,
        `// Generated by tools/build.mjs from worker/${file}. Do not edit.\n` +
          `export const ${constant}: Uint8Array<ArrayBuffer> = Uint8Array.from(atob('${text}'), (byte) => byte.charCodeAt(0));\n`,
      );
      say(`build: worker/${file} assembled, ${fs.statSync(wasm).size} bytes`);
    });
  }
}

// --- TypeScript ---

/**
 * Bundlers must not process an import() of a URL that only the page knows. Each bundler has its own comment for that, but esbuild drops comments, so
 * importUrl() is defined in a string.
 */
const importUrl =
  'function importUrl(u){return import(/* webpackIgnore: true *//* turbopackIgnore: true *//* @vite-ignore */u)}';

const twice = (entry, file, footer = '', single = false) => [
  { entry, output: file, platform: 'browser', footer, single },
  { entry, output: nodeName(file), platform: 'node', footer, single },
];
// `platform` also decides what "#platform" is (package.json, "imports"): Node's file under the condition `node`, else the browser's.
const bundles = [
  { entry: 'web/index.ts', output: 'index.js', platform: 'browser' },
  { entry: 'web/node.ts', output: 'node.js', platform: 'node' },
  { entry: 'web/trace.ts', output: 'trace.js', platform: 'neutral' },
  { entry: 'web/supervise.ts', output: 'supervise.js', platform: 'neutral' },
  { entry: 'web/plugin.ts', output: 'plugin.js', platform: 'neutral' },
  { entry: 'web/pipes.ts', output: 'pipes.js', platform: 'neutral' },
  { entry: 'web/reactor.ts', output: 'reactor.js', platform: 'neutral' },
  { entry: 'web/threads.ts', output: 'threads.js', platform: 'neutral' },
  { entry: 'web/sockets.ts', output: 'sockets.js', platform: 'neutral' },
  { entry: 'web/http.ts', output: 'http.js', platform: 'neutral' },
  { entry: 'web/download.ts', output: 'download.js', platform: 'neutral' },
  { entry: 'web/transfer.ts', output: 'transfer.js', platform: 'neutral' },
  { entry: 'web/explain.ts', output: 'explain.js', platform: 'neutral' },
  { entry: 'web/diagnose.ts', output: 'diagnose.js', platform: 'neutral' },
  { entry: 'web/attach.ts', output: 'attach.js', platform: 'neutral' },
  { entry: 'web/single.ts', output: 'single.js', platform: 'neutral' },
  { entry: 'web/run-files.ts', output: 'run-files.js', platform: 'neutral' },
  { entry: 'web/help.ts', output: 'help.js', platform: 'neutral' },
  { entry: 'web/vite.ts', output: 'vite.js', platform: 'node' },
  ...twice('coordinator/main.ts', FILES.coordinator, importUrl),
  ...twice('coordinator/main.ts', SINGLE_FILES.coordinator, importUrl, true),
  ...twice('coordinator/supervise.ts', FILES.supervise),
  ...twice('coordinator/files.ts', FILES.files),
  ...twice('worker/compute.ts', FILES.compute, importUrl),
  ...twice('worker/guest.ts', FILES.guest, importUrl),
  ...twice('coordinator/component.ts', FILES.component),
  ...twice('worker/component.ts', FILES.executor, importUrl),
  ...twice('worker/typed-calls.ts', FILES.typed),
  { entry: 'web/instance.ts', output: 'instance.js', platform: 'neutral' },
  { entry: 'web/component.ts', output: 'component.js', platform: 'neutral' },
  { entry: 'web/cli/main.ts', output: 'cli.js', platform: 'node' },
  { entry: 'web/cli/cli-remote.ts', output: 'cli-remote.js', platform: 'node' },
  { entry: 'web/cli/cli-directories.ts', output: 'cli-directories.js', platform: 'node' },
  { entry: 'web/cli/cli-types.ts', output: 'cli-types.js', platform: 'node' },
  { entry: 'web/cli/cli-bench.ts', output: 'cli-bench.js', platform: 'node' },
  { entry: 'web/cli/page.ts', output: 'cli-page.js', platform: 'browser' },
  { entry: 'web/bench-ring.ts', output: 'bench-ring.js', platform: 'neutral' },
];

/** Loaded on demand, from beside the bundle. */
export const loadedLater = [
  './trace.js',
  './supervise.js',
  './sockets.js',
  './http.js',
  './pipes.js',
  './plugin.js',
  './transfer.js',
  './diagnose.js',
  './explain.js',
  './download.js',
  './help.js',
  './attach.js',
  './single.js', // and web/cli/page.ts has its own copy
  './run-files.js',
  './instance.js',
  './component.js',
  './cli-remote.js',
  './cli-directories.js',
  './cli-types.js',
  './cli-bench.js',
];
/** What a page downloads to run a program. */
export const downloads = ['index.js', ...AT_START.map((name) => FILES[name])];

async function loadEsbuild() {
  return import(pathToFileURL(createRequire(fromRoot('package.json')).resolve('esbuild')).href);
}

async function buildRuntime() {
  const esbuild = await loadEsbuild();
  fs.mkdirSync(fromRoot('dist'), { recursive: true });
  const names = shortNames();
  for (const { entry, output, platform, footer = '', single = false } of bundles) {
    if (!exists(fromRoot(entry))) {
      absent(entry);
      continue;
    }
    const options = {
      absWorkingDir: root,
      entryPoints: [entry],
      outfile: fromRoot('dist', output),
      platform,
      bundle: true,
      format: 'esm',
      target: 'es2022',
      minify: true,
      // Source maps are separate files without the sources, so that tools do not look for sources that are not in the package, but stack traces can still be mapped.
      sourcemap: 'external',
      sourcesContent: false,
      legalComments: 'none',
      logLevel: 'silent',
      loader: { '.wasm': 'binary' },
      define: { SINGLE: String(single) },
      ...(single && { conditions: ['single'] }),
      mangleProps: new RegExp(`^(${Object.keys(names).join('|')})$`),
      mangleCache: { ...names },
      footer: { js: footer },
      external: loadedLater,
    };
    await esbuild.build(options).catch((error) => {
      const text = esbuild.formatMessagesSync(error.errors ?? [], { kind: 'error' }).join('\n');
      throw new Complaint(`esbuild cannot bundle ${entry}:\n${text || error}`);
    });
  }
  for (const file of [...Object.values(FILES), SINGLE_FILES.kernel].filter((name) => name.endsWith('.wasm'))) {
    const wasm = fromRoot('build/wasm', file);
    if (exists(wasm)) await packWasm(wasm, fromRoot('dist', file));
  }
  const ring = fromRoot('build/wasm/ring.wasm'); // as the compiler wrote it, because it is measured
  if (exists(ring)) fs.copyFileSync(ring, fromRoot('dist/ring.wasm'));
  await emitTypes();
  reportSizes();
}

async function emitTypes() {
  if (!exists(fromRoot('web/index.ts')) || !exists(fromRoot('web/node.ts'))) return;
  const inputs = [
    'package-lock.json',
    'tsconfig.json',
    'tsconfig.types.json',
    ...['common', 'web', 'build/generated'].flatMap((part) =>
      filesBelow(fromRoot(part), (file) => file.endsWith('.ts')).map((file) => `${part}/${file}`),
    ),
  ];
  await unlessDone(fromRoot('dist/types/web/index.d.ts'), hashOfFiles(inputs), async () => {
    const tsc = fromRoot('node_modules/typescript/bin/tsc');
    const { code, output } = await run(process.execPath, [tsc, '-p', 'tsconfig.types.json'], {
      quiet: true,
      allowFailure: true,
    });
    if (code !== 0) say(`build: type errors (npm run check fails on them):\n${output.slice(0, 2000)}`);
  });
}

/** As nginx would send it. */
function reportSizes() {
  const files = downloads.filter((file) => exists(fromRoot('dist', file)));
  const kilobytes = (bytes) => `${(bytes / 1000).toFixed(1)} kB`;
  let [raw, packed] = [0, 0];
  const parts = files.map((file) => {
    const bytes = fs.readFileSync(fromRoot('dist', file));
    const small = zlib.gzipSync(bytes, { level: 9 }).length;
    raw += bytes.length;
    packed += small;
    return `${file} ${kilobytes(small)}`;
  });
  if (files.length > 0)
    say(`build: the runtime is ${kilobytes(raw)}, ${kilobytes(packed)} gzipped (${parts.join(', ')})`);
}

// --- guests ---

async function buildGuests() {
  const script = fromRoot('tests/guests/build.mjs');
  if (!exists(script)) return absent('guests');
  if (!exists(path.join(bin, 'wasi-clang')))
    throw new Complaint('the compilers of guest programs are Debian packages, which this system does not have');
  const guests = await import(pathToFileURL(script).href);
  const meter = progress('build: guests');
  const log = (text) => (text.startsWith('built ') ? meter.update(text) : say(text));
  const options = { root, out: fromRoot('build/guests'), toolchainBin: bin, adapters: await adapters(), log };
  const { built, unchanged } = await guests.build(options).catch((error) => {
    throw new Complaint(`guests: ${error.message}`);
  });
  meter.done(`${built} built, ${unchanged} unchanged`);
}

// --- demo ---

async function buildDemo() {
  const script = fromRoot('demo/build.mjs');
  if (!exists(script)) return absent('demo/build.mjs');
  const out = fromRoot('build/demo');
  const demo = await import(pathToFileURL(script).href);
  await demo.build({ root, out, esbuild: await loadEsbuild() });
  await compressBelow(out);
  say(`build: the demo is ${path.relative(process.cwd(), out)}/`);
}

const gzip = promisify(zlib.gzip);

/** FILE.gz beside each larger file that compresses, for nginx's gzip_static; written again when FILE is newer. */
async function compressBelow(top) {
  const files = filesBelow(top, (file) => /\.(html|js|mjs|css|json|svg|wasm|tar|map|txt)$/.test(file)).map((file) =>
    path.join(top, file),
  );
  await inParallel(files, async (file) => {
    const [time, packed] = [fs.statSync(file).mtimeMs, `${file}.gz`];
    if (fs.statSync(packed, { throwIfNoEntry: false })?.mtimeMs >= time) return;
    const bytes = fs.readFileSync(file);
    if (bytes.length < 1024) return;
    writeIfChanged(packed, await gzip(bytes, { level: 9 }));
    fs.utimesSync(packed, new Date(), new Date());
  });
  for (const file of filesBelow(top, (name) => name.endsWith('.gz'))) {
    if (!exists(path.join(top, file.slice(0, -3)))) fs.rmSync(path.join(top, file));
  }
}

if (isMain(import.meta.url)) {
  await main(async (targets) => {
    const native = targets.some((name) => presets.includes(name));
    await setup([...needs.build, ...(native ? needs.native : [])]);
    await build(targets.length > 0 ? targets : undefined);
  });
}
