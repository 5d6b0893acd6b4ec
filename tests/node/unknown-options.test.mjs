// An unknown option is refused by name, with a suggestion of the one that was probably meant.
import assert from 'node:assert/strict';
import test from 'node:test';
import { startFake } from './support/fake-coordinator.mjs';
import { load } from './support/load.mjs';

const lib = await load(
  'web/holdfast.ts',
  'web/options.ts',
  'web/check.ts',
  'web/errors.ts',
  'web/help.ts',
  'web/assets.ts',
);

const about = async (work) => {
  const error = await Promise.resolve()
    .then(work)
    .then(
      () => assert.fail('accepted'),
      (reason) => reason,
    );
  assert.ok(error instanceof TypeError, String(error));
  return error.message;
};

test('the nearest option is suggested, for every call', async (t) => {
  const { hf, fake } = await startFake(t, lib);
  const p = await hf.spawn('a.wasm', { terminal: true });
  const calls = {
    'spawn: unknown option "arg"; did you mean "args"?': () => hf.spawn('a.wasm', { arg: [] }),
    'spawn: unknown option "ENV"; did you mean "env"?': () => hf.spawn('a.wasm', { ENV: {} }),
    'spawn: unknown option "preopen"; did you mean "preopens"?': () => hf.spawn('a.wasm', { preopen: {} }),
    'spawn: unknown option "interuptible"; did you mean "interruptible"?': () =>
      hf.spawn('a.wasm', { interuptible: true }),
    'run: unknown option "encodng"; did you mean "encoding"?': () => hf.run('a.wasm', { encodng: 'bytes' }),
    'limits: unknown option "cputime"; did you mean "cpuTime"?': () => hf.run('a.wasm', { limits: { cputime: 1 } }),
    'terminal: unknown option "column"; did you mean "columns"?': () =>
      hf.spawn('a.wasm', { terminal: { column: 80 } }),
    'preopens["/"]: unknown option "readonly"; did you mean "readOnly"?': () =>
      hf.spawn('a.wasm', { preopens: { '/': { path: '/', readonly: true } } }),
    'sockets[0]: unknown option "lsten"; did you mean "listen"?': () => hf.spawn('a.wasm', { sockets: [{ lsten: 1 }] }),
    'stdin: unknown option "txt"; did you mean "text"?': () => hf.spawn('a.wasm', { stdin: { txt: '' } }),
    'connect: unknown option "signals"; did you mean "signal"?': () => hf.connect(1, { signals: 1 }),
    'listen: unknown option "sgnal"; did you mean "signal"?': () => hf.listen(1, { sgnal: 1 }),
    'join: unknown option "timeuot"; did you mean "timeout"?': () => p.join({ timeuot: 1 }),
    'supervise: unknown option "strtegy"; did you mean "strategy"?': () => hf.supervise({ strtegy: 1 }),
    'backoff: unknown option "mn"; did you mean "min"?': () => hf.supervise({ backoff: { mn: 1 } }),
    'children[0]: unknown option "strat"; did you mean "start"?': () => hf.supervise({ children: [{ strat: 1 }] }),
    'children[0] ("a"): start: unknown option "agrs"; did you mean "args"?': () =>
      hf.supervise({ children: [{ id: 'a', start: { source: 'a.wasm', agrs: [] } }] }),
    'mkdir: unknown option "recursve"; did you mean "recursive"?': () => hf.fs.mkdir('/a', { recursve: true }),
    'rm: unknown option "recurse"; did you mean "recursive"?': () => hf.fs.rm('/a', { recurse: true }),
    'readdir: unknown option "withFiletypes"; did you mean "withFileTypes"?': () =>
      hf.fs.readdir('/a', { withFiletypes: true }),
    'writeFile: unknown option "mode"; the only one is "exclusive"': () => hf.fs.writeFile('/a', '', { mode: 0o644 }),
    'readFile: unknown option "encodng"; did you mean "encoding"?': () => hf.fs.readFile('/a', { encodng: 'utf8' }),
    'utimes: unknown option "folow"; did you mean "follow"?': () => hf.fs.utimes('/a', 1, 1, { folow: true }),
    'readable: unknown option "strt"; did you mean "start"?': () =>
      hf.fs.readable('/a', { strt: 1 }).getReader().read(),
    'writable: unknown option "apend"; did you mean "append"?': () =>
      hf.fs.writable('/a', { apend: true }).getWriter().write(new Uint8Array(1)),
  };
  const before = fake.received.length;
  for (const [message, call] of Object.entries(calls)) assert.equal(await about(call), message);
  assert.equal(fake.received.length, before, 'nothing was sent');
});

