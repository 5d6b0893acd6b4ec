// Makes build/generated/p2.ts from native/wasi/p2/{functions,objects}.def: the functions and resource types of WASI 0.2 that p2.wasm implements, for
// worker/p2.ts. Each function comes with the hash of its type, which is also in a component's plan (native/component/component.h), so that an import
// with a different type is refused.
import fs from 'node:fs';
import { Complaint, fromRoot, writeIfChanged } from './lib.mjs';

const functionsFile = 'native/wasi/p2/functions.def';
const objectsFile = 'native/wasi/p2/objects.def';
const errorsFile = 'native/wasi/p2/http_errors.def';
const planFile = 'native/component/plan.def';

const withoutComments = (file) => fs.readFileSync(fromRoot(file), 'utf8').replace(/[ \t]*\/\*[\s\S]*?\*\//g, '');

/** The rows X(…) of a file, whose arguments are names, and strings without commas or parentheses outside quotes. */
function rows(file, count) {
  const text = withoutComments(file);
  const found = [...text.matchAll(/^X\((.*)\)$/gm)].map(([, row]) =>
    [...row.matchAll(/"((?:[^"\\]|\\.)*)"|([\w-]+)/g)].map(([, quoted, name]) => quoted ?? name),
  );
  const lines = text.match(/^\s*X\(/gm)?.length ?? 0;
  if (found.length !== lines || found.some((row) => row.length !== count))
    throw new Complaint(`${file}: each line must be X(…) with ${count} arguments`);
  return found;
}

/** The types of the payloads in http_errors.def. */
const PAYLOADS = {
  NONE: '',
  TEXT: '(option<string>)',
  SIZE: '(option<u64>)',
  COUNT: '(option<u32>)',
  DNS: '(record{rcode:option<string>,info-code:option<u16>})',
  ALERT: '(record{alert-id:option<u8>,alert-message:option<string>})',
  FIELD: '(record{field-name:option<string>,field-size:option<u32>})',
  A_FIELD: '(option<record{field-name:option<string>,field-size:option<u32>}>)',
};

/** Replaces the names of types that begin with "$". */
function expanded(text, errors) {
  const named = {
    'error-code': `variant{${errors.map(([, name, kind]) => name + PAYLOADS[kind]).join()}}`,
    method: 'variant{get,head,post,put,delete,connect,options,trace,patch,other(string)}',
    scheme: 'variant{HTTP,HTTPS,other(string)}',
  };
  return text.replace(/\$([a-z-]+)/g, (_, name) => named[name]);
}

/** The numbers in plan.def, by name. */
function planNumbers() {
  const text = withoutComments(planFile);
  return Object.fromEntries(
    [...text.matchAll(/^(?:VALUE|CONSTANT)\((\w+), (\w+)\)/gm)].map(([, name, value]) => [name, Number(value)]),
  );
}

// --- the hash of a type, as component.h defines it ---

const BASIS = 0xcbf29ce484222325n;
const PRIME = 0x100000001b3n;
const MASK = (1n << 64n) - 1n;

function fnv(bytes) {
  let hash = BASIS;
  for (const byte of bytes) hash = ((hash ^ BigInt(byte)) * PRIME) & MASK;
  return hash;
}

const littleEndian = (value, size) =>
  Array.from({ length: size }, (_, i) => Number((BigInt(value) >> BigInt(8 * i)) & 0xffn));
const hashed = (hash) => littleEndian(hash, 8);
const named = (name) => {
  const bytes = [...new TextEncoder().encode(name)];
  return [...littleEndian(bytes.length, 4), ...bytes];
};

/** Reads the text of a type (functions.def describes the format) and returns its hash. */
class TypeText {
  constructor(text, numbers, resources) {
    this.text = text;
    this.at = 0;
    this.numbers = numbers;
    this.resources = resources;
  }

  fail(wanted) {
    throw new Complaint(`${functionsFile}: "${this.text}": ${wanted} expected at ${this.at}`);
  }

  takes(token) {
    if (!this.text.startsWith(token, this.at)) return false;
    this.at += token.length;
    return true;
  }

  expect(token) {
    if (!this.takes(token)) this.fail(token);
  }

  word() {
    const [word] = /^[A-Za-z0-9-]+/.exec(this.text.slice(this.at)) ?? this.fail('a name');
    this.at += word.length;
    return word;
  }

  /** One or more, separated by commas, up to `end`. */
  list(end, read) {
    const parts = [];
    if (this.takes(end)) return parts;
    do parts.push(read());
    while (this.takes(','));
    this.expect(end);
    return parts;
  }

  of(operation, bytes) {
    return fnv([this.numbers.PLAN_PRIMITIVES + this.numbers[operation], ...bytes.flat(Infinity)]);
  }

  maybe() {
    return this.takes('_') ? 0n : this.type();
  }

  func() {
    this.expect('(');
    const params = this.list(')', () => {
      this.word();
      this.expect(':');
      return hashed(this.type());
    });
    const result = this.takes('->') ? this.type() : 0n;
    if (this.at !== this.text.length) this.fail('the end');
    return this.of('PLAN_FUNC', [params, hashed(result)]);
  }

  field() {
    const name = named(this.word());
    this.expect(':');
    return [name, hashed(this.type())];
  }

  case() {
    const name = named(this.word());
    if (!this.takes('(')) return [name, hashed(0n)];
    const type = this.type();
    this.expect(')');
    return [name, hashed(type)];
  }

  handle() {
    this.expect('<');
    const name = this.word();
    this.expect('>');
    const from = this.resources.get(name) ?? this.fail('a resource of objects.def');
    return [named(from), named(name)];
  }

  type() {
    const word = this.word();
    const primitive = this.numbers[`PLAN_${word.toUpperCase()}`];
    const part = () => hashed(this.type());
    switch (word) {
      case 'list':
      case 'option': {
        this.expect('<');
        const inner = part();
        this.expect('>');
        return this.of(`PLAN_${word.toUpperCase()}`, [inner]);
      }
      case 'tuple':
        this.expect('<');
        return this.of('PLAN_TUPLE', this.list('>', part));
      case 'result': {
        if (!this.takes('<')) return this.of('PLAN_RESULT', [hashed(0n), hashed(0n)]);
        const ok = this.maybe();
        const error = this.takes(',') ? this.maybe() : 0n;
        this.expect('>');
        return this.of('PLAN_RESULT', [hashed(ok), hashed(error)]);
      }
      case 'record':
        this.expect('{');
        return this.of(
          'PLAN_RECORD',
          this.list('}', () => this.field()),
        );
      case 'variant':
        this.expect('{');
        return this.of(
          'PLAN_VARIANT',
          this.list('}', () => this.case()),
        );
      case 'enum':
      case 'flags':
        this.expect('{');
        return this.of(
          `PLAN_${word.toUpperCase()}`,
          this.list('}', () => named(this.word())),
        );
      case 'own':
      case 'borrow':
        return this.of(`PLAN_${word.toUpperCase()}`, this.handle());
      default:
        if (primitive === undefined || primitive >= this.numbers.PLAN_PRIMITIVES) this.fail('a type');
        return fnv([primitive]);
    }
  }
}

/** The hash of a function's type: [lower half, upper half]. */
export function typeHash(text, numbers, resources) {
  const hash = new TypeText(text, numbers, resources).func();
  return [Number(hash & 0xffffffffn), Number(hash >> 32n)];
}

/** Writes the file if it would change. */
export function generateP2() {
  const numbers = planNumbers();
  const objects = rows(objectsFile, 4);
  const resources = new Map(objects.map(([, from, name]) => [name, from]));
  const errors = rows(errorsFile, 3);
  const functions = rows(functionsFile, 6);
  const names = functions.map(([from, name]) => [from, name]);
  const usual = (name) => name.replace(/^\[\w+\]/, '').replace(/\W/g, '_');
  const bindings = functions.map(([, name, exported, , , type]) => [
    exported === usual(name) ? '' : exported,
    ...typeHash(expanded(type, errors), numbers, resources),
  ]);
  const line = (row) => `  ${JSON.stringify(row)},`;
  writeIfChanged(
    fromRoot('build/generated/http.ts'),
    [
      `// Generated by tools/p2.mjs from ${errorsFile}. Do not edit.\n`,
      '/** The cases of error-code, in order. */',
      `export const HTTP_ERRORS = [\n${errors.map(([, name]) => `  '${name}',\n`).join('')}] as const;\n`,
    ].join('\n'),
  );
  writeIfChanged(
    fromRoot('build/generated/p2.ts'),
    [
      `// Generated by tools/p2.mjs from ${functionsFile}, ${objectsFile}. Do not edit.\n`,
      '/** The functions, in the order of the numbers of their calls: interface and name. */',
      'export const P2_FUNCTIONS: readonly (readonly [from: string, name: string])[] = [',
      ...names.map(line),
      '];\n',
      '/** Of each function the export of p2.wasm without its prefix "p2_", empty if it is the usual one, and the hash of the type: lower and upper half. */',
      'export const P2_BINDINGS: readonly (readonly [exported: string, low: number, high: number])[] = [',
      ...bindings.map(line),
      '];\n',
      '/** The resource types, which are numbered from 1: interface and name. */',
      'export const P2_RESOURCES: readonly (readonly [from: string, name: string])[] = [',
      ...objects.map(([, from, name]) => line([from, name])),
      '];\n',
    ].join('\n'),
  );
}
