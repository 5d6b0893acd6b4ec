/** Writes what a component imports and exports as TypeScript declarations. */
import { functionName, interfaceName, lowerCamel, upperCamel } from '../../common/component-names.js';
import { functionType, hasUndefined, PRIMITIVES, witType, type Types } from '../../common/component-types.js';

/** An item of an interface. `from` is the interface's name, or "" outside of all interfaces. */
export interface Item {
  from: string;
  name: string;
  /** The type, or the resource type. */
  index: number;
}

export interface World {
  types: Types;
  /** Functions. */
  imports: readonly Item[];
  exports: readonly Item[];
  /** Types that the component exports by name. */
  named: readonly Item[];
  /** All resource types that have a name. */
  resources: readonly (Item & { exported: boolean })[];
}

const numbers: Readonly<Record<string, string>> = {
  s8: 'Int8Array',
  u8: 'Uint8Array',
  s16: 'Int16Array',
  u16: 'Uint16Array',
  s32: 'Int32Array',
  u32: 'Uint32Array',
  s64: 'BigInt64Array',
  u64: 'BigUint64Array',
  f32: 'Float32Array',
  f64: 'Float64Array',
};

const reserved = new Set(
  (
    'await break case catch class const continue debugger default delete do else enum export extends false finally for function if implements import in ' +
    'instanceof interface let new null package private protected public return static super switch this throw true try typeof var void while with yield ' +
    'arguments eval'
  ).split(' '),
);

const isPrimitive = (kind: string): boolean => (PRIMITIVES as readonly string[]).includes(kind);

/** The interfaces that the runtime provides itself. */
export const isWasi = (from: string): boolean => /^wasi:.*@0\.2\./.test(from);

/** A longer type gets its own name, so that the size of the output stays in proportion to the component. */
const LONGEST = 160;

const isIdentifier = (name: string): boolean => /^[A-Za-z_$][\w$]*$/.test(name);
const identifier = (name: string): string =>
  isIdentifier(name) && !reserved.has(name) ? name : `_${name.replace(/\W/g, '')}`;
const key = (name: string): string => (isIdentifier(name) ? name : quoted(name));
const quoted = (text: string): string =>
  `'${JSON.stringify(text).slice(1, -1).replace(/\\"/g, '"').replace(/'/g, "\\'")}'`;
const indented = (text: string): string => text.replace(/^(?=.)/gm, '  ');
const comment = (text: string): string => `/** ${text.replace(/\*\//g, '* /').replace(/[\r\n]+/g, ' ')} */`;

/** Gives each declaration a unique name. */
class Names {
  private readonly taken = new Set<string>();

  give(wanted: string): string {
    const base = identifier(wanted);
    let name = base;
    for (let i = 2; this.taken.has(name); i++) name = `${base}${i}`;
    this.taken.add(name);
    return name;
  }
}

/** The declarations of one interface: a namespace. */
interface Space {
  name: string;
  lines: string[];
  names: Names;
}

class Declarations {
  /** The namespaces by interface name. Declarations outside of all interfaces need none. */
  private readonly spaces = new Map<string, Space>();
  private readonly top: string[] = [];
  private readonly names = new Names();
  /** The names of types and of resources, once they are declared. */
  private readonly types = new Map<number, string>();
  private readonly classes = new Map<number, string>();
  /** The declarations written so far: types, and resource types as -1 - index. */
  private readonly declared = new Set<number>();
  private needsResult = false;
  private needsOption = false;

  constructor(private readonly world: World) {
    for (const name of ['Exports', 'Imports', 'Result', 'Option', 'ComponentResource']) this.names.give(name);
  }

  write(title: string): string {
    for (const resource of this.world.resources) this.nameClass(resource);
    for (const item of this.world.named) this.nameType(item);
    for (const item of this.world.named) this.declareType(item);
    for (const resource of this.world.resources) this.declareClass(resource);
    const exported = this.interface('Exports', this.world.exports, true);
    const imported = this.interface('Imports', this.world.imports, false);
    const spaces = [...this.spaces.values()].filter(({ lines }) => lines.length > 0);
    return [
      `// ${title.replace(/[\r\n]+/g, ' ')}`,
      this.needsResult ? "export type Result<T, E> = { tag: 'ok'; val: T } | { tag: 'err'; val: E };" : '',
      this.needsOption ? "export type Option<T> = { tag: 'none' } | { tag: 'some'; val: T };" : '',
      ...this.top,
      ...spaces.map(({ name, lines }) => `export declare namespace ${name} {\n${indented(lines.join('\n'))}\n}`),
      exported,
      imported,
    ]
      .filter((part) => part !== '')
      .join('\n\n')
      .concat('\n');
  }

  private space(from: string): Space {
    let space = this.spaces.get(from);
    if (!space) {
      space = { name: this.names.give(upperCamel(interfaceName(from))), lines: [], names: new Names() };
      this.spaces.set(from, space);
    }
    return space;
  }

