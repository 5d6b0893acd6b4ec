// Parses the header of a guest program, which says what the program gets and what it must do. README.md describes the format. Runs in Node and in a page.
//
// Bytes (stdin, expected output) are strings with one character per byte, so that a case can be passed as JSON; `bytesOf` converts them to a Uint8Array.

/** @typedef {{ text: string } | { wait: number } | { after: string } | { hold: true }} Step */
/**
 * @typedef {object} Case
 * @property {string} id         "NAME", or "NAME#VARIANT" where a program has several
 * @property {string} program    NAME: build/guests/NAME.wasm
 * @property {string} file       its source, relative to tests/guests
 * @property {string | undefined} argv0
 * @property {string[]} args
 * @property {Record<string, string>} env
 * @property {Step[]} stdin
 * @property {boolean} stdoutClosed   its output has no reader
 * @property {number | undefined} memory   the kernel's memory limit in bytes; such a case gets its own runtime
 * @property {{ guest: string, readOnly: boolean, devices: boolean }[]} dirs
 * @property {{ path: string, text: string }[]} files
 * @property {({ listen: number, nonblocking: boolean } | { connect: number, nonblocking: boolean })[]} sockets
 * @property {string[]} clients  what each sends to the first socket that listens, one client after the other
 * @property {Expectation} expect
 */
/**
 * @typedef {object} Expectation
 * @property {number} exit
 * @property {string | undefined} trap       a pattern that the trap's message matches
 * @property {number | undefined} killed     the code with which a signal ends it
 * @property {number | undefined} timeout    milliseconds after which the program, which must still be running, is killed
 * @property {string[]} refused              patterns that the refusal's message matches; the program must not run
 * @property {string | undefined} stdout
 * @property {string | undefined} stdoutStarts
 * @property {number | undefined} stdoutSize
 * @property {string | undefined} stdoutSha256
 * @property {string | undefined} stderr
 * @property {string[]} stderrContains
 * @property {string[]} replies  what each client gets
 */

const utf8 = (text) => Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join('');
const fromUtf8 = (binary) => new TextDecoder('utf-8', { fatal: true }).decode(bytesOf(binary));

