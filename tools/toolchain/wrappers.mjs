// Writes the scripts in bin/, which the build calls.
import fs from 'node:fs';
import path from 'node:path';
import { exists, which, writeIfChanged } from '../lib.mjs';
import { bin, folder, rootfs } from './recipe.mjs';
import { llvmFolders } from './unpack.mjs';

/** Programs that the build calls directly, without additional arguments. */
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

/** Writes the scripts in bin/ and the Emscripten configuration. Does not touch files that are already correct. */
export function writeWrappers(own) {
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
    // Write a second copy beside Emscripten, which finds it without EM_CONFIG: build.ninja calls Emscripten's emcc, not ours.
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
  if (!llvm) return; // not Debian: the user provides the guests' compilers
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
  // For WASI 0.2 this links only the core module, which is turned into a component afterwards (tests/guests/build.mjs).
  for (const version of ['wasip1', 'wasip2']) {
    script(version === 'wasip1' ? 'wasi-rustc' : 'wasip2-rustc', [
      `exec ${quote(path.join(rootfs, 'usr/bin/rustc'))} --target wasm32-${version} -C linker=${quote(wasmLd)} "$@"`,
    ]);
  }
}
