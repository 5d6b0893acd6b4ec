// The toolchain: Emscripten, and the compilers of guest programs (C, C++, Go, Rust), from Debian's
// own packages, in one private folder, without touching the system and without root.
//
//   .toolchain/            (or $HOLDFAST_TOOLCHAIN, to share one between clones)
//     root/                the unpacked packages, patched to find their libraries in here
//     bin/                 what to call: emcc, em++, wasm-as, wasi-clang, wasi-go, wasi-rustc, wasm2c …
//     emscripten.config    EM_CONFIG; its cache of system libraries is emscripten-cache/
//     manifest.json        written last: the recipe, the packages with their hashes, the sizes of what was unpacked
//
// Packages are asked for by name and their dependencies resolved by apt, so that version numbers in
// package names (clang-21, golang-1.27-go …) move without an edit here. Every stage writes under another name and renames.
import fs from 'node:fs';
import path from 'node:path';
import {
  Complaint,
  capture,
  exists,
  filesBelow,
  fromRoot,
  inParallel,
  isMain,
  machine,
  main,
  megabytes,
  progress,
  readJson,
  run,
  say,
  sha256,
  sha256File,
  which,
  withLock,
  writeIfChanged,
} from './lib.mjs';

/** What goes into the folder. A change here makes everybody's folder anew. */
const recipe = {
  version: 2,
  suite: 'forky',
  packages: [
    'emscripten',
    'patchelf',
    'wasi-libc',
    'libclang-rt-dev-wasm32',
    'libc++-dev-wasm32',
    'wasm-tools',
    'wabt',
    'golang-go',
    'rustc',
    'libstd-rust-dev-wasm32',
  ],
  // Dependencies that nothing we run needs: the machine's own node and python serve, and nothing native is compiled.
  without: [
    'python3',
    'nodejs',
    'ccache',
    'gcc',
    'binutils',
    'perl',
    'libc6-dev',
    'libc-dev',
    'libcurl4t64',
    'libc-gconv-modules-extra',
    'openssl-provider-legacy',
    /^lib(stdc\+\+|gcc|objc)-\d+-dev$/,
    /^libclang1-/,
  ],
  // Needed for their dependencies only (the standard library of native Rust programs).
  throughOnly: ['libstd-rust-dev', 'golang-go', 'golang-src', 'libclang-rt-dev-wasm32', 'libc++-dev-wasm32'],
  leaveOut: ['usr/share/doc', 'usr/share/man', 'usr/share/lintian', 'usr/share/locale'],
};
const oldestEmscripten = 5;

const architectures = {
  x64: { debian: 'amd64', libraries: 'usr/lib/x86_64-linux-gnu', loader: 'ld-linux-x86-64.so.2', elfMachine: 62 },
  arm64: { debian: 'arm64', libraries: 'usr/lib/aarch64-linux-gnu', loader: 'ld-linux-aarch64.so.1', elfMachine: 183 },
};

export const folder = process.env.HOLDFAST_TOOLCHAIN
  ? path.resolve(process.env.HOLDFAST_TOOLCHAIN)
  : fromRoot('.toolchain');
export const bin = path.join(folder, 'bin');
const rootfs = path.join(folder, 'root');
const manifestFile = path.join(folder, 'manifest.json');

/** Makes the toolchain usable. Returns its bin folder; costs milliseconds when all is there. */
export async function toolchain() {
  const own = await emscriptenOnPath();
  const here = machine();
  if (!here.debian || !architectures[process.arch]) return withoutDebian(own);
  const hash = sha256(
    JSON.stringify([recipe, folder], (_, value) => (value instanceof RegExp ? String(value) : value)),
  );
  if (!isWhole(hash)) {
    await withLock(path.join(folder, 'lock'), 'the toolchain', async () => {
      if (!isWhole(hash)) await make(hash);
    });
  }
  writeWrappers(own);
  if (!exists(path.join(folder, 'emscripten-libraries', String(own?.version ?? 'debian')))) {
    await withLock(path.join(folder, 'lock'), 'the toolchain', () => compileSystemLibraries(own));
  }
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

/** An emcc of the user's that is new enough: {emcc, version}. Its version is asked once for each file. */
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

// --- wholeness ---

/** The folder was made by this recipe, in this place, and its larger files still have their sizes. */
function isWhole(hash) {
  const manifest = readJson(manifestFile);
  if (manifest?.hash !== hash) return false;
  return Object.entries(manifest.files).every(([file, size]) => sizeOf(path.join(rootfs, file)) === size);
}

const sizeOf = (file) => fs.statSync(file, { throwIfNoEntry: false })?.size;

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
  for (const leftover of ['debs', 'apt', 'emscripten-cache', 'emscripten-libraries']) {
    fs.rmSync(path.join(folder, leftover), { recursive: true, force: true });
  }
}

