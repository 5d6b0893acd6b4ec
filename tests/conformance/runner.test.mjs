// Tests the conformance runner on a small suite of our own guests in the layout of wasi-testsuite.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const guest = (name) => fs.readFileSync(path.join(root, 'build/guests', `${name}.wasm`));

/** Creates a folder of programs: path → [guest, contents of its .json, if it has one]. */
function suite(t, programs) {
  const top = fs.mkdtempSync(path.join(os.tmpdir(), 'holdfast-suite-'));
  t.after(() => fs.rmSync(top, { recursive: true, force: true }));
  for (const [name, [program, configuration]] of Object.entries(programs)) {
    const file = path.join(top, name);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(`${file}.wasm`, typeof program === 'string' ? guest(program) : program);
    if (configuration) fs.writeFileSync(`${file}.json`, JSON.stringify(configuration));
  }
  return top;
}

function conformance(...args) {
  const command = [path.join(root, 'tests/conformance/run.mjs'), '--host', 'node', ...args];
  const { status, stdout, stderr } = spawnSync(process.execPath, command, { encoding: 'utf8', timeout: 600_000 });
  return { status, stdout, stderr };
}

const passing = {
  'c/wasm32-wasip1/plain': ['hello', undefined],
  'c/wasm32-wasip1/says': ['hello', { stdout: 'hello, world\n', exit_code: 0 }],
  'rust/code': ['exit-codes-reach-the-host', { args: ['exit', '33'], exit_code: 33 }],
  'rust/steps': [
    'exit-codes-reach-the-host',
    {
      operations: [
        { type: 'run', args: ['exit', '7'] },
        { type: 'wait', exit_code: 7 },
      ],
    },
  ],
};

test('programs that behave as expected: a table, and status 0', (t) => {
  const { status, stdout } = conformance('--suite', suite(t, passing));
  assert.equal(status, 0, stdout);
  assert.match(stdout, /c\/wasm32-wasip1 +2 of 2\n/);
  assert.match(stdout, /rust +2 of 2\n/);
  assert.match(stdout, /\n4 passed, 0 failed\n$/);
});

test('a wrong code, wrong output, a trap: each is reported, and the status is 1', (t) => {
  const { status, stdout } = conformance(
    '--suite',
    suite(t, {
      ...passing,
      code: ['hello', { exit_code: 1 }],
      output: ['hello', { stdout: 'hello' }],
      trap: ['traps-end-the-process-and-say-why', { args: ['bounds'], exit_code: 134 }],
      strange: ['hello', { colour: 'green' }],
    }),
  );
  assert.equal(status, 1);
  assert.match(stdout, /FAIL code .*\n +it ended with "exit", code 0, not 1\n/);
  assert.match(stdout, /FAIL output .*\n +stdout is "hello, world\\n", not "hello"\n/);
  assert.match(stdout, /FAIL trap .*\n +it ended with "trap"/);
  assert.match(stdout, /FAIL strange .*\n.*"colour" is not known/);
  assert.match(stdout, /\n4 passed, 4 failed\n$/);
});

test('programs of other versions of WASI do not count: by folder, by manifest, by being a component', (t) => {
  const component = Buffer.from([0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0]);
  const top = suite(t, {
    ...passing,
    'c/wasm32-wasip3/other': ['hello', { exit_code: 1 }],
    'named/other': ['hello', { exit_code: 1 }],
    'c/wasm32-wasip1/component': [component, undefined],
  });
  fs.writeFileSync(path.join(top, 'named/manifest.json'), JSON.stringify({ version: 'wasm32-wasip2' }));
  const { status, stdout } = conformance('--suite', top);
  assert.equal(status, 0, stdout);
  assert.match(stdout, /^4 preview 1 programs; 3 of other versions/);
});

test('the environment is exactly what is listed, and root is a fresh copy at /', (t) => {
  const read = (file) => ({ args: ['read', file], stdout: 'text' });
  const top = suite(t, {
    environment: ['toolbox', { args: ['args'], env: { A: 'b\n"c' }, stdout: 'environment.wasm\0args\0A=b\n"c\0' }],
    reads: ['toolbox', { root: 'tree', ...read('/file') }],
    'reads-deep': ['toolbox', { root: 'tree', ...read('/sub/link') }],
    writes: ['toolbox', { root: 'tree', args: ['write', '/file', 'other'] }],
    'writes-again': ['toolbox', { root: 'tree', args: ['write', '/empty/new', 'new'] }],
    'z-older-branch': ['toolbox', { dirs: ['tree'], ...read('tree/file') }],
  });
  fs.mkdirSync(path.join(top, 'tree/empty'), { recursive: true });
  fs.mkdirSync(path.join(top, 'tree/sub'));
  fs.writeFileSync(path.join(top, 'tree/file'), 'text');
  fs.symlinkSync('../file', path.join(top, 'tree/sub/link'));
  const { status, stdout } = conformance('--suite', top);
  assert.equal(status, 0, stdout);
  assert.deepEqual(fs.readdirSync(path.join(top, 'tree')).sort(), ['empty', 'file', 'sub']);
  assert.deepEqual(fs.readdirSync(path.join(top, 'tree/empty')), []);
});

test('tests in the skip list may fail, but must not pass', (t) => {
  const top = suite(t, { ...passing, wrong: ['hello', { exit_code: 1 }] });
  const skips = path.join(top, 'skip.json');
  const run = (list) => {
    fs.writeFileSync(skips, JSON.stringify({ node: list }));
    return conformance('--suite', top, '--skips', skips);
  };
  const expected = run({ wrong: 'because' });
  assert.equal(expected.status, 0, expected.stdout);
  assert.match(expected.stdout, /1 failed as listed in skip\.json/);
  const surprising = run({ wrong: 'because', plain: 'of old' });
  assert.equal(surprising.status, 1);
  assert.match(
    surprising.stdout,
    /FAIL c\/wasm32-wasip1\/plain .*\n +it passes: remove it from skip\.json \("of old"\)/,
  );
});

test('a missing folder or program, or an unknown host: a message, status 2', (t) => {
  assert.match(conformance('--suite', '/nowhere').stderr, /there is no folder \/nowhere/);
  assert.match(conformance('--suite', suite(t, {})).stderr, /no preview 1 program/);
  const { status, stderr } = conformance('--suite', suite(t, passing), '--host', 'netscape');
  assert.match(stderr, /unknown host netscape; the hosts are node, /);
  assert.equal(status, 2);
});
