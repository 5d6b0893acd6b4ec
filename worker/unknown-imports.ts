/** Describes which imports of a component neither WASI nor the page provides, and what is available instead. */
import type { Imported, Needs } from './declarations.ts';
import { functionsOf, interfaces, wasiFunction, wasiResource } from './p2.ts';

/** The maximum number of names in a message. */
const NAMED = 8;

const listed = (names: readonly string[]): string =>
  names.length > NAMED ? `${names.slice(0, NAMED).join(', ')}, … and ${names.length - NAMED} more` : names.join(', ');

const shown = ({ from, name }: Pick<Imported, 'from' | 'name'>): string => (from ? `${from} ${name}` : name);

/** `provided`: whether the page provides the function. Returns one or two sentences, without the last full stop; "" if nothing is missing. */
export function unknownImports({ functions, resources }: Needs, provided: (fn: Imported) => boolean): string {
  const needed = functions.filter((fn) => !provided(fn));
  const later = [...new Set(needed.map(({ from }) => from).filter((from) => /^wasi:.*@0\.[3-9]/.test(from)))];
  if (later.length > 0) return `it needs a later version of WASI than 0.2: ${listed(later)}`;
  const missing = needed.filter(({ from, name }) => !wasiFunction(from, name));
  if (missing.length > 0) return `it has unknown imports: ${listed(missing.map(shown))}. ${available(missing[0]!)}`;
  const other = needed.filter(({ from, name, hash }) => {
    const known = wasiFunction(from, name)!;
    return known.hash[0] !== hash[0] || known.hash[1] !== hash[1];
  });
  if (other.length > 0) return `it imports functions of WASI with wrong types: ${listed(other.map(shown))}`;
  const types = resources.filter(
    ({ from, name }) => wasiResource(from, name) === undefined && !isPages(functions, from, provided),
  );
  return types.length > 0 ? `it imports unknown resources: ${listed(types.map(shown))}` : '';
}

/** Whether the page provides functions of the interface: then the resources are the page's, too. */
const isPages = (functions: readonly Imported[], from: string, provided: (fn: Imported) => boolean): boolean =>
  functions.some((fn) => fn.from === from && provided(fn));

function available({ from }: Imported): string {
  const known = functionsOf(from);
  if (known.length > 0) return `${from} has ${listed(known)}`;
  return `WASI 0.2 has ${listed(interfaces())}; pass other functions in the option host`;
}
