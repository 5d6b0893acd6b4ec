// Makes components from types: each function `fN` takes a value of a type, passes it to a host function, and returns that function's result. So a
// value crosses the boundary four times: it is lifted and lowered, as a parameter and as a result.
//
// A type is the name of a primitive type, or an array: ['list', T], ['option', T], ['tuple', T…], ['result', T | null, T | null],
// ['record', [name, T]…], ['variant', [name, T | null]…], ['enum', name…], ['flags', name…].

const sizes = { bool: 1, s8: 1, u8: 1, s16: 2, u16: 2, s32: 4, u32: 4, s64: 8, u64: 8, f32: 4, f64: 8, char: 4 };
const core = { s64: 'i64', u64: 'i64', f32: 'f32', f64: 'f64', string: 'i32 i32', list: 'i32 i32' };
const MAX_FLAT_PARAMS = 16;

const kindOf = (type) => (typeof type === 'string' ? type : type[0]);
const casesOf = (type) => {
  if (kindOf(type) === 'option') return [null, type[1]];
  if (kindOf(type) === 'result') return type.slice(1);
  if (kindOf(type) === 'enum') return type.slice(1).map(() => null);
  return type.slice(1).map(([, payload]) => payload);
};
const fieldsOf = (type) => (kindOf(type) === 'record' ? type.slice(1).map(([, field]) => field) : type.slice(1));
const isVariant = (type) => ['variant', 'enum', 'option', 'result'].includes(kindOf(type));

/** The core type for two core types that share a flat value of a variant: CanonicalABI.md, "Flattening". */
const join = (a, b) => {
  if (a === b) return a;
  return [a, b].every((type) => type === 'i32' || type === 'f32') ? 'i32' : 'i64';
};

/** The core types that a value is passed as. */
export function flatten(type) {
  if (isVariant(type)) {
    const joined = [];
    for (const payload of casesOf(type))
      (payload === null ? [] : flatten(payload)).forEach((flat, i) => {
        joined[i] = joined[i] === undefined ? flat : join(joined[i], flat);
      });
    return ['i32', ...joined];
  }
  if (['record', 'tuple'].includes(kindOf(type))) return fieldsOf(type).flatMap(flatten);
  if (kindOf(type) === 'flags') return ['i32'];
  return (core[kindOf(type)] ?? 'i32').split(' ');
}

const alignTo = (at, alignment) => Math.ceil(at / alignment) * alignment;
const tagSize = (count) => (count <= 256 ? 1 : count <= 65536 ? 2 : 4);

/** `{ size, alignment }` of a value in memory. */
export function layout(type) {
  if (['string', 'list'].includes(kindOf(type))) return { size: 8, alignment: 4 };
  if (kindOf(type) === 'flags') {
    const size = type.length <= 9 ? 1 : type.length <= 17 ? 2 : 4;
    return { size, alignment: size };
  }
  if (isVariant(type)) {
    const payloads = casesOf(type).map((payload) => (payload === null ? { size: 0, alignment: 1 } : layout(payload)));
    const tag = tagSize(payloads.length);
    const inner = Math.max(...payloads.map(({ alignment }) => alignment));
    const alignment = Math.max(tag, inner);
    return { alignment, size: alignTo(alignTo(tag, inner) + Math.max(...payloads.map(({ size }) => size)), alignment) };
  }
  if (['record', 'tuple'].includes(kindOf(type))) {
    const fields = fieldsOf(type).map(layout);
    const alignment = Math.max(...fields.map((field) => field.alignment));
    const end = fields.reduce((at, field) => alignTo(at, field.alignment) + field.size, 0);
    return { alignment, size: alignTo(end, alignment) };
  }
  return { size: sizes[type], alignment: sizes[type] };
}

/** Writes types as text, and names those that must have a name. */
class Types {
  /** [name, definition] pairs; each definition uses only earlier ones. */
  named = [];

