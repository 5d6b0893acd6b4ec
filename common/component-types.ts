/** The types of a component's functions. A type is an index, as in the plan (native/component/plan.def). */
import type {
  PLAN_BOOL,
  PLAN_CHAR,
  PLAN_F32,
  PLAN_F64,
  PLAN_PRIMITIVES,
  PLAN_S16,
  PLAN_S32,
  PLAN_S64,
  PLAN_S8,
  PLAN_STRING,
  PLAN_U16,
  PLAN_U32,
  PLAN_U64,
  PLAN_U8,
} from '../build/generated/layouts.js';

/** The place of each name in PRIMITIVES: its number in plan.def. */
interface Primitives {
  [PLAN_BOOL]: 'bool';
  [PLAN_S8]: 's8';
  [PLAN_U8]: 'u8';
  [PLAN_S16]: 's16';
  [PLAN_U16]: 'u16';
  [PLAN_S32]: 's32';
  [PLAN_U32]: 'u32';
  [PLAN_S64]: 's64';
  [PLAN_U64]: 'u64';
  [PLAN_F32]: 'f32';
  [PLAN_F64]: 'f64';
  [PLAN_CHAR]: 'char';
  [PLAN_STRING]: 'string';
  length: typeof PLAN_PRIMITIVES;
}
export const PRIMITIVES = [
  'bool',
  's8',
  'u8',
  's16',
  'u16',
  's32',
  'u32',
  's64',
  'u64',
  'f32',
  'f64',
  'char',
  'string',
] as const satisfies Primitives;
export type Primitive = (typeof PRIMITIVES)[number];

export interface Field {
  readonly name: string;
  readonly type: number;
}

export interface Case {
  readonly name: string;
  readonly type: number | null;
}

export interface FunctionType {
  readonly kind: 'func';
  readonly params: readonly Field[];
  readonly result: number | null;
}

export type ComponentType =
  | { readonly kind: Primitive }
  | { readonly kind: 'record'; readonly fields: readonly Field[] }
  | { readonly kind: 'variant'; readonly cases: readonly Case[] }
  | { readonly kind: 'list'; readonly type: number }
  | { readonly kind: 'tuple'; readonly types: readonly number[] }
  | { readonly kind: 'flags' | 'enum'; readonly names: readonly string[] }
  | { readonly kind: 'option'; readonly type: number }
  | { readonly kind: 'result'; readonly ok: number | null; readonly err: number | null }
  | { readonly kind: 'own' | 'borrow'; readonly resource: number }
  | FunctionType;

/** All types of a component, by index: the primitive types, then the component's own. */
export type Types = readonly ComponentType[];

/** The primitive types, which every component has. */
export const primitives = (): ComponentType[] => PRIMITIVES.map((kind) => ({ kind }));

export function functionType(types: Types, index: number): FunctionType {
  const type = types[index];
  if (type?.kind !== 'func') throw new RangeError(`type ${index} of the plan is not a function type`);
  return type;
}

/** How deep messages write out a type. Without a limit, 40 definitions could make a type with 2^40 parts. */
const SHOWN_DEPTH = 4;
const SHOWN_PARTS = 8;

const list = <T>(parts: readonly T[], show: (part: T) => string): string =>
  parts.length > SHOWN_PARTS
    ? `${parts.slice(0, SHOWN_PARTS).map(show).join(', ')}, …`
    : parts.map((part) => show(part)).join(', ');

/** Returns a type in WIT's syntax. `resource` returns the names of resource types, `named` those of other types that have a name. */
export function witType(
  types: Types,
  index: number | null,
  resource: (index: number) => string,
  named: (index: number) => string | undefined = () => undefined,
  depth = SHOWN_DEPTH,
): string {
  if (index === null) return '_';
  const type = types[index]!;
  const inner = (part: number | null): string =>
    (part !== null && named(part)) || (depth > 0 ? witType(types, part, resource, named, depth - 1) : '…');
  switch (type.kind) {
    case 'record':
      return `record { ${list(type.fields, (field) => `${field.name}: ${inner(field.type)}`)} }`;
    case 'variant':
      return `variant { ${list(type.cases, (each) => (each.type === null ? each.name : `${each.name}(${inner(each.type)})`))} }`;
    case 'list':
    case 'option':
      return `${type.kind}<${inner(type.type)}>`;
    case 'tuple':
      return `tuple<${list(type.types, inner)}>`;
    case 'flags':
    case 'enum':
      return `${type.kind} { ${list(type.names, (name) => name)} }`;
    case 'result':
      if (type.ok === null && type.err === null) return 'result';
      return type.err === null ? `result<${inner(type.ok)}>` : `result<${inner(type.ok)}, ${inner(type.err)}>`;
    case 'own':
      return resource(type.resource);
    case 'borrow':
      return `borrow<${resource(type.resource)}>`;
    case 'func': {
      const params = list(type.params, (param) => `${param.name}: ${inner(param.type)}`);
      return `func(${params})${type.result === null ? '' : ` -> ${inner(type.result)}`}`;
    }
    default:
      return type.kind;
  }
}

/**
 * Whether JavaScript's undefined stands for "none" in a value of this type. An option of such a type is an object instead, because undefined would be
 * ambiguous.
 */
export function hasUndefined(types: Types, index: number): boolean {
  const type = types[index]!;
  return type.kind === 'option' && !hasUndefined(types, type.type);
}
