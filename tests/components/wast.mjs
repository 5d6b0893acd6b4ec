// Reads WebAssembly scripts (.wast), as far as scripts about components need it, into a list of commands. The text of a component is left as it is,
// for another parser.
//
// A script is a sequence of S-expressions. An expression is `{ list, start, end, line }`, an atom `{ word, … }` or a string `{ bytes, … }`:
// strings are bytes, because some are not UTF-8.

const space = /[ \t\r\n]/;
const atomEnd = /[ \t\r\n()";]/;
const escapes = { n: 10, t: 9, r: 13, '"': 34, "'": 39, '\\': 92 };

/** The S-expressions of a script. */
export function expressions(text) {
  let at = 0;
  let line = 1;
  const fail = (what) => {
    throw new Error(`line ${line}: ${what}`);
  };
  const step = (count = 1) => {
    for (; count > 0; count--) if (text[at++] === '\n') line++;
  };

  function skipBlockComment() {
    let depth = 0;
    do {
      if (at >= text.length) fail('an unterminated comment');
      if (text.startsWith('(;', at)) depth++;
      else if (text.startsWith(';)', at)) depth--;
      else {
        step();
        continue;
      }
      step(2);
    } while (depth > 0);
  }

  function skipSpace() {
    for (;;) {
      if (at < text.length && space.test(text[at])) step();
      else if (text.startsWith(';;', at)) while (at < text.length && text[at] !== '\n') step();
      else if (text.startsWith('(;', at)) skipBlockComment();
      else return;
    }
  }

  function string() {
    const bytes = [];
    step();
    while (text[at] !== '"') {
      if (at >= text.length) fail('an unterminated string');
      if (text[at] !== '\\') {
        const character = String.fromCodePoint(text.codePointAt(at));
        bytes.push(...Buffer.from(character));
        step(character.length);
      } else if (escapes[text[at + 1]] !== undefined) {
        bytes.push(escapes[text[at + 1]]);
        step(2);
      } else if (text.startsWith('\\u{', at)) {
        const end = text.indexOf('}', at);
        bytes.push(...Buffer.from(String.fromCodePoint(Number.parseInt(text.slice(at + 3, end), 16))));
        step(end + 1 - at);
      } else {
        const byte = Number.parseInt(text.slice(at + 1, at + 3), 16);
        if (Number.isNaN(byte)) fail('an unknown escape');
        bytes.push(byte);
        step(3);
      }
    }
    step();
    return { bytes: Buffer.from(bytes) };
  }

  function list() {
    const items = [];
    step();
    for (skipSpace(); text[at] !== ')'; skipSpace()) {
      if (at >= text.length) fail('an unmatched parenthesis');
      items.push(expression());
    }
    step();
    return { list: items };
  }

  function atom() {
    const start = at;
    while (at < text.length && !atomEnd.test(text[at])) step();
    if (at === start) fail(`an unexpected character: ${text[at]}`);
    return { word: text.slice(start, at) };
  }

  function expression() {
    const [start, first] = [at, line];
    const read = text[at] === '(' ? list() : text[at] === '"' ? string() : atom();
    return { ...read, start, end: at, line: first };
  }

  const all = [];
  for (skipSpace(); at < text.length; skipSpace()) all.push(expression());
  return all;
}

const head = (expression) => expression.list?.[0]?.word;
const isName = (expression) => expression?.word?.startsWith('$');

/** `{ kind: 'text' | 'quote' | 'binary' | 'instance', name, definition, … }` of a `(component …)`. */
function componentOf(expression, text) {
  const rest = expression.list.slice(1);
  const words = [];
  while (['definition', 'instance', 'quote', 'binary'].includes(rest[0]?.word)) words.push(rest.shift().word);
  const name = isName(rest[0]) ? rest.shift().word : undefined;
  while (['quote', 'binary'].includes(rest[0]?.word)) words.push(rest.shift().word);
  const definition = words.includes('definition');
  if (words.includes('instance')) return { kind: 'instance', name, of: rest[0]?.word };
  const strings = Buffer.concat(rest.filter(({ bytes }) => bytes).map(({ bytes }) => bytes));
  if (words.includes('binary')) return { kind: 'binary', name, definition, bytes: strings };
  if (words.includes('quote')) return { kind: 'quote', name, definition, text: `(component ${strings.toString()})` };
  const source = text.slice(expression.start, expression.end);
  return { kind: 'text', name, definition, text: definition ? source.replace('definition', '') : source };
}

/** `{ instance, name, args }` of an `(invoke $instance? "name" value*)`. */
function invokeOf(expression) {
  const rest = expression.list.slice(1);
  const instance = isName(rest[0]) ? rest.shift().word : undefined;
  const [name, ...args] = rest;
  return { instance, name: name.bytes.toString(), args: args.map(valueOf) };
}

const wordOf = ({ bytes, word }) => bytes?.toString() ?? word;

/**
 * `{ type, … }` of a `(TYPE.const …)`, `(option.some …)` or `(result.ok …)`. Numbers stay text, because JavaScript cannot distinguish all NaNs.
 */
function valueOf(expression) {
  const [type, tag] = head(expression).split('.');
  const rest = expression.list.slice(1);
  switch (type) {
    case 'list':
    case 'tuple':
      return { type, items: rest.map(valueOf) };
    case 'record':
      // (field "name" TYPE.const …), without parentheses around the value
      return { type, fields: rest.map(({ list }) => [wordOf(list[1]), valueOf({ list: list.slice(2) })]) };
    case 'variant':
      return { type, tag: wordOf(rest[0]), payload: rest[1] && valueOf(rest[1]) };
    case 'option':
    case 'result':
      return { type, tag, payload: rest[0] && valueOf(rest[0]) };
    case 'enum':
      return { type, tag: wordOf(rest[0]) };
    case 'flags':
      return { type, labels: rest.map(wordOf) };
    default:
      return { type, text: wordOf(rest[0]) };
  }
}

/** The part of a command that an assertion is about. */
function actionOf(expression, text) {
  if (head(expression) === 'component') return { component: componentOf(expression, text) };
  if (head(expression) === 'invoke') return { invoke: invokeOf(expression) };
  return { unknown: head(expression) };
}

/** The commands of a script: `{ line, command, component?, invoke?, results?, message? }`. */
export function commands(text) {
  return expressions(text).map((expression) => {
    const command = head(expression);
    const { line } = expression;
    if (command === 'component' || command === 'invoke') return { line, command, ...actionOf(expression, text) };
    if (!command?.startsWith('assert_')) return { line, command, unknown: command };
    const [, subject, ...rest] = expression.list;
    const action = { line, command, ...actionOf(subject, text) };
    return command === 'assert_return'
      ? { ...action, results: rest.map(valueOf) }
      : { ...action, message: rest[0]?.bytes?.toString() };
  });
}