  private declare(from: string, text: string): void {
    if (from === '') this.top.push(text.startsWith('export class') ? text.replace('export', 'export declare') : text);
    else this.space(from).lines.push(text);
  }

  /** Returns the name by which everything refers to it. */
  private newName(from: string, name: string): string {
    if (from === '') return this.names.give(upperCamel(name));
    const { name: outer, names } = this.space(from);
    return `${outer}.${names.give(upperCamel(name))}`;
  }

  private nameClass({ from, name, index }: Item): void {
    if (!this.classes.has(index)) this.classes.set(index, this.newName(from, name));
  }

  private nameType({ from, name, index }: Item): void {
    const { kind } = this.world.types[index]!;
    if (kind !== 'own' && kind !== 'func' && !this.types.has(index) && !isPrimitive(kind))
      this.types.set(index, this.newName(from, name));
  }

  private declareType({ from, index }: Item): void {
    const own = this.types.get(index);
    if (own === undefined || this.declared.has(index)) return;
    this.declared.add(index);
    this.declare(from, this.definition(own.slice(own.indexOf('.') + 1), index));
  }
  private definition(name: string, index: number): string {
    const type = this.world.types[index]!;
    const wit = comment(`\`${this.wit(index)}\``);
    if (type.kind !== 'record' && type.kind !== 'flags')
      return `${wit}\nexport type ${name} = ${this.structure(index)};`;
    return `${wit}\nexport interface ${name} ${this.members(index)}`;
  }

  private wit(index: number): string {
    const { types, resources, named } = this.world;
    const nameIn = (items: readonly Item[]) => (of: number) => items.find((item) => item.index === of)?.name;
    return witType(types, index, (resource) => nameIn(resources)(resource) ?? 'resource', nameIn(named), 2);
  }

  /** The members of a record or of flags, one a line. */
  private members(index: number): string {
    const type = this.world.types[index]!;
    const lines =
      type.kind === 'record'
        ? type.fields.map((field) => this.member(field.name, field.type))
        : type.kind === 'flags'
          ? type.names.map((name) => `${key(lowerCamel(name))}?: boolean;`)
          : [];
    return `{\n${indented(lines.join('\n'))}\n}`;
  }

  private member(name: string, index: number): string {
    const type = this.world.types[index]!;
    return type.kind === 'option' && hasUndefined(this.world.types, index)
      ? `${key(lowerCamel(name))}?: ${this.type(type.type)} | undefined;`
      : `${key(lowerCamel(name))}: ${this.type(index)};`;
  }

  /** A type by its name, or else by its structure. */
  private type(index: number): string {
    const known = this.types.get(index);
    if (known !== undefined) return known;
    const text = this.structure(index);
    if (text.length <= LONGEST) return text;
    const name = this.names.give(`Type${index}`);
    this.types.set(index, name);
    this.top.push(`export type ${name} = ${text};`);
    return name;
  }

  private maybe(index: number | null): string {
    return index === null ? 'undefined' : this.type(index);
  }

  private structure(index: number): string {
    const { types } = this.world;
    const type = types[index]!;
    switch (type.kind) {
      case 'bool':
        return 'boolean';
      case 's64':
      case 'u64':
        return 'bigint';
      case 'char':
      case 'string':
        return 'string';
      case 'record':
      case 'flags':
        return this.members(index).replace(/\n\s*/g, ' ');
      case 'variant':
        return type.cases
          .map(({ name, type: payload }) =>
            payload === null ? `{ tag: ${quoted(name)} }` : `{ tag: ${quoted(name)}; val: ${this.type(payload)} }`,
          )
          .join(' | ');
      case 'enum':
        return type.names.map(quoted).join(' | ');
      case 'list':
        return numbers[types[type.type]!.kind] ?? `Array<${this.type(type.type)}>`;
      case 'tuple':
        return `[${type.types.map((part) => this.type(part)).join(', ')}]`;
      case 'option':
        if (hasUndefined(types, index)) return `${this.type(type.type)} | undefined`;
        this.needsOption = true;
        return `Option<${this.type(type.type)}>`;
      case 'result':
        this.needsResult = true;
        return `Result<${this.maybe(type.ok)}, ${this.maybe(type.err)}>`;
      case 'own':
      case 'borrow':
        return this.classes.get(type.resource) ?? 'object';
      case 'func':
        return 'never';
      default:
        return 'number';
    }
  }

  // --- functions ---

  /** "(a: string, b?: number): Promise<string>"; `skip`: how many parameters to leave out. */
  private callType(index: number, asyncResult: boolean, skip = 0): string {
    const { types } = this.world;
    const { params, result } = functionType(types, index);
    const names = new Names();
    const own = params.slice(skip);
    /** From here on, all parameters can be left out. */
    const optional = own.length - [...own].reverse().findIndex((param) => !hasUndefined(types, param.type));
    const from = own.every((param) => hasUndefined(types, param.type)) ? 0 : optional;
    const text = own.map((param, i) => {
      const name = names.give(lowerCamel(param.name));
      return `${name}${i >= from ? '?' : ''}: ${this.type(param.type)}`;
    });
    return `(${text.join(', ')}): ${this.returned(result, asyncResult)}`;
  }

