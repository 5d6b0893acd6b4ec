// What the toolchain folder contains, and where it is.
import fs from 'node:fs';
import path from 'node:path';
import { fromRoot } from '../lib.mjs';

/** The contents of the folder. A change here recreates every user's folder. */
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
  // Dependencies that we do not need: the machine's own node and python are used, and nothing native is compiled.
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
  // Needed only for their dependencies (the standard library of native Rust programs).
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
/** Resolves links, so that a linked folder counts as the same for everyone who links to it. */
export const folder = fs.existsSync(named) ? fs.realpathSync(named) : named;
export const bin = path.join(folder, 'bin');
export const rootfs = path.join(folder, 'root');
export const manifestFile = path.join(folder, 'manifest.json');