/** Converts a string with one character per byte to bytes. */
export function bytesOf(binary) {
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

const escapes = { n: '\n', r: '\r', t: '\t', 0: '\0', '\\': '\\', '"': '"' };

/** Reads `"…"` or `"…"*COUNT` at `at`. Returns the bytes and the position after it. */
function quoted(value, at) {
  let text = '';
  let i = at + 1;
  for (; value[i] !== '"'; i++) {
    if (value[i] === undefined) throw new Error(`a quotation mark is missing in ${value}`);
    if (value[i] !== '\\') {
      const letter = String.fromCodePoint(value.codePointAt(i));
      i += letter.length - 1;
      text += utf8(letter);
    } else if (value[++i] === 'x') {
      text += String.fromCharCode(parseInt(value.slice(i + 1, i + 3), 16));
      i += 2;
    } else if (value[i] in escapes) {
      text += escapes[value[i]];
    } else {
      throw new Error(`unknown escape \\${value[i]} in ${value}`);
    }
  }
  const times = /^\*(\d+)/.exec(value.slice(i + 1));
  return { text: times ? text.repeat(Number(times[1])) : text, end: i + 1 + (times ? times[0].length : 0) };
}

/** Splits words like a shell: bare characters and quoted pieces; only `"` is special. */
function words(value) {
  const list = [];
  for (let i = 0; i < value.length;) {
    if (value[i] === ' ') {
      i++;
      continue;
    }
    let word = '';
    while (i < value.length && value[i] !== ' ') {
      if (value[i] === '"') {
        const { text, end } = quoted(value, i);
        word += text;
        i = end;
      } else {
        const letter = String.fromCodePoint(value.codePointAt(i));
        word += utf8(letter);
        i += letter.length;
      }
    }
    list.push(fromUtf8(word));
  }
  return list;
}

/** Reads quoted pieces, one after the other. */
function binary(value) {
  let all = '';
  for (let i = 0; i < value.length;) {
    if (value[i] === ' ') {
      i++;
    } else if (value[i] === '"') {
      const { text, end } = quoted(value, i);
      all += text;
      i = end;
    } else {
      throw new Error(`text must be in quotation marks: ${value}`);
    }
  }
  return all;
}

function milliseconds(value) {
  const match = /^(\d+)ms$/.exec(value);
  if (!match) throw new Error(`a time such as 100ms is needed, not ${value}`);
  return Number(match[1]);
}

function wholeNumber(value) {
  if (!/^\d+$/.test(value)) throw new Error(`a number is needed, not ${value}`);
  return Number(value);
}

function socket(what, value) {
  const [number, option, ...more] = words(value);
  const port = wholeNumber(number);
  if (port > 65535) throw new Error(`not a port: ${number}`);
  if ((option !== undefined && option !== 'nonblocking') || more.length > 0) throw new Error(`${what}: ${value}`);
  return { [what]: port, nonblocking: option === 'nonblocking' };
}

function step(value) {
  if (value === 'hold') return { hold: true };
  if (value.startsWith('wait ')) return { wait: milliseconds(value.slice(5)) };
  if (value.startsWith('after ')) return { after: binary(value.slice(6)) };
  return { text: binary(value) };
}

const keys = {
  argv0: (c, value) => ([c.argv0] = words(value)),
  args: (c, value) => c.args.push(...words(value)),
  env(c, value) {
    const [word] = words(value);
    const equals = word.indexOf('=');
    if (equals < 1) throw new Error(`env: NAME=VALUE is needed, not ${value}`);
    c.env[word.slice(0, equals)] = word.slice(equals + 1);
  },
  stdin: (c, value) => c.stdin.push(step(value)),
  dir(c, value) {
    const [guest, option, ...more] = words(value);
    if (![undefined, 'read-only', 'devices'].includes(option) || more.length > 0) throw new Error(`dir: ${value}`);
    c.dirs.push({ guest, readOnly: option === 'read-only', devices: option === 'devices' });
  },
  stdout(c, value) {
    if (value !== 'closed') throw new Error(`stdout: ${value}`);
    c.stdoutClosed = true;
  },
  memory(c, value) {
    const match = /^(\d+)MiB$/.exec(value);
    if (!match) throw new Error(`a size such as 8MiB is needed, not ${value}`);
    c.memory = Number(match[1]) << 20;
  },
  file(c, value) {
    const space = value.indexOf(' ');
    c.files.push({ path: value.slice(0, space), text: binary(value.slice(space + 1)) });
  },
  listen: (c, value) => c.sockets.push(socket('listen', value)),
  connect: (c, value) => c.sockets.push(socket('connect', value)),
  client: (c, value) => c.clients.push(binary(value)),
  'expect-reply': (c, value) => c.expect.replies.push(binary(value)),
  'expect-exit': (c, value) => (c.expect.exit = wholeNumber(value)),
  'expect-trap': (c, value) => (c.expect.trap = value),
  'expect-killed': (c, value) => (c.expect.killed = wholeNumber(value)),
  'expect-timeout': (c, value) => (c.expect.timeout = milliseconds(value)),
  'expect-refused': (c, value) => c.expect.refused.push(value),
  'expect-stdout': (c, value) => (c.expect.stdout = binary(value)),
  'expect-stdout-starts': (c, value) => (c.expect.stdoutStarts = binary(value)),
  'expect-stdout-size': (c, value) => (c.expect.stdoutSize = wholeNumber(value)),
  'expect-stdout-sha256': (c, value) => (c.expect.stdoutSha256 = value),
  'expect-stderr': (c, value) => (c.expect.stderr = binary(value)),
  'expect-stderr-contains': (c, value) => c.expect.stderrContains.push(binary(value)),
};

function newCase(program, file, variant) {
  return {
    id: variant ? `${program}#${variant}` : program,
    program,
    file,
    argv0: undefined,
    args: [],
    env: {},
    stdin: [],
    stdoutClosed: false,
    memory: undefined,
    dirs: [],
    files: [],
    sockets: [],
    clients: [],
    expect: {
      exit: 0,
      trap: undefined,
      killed: undefined,
      timeout: undefined,
      refused: [],
      stdout: undefined,
      stdoutStarts: undefined,
      stdoutSize: undefined,
      stdoutSha256: undefined,
      stderr: undefined,
      stderrContains: [],
      replies: [],
    },
  };
}

/** The lines of the comment at the start of a source, without the comment markers. */
function commentLines(source, file) {
  if (file.endsWith('.txt')) return source.split('\n');
  const body = source.replace(/^(\/\/ (flags|forms|wit): .*\n)+/, '');
  if (body.startsWith('/*')) {
    const end = body.indexOf('*/');
    return body
      .slice(2, end)
      .split('\n')
      .map((line) => line.replace(/^ \* ?/, ''));
  }
  const lines = body.split('\n');
  const mark = body.startsWith(';;') ? /^;; ?/ : /^\/\/ ?/;
  const end = lines.findIndex((line) => !mark.test(line));
  return lines.slice(0, end < 0 ? undefined : end).map((line) => line.replace(mark, ''));
}

/**
 * The cases that a source file's header describes; empty if it has no header.
 * @param {string} source
 * @param {string} program
 * @param {string} file
 * @returns {Case[]}
 */
export function parseHeader(source, program, file) {
  const cases = [];
  let current;
  for (const raw of commentLines(source, file)) {
    const line = raw.trimEnd();
    const start = /^guest(?: ([\w-]+))?:$/.exec(line);
    if (start) {
      current = newCase(program, file, start[1]);
      cases.push(current);
      continue;
    }
    if (!current || line.trim() === '') continue;
    const [, key, value] = /^ {2}([\w-]+): ?(.*)$/.exec(line) ?? [];
    if (!keys[key]) throw new Error(`${file}: not a line of a guest's header: ${line}`);
    try {
      keys[key](current, value);
    } catch (error) {
      throw new Error(`${file}: ${error.message}`, { cause: error });
    }
  }
  const ids = cases.map(({ id }) => id);
  if (new Set(ids).size !== ids.length) throw new Error(`${file}: two variants have one name`);
  return cases;
}
