// Unpacks the packages into root/ and makes their programs find their libraries there.
import fs from 'node:fs';
import path from 'node:path';
import { exists, filesBelow, inParallel, progress, run } from '../lib.mjs';
import { debFile } from './debian.mjs';
import { architecture, folder, recipe, rootfs } from './recipe.mjs';

/** Creates root/ from the downloaded packages; it has that name only when it is complete. */
export async function unpack(packages) {
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
  // Node resolves modules from a file's real path, so Emscripten's acorn must be in a real folder beside it.
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

/** Makes programs and libraries find the libraries in the folder, at its final location. */
async function patch(fresh) {
  const { libraries, loader } = architecture;
  const libraryPath = [libraries, ...llvmFolders(fresh).map((name) => `usr/lib/${name}/lib`)]
    .map((part) => path.join(rootfs, part))
    .join(':');
  // patchelf must not rewrite itself or a library that it is using: a copy of it runs on copies.
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
    if (/\/testdata\//.test(file)) continue; // Go's tests contain unusual programs
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

/** Names such as llvm-21 below usr/lib. */
export const llvmFolders = (top) =>
  exists(path.join(top, 'usr/lib'))
    ? fs.readdirSync(path.join(top, 'usr/lib')).filter((name) => /^llvm-\d+$/.test(name))
    : [];

/** 'program' (has an interpreter), 'library', or undefined for anything else, including static programs. */
function elfKind(file) {
  const handle = fs.openSync(file, 'r');
  try {
    const bytes = Buffer.alloc(4096);
    if (fs.readSync(handle, bytes, 0, 4096, 0) < 64 || bytes.readUInt32BE(0) !== 0x7f454c46) return undefined;
    const type = bytes.readUInt16LE(16);
    if (bytes.readUInt16LE(18) !== architecture.elfMachine || (type !== 2 && type !== 3)) return undefined;
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
