// The files of the page bench.html: the modules of tests/bench that it imports, and the programs that they run.
import fs from 'node:fs';
import path from 'node:path';

const ENTRY = 'tests/bench/page.js';
/** Relative imports, and URLs of workers and companions. */
const REFERENCE = /(?:\bfrom|\bURL\()\s*'(\.[^']+)'/g;
const PROGRAM = /\bguest\('([\w-]+)'\)/g;

const found = (text, pattern) => [...text.matchAll(pattern)].map(([, name]) => name);

/** [file, bytes]: the modules as they are in tests/, and programs/NAME.wasm. */
export function benchFiles(root) {
  const modules = new Map();
  const visit = (file) => {
    if (modules.has(file)) return;
    const text = fs.readFileSync(path.join(root, file), 'utf8');
    modules.set(file, text);
    for (const other of found(text, REFERENCE)) visit(path.posix.join(path.posix.dirname(file), other));
  };
  visit(ENTRY);
  const programs = new Set([...modules.values()].flatMap((text) => found(text, PROGRAM)));
  return [
    ...[...modules].map(([file, text]) => [path.posix.relative('tests', file), Buffer.from(text)]),
    ...[...programs].map((name) => [
      `programs/${name}.wasm`,
      fs.readFileSync(path.join(root, 'build/guests', `${name}.wasm`)),
    ]),
  ].sort(([a], [b]) => (a < b ? -1 : 1));
}