// --- apt, with a state of its own ---

/** Where this machine gets Debian from, read from its own apt sources: {uris, signedBy}. */
function debianMirror() {
  const { codename } = machine();
  const ours = (suites) =>
    suites.split(/\s+/).some((suite) => suite === codename || /^(stable|testing|unstable|sid)$/.test(suite));
  const found = [];
  for (const file of [
    '/etc/apt/sources.list',
    ...filesBelow('/etc/apt/sources.list.d').map((name) => `/etc/apt/sources.list.d/${name}`),
  ]) {
    if (!exists(file)) continue;
    const text = fs.readFileSync(file, 'utf8').replace(/^\s*#.*\n?/gm, '');
    if (file.endsWith('.sources')) {
      for (const stanza of text.split(/\n\s*\n/)) {
        const field = (name) => new RegExp(`^${name}:[ \t]*(.*(?:\n[ \t].*)*)`, 'im').exec(stanza)?.[1].trim();
        if (/^no$/i.test(field('Enabled') ?? 'yes') || !/\bdeb\b/.test(field('Types') ?? '')) continue;
        if (/\bmain\b/.test(field('Components') ?? '') && ours(field('Suites') ?? '')) {
          found.push({ uris: field('URIs'), signedBy: field('Signed-By') });
        }
      }
    } else if (file.endsWith('.list')) {
      for (const line of text.split('\n')) {
        const [, options, uri, suite, components] =
          /^\s*deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)\s+(.*)/.exec(line) ?? [];
        if (!uri || uri.startsWith('cdrom:') || !ours(suite) || !/\bmain\b/.test(components)) continue;
        found.push({ uris: uri, signedBy: /signed-by=(\S+)/.exec(options ?? '')?.[1] });
      }
    }
  }
  if (found.length === 0)
    throw new Complaint(`no entry for Debian ${codename} main in /etc/apt/sources.list or sources.list.d`);
  return { uris: found[0].uris, signedBy: found[0].signedBy ?? '/usr/share/keyrings/debian-archive-keyring.gpg' };
}