  private returned(result: number | null, asyncResult: boolean): string {
    const type = result === null ? null : this.world.types[result]!;
    const value = type?.kind === 'result' ? type.ok : result;
    const text = value === null ? 'void' : this.type(value);
    return asyncResult ? `Promise<${text}>` : `${text} | Promise<${text}>`;
  }

  private documentation(name: string, index: number): string {
    const { types } = this.world;
    const { result } = functionType(types, index);
    const type = result === null ? null : types[result]!;
    const wit = `\`${name}: ${this.wit(index)}\``;
    if (type?.kind !== 'result') return comment(wit);
    const payload = type.err === null ? 'undefined' : this.type(type.err).replace(/\n\s*/g, ' ');
    return comment(`${wit}. Throws \`ComponentError\` with the payload \`${payload}\``);
  }

  private declareClass({ from, name, index, exported }: World['resources'][number]): void {
    if (this.declared.has(-1 - index)) return;
    this.declared.add(-1 - index);
    const full = this.classes.get(index)!;
    const own = full.slice(full.indexOf('.') + 1);
    const lines = [...this.world.exports, ...this.world.imports].flatMap((fn) =>
      this.classMember(fn, from, name, exported),
    );
    if (exported && !lines.some((line) => /constructor\(/.test(line))) lines.unshift('private constructor();');
    lines.push(`[Symbol.dispose]${exported ? '' : '?'}(): void;`);
    if (exported) lines.push('[Symbol.asyncDispose](): Promise<void>;');
    this.declare(from, `export class ${own} {\n${indented(lines.join('\n'))}\n}`);
  }

  private classMember(fn: Item, from: string, resource: string, exported: boolean): string[] {
    const parts = functionName(fn.name);
    if (fn.from !== from || parts.kind === 'function' || parts.resource !== resource) return [];
    const doc = this.documentation(fn.name, fn.index);
    if (parts.kind === 'constructor') return this.constructors(fn, doc, exported);
    const prefix = parts.kind === 'static' ? 'static ' : '';
    const call = this.callType(fn.index, exported, parts.kind === 'method' ? 1 : 0);
    return [`${doc}\n${prefix}${key(lowerCamel(parts.name))}${call};`];
  }

  /** The page's calls are asynchronous, so a class also has a static function `create`, which returns a promise. */
  private constructors({ from, name, index }: Item, doc: string, exported: boolean): string[] {
    const call = this.callType(index, exported);
    const plain = `${doc}\nconstructor${call.slice(0, call.lastIndexOf('): ') + 1)};`;
    const { exports } = this.world;
    const taken = exports.some(
      (fn) => fn.from === from && fn.name === `${name.replace('constructor', 'static')}.create`,
    );
    return exported && !taken ? [plain, `${doc}\nstatic create${call};`] : [plain];
  }

  /** All functions and classes by their interfaces. */
  private interface(name: string, items: readonly Item[], exported: boolean): string {
    const spaces = new Map<string, string[]>();
    const add = (from: string, line: string): void => {
      const lines = spaces.get(from) ?? [];
      spaces.set(from, lines);
      if (!lines.includes(line)) lines.push(line);
    };
    for (const item of items) {
      if (functionName(item.name).kind !== 'function') continue;
      add(
        item.from,
        `${this.documentation(item.name, item.index)}\n${key(lowerCamel(item.name))}${this.callType(item.index, exported)};`,
      );
    }
    for (const { from, name: resource, index, exported: own } of this.world.resources)
      if (own === exported && (exported || !isWasi(from)))
        add(from, `${key(upperCamel(resource))}: typeof ${this.classes.get(index)!};`);
    const lines = [...(spaces.get('') ?? [])];
    const short = new Set<string>();
    for (const [from, members] of spaces) {
      if (from === '') continue;
      lines.push(`${key(from)}: {\n${indented(members.join('\n'))}\n};`);
      const alias = lowerCamel(interfaceName(from));
      if (!exported || alias === from || short.has(alias)) continue;
      short.add(alias);
      lines.push(`${key(alias)}: ${name}[${quoted(from)}];`);
    }
    if (lines.length === 0) return '';
    const what = exported
      ? 'What the component exports: `hf.instantiate<Exports>(…)`.'
      : 'What the component imports, besides WASI: the option `host`.';
    const body = `{\n${indented(lines.join('\n'))}\n}`;
    // The option `host` is a record, which an interface would not be.
    return `${comment(what)}\nexport ${exported ? `interface ${name} ${body}` : `type ${name} = ${body};`}`;
  }
}

/** Returns the text of a .d.ts file. `title` becomes its first line. */
export const typescriptOf = (world: World, title: string): string => new Declarations(world).write(title);