  textOf(type) {
    const inner = (item) => (item === null ? '' : this.textOf(item));
    const [kind, ...rest] = typeof type === 'string' ? [type] : type;
    switch (kind) {
      case 'list':
      case 'option':
        return `(${kind} ${inner(rest[0])})`;
      case 'tuple':
        return `(tuple ${rest.map(inner).join(' ')})`;
      case 'result':
        return `(result ${inner(rest[0])}${rest[1] === null ? '' : ` (error ${inner(rest[1])})`})`;
      case 'record':
        return this.#name(`(record ${rest.map(([name, field]) => `(field "${name}" ${inner(field)})`).join(' ')})`);
      case 'variant':
        return this.#name(`(variant ${rest.map(([name, payload]) => `(case "${name}" ${inner(payload)})`).join(' ')})`);
      case 'enum':
      case 'flags':
        return this.#name(`(${kind} ${rest.map((name) => `"${name}"`).join(' ')})`);
      default:
        return kind;
    }
  }

  #name(definition) {
    const name = `t${this.named.length}`;
    this.named.push([name, definition]);
    return `$${name}`;
  }
}

const HOST = 'test:echo/host';

/** The module with the memory and a bump allocator, which the post-return functions reset. */
const allocator = `
    (core module $Memory
      (memory (export "memory") 1)
      (global $next (mut i32) (i32.const 1024))
      (func (export "reset") (global.set $next (i32.const 1024)))
      (func (export "realloc") (param $old i32) (param $old-size i32) (param $align i32) (param $size i32) (result i32)
        (local $at i32)
        (local.set $at (i32.and
          (i32.add (global.get $next) (i32.sub (local.get $align) (i32.const 1)))
          (i32.sub (i32.const 0) (local.get $align))))
        (global.set $next (i32.add (local.get $at) (local.get $size)))
        (loop $grow
          (if (i32.gt_u (global.get $next) (i32.mul (memory.size) (i32.const 65536)))
            (then
              (if (i32.eq (memory.grow (i32.const 1)) (i32.const -1)) (then unreachable))
              (br $grow))))
        (if (i32.lt_u (local.get $old-size) (local.get $size))
          (then (memory.copy (local.get $at) (local.get $old) (local.get $old-size)))
          (else (memory.copy (local.get $at) (local.get $old) (local.get $size))))
        (local.get $at)))`;

const sequence = (count, text) => Array.from({ length: count }, (_, i) => text(i)).join(' ');

/** The core function for one type: passes its parameters to the host function, and returns the result. */
function coreFunction(i, type) {
  const flat = flatten(type);
  const params = flat.length > MAX_FLAT_PARAMS ? ['i32'] : flat;
  const inMemory = flat.length > 1;
  const result = inMemory ? '(result i32)' : `(result ${flat[0]})`;
  const header = `(param ${params.join(' ')})`;
  const gets = sequence(params.length, (n) => `(local.get ${n})`);
  const imported = inMemory ? `(param ${[...params, 'i32'].join(' ')})` : `${header} ${result}`;
  const { size, alignment } = layout(type);
  const body = inMemory
    ? `(local $at i32)
        (local.set $at (call $realloc (i32.const 0) (i32.const 0) (i32.const ${alignment}) (i32.const ${size})))
        (call $f${i} ${gets} (local.get $at))
        (local.get $at)`
    : `(call $f${i} ${gets})`;
  return {
    import: `(import "host" "f${i}" (func $f${i} ${imported}))`,
    export: `(func (export "f${i}") ${header} ${result}
        ${body})
      (func (export "post${i}") (param ${inMemory ? 'i32' : flat[0]}) (call $reset))`,
  };
}

