// What @yowasp/clang needs besides its core module: the sysroot in its llvm-resources.tar, as /usr.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { packageFile } from './support.mjs';

/** One program, whose argv[0] selects the LLVM tool. */
export const llvmModule = packageFile('@yowasp/clang', 'gen/llvm.core.wasm');

/** Unpacks the sysroot; only what a C program needs, which is a quarter of it. */
export function prepareSysroot(folder) {
  fs.mkdirSync(folder, { recursive: true });
  execFileSync('tar', [
    '-xf',
    packageFile('@yowasp/clang', 'gen/llvm-resources.tar'),
    '-C',
    folder,
    '--exclude=*/c++',
    '--exclude=*/libc++*',
  ]);
}

/** The command that clang's driver would run to link a C program. */
export const linkArguments = (object, output) => [
  ...['-m', 'wasm32', '-L/usr/lib/wasm32-unknown-wasip1', '-L/usr/lib/wasm32-wasip1'],
  ...['/usr/lib/wasm32-wasip1/crt1-command.o', object, '-lc'],
  ...['/usr/lib/wasm32-unknown-wasip1/libclang_rt.builtins.a', '-o', output],
];
