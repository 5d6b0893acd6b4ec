// Host files that the command's user may not write. The command runs as users run it: not as root.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test from 'node:test';
import { endsWith } from './support/children.mjs';
import { root } from './support/load.mjs';

const NOBODY = 65534;
const command = path.join(root, 'bin/holdfast.mjs');
const shell = path.join(root, 'build/guests/minishell.wasm');
const asNobody = (...args) => [
  'setpriv',
  [`--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups', process.execPath, ...args],
];

/** Switching to another user needs root, and that user must be able to read the command. */
const possible = process.getuid?.() === 0 && spawnSync(...asNobody(command, '--version')).status === 0;
const settings = { skip: !possible && 'this test needs root, and a clone that all users can read', timeout: 300_000 };

function folder(t) {
  const made = fs.mkdtempSync(path.join(os.tmpdir(), 'holdfast-rights-'));
  t.after(() => fs.rmSync(made, { recursive: true, force: true }));
  fs.chmodSync(made, 0o755);
  fs.mkdirSync(path.join(made, 'home'));
  fs.chownSync(path.join(made, 'home'), NOBODY, NOBODY);
  return path.join(made, 'home');
}

/** Runs the shell's commands as the user nobody. */
async function run(t, home, script) {
  const [program, args] = asNobody(command, 'run', '--dir', `${home}::/`, shell);
  const child = endsWith(t, spawn(program, args, { cwd: '/', env: { PATH: process.env.PATH, HOME: '/' } }));
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text) => (stderr += text));
  child.stdin.end(script);
  const code = await new Promise((resolve) => child.on('close', resolve));
  return { code, stdout, stderr };
}

test(
  'writing to a file without write permission fails with EACCES, and everything else works as usual',
  settings,
  async (t) => {
    const home = folder(t);
    fs.writeFileSync(path.join(home, 'mine'), 'old', { mode: 0o644 });
    fs.chownSync(path.join(home, 'mine'), NOBODY, NOBODY);
    fs.writeFileSync(path.join(home, 'theirs'), 'old', { mode: 0o644 });
    fs.writeFileSync(path.join(home, 'secret'), 'old', { mode: 0o600 });
    const { code, stdout, stderr } = await run(t, home, 'write /theirs new\nwrite /mine new\ncat /theirs\n');
    assert.equal(code, 0);
    assert.match(stdout, /old/);
    const said = stderr.split('\n').filter(Boolean);
    assert.match(said[0], /^holdfast: --dir: .*secret is skipped: EACCES: permission denied$/);
    assert.match(said[1], /\/theirs: Permission denied/);
    assert.equal(said.length, 2, stderr);
    const text = (name) => fs.readFileSync(path.join(home, name), 'utf8');
    assert.deepEqual([text('theirs'), text('mine')], ['old', 'new\n']);
  },
);

test("names in another user's directory cannot be created or removed: EACCES", settings, async (t) => {
  const home = folder(t);
  fs.mkdirSync(path.join(home, 'theirs'));
  fs.writeFileSync(path.join(home, 'theirs/file'), 'old');
  const { code, stderr } = await run(t, home, 'write /theirs/new x\nrm /theirs/file\n');
  assert.equal(code, 0);
  assert.equal(stderr.match(/Permission denied/g)?.length, 2, stderr);
  assert.deepEqual(fs.readdirSync(path.join(home, 'theirs')), ['file']);
});

test('a writable file of another user is written in place, and keeps its owner', settings, async (t) => {
  const home = folder(t);
  fs.mkdirSync(path.join(home, 'theirs'));
  const files = ['file', 'theirs/file'].map((name) => path.join(home, name));
  for (const file of files) {
    fs.writeFileSync(file, 'old, and longer than what comes');
    fs.chmodSync(file, 0o666);
  }
  const before = files.map((file) => fs.statSync(file));
  const { code, stderr } = await run(t, home, 'write /file new\nwrite /theirs/file new\n');
  assert.deepEqual([code, stderr], [0, '']);
  files.forEach((file, i) => {
    const { ino, uid, mode } = fs.statSync(file);
    assert.deepEqual([ino, uid, mode, fs.readFileSync(file, 'utf8')], [before[i].ino, 0, before[i].mode, 'new\n']);
  });
  assert.deepEqual(fs.readdirSync(home), ['file', 'theirs'], 'nothing is left beside it');
});

test('writing a file clears its setuid and setgid bits, as a write by its owner does', settings, async (t) => {
  const home = folder(t);
  const files = ['written', 'replaced', 'left'].map((name) => path.join(home, name));
  for (const file of files) {
    fs.writeFileSync(file, 'old');
    fs.chownSync(file, NOBODY, NOBODY);
    fs.chmodSync(file, 0o6755);
  }
  const { code, stderr } = await run(t, home, 'write /written new\nrm /replaced\nwrite /replaced new\n');
  assert.deepEqual([code, stderr], [0, '']);
  const modes = files.map((file) => (fs.statSync(file).mode & 0o7777).toString(8));
  assert.deepEqual(modes, ['755', '755', '6755']);
});
