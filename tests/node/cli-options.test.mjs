// The command line: Wasmtime's option names, and clear errors.
import assert from 'node:assert/strict';
import test from 'node:test';
import { load } from './support/load.mjs';

const { parseCommand, UsageError, USAGE } = await load('web/cli/options.ts');
const parse = (...argv) => parseCommand(argv, { HOME: '/root', EMPTY: '' }, ['node', 'chromium']);

test('a program and its arguments, options or not', () => {
  const { kind, program, args, host, dirs, env, argv0, timeout } = parse('run', 'a.wasm', '--dir', '-x', '--', 'y');
  assert.deepEqual([kind, program, args], ['run', 'a.wasm', ['--dir', '-x', '--', 'y']]);
  assert.deepEqual(
    { host, dirs, env, argv0, timeout },
    { host: 'node', dirs: [], env: {}, argv0: undefined, timeout: 0 },
  );
});

test('options, with the value as the next argument or after "="', () => {
  const command = parse(
    'run',
    '--host=chromium',
    '--dir',
    '.',
    '--dir=a b::/work',
    '--argv0',
    'clang',
    '--timeout',
    '1.5',
    'p',
  );
  assert.equal(command.host, 'chromium');
  assert.equal(command.argv0, 'clang');
  assert.equal(command.timeout, 1500);
});

test('--dir names the host, and the guest after "::"', () => {
  const { dirs } = parse('run', '--dir', 'a/b', '--dir', '/x::/', '--dir', 'h::g::i', 'p');
  assert.deepEqual(dirs, [
    { host: 'a/b', guest: 'a/b' },
    { host: '/x', guest: '/' },
    { host: 'h', guest: 'g::i' },
  ]);
});

test('--env sets a variable, or inherits an existing one', () => {
  const { env } = parse(
    'run',
    '--env',
    'A=1=2',
    '--env',
    'B=',
    '--env=HOME',
    '--env',
    'EMPTY',
    '--env',
    'MISSING',
    'p',
  );
  assert.deepEqual(env, { A: '1=2', B: '', HOME: '/root', EMPTY: '' });
});

test('--env knows no other names than those given: not those that every object has', () => {
  const { env } = parse('run', '--env', '__proto__=x', '--env', 'constructor', '--env', 'a=1', 'a.wasm');
  assert.deepEqual(Object.entries(env), [
    ['__proto__', 'x'],
    ['a', '1'],
  ]);
});

test('--max-cpu-time of any size is a number that limits.cpuTime takes', () => {
  for (const [text, milliseconds] of [
    ['1e-9', 1],
    ['0.0015', 2],
    ['1e300', Number.MAX_SAFE_INTEGER],
    ['1e306', Number.MAX_SAFE_INTEGER],
  ])
    assert.equal(parse('run', '--max-cpu-time', text, 'a.wasm').limits.cpuTime, milliseconds, text);
});

test('"--" ends the options', () => {
  assert.deepEqual(
    [parse('run', '--', '--odd.wasm', 'x').program, parse('run', '--', 'p', '--').args],
    ['--odd.wasm', ['--']],
  );
});

test('help and version, wherever they are before the program', () => {
  for (const argv of [['--help'], ['-h'], ['help'], ['run', '--help'], ['run', '--dir', '.', '-h']]) {
    assert.equal(parse(...argv).kind, 'help');
  }
  assert.equal(parse('--version').kind, 'version');
  assert.equal(parse('run', 'p', '--help').kind, 'run');
  for (const option of ['--host', '--dir', '--env', '--argv0', '--timeout', '--tcplisten'])
    assert.ok(USAGE.includes(option));
});

test('`run` may be omitted before a program', () => {
  assert.deepEqual(parse('a.wasm', '--dir', 'x'), parse('run', 'a.wasm', '--dir', 'x'));
});

const wrong = [
  [[], /no command given/],
  [['start', 'a.wasm'], /unknown command "start".*"run"/],
  [['run'], /no program given/],
  [['run', '--dir', '.'], /no program given/],
  [['run', ''], /no program given/],
  [['run', '--foo', 'p'], /unknown option "--foo"/],
  [['run', '--foo=1', 'p'], /unknown option "--foo"/],
  [['run', '-x', 'p'], /unknown option "-x"/],
  [['run', '--toString', 'p'], /unknown option/],
  [['run', '--dir'], /--dir needs a value: --dir HOST\[::GUEST\]/],
  [['run', '--dir', '::/x', 'p'], /--dir: an empty name in "::\/x"/],
  [['run', '--dir', 'C::', 'p'], /--dir: an empty name/],
  [['run', '--env', '=x', 'p'], /--env: no name/],
  [['run', '--timeout', 'soon', 'p'], /--timeout must be a number of seconds greater than 0, not "soon"/],
  [['run', '--timeout=', 'p'], /--timeout/],
  [['run', '--timeout', '0', 'p'], /--timeout/],
  [['run', '--timeout', '-1', 'p'], /--timeout/],
  [['run', '--host', 'netscape', 'p'], /unknown host "netscape"; the hosts are node, chromium/],
];

for (const [argv, message] of wrong) {
  test(`wrong: ${JSON.stringify(argv)}`, () => {
    assert.throws(
      () => parse(...argv),
      (error) => error instanceof UsageError && message.test(error.message),
    );
  });
}
