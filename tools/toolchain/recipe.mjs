// What the toolchain folder is made of, and where it is.
import fs from 'node:fs';
import path from 'node:path';
import { fromRoot } from '../lib.mjs';

/** What goes into the folder. A change here makes everybody's folder anew. */
export const recipe = {
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

const architectures = {
  x64: { debian: 'amd64', libraries: 'usr/lib/x86_64-linux-gnu', loader: 'ld-linux-x86-64.so.2', elfMachine: 62 },
  arm64: { debian: 'arm64', libraries: 'usr/lib/aarch64-linux-gnu', loader: 'ld-linux-aarch64.so.1', elfMachine: 183 },
};
/** Names that depend on this machine's processor; undefined where Debian has no such toolchain. */
export const architecture = architectures[process.arch];

const named = process.env.HOLDFAST_TOOLCHAIN ? path.resolve(process.env.HOLDFAST_TOOLCHAIN) : fromRoot('.toolchain');
/** Behind a link it is the same folder, for all who link to it. */
export const folder = fs.existsSync(named) ? fs.realpathSync(named) : named;
export const bin = path.join(folder, 'bin');
export const rootfs = path.join(folder, 'root');
export const manifestFile = path.join(folder, 'manifest.json');
