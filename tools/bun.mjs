// Bun for the tests: `bun()` returns its path. It is $BUN, or npm's package of the binary in build/bun.
import { isMain, main, say } from './lib.mjs';
import { npmProgram } from './npm-program.mjs';

const arch = { arm64: 'aarch64' }[process.arch] ?? process.arch;

/** `bunPath()` is the path, if it exists; `bun()` installs it if necessary. */
export const { path: bunPath, install: bun } = npmProgram({
  name: 'bun',
  title: 'Bun',
  variable: 'BUN',
  file: `@oven/bun-${process.platform}-${arch}/bin/bun`,
});

if (isMain(import.meta.url)) await main(async () => say(`Bun: ${await bun()}`));
