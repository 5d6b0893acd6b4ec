// Programs of tests/guests compiled natively, as floors.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { fromRoot } from '../../tools/lib.mjs';

/** Compiles the C file with gcc, or with clang where there is no gcc. Returns the program's path. */
export function compiled(source, ...flags) {
  const program = fromRoot('build/bench', source.replace(/^.*\/|\.c$/g, ''));
  fs.mkdirSync(fromRoot('build/bench'), { recursive: true });
  const command = ['-O2', ...flags, '-o', program, fromRoot(source)];
  try {
    execFileSync('gcc', command, { stdio: 'pipe' });
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
    execFileSync('clang', command, { stdio: 'pipe' });
  }
  return program;
}
