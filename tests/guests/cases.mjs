// Every case of every guest program in tests/guests, read from the programs' headers.
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseHeader } from './header.mjs';

export const folder = path.dirname(fileURLToPath(import.meta.url));

const extensions = new Set(['.c', '.cc', '.rs', '.wat', '.txt', '.go']);

/** Sources with a header. A Go program is a folder, named after it; the others are files. */
function* sources() {
  for (const language of fs.readdirSync(folder, { withFileTypes: true })) {
    if (!language.isDirectory()) continue;
    for (const entry of fs.readdirSync(path.join(folder, language.name), { withFileTypes: true })) {
      const file = path.join(language.name, entry.name, ...(entry.isDirectory() ? ['main.go'] : []));
      const { ext, name } = path.parse(file);
      if (!extensions.has(ext) || (entry.isDirectory() && !fs.existsSync(path.join(folder, file)))) continue;
      yield { file, program: entry.isDirectory() ? entry.name : name };
    }
  }
}

/** All cases, sorted by id. */
export function loadCases() {
  const cases = [];
  for (const { file, program } of sources())
    cases.push(...parseHeader(fs.readFileSync(path.join(folder, file), 'utf8'), program, file));
  return cases.sort((a, b) => (a.id < b.id ? -1 : 1));
}

export const cases = loadCases();

/**
 * The path of a case's module. A .txt is given to the runtime as it is: it is no module, and that is the test. Cases of tests/conformance
 * have theirs elsewhere.
 */
export function moduleOf(guest, built) {
  if (guest.module !== undefined) return guest.module;
  return guest.file.endsWith('.txt') ? path.join(folder, guest.file) : path.join(built, `${guest.program}.wasm`);
}