/** A single component for values of `types`, as `(component …)` text. */
function relay(types, encoding, name = '') {
  const texts = new Types();
  const written = types.map((type) => texts.textOf(type));
  const signature = (i) => `(param "v" ${written[i]}) (result ${written[i]})`;
  const each = (text) => types.map((type, i) => text(i, type)).join('\n    ');
  const cores = types.map((type, i) => coreFunction(i, type));
  const options = `(memory $bytes) (realloc $realloc) string-encoding=${encoding}`;
  return `(component ${name}
    (import "${HOST}" (instance $host
      ${texts.named.map(([type, definition]) => `(type $${type}-is ${definition}) (export "${type}" (type $${type} (eq $${type}-is)))`).join('\n      ')}
      ${each((i) => `(export "f${i}" (func ${signature(i)}))`)}))
    ${texts.named.map(([type]) => `(alias export $host "${type}" (type $${type}))`).join('\n    ')}
    ${allocator}
    (core instance $memory (instantiate $Memory))
    (alias core export $memory "memory" (core memory $bytes))
    (alias core export $memory "realloc" (core func $realloc))
    ${each((i) => `(alias export $host "f${i}" (func $f${i}))`)}
    ${each((i) => `(core func $lowered${i} (canon lower (func $f${i}) ${options}))`)}
    (core module $Main
      (import "memory" "realloc" (func $realloc (param i32 i32 i32 i32) (result i32)))
      (import "memory" "reset" (func $reset))
      ${cores.map((made) => made.import).join('\n      ')}
      ${cores.map((made) => made.export).join('\n      ')})
    (core instance $main (instantiate $Main
      (with "memory" (instance $memory))
      (with "host" (instance ${each((i) => `(export "f${i}" (func $lowered${i}))`)}))))
    ${each((i) => `(alias core export $main "f${i}" (core func $main${i})) (alias core export $main "post${i}" (core func $post${i}))`)}
    ${each(
      (i) => `(func (export "f${i}") ${signature(i)}
      (canon lift (core func $main${i}) ${options} (post-return $post${i})))`,
    )})`;
}

/**
 * A component that passes values of `types` to the host and back. With several encodings it is a chain of components, one per encoding, each calling
 * the next, so that strings are transcoded on the way.
 */
export function echoComponent(types, encodings = ['utf8']) {
  if (encodings.length === 1) return relay(types, encodings[0]);
  const texts = new Types();
  const signatures = types.map((type) => {
    const text = texts.textOf(type);
    return `(func (param "v" ${text}) (result ${text}))`;
  });
  const each = (text) => types.map((_, i) => text(i)).join('\n    ');
  const names = texts.named.map(([name]) => name);
  const chain = encodings.map(
    (encoding, n) => `${relay(types, encoding, `$Link${n}`)}
    (instance $link${n} (instantiate $Link${n} (with "${HOST}" (instance ${n === 0 ? '$host' : `$host${n - 1}`}))))
    ${each((i) => `(alias export $link${n} "f${i}" (func $link${n}-f${i}))`)}
    (instance $host${n}
      ${names.map((name) => `(export "${name}" (type $${name}))`).join(' ')}
      ${each((i) => `(export "f${i}" (func $link${n}-f${i}))`)})`,
  );
  return `(component
    (import "${HOST}" (instance $host
      ${texts.named.map(([name, definition]) => `(type $${name}-is ${definition}) (export "${name}" (type $${name} (eq $${name}-is)))`).join('\n      ')}
      ${each((i) => `(export "f${i}" ${signatures[i]})`)}))
    ${names.map((name) => `(alias export $host "${name}" (type $${name}))`).join('\n    ')}
    ${chain.join('\n    ')}
    ${each((i) => `(export "f${i}" (func $link${encodings.length - 1}-f${i}) ${signatures[i]})`)})`;
}

// --- random types and values ---

/** A small random number generator with a seed, which gives the same numbers in every engine. */
export function randomness(seed) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return (t ^ (t >>> 14)) >>> 0;
  };
  const below = (limit) => next() % limit;
  return { next, below, pick: (list) => list[below(list.length)] };
}

export const primitives = [...Object.keys(sizes), 'string'];
const label = (i) => `${String.fromCharCode(97 + (i % 26))}${i % 3 === 2 ? '-x' : ''}${i}`;
const labels = (count, of = () => undefined) => Array.from({ length: count }, (_, i) => [label(i), of()]);