test('start and its parts', async () => {
  const { helped, planStart } = lib;
  const calls = [
    [{ wrokers: 2 }, /^start: unknown option "wrokers"; did you mean "workers"\?$/],
    [{ workers: { maximum: 2 } }, /^workers: unknown option "maximum"; the options are "min", "max", "idle"$/],
    [{ memory: { maximun: 2 } }, /^memory: .* did you mean "maximum"\?$/],
    [{ force: { jsbridge: true } }, /^force: .* did you mean "jsBridge"\?$/],
    [{ wasmUrl: '/x' }, /^start: unknown option "wasmUrl"; `assets` says where the runtime's files are$/],
    [{ timeout: 5 }, /`startTimeout` has the milliseconds/],
    [{ args: [] }, /it is an option of hf\.spawn and hf\.run/],
  ];
  for (const [options, message] of calls) assert.match(await about(() => helped(() => planStart(options))), message);
  const located = () => lib.locate({ kernle: '/k.wasm' }, 'http://page.test/', {});
  assert.match(await about(() => helped(located)), /^assets: unknown option "kernle"; did you mean "kernel"\?$/);
});

test('options known from other libraries get a suggestion of ours', async (t) => {
  const { hf } = await startFake(t, lib);
  const advice = {
    cwd: /no working directory.*preopens: \{ '\.': '\/work' \}/,
    mounts: /`preopens` says/,
    dirs: /`preopens` says/,
    map_dirs: /`preopens` says/,
    fs: /hf\.fs, which all programs share/,
    wasmUrl: /the program is the first argument/,
    environment: /`env`/,
    argv: /`args` .* `argv0`/,
    timeoutMs: /`timeout` has the milliseconds/,
    input: /`stdin`/,
    maxBuffer: /`limits` has it: limits: \{ output: 1e6 \}/,
    maxOutput: /`limits` has it: limits: \{ output: 1e6 \}/,
    tty: /terminal: true makes .* terminal: "isatty" only/,
    descriptors: /limits: \{ descriptors: … \}/,
    stdio: /`stdin`, `stdout` and `stderr`/,
    cpuTime: /limits: \{ cpuTime: … \}/,
    memory: /limits: \{ memory: … \}/,
    workers: /an option of start/,
    encoding: /an option of hf\.run/,
    constructor: /the options are "args"/,
  };
  for (const [name, words] of Object.entries(advice)) {
    const message = await about(() => hf.spawn('a.wasm', { [name]: 1 }));
    assert.ok(message.startsWith(`spawn: unknown option "${name}"; `), message);
    assert.match(message, words);
  }
});

test('values that are not records are refused where one is expected', async (t) => {
  const { hf } = await startFake(t, lib);
  const wrong = [
    [['x'], /^spawn options must be an object, not an array$/],
    ['x', /^spawn options must be an object, not a string$/],
    [new Map([['args', []]]), /^spawn options must be an object, not a Map$/],
    [Promise.resolve({}), /^spawn options must be an object, not a Promise$/],
    [{ env: new Map() }, /^env must be an object, not a Map$/],
    [{ preopens: new Map() }, /^preopens must be an object, not a Map$/],
    [{ limits: [] }, /^limits must be an object, not an array$/],
    [{ args: 'a b' }, /^args must be an array of strings, not a string$/],
    [{ env: { N: 1 } }, /^env\["N"\] must be a string, not a number$/],
  ];
  for (const [options, message] of wrong) assert.match(await about(() => hf.spawn('a.wasm', options)), message);
  assert.match(await about(() => hf.fs.mkdir('/a', true)), /^mkdir options must be an object, not a boolean$/);
  assert.match(await about(() => hf.fs.rm('/a', { force: 1 })), /^force must be true or false, not a number$/);
});

test('objects without a prototype, and module namespaces, are accepted as options', async (t) => {
  const { hf } = await startFake(t, lib);
  await hf.spawn('a.wasm', Object.assign(Object.create(null), { args: ['x'] }));
  await hf.spawn('a.wasm', await import('data:text/javascript,export const args = ["x"]'));
});

test('for spawn a string is a mode, never text; for run it is text, never a mode', async (t) => {
  const { hf, fake } = await startFake(t, lib);
  assert.equal(
    await about(() => hf.spawn('a.wasm', { stdin: 'some text' })),
    'stdin: "some text" is not one of the modes "pipe" and "null"; to pass text use stdin: { text: "some text" }',
  );
  assert.equal(
    await about(() => hf.spawn('a.wasm', { stdin: 'tty' })),
    'stdin: "tty" is not a mode; for a terminal use terminal: true',
  );
  assert.equal(
    await about(() => hf.spawn('a.wasm', { limits: { files: 5 } })),
    'limits: unknown option "files"; `descriptors` limits the open ones, `fileBytes` the bytes in files',
  );
  for (const stdin of ['pipe', 'tty', 'null']) {
    const message = await about(() => hf.run('a.wasm', { stdin }));
    assert.ok(message.startsWith(`stdin: "${stdin}" is not an input of hf.run`), message);
    assert.match(message, new RegExp(`stdin: \\{ text: "${stdin}" \\}`));
  }
  for (const stdin of [{}, { text: 5 }, { bytes: 'x' }, { text: '', bytes: new Uint8Array() }])
    assert.match(await about(() => hf.spawn('a.wasm', { stdin })), /^stdin must be "pipe", .*\{ text \}, \{ bytes \}/);
  assert.equal(fake.sent('spawn').length, 0);
});
