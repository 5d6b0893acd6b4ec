// The command's own answers: usage, help, a browser that cannot be started.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { promisify } from 'node:util';
import { guest, run } from './support/cli-run.mjs';
import { root } from './support/load.mjs';

test('a wrong command line: a message, status 2, and nothing on stdout', async (t) => {
  for (const args of [[], ['run'], ['run', '--frob', 'x'], ['run', '--host', 'netscape', 'x'], ['jump']]) {
    const { code, stdout, stderr } = await run(t, args);
    assert.deepEqual([code, stdout], [2, ''], args.join(' '));
    assert.match(stderr, /^holdfast: .*\nTry "holdfast --help"\.\n$/);
  }
});

test('--help and --version go to stdout', async (t) => {
  const help = await run(t, ['--help']);
  assert.deepEqual([help.code, help.stderr], [0, '']);
  assert.match(help.stdout, /^Usage: holdfast run /);
  assert.match((await run(t, ['--version'])).stdout, /^holdfast \d+\.\d+\.\d+\n$/);
});

/** Runs the command in a shell that sends its standard output elsewhere. Resolves to its standard error, and its status as the last line. */
async function inShell(args, to) {
  const command = [process.execPath, path.join(root, 'bin/holdfast.mjs'), ...args].map((word) => `'${word}'`).join(' ');
  const { stderr } = await promisify(execFile)('sh', ['-c', `{ sleep 0.1; ${command}; echo $? >&2; } ${to}`]);
  return stderr;
}

const ownText = [['--help'], ['--version'], ['types', guest('component-exports')], ['bench', 'ring', '--help']];

test('text of the command that has no reader: status 141, without a message', async () => {
  for (const args of ownText) assert.equal(await inShell(args, '| true'), '141\n', args.join(' '));
});

const noFull = existsSync('/dev/full') ? {} : { skip: 'no /dev/full' };

test('output that cannot be written: a message, and status 1', noFull, async () => {
  for (const args of [...ownText, ['run', guest('hello')]])
    assert.match(await inShell(args, '> /dev/full'), /^holdfast: output: ENOSPC\b.*\n1\n$/, args.join(' '));
});

test('a browser that is missing or exits at once is reported', async (t) => {
  const inBrowser = (CHROMIUM) => run(t, ['run', '--host', 'chromium', guest('hello')], '', { CHROMIUM });
  const missing = await inBrowser('/nowhere/chromium');
  assert.equal(missing.code, 1);
  assert.match(missing.stderr, /CHROMIUM=\/nowhere\/chromium: no such program/);
  const broken = await inBrowser('/bin/false');
  assert.equal(broken.code, 1);
  assert.match(broken.stderr, /\/bin\/false ended \(exit code 1\)/);
});