export function randomType(random, depth) {
  if (depth === 0 || random.below(4) === 0) return random.pick(primitives);
  const inner = () => randomType(random, depth - 1);
  const maybe = () => (random.below(3) === 0 ? null : inner());
  switch (random.pick(['list', 'option', 'tuple', 'result', 'record', 'variant', 'enum', 'flags'])) {
    case 'list':
      return ['list', inner()];
    case 'option':
      return ['option', inner()];
    case 'tuple':
      return ['tuple', ...Array.from({ length: 1 + random.below(4) }, inner)];
    case 'result':
      return ['result', maybe(), maybe()];
    case 'record':
      return ['record', ...labels(1 + random.below(5), inner)];
    case 'variant':
      return ['variant', ...labels(1 + random.below(5), maybe)];
    case 'enum':
      return ['enum', ...labels(random.pick([1, 2, 7, 257])).map(([name]) => name)];
    default:
      return ['flags', ...labels(random.pick([1, 8, 9, 16, 17, 32])).map(([name]) => name)];
  }
}

const camel = (name) => name.replaceAll(/-(.)/g, (_, letter) => letter.toUpperCase());
const strings = [
  '',
  'a',
  'text',
  'größe',
  '\u0000',
  'ÿ',
  '漢字',
  '🍰🍰',
  'mixed ñ 漢 🍰',
  'x'.repeat(300),
  'é'.repeat(200),
  '漢'.repeat(99),
];
const floats = [0, -0, 1, -1.5, NaN, Infinity, -Infinity, Math.PI, 1e-40, 3.4e38, 5e-324];
const chars = ['a', '\u0000', 'ÿ', '漢', '🍰', '\ud7ff', '\ue000', '\u{10ffff}'];

function randomInteger(random, type) {
  const bits = BigInt(type.slice(1));
  const raw = (BigInt(random.next()) << 32n) | BigInt(random.next());
  const edge = random.pick([0n, 1n, -1n, (1n << (bits - 1n)) - 1n, 1n << (bits - 1n), raw, raw]);
  const value = type[0] === 's' ? BigInt.asIntN(Number(bits), edge) : BigInt.asUintN(Number(bits), edge);
  return bits === 64n ? value : Number(value);
}

/** A random value in JavaScript, by jco's mapping. */
export function randomValue(random, type) {
  const [kind, ...rest] = typeof type === 'string' ? [type] : type;
  const inner = (item) => randomValue(random, item);
  switch (kind) {
    case 'bool':
      return random.below(2) === 1;
    case 'f32':
      return Math.fround(random.pick(floats));
    case 'f64':
      return random.pick(floats);
    case 'char':
      return random.pick(chars);
    case 'string':
      return random.pick(strings);
    case 'list':
      return listOf(
        rest[0],
        Array.from({ length: random.pick([0, 1, 2, 5, 33]) }, () => inner(rest[0])),
      );
    case 'tuple':
      return rest.map(inner);
    case 'option':
      return randomOption(random, rest[0]);
    case 'result':
      return randomCase(random, [['ok', rest[0]], ['err', rest[1]]]); // prettier-ignore
    case 'record':
      return Object.fromEntries(rest.map(([name, field]) => [camel(name), inner(field)]));
    case 'variant':
      return randomCase(random, rest);
    case 'enum':
      return random.pick(rest);
    case 'flags':
      return Object.fromEntries(rest.map((name) => [camel(name), random.below(2) === 1]));
    default:
      return randomInteger(random, kind);
  }
}

const arrays = {
  u8: Uint8Array, s8: Int8Array, u16: Uint16Array, s16: Int16Array, u32: Uint32Array, s32: Int32Array,
  u64: BigUint64Array, s64: BigInt64Array, f32: Float32Array, f64: Float64Array,
}; // prettier-ignore
const listOf = (type, items) => (arrays[type] ? arrays[type].from(items) : items);

/** In jco an `option` is the value or `undefined`, unless the value itself may be `undefined`. */
const mayBeUndefined = (type) => kindOf(type) === 'option' && !mayBeUndefined(type[1]);

function randomOption(random, type) {
  const some = random.below(2) === 1;
  if (mayBeUndefined(type)) return some ? { tag: 'some', val: randomValue(random, type) } : { tag: 'none' };
  return some ? randomValue(random, type) : undefined;
}

function randomCase(random, cases) {
  const [tag, payload] = random.pick(cases);
  return payload === null ? { tag } : { tag, val: randomValue(random, payload) };
}