/** Writes the private apt state; returns the arguments that make apt use it. */
function privateApt() {
  const apt = path.join(folder, 'apt');
  for (const part of ['state/lists/partial', 'cache/archives/partial'])
    fs.mkdirSync(path.join(apt, part), { recursive: true });
  const { uris, signedBy } = debianMirror();
  const key = signedBy.includes('\n') ? `Signed-By:\n ${signedBy}` : `Signed-By: ${signedBy}`;
  fs.writeFileSync(path.join(apt, 'status'), '');
  fs.writeFileSync(
    path.join(apt, 'debian.sources'),
    `Types: deb\nURIs: ${uris}\nSuites: ${recipe.suite}\nComponents: main\n${key}\n`,
  );
  const settings = {
    'Dir::State': `${apt}/state`,
    'Dir::State::status': `${apt}/status`,
    'Dir::Cache': `${apt}/cache`,
    'Dir::Etc::sourcelist': `${apt}/debian.sources`,
    'Dir::Etc::sourceparts': '/dev/null',
    'Dir::Etc::preferences': '/dev/null',
    'Dir::Etc::preferencesparts': '/dev/null',
    'APT::Architecture': architectures[process.arch].debian,
    'APT::Architectures': architectures[process.arch].debian,
    'APT::Sandbox::User': 'root', // the folder may be private to its owner
    'Acquire::Languages': 'none',
    'Acquire::Retries': '3',
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name} "${value}";`);
  // The machine's own hooks on an update are about the machine's own lists.
  lines.push(
    '#clear APT::Update::Pre-Invoke;',
    '#clear APT::Update::Post-Invoke;',
    '#clear APT::Update::Post-Invoke-Success;',
  );
  fs.writeFileSync(path.join(apt, 'apt.conf'), `${lines.join('\n')}\n`);
  return ['-c', path.join(apt, 'apt.conf')];
}

const inEnglish = { env: { LC_ALL: 'C' }, quiet: true };

/** The packages to fetch: the seeds and what they depend on, with size and hash: [{name, file, size, sha256}]. */
async function choosePackages(seeds) {
  const apt = privateApt();
  say(`toolchain: reading Debian ${recipe.suite}'s list of packages (10 MB)`);
  const update = await run('apt-get', [...apt, 'update', '-o', 'APT::Update::Error-Mode=any'], {
    ...inEnglish,
    allowFailure: true,
  });
  if (update.code !== 0) throw new Complaint(`apt cannot read Debian ${recipe.suite}:\n${update.output}`);
  const edges = '--no-recommends --no-suggests --no-conflicts --no-breaks --no-replaces --no-enhances'.split(' ');
  const { output } = await run('apt-cache', [...apt, 'depends', '--recurse', ...edges, ...seeds], inEnglish);
  const names = closure(seeds, dependencyGraph(output)).filter((name) => !recipe.throughOnly.includes(name));
  const uris = await run('apt-get', [...apt, 'download', '--print-uris', ...names], inEnglish);
  const packages = [...uris.output.matchAll(/^'[^']+' (\S+) (\d+) SHA256:([0-9a-f]{64})/gm)].map(
    ([, file, size, hash]) => ({
      name: file.split('_')[0],
      file,
      size: Number(size),
      sha256: hash,
    }),
  );
  if (packages.length !== names.length)
    throw new Complaint(`apt knows ${packages.length} of the ${names.length} packages: ${names.join(' ')}`);
  return packages;
}

/** Reads `apt-cache depends --recurse`. Of alternatives the first is taken, of a virtual package its first provider. */
function dependencyGraph(text) {
  const graph = new Map();
  let edges = [];
  let inAlternative = false;
  let wantsProvider = false;
  for (const line of text.split('\n')) {
    const [, alternative, name] = /^ ([ |])(?:Pre)?Depends: (\S+)/.exec(line) ?? [];
    if (/^\S/.test(line)) {
      edges = [];
      graph.set(line.trim(), edges);
      inAlternative = wantsProvider = false;
    } else if (name) {
      if (!inAlternative && !name.startsWith('<')) edges.push(name);
      wantsProvider = !inAlternative && name.startsWith('<');
      inAlternative = alternative === '|';
    } else if (wantsProvider && /^ {4}\S/.test(line)) {
      edges.push(line.trim());
      wantsProvider = false;
    }
  }
  return graph;
}

function closure(seeds, graph) {
  const left = (name) =>
    recipe.without.some((pattern) => (pattern instanceof RegExp ? pattern.test(name) : pattern === name));
  const seen = new Set();
  const queue = [...seeds];
  for (let name; (name = queue.shift()?.replace(/:any$/, ''));) {
    if (seen.has(name) || left(name)) continue;
    seen.add(name);
    queue.push(...(graph.get(name) ?? []));
  }
  return [...seen];
}

// --- download and unpack ---

const debFile = (entry) => path.join(folder, 'debs', entry.file);

/** Fetches what is not there whole. An interrupted download is found by its size or hash, thrown away and fetched again. */
async function download(packages) {
  const debs = path.join(folder, 'debs');
  fs.mkdirSync(debs, { recursive: true });
  const whole = async (entry) =>
    sizeOf(debFile(entry)) === entry.size && (await sha256File(debFile(entry))) === entry.sha256;
  const total = packages.reduce((sum, entry) => sum + entry.size, 0);
  let missing = packages;
  for (let attempt = 0; ; attempt++) {
    const bad = [];
    await inParallel(missing, async (entry) => (await whole(entry)) || bad.push(entry));
    missing = bad;
    if (missing.length === 0) break;
    if (attempt === 3)
      throw new Complaint(
        `could not download ${missing.map((entry) => entry.name).join(', ')}; run this again to go on from here`,
      );
    for (const entry of missing) fs.rmSync(debFile(entry), { force: true });
    await fetchAll(missing, packages, total);
  }
}

