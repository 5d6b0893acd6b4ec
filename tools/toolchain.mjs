// The toolchain: Emscripten, and the compilers of guest programs (C, C++, Go, Rust), from Debian's
// own packages, in one private folder, without touching the system and without root.
//
//   .toolchain/            (or $HOLDFAST_TOOLCHAIN, to share one between clones)
//     root/                the unpacked packages, patched to find their libraries in here
//     bin/                 the commands: emcc, em++, wasm-as, wasi-clang, wasi-go, wasi-rustc, wasm2c …
//     emscripten.config    EM_CONFIG; its cache of system libraries is emscripten-cache/
//     manifest.json        written last: the recipe, the packages with their hashes, the sizes of what was unpacked
//
// Packages are requested by name, and apt resolves their dependencies, so that version numbers in package
// names (clang-21, golang-1.27-go …) change without an edit here. Every stage writes under a temporary name and renames.
import fs from 'node:fs';
import path from 'node:path';
import {
  Complaint,
  capture,
  exists,
  filesBelow,
  isMain,
  machine,
  main,
  progress,
  readJson,
  run,
  say,
  sha256,
  sizeOf,
  which,
  withLock,
  writeIfChanged,
} from './lib.mjs';
import { choosePackages, download } from './toolchain/debian.mjs';
import { architecture, bin, folder, manifestFile, recipe, rootfs } from './toolchain/recipe.mjs';
import { unpack } from './toolchain/unpack.mjs';
import { writeWrappers } from './toolchain/wrappers.mjs';

const oldestEmscripten = 5;
/**
 * How the kernel is linked, as far as that selects Emscripten's system libraries and their variants (CMakeLists.txt).
 */
const variants = [
  ...['-O2', '-sWASM_WORKERS=1', '-sMALLOC=emmalloc', '-sDEFAULT_TO_CXX=0', '-sAUTO_NATIVE_LIBRARIES=0'],
  ...['-sIMPORTED_MEMORY=1', '-sALLOW_MEMORY_GROWTH=1'],
];

/**
 * Makes the toolchain usable. Returns its bin folder; takes milliseconds if everything is there. `programs` settles
 * when the machine has the programs that it must provide itself (python3, which runs Emscripten); until then packages
 * are downloaded and unpacked.
 */
export async function toolchain(programs = Promise.resolve()) {
  const own = await emscriptenOnPath();
  const here = machine();
  if (!here.debian || !architecture) return withoutDebian(own);
  const hash = sha256(
    JSON.stringify([recipe, folder], (_, value) => (value instanceof RegExp ? String(value) : value)),
  );
  if (!isWhole(hash)) {
    await withLock(path.join(folder, 'lock'), 'the toolchain', async () => {
      if (!isWhole(hash)) await make(hash);
    });
  }
  await programs;
  writeWrappers(own);
  await compileSystemLibraries(own);
  return bin;
}

function withoutDebian(own) {
  if (!own) {
    throw new Complaint(
      `no emcc ${oldestEmscripten}.0 or newer on PATH, and the private toolchain folder needs Debian's apt.\n` +
        '  Install the Emscripten SDK (git clone the emsdk repository, ./emsdk install latest, ./emsdk activate latest,\n' +
        '  source ./emsdk_env.sh) or, on macOS, `brew install emscripten`; then run this again.',
    );
  }
  writeWrappers(own);
  return bin;
}

/** The user's own emcc, if it is new enough: {emcc, version}. Its version is requested once for each file. */
async function emscriptenOnPath() {
  const searchPath = (process.env.PATH ?? '')
    .split(path.delimiter)
    .filter((entry) => path.resolve(entry || '.') !== bin);
  const emcc = which('emcc', searchPath.join(path.delimiter));
  if (!emcc) return undefined;
  const key = `${fs.realpathSync(emcc)} ${fs.statSync(emcc).mtimeMs}`;
  const memory = path.join(folder, 'emcc-on-path.json');
  let known = readJson(memory);
  if (known?.key !== key) {
    known = { key, version: /\b(\d+\.\d+\.\d+)\b/.exec((await capture(emcc, ['--version'])) ?? '')?.[1] ?? '0.0.0' };
    writeIfChanged(memory, JSON.stringify(known));
  }
  return Number.parseInt(known.version, 10) >= oldestEmscripten ? { emcc, version: known.version } : undefined;
}

// --- completeness ---

/** Whether this recipe created the folder, in this place, and its larger files still have their sizes. */
function isWhole(hash) {
  const manifest = readJson(manifestFile);
  if (manifest?.hash !== hash) return false;
  return Object.entries(manifest.files).every(([file, size]) => sizeOf(path.join(rootfs, file)) === size);
}

async function make(hash) {
  say(`toolchain: making ${path.relative(process.cwd(), folder) || folder} (once; later runs use it)`);
  fs.rmSync(manifestFile, { force: true });
  const packages = await choosePackages(recipe.packages);
  await download(packages);
  await unpack(packages);
  const files = {};
  for (const file of filesBelow(rootfs)) {
    const size = sizeOf(path.join(rootfs, file));
    if (size >= 32768) files[file] = size;
  }
  writeIfChanged(manifestFile, JSON.stringify({ hash, made: new Date().toISOString(), packages, files }, null, 1));
  for (const leftover of ['debs', 'apt', 'emscripten-libraries']) {
    fs.rmSync(path.join(folder, leftover), { recursive: true, force: true });
  }
}

/**
 * The first link compiles Emscripten's system libraries (half a minute on two cores); do that once here, and report it.
 */
async function compileSystemLibraries(own) {
  const done = path.join(folder, 'emscripten-libraries', sha256(JSON.stringify([own, variants])).slice(0, 16));
  if (exists(done)) return;
  await withLock(path.join(folder, 'lock'), 'the toolchain', async () => {
    if (exists(done)) return;
    const meter = progress("toolchain: compiling Emscripten's system libraries");
    const work = path.join(folder, 'emscripten-libraries', 'work');
    fs.rmSync(work, { recursive: true, force: true });
    fs.mkdirSync(work, { recursive: true });
    fs.writeFileSync(path.join(work, 'tiny.c'), 'void nothing(void) {}\n');
    let count = 0;
    // Into a cache beside the real one: an interrupted compilation must not leave anything that is trusted later.
    const [cache, fresh] = ['emscripten-cache', 'emscripten-cache.tmp'].map((name) => path.join(folder, name));
    fs.rmSync(fresh, { recursive: true, force: true });
    const args = [...variants, '-Wno-pthreads-mem-growth', '--no-entry', 'tiny.c', '-o', 'tiny.wasm'];
    await run(path.join(bin, 'emcc'), args, {
      cwd: work,
      env: own ? {} : { EM_CACHE: fresh },
      onLine: (line) =>
        /generating/.test(line) && meter.update(`${++count}: ${/([\w+-]+)\.a/.exec(line)?.[1] ?? 'headers'}`),
    });
    if (!own) {
      fs.rmSync(cache, { recursive: true, force: true });
      fs.renameSync(fresh, cache);
    }
    meter.done(`${count} parts`);
    fs.rmSync(work, { recursive: true });
    writeIfChanged(done, '');
  });
}

if (isMain(import.meta.url)) {
  await main(async () => {
    say(`toolchain: ${await toolchain()}`);
  });
}
