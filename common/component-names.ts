/** Converts names in WIT to names in JavaScript. */

const words = (name: string): string[] => name.split(/[^A-Za-z0-9]+/).filter((word) => word !== '');

const capital = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1).toLowerCase();

/** "get-HTTP-url" becomes "getHttpUrl". */
export const lowerCamel = (name: string): string =>
  words(name)
    .map((word, i) => (i === 0 ? word.toLowerCase() : capital(word)))
    .join('');

/** "input-stream" becomes "InputStream". */
export const upperCamel = (name: string): string => words(name).map(capital).join('');

/** The part of an interface's name between its package and its version: "handler" of "wasi:http/handler@0.2.3". */
export function interfaceName(name: string): string {
  const from = name.lastIndexOf('/') + 1;
  const to = name.indexOf('@', from);
  return name.slice(from, to < 0 ? undefined : to);
}

export type FunctionName =
  | { kind: 'function'; name: string }
  | { kind: 'constructor'; resource: string }
  | { kind: 'method' | 'static'; resource: string; name: string };

/** Splits the name of a component's function: "[method]blob.read" is the method `read` of the resource `blob`. */
export function functionName(name: string): FunctionName {
  const [, kind, resource, member] = /^\[(constructor|method|static)\]([^.]*)(?:\.(.*))?$/.exec(name) ?? [];
  if (kind === 'constructor') return { kind, resource: resource! };
  if (kind === undefined || member === undefined) return { kind: 'function', name };
  return { kind: kind as 'method' | 'static', resource: resource!, name: member };
}