async function fetchAll(missing, packages, total) {
  const apt = ['-c', path.join(folder, 'apt', 'apt.conf')];
  const meter = progress(`toolchain: downloading ${missing.length} packages`);
  const have = () => packages.reduce((sum, entry) => sum + (sizeOf(debFile(entry)) ?? 0), 0);
  const timer = setInterval(
    () => meter.update(`${megabytes(have())} of ${megabytes(total)}, ${Math.floor((100 * have()) / total)} %`),
    250,
  );
  // Three at a time, dealt out by size; failures are found by the hashes afterwards.
  const hands = [[], [], []];
  [...missing].sort((a, b) => b.size - a.size).forEach((entry, index) => hands[index % hands.length].push(entry.name));
  const options = { ...inEnglish, allowFailure: true, cwd: path.join(folder, 'debs') };
  await Promise.all(
    hands.filter((names) => names.length > 0).map((names) => run('apt-get', [...apt, 'download', ...names], options)),
  );
  clearInterval(timer);
  meter.done(`${megabytes(have())} of ${megabytes(total)}`);
}

async function unpack(packages) {
  const fresh = path.join(folder, 'root.tmp');
  fs.rmSync(fresh, { recursive: true, force: true });
  fs.mkdirSync(fresh, { recursive: true });
  const meter = progress('toolchain: unpacking');
  let count = 0;
  await inParallel(packages, async (entry) => {
    meter.update(`${++count} of ${packages.length}: ${entry.name}`);
    await run('dpkg-deb', ['--extract', debFile(entry), fresh], { quiet: true });
  });
  for (const part of recipe.leaveOut) fs.rmSync(path.join(fresh, part), { recursive: true, force: true });
  // Node resolves from a file's real place, so Emscripten's acorn must lie in a real folder beside it.
  const emscripten = path.join(fresh, 'usr/share/emscripten');
  if (exists(emscripten)) {
    fs.rmSync(path.join(emscripten, 'node_modules'), { recursive: true, force: true });
    fs.cpSync(path.join(fresh, 'usr/share/nodejs'), path.join(emscripten, 'node_modules'), {
      recursive: true,
      dereference: true,
    });
  }
  // Debian names compiler-rt for the target wasm32-wasi; clang looks for it under each target's full name.
  for (const name of llvmFolders(fresh)) {
    for (const runtime of filesBelow(path.join(fresh, 'usr/lib', name, 'lib/clang'), (file) =>
      file.endsWith('/lib/wasi/libclang_rt.builtins-wasm32.a'),
    )) {
      for (const target of ['wasip1', 'wasip2']) {
        const beside = path.join(
          fresh,
          'usr/lib',
          name,
          'lib/clang',
          path.dirname(runtime),
          `../wasm32-unknown-${target}`,
        );
        fs.mkdirSync(beside, { recursive: true });
        fs.symlinkSync('../wasi/libclang_rt.builtins-wasm32.a', path.join(beside, 'libclang_rt.builtins.a'));
      }
    }
  }
  meter.done(`${packages.length} packages`);
  await patch(fresh);
  fs.rmSync(rootfs, { recursive: true, force: true });
  fs.renameSync(fresh, rootfs);
}

