// Converts the values of scripts (wast.mjs) to JavaScript by jco's mapping, and compares results with them.

const camel = (name) => name.replaceAll(/-(.)/g, (_, letter) => letter.toUpperCase());

function number(type, text) {
  const digits = text.replaceAll('_', '');
  if (type === 's64' || type === 'u64') return digits.startsWith('-') ? -BigInt(digits.slice(1)) : BigInt(digits);
  if (type !== 'f32' && type !== 'f64') return Number(digits);
  if (/nan/.test(digits)) return NaN;
  if (/inf/.test(digits)) return digits.startsWith('-') ? -Infinity : Infinity;
  const value = /0x/.test(digits) ? hexFloat(digits) : Number(digits);
  return type === 'f32' ? Math.fround(value) : value;
}

/** `0x1.8p-3`. */
function hexFloat(text) {
  const [, sign, whole, part = '', power = '0'] = /^([+-]?)0x([0-9a-f]*)\.?([0-9a-f]*)(?:p([+-]?\d+))?$/i.exec(text);
  const value = Number.parseInt(whole + part || '0', 16) * 2 ** (Number(power) - 4 * part.length);
  return sign === '-' ? -value : value;
}

/** The value as an argument in JavaScript. */
export function toJs({ type, text, items, fields, tag, payload, labels }) {
  const inner = () => (payload === undefined ? undefined : toJs(payload));
  switch (type) {
    case 'bool':
      return text === 'true';
    case 'char':
    case 'str':
    case 'string':
      return text;
    case 'list':
    case 'tuple':
      return items.map(toJs);
    case 'record':
      return Object.fromEntries(fields.map(([name, value]) => [camel(name), toJs(value)]));
    case 'variant':
    case 'result':
      return payload === undefined ? { tag } : { tag, val: inner() };
    case 'option':
      return payload?.type === 'option' ? { tag: 'some', val: inner() } : inner();
    case 'enum':
      return tag;
    case 'flags':
      return Object.fromEntries(labels.map((name) => [camel(name), true]));
    default:
      return number(type, text);
  }
}

const sameCase = (tag, payload, got) =>
  got?.tag === tag && (payload === undefined ? got.val === undefined : same(payload, got.val));

/** Whether `got`, a result in JavaScript, equals the value. */
export function same(value, got) {
  const { type, items, fields, tag, payload, labels } = value;
  switch (type) {
    case 'list':
    case 'tuple':
      return got?.length === items.length && items.every((item, i) => same(item, got[i]));
    case 'record':
      return fields.every(([name, field]) => same(field, got?.[camel(name)]));
    case 'variant':
    case 'result':
      return sameCase(tag, payload, got);
    case 'option':
      if (got?.tag === 'some' || got?.tag === 'none') return sameCase(tag, payload, got);
      return tag === 'none' ? got === undefined : same(payload, got);
    case 'flags': {
      const set = Object.keys(got ?? {}).filter((name) => got[name]);
      return set.length === labels.length && labels.every((name) => got[camel(name)] === true);
    }
    default:
      return Object.is(toJs(value), got);
  }
}
