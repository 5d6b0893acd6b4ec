// Deno for the tests: `deno()` returns its path. It is $DENO, or npm's package of the binary in build/deno.
import { isMain, main, say } from './lib.mjs';
import { npmProgram } from './npm-program.mjs';

const windows = process.platform === 'win32';
const libc = process.platform === 'linux' ? '-glibc' : '';

/** `denoPath()` is the path, if it exists; `deno()` installs it if necessary. */
export const { path: denoPath, install: deno } = npmProgram({
  name: 'deno',
  title: 'Deno',
  variable: 'DENO',
  file: `@deno/${process.platform}-${process.arch}${libc}/deno${windows ? '.exe' : ''}`,
});

if (isMain(import.meta.url)) await main(async () => say(`Deno: ${await deno()}`));
