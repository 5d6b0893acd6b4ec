// Every case of every guest program in tests/guests, read from the programs' headers.
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseHeader } from './header.mjs';

export const folder = path.dirname(fileURLToPath(import.meta.url));

const extensions = new Set(['.c', '.cc', '.rs', '.wat', '.txt', '.go']);

/** Sources with a header. A Go program is a folder with the program's name; the others are files. */
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

/** The components that are also made of a preview 1 program (build.mjs); they have the same cases. */
const formsOf = (text) => /^\/\/ forms: (.*)$/m.exec(text)?.[1].trim().split(/\s+/) ?? [];

/** Whether a case's program is a component. */
export const isComponent = ({ component, file, program }) =>
  component || file.startsWith(`component${path.sep}`) || /\.(wrapped|wasip2)$/.test(program);

/** All cases, sorted by id. */
export function loadCases() {
  const cases = [];
  for (const { file, program } of sources()) {
    const text = fs.readFileSync(path.join(folder, file), 'utf8');
    for (const form of ['', ...formsOf(text).map((name) => `.${name}`)])
      cases.push(...parseHeader(text, program + form, file));
  }
  return cases.sort((a, b) => (a.id < b.id ? -1 : 1));
}

const all = loadCases();

/** The cases whose programs are modules. */
export const cases = all.filter((guest) => !isComponent(guest));

/** The cases whose programs are components. */
export const componentCases = all.filter(isComponent);

/**
 * The path of a case's module. A .txt file is passed to the runtime unchanged, to test what it does with a file that is not a module. Cases of
 * tests/conformance set the path themselves.
 */
export function moduleOf(guest, built) {
  if (guest.module !== undefined) return guest.module;
  return guest.file.endsWith('.txt') ? path.join(folder, guest.file) : path.join(built, `${guest.program}.wasm`);
}