/** Makes programs load, and libraries find, the libraries in the folder, at the place where it will be. */
async function patch(fresh) {
  const { libraries, loader } = architectures[process.arch];
  const libraryPath = [libraries, ...llvmFolders(fresh).map((name) => `usr/lib/${name}/lib`)]
    .map((part) => path.join(rootfs, part))
    .join(':');
  // patchelf must not rewrite itself or a library that it is running on: it runs as a copy, on copies.
  const own = path.join(folder, 'patchelf.tmp');
  fs.rmSync(own, { recursive: true, force: true });
  fs.mkdirSync(own);
  for (const file of [loader, 'libc.so.6', 'libm.so.6', 'libgcc_s.so.1', 'libstdc++.so.6']) {
    fs.copyFileSync(path.join(fresh, libraries, file), path.join(own, file));
  }
  fs.copyFileSync(path.join(fresh, 'usr/bin/patchelf'), path.join(own, 'patchelf'));
  fs.chmodSync(path.join(own, loader), 0o755);
  const patchelf = [path.join(own, loader), '--library-path', own, path.join(own, 'patchelf')];
  const libc =
    /^(ld-linux|lib(c|m|dl|pthread|rt|util|resolv|mvec|anl|BrokenLocale|nss_\w+|thread_db|c_malloc_debug|memusage|pcprofile|nsl)[.-])/;
  const work = [];
  for (const file of filesBelow(fresh)) {
    if (/\/testdata\//.test(file)) continue; // Go's tests carry strange programs
    const kind = libc.test(path.basename(file)) ? undefined : elfKind(path.join(fresh, file));
    if (kind === 'program') {
      work.push([
        path.join(fresh, file),
        ['--set-interpreter', path.join(rootfs, libraries, loader), '--force-rpath', '--set-rpath', libraryPath],
      ]);
    } else if (kind === 'library' && /\.so(\.|$)/.test(file)) {
      work.push([path.join(fresh, file), ['--force-rpath', '--set-rpath', libraryPath]]);
    }
  }
  const meter = progress('toolchain: patching programs');
  let count = 0;
  await inParallel(work, async ([file, args]) => {
    meter.update(`${++count} of ${work.length}`);
    await run(patchelf[0], [...patchelf.slice(1), ...args, file], { quiet: true });
  });
  fs.rmSync(own, { recursive: true });
  meter.done(`${work.length} files`);
}

const llvmFolders = (top) =>
  exists(path.join(top, 'usr/lib'))
    ? fs.readdirSync(path.join(top, 'usr/lib')).filter((name) => /^llvm-\d+$/.test(name))
    : [];

/** 'program' (asks for a loader), 'library', or undefined for anything else, static programs too. */
function elfKind(file) {
  const handle = fs.openSync(file, 'r');
  try {
    const bytes = Buffer.alloc(4096);
    if (fs.readSync(handle, bytes, 0, 4096, 0) < 64 || bytes.readUInt32BE(0) !== 0x7f454c46) return undefined;
    const type = bytes.readUInt16LE(16);
    if (bytes.readUInt16LE(18) !== architectures[process.arch].elfMachine || (type !== 2 && type !== 3))
      return undefined;
    const [offset, size, count] = [Number(bytes.readBigUInt64LE(32)), bytes.readUInt16LE(54), bytes.readUInt16LE(56)];
    const kinds = [];
    for (let at = offset; at < offset + size * count && at + 4 <= bytes.length; at += size)
      kinds.push(bytes.readUInt32LE(at));
    if (kinds.includes(3)) return 'program'; // PT_INTERP
    return kinds.includes(2) ? 'library' : undefined; // PT_DYNAMIC
  } finally {
    fs.closeSync(handle);
  }
}

// --- what others call ---

/** Programs of the folder that are called as they are. */
const plain = [
  'wasm-tools',
  'wasm2c',
  'wasm2wat',
  'wat2wasm',
  'wasm-objdump',
  'wasm-as',
  'wasm-dis',
  'wasm-opt',
  'wasm-ld',
  'llvm-ar',
  'llvm-nm',
];

/** (Re)writes the scripts in bin/ and the Emscripten configuration; files that are right already stay as they are. */
function writeWrappers(own) {
  const quote = (text) => `'${text.replaceAll("'", "'\\''")}'`;
  const script = (name, lines) => writeIfChanged(path.join(bin, name), `#!/bin/sh\n${lines.join('\n')}\n`, 0o755);
  const llvm = llvmFolders(rootfs).find((name) => exists(path.join(rootfs, 'usr/lib', name, 'bin/clang')));
  const llvmBin = path.join(rootfs, 'usr/lib', String(llvm), 'bin');

  if (own) {
    for (const name of ['emcc', 'em++', 'emar', 'emranlib', 'emcmake'])
      script(name, [`exec ${quote(path.join(path.dirname(own.emcc), name))} "$@"`]);
    for (const name of ['wasm-as', 'wasm-opt', 'wasm-dis']) {
      const theirs = [path.join(path.dirname(own.emcc), '../bin', name), which(name)].find(
        (file) => file && exists(file) && path.dirname(file) !== bin,
      );
      if (theirs) script(name, [`exec ${quote(theirs)} "$@"`]);
    }
  } else if (llvm) {
    // Beside Emscripten too, where it is found without EM_CONFIG: build.ninja calls its emcc, not ours.
    for (const file of [path.join(folder, 'emscripten.config'), path.join(rootfs, 'usr/share/emscripten/.emscripten')])
      writeIfChanged(
        file,
        Object.entries({
          LLVM_ROOT: llvmBin,
          BINARYEN_ROOT: path.join(rootfs, 'usr'),
          NODE_JS: process.execPath,
          CACHE: path.join(folder, 'emscripten-cache'),
        })
          .map(([name, value]) => `${name} = ${JSON.stringify(value)}\n`)
          .join(''),
      );
    const python = ['/usr/bin/python3', which('python3')].find((file) => file && exists(file)) ?? 'python3';
    for (const name of ['emcc', 'em++', 'emar', 'emranlib', 'emcmake']) {
      script(name, [
        `export EM_CONFIG=${quote(path.join(folder, 'emscripten.config'))}`,
        `exec ${quote(python)} -E ${quote(path.join(rootfs, 'usr/share/emscripten', `${name}.py`))} "$@"`,
      ]);
    }
  }
  if (!llvm) return; // not Debian: the guests' compilers are the user's own affair
  for (const name of plain) {
    const file = [path.join(rootfs, 'usr/bin', name), path.join(llvmBin, name)].find(exists);
    if (file && !(own && name.startsWith('wasm-') && exists(path.join(bin, name))))
      script(name, [`exec ${quote(file)} "$@"`]);
  }
  const wasmLd = path.join(llvmBin, 'wasm-ld');
  for (const [name, compiler] of [
    ['wasi-clang', 'clang'],
    ['wasi-clang++', 'clang++'],
  ]) {
    script(name, [
      '# WASI preview 1; a later --target=wasm32-wasip2 overrides it.',
      `exec ${quote(path.join(llvmBin, compiler))} --target=wasm32-wasip1 --sysroot=${quote(path.join(rootfs, 'usr'))} -fuse-ld=${quote(wasmLd)} -Wno-unused-command-line-argument "$@"`,
    ]);
  }
  const go = fs
    .readdirSync(path.join(rootfs, 'usr/lib'))
    .filter((name) => /^go-[\d.]+$/.test(name))
    .at(-1);
  script('wasi-go', [
    `export GOROOT=${quote(path.join(rootfs, 'usr/lib', String(go)))}`,
    `export GOCACHE=${quote(path.join(folder, 'go/cache'))} GOPATH=${quote(path.join(folder, 'go/path'))}`,
    'export GOOS=wasip1 GOARCH=wasm GOFLAGS=-mod=mod GOTOOLCHAIN=local GOPROXY=off GOTELEMETRY=off CGO_ENABLED=0',
    'exec "$GOROOT/bin/go" "$@"',
  ]);
  script('wasi-rustc', [
    `exec ${quote(path.join(rootfs, 'usr/bin/rustc'))} --target wasm32-wasip1 -C linker=${quote(wasmLd)} "$@"`,
  ]);
}

/** The first link with -pthread compiles Emscripten's system libraries (about 40 s); do it once, and say so. */
async function compileSystemLibraries(own) {
  const done = path.join(folder, 'emscripten-libraries', String(own?.version ?? 'debian'));
  if (exists(done)) return;
  const meter = progress("toolchain: compiling Emscripten's system libraries");
  const work = path.join(folder, 'emscripten-libraries', 'work');
  fs.rmSync(work, { recursive: true, force: true });
  fs.mkdirSync(work, { recursive: true });
  fs.writeFileSync(path.join(work, 'tiny.c'), 'int main(void) { return 0; }\n');
  let count = 0;
  for (const allocator of ['emmalloc', 'dlmalloc']) {
    await run(path.join(bin, 'emcc'), ['-O2', '-pthread', `-sMALLOC=${allocator}`, 'tiny.c', '-o', 'tiny.mjs'], {
      cwd: work,
      onLine: (line) => /generating/.test(line) && meter.update(`${++count}: ${/([\w+-]+)\.a/.exec(line)?.[1] ?? ''}`),
    });
  }
  meter.done(`${count} libraries`);
  fs.rmSync(work, { recursive: true });
  writeIfChanged(done, '');
}

if (isMain(import.meta.url)) {
  await main(async () => {
    say(`toolchain: ${await toolchain()}`);
  });
}
