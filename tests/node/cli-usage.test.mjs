// The command's own answers: usage, help, a browser that cannot be started.
import assert from 'node:assert/strict';
import test from 'node:test';
import { guest, run } from './support/cli-run.mjs';

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

test('a browser that is missing or exits at once is reported', async (t) => {
  const inBrowser = (CHROMIUM) => run(t, ['run', '--host', 'chromium', guest('hello')], '', { CHROMIUM });
  const missing = await inBrowser('/nowhere/chromium');
  assert.equal(missing.code, 1);
  assert.match(missing.stderr, /CHROMIUM=\/nowhere\/chromium: no such program/);
  const broken = await inBrowser('/bin/false');
  assert.equal(broken.code, 1);
  assert.match(broken.stderr, /\/bin\/false ended \(exit code 1\)/);
});
