// `holdfast run` as users see it, on one host: streams, exit status, signals, directories. A test file for each host runs this, because each file
// has its own time limit.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { endsWith } from './children.mjs';
import { load, root } from './load.mjs';

const { findBrowser } = await load('web/cli/browsers.ts');
const command = path.join(root, 'bin/holdfast.mjs');
export const guest = (name) => path.join(root, 'build/guests', `${name}.wasm`);
const patience = { timeout: 300_000 };
/** The time limit for all steps of a host, which take a minute in Firefox on an idle machine. */
const patienceForAll = { timeout: 1_200_000 };
/** The folder for the command's temporary files. */
const temporary = fs.mkdtempSync(path.join(os.tmpdir(), 'holdfast-cli-'));
process.on('exit', () => fs.rmSync(temporary, { recursive: true, force: true }));

/** Starts the command, which is killed at the end of the test. `ended` resolves to { code, signal, stdout, stderr }. */
function start(t, args, env = {}) {
  const options = { env: { ...process.env, TMPDIR: temporary, ...env } };
  const child = endsWith(t, spawn(process.execPath, [command, ...args], options));
  let [stdout, stderr] = [Buffer.alloc(0), ''];
  child.stdin.on('error', () => undefined); // it need not read
  child.stdout.on('data', (chunk) => {
    stdout = Buffer.concat([stdout, chunk]);
    child.emit('output', String(stdout));
  });
  child.stderr.setEncoding('utf8').on('data', (text) => (stderr += text));
  child.ended = new Promise((resolve) => {
    child.on('close', (code, signal) => resolve({ code, signal, stdout: String(stdout), bytes: stdout, stderr }));
  });
  return child;
}

export function run(t, args, input = '', env = {}) {
  const child = start(t, args, env);
  child.stdin.end(input);
  return child.ended;
}

/** Resolves when the child has written a text; rejects if it ends without it. */
const says = (child, text) =>
  new Promise((resolve, reject) => {
    child.on('output', (output) => output.includes(text) && resolve(output));
    void child.ended.then(({ stdout, stderr }) => reject(new Error(`no ${JSON.stringify(text)}: ${stdout}${stderr}`)));
  });

function folder(t) {
  const made = fs.mkdtempSync(path.join(os.tmpdir(), 'holdfast-cli-'));
  t.after(() => fs.rmSync(made, { recursive: true, force: true }));
  return made;
}

const lacking = (name) =>
  findBrowser(name).then(
    () => false,
    (error) => error.message,
  );
/** Skipped if the host is not installed. */
export async function testHost(host) {
  const skip = host !== 'node' && (await lacking(host));
  /** Each start of a browser takes seconds. What the command decides before its page exists, or for all hosts alike, is tested on Node. */
  const whole = host === 'node';
  test(`on ${host}`, { ...patienceForAll, skip }, async (t) => {
    const holdfast = (...args) => ['run', `--host=${host}`, ...args];
    const step = (name, fn) => t.test(name, patience, fn);

    await step('arguments, argv[0] and the given environment, and nothing from the host’s', async (t) => {
      const options = ['--argv0', 'prog', '--env', 'A=1', '--env', 'INHERITED', '--env=B='];
      const { code, stdout } = await run(t, holdfast(...options, guest('toolbox'), 'args', '--help', '', 'ü'), '', {
        INHERITED: 'x',
      });
      assert.equal(code, 0);
      assert.deepEqual(stdout.split('\0'), ['prog', 'args', '--help', '', 'ü', 'A=1', 'INHERITED=x', 'B=', '']);
    });

    await step(
      '--trace prints every call including the last, whether both outputs go to the same place or not',
      async (t) => {
        const traced = holdfast('--trace', guest('toolbox'), 'args');
        const two = await run(t, traced);
        const calls = two.stderr.match(/^\S+ \w+\(.*\) = .*>$/gm) ?? [];
        assert.ok(
          calls.some((call) => call.includes(' fd_write(fd=1')),
          two.stderr,
        );
        if (!whole) return;
        const file = path.join(folder(t), 'output');
        const output = fs.openSync(file, 'w');
        const child = endsWith(t, spawn(process.execPath, [command, ...traced], { stdio: ['ignore', output, output] }));
        await new Promise((resolve) => child.on('close', resolve));
        fs.closeSync(output);
        assert.match(fs.readFileSync(file, 'latin1'), / fd_write\(fd=1/);
      },
    );

    await step("the status is the guest's, modulo 256", async (t) => {
      for (const status of whole ? [0, 7, 255] : [255]) {
        assert.equal((await run(t, holdfast(guest('exit-codes-reach-the-host'), 'exit', `${status}`))).code, status);
      }
    });

    await step('a trap: output written before it, message and stack on stderr, status 134', async (t) => {
      const { code, stdout, stderr } = await run(t, holdfast(guest('traps-end-the-process-and-say-why'), 'bounds'));
      assert.deepEqual([code, stdout], [134, 'before\n']);
      assert.match(
        stderr,
        /^holdfast: traps-end-the-process-and-say-why\.wasm: trap: .*out of bounds.*\n.*wasm-function/i,
      );
    });

    await step('a timeout: a message on stderr, status 124', async (t) => {
      for (const timeout of ['0.5', '5']) {
        const { code, stdout, stderr } = await run(t, holdfast('--timeout', timeout, guest('spins-forever')));
        assert.equal(code, 124);
        assert.equal(stderr, `holdfast: spins-forever.wasm: timeout: killed after ${timeout} s\n`);
        if (stdout === '' && timeout === '0.5') continue; // a busy machine: it had no time to write
        assert.equal(stdout, 'spinning\n');
        break;
      }
    });

    await step('a timeout ends it even if its output is not read', async (t) => {
      const args = [command, ...holdfast('--timeout', '1', guest('writes-stdout-forever'))];
      const child = endsWith(t, spawn(process.execPath, args, { env: { ...process.env, TMPDIR: temporary } }));
      child.stdin.end();
      let stderr = '';
      child.stderr.setEncoding('utf8').on('data', (text) => (stderr += text));
      const code = await new Promise((resolve) => child.on('exit', resolve));
      child.stdout.destroy();
      assert.deepEqual([code, stderr], [124, 'holdfast: writes-stdout-forever.wasm: timeout: killed after 1 s\n']);
    });

    await step('a program that cannot run: the reason, status 1', async (t) => {
      const refused = await run(t, holdfast(guest('import-from-env')));
      assert.equal(refused.code, 1);
      assert.match(refused.stderr, /^holdfast: import-from-env\.wasm: .*env\.foo/);
      if (!whole) return;
      const missing = await run(t, holdfast('/nowhere/x.wasm'));
      assert.equal(missing.code, 1);
      assert.match(missing.stderr, /x\.wasm: cannot be read: ENOENT/);
      const none = await run(t, holdfast('--dir', '/nowhere', guest('hello')));
      assert.equal(none.code, 1);
      assert.match(none.stderr, /--dir \/nowhere: ENOENT/);
    });

    await step('stdin is live: a line is answered before the next one arrives', async (t) => {
      const child = start(t, holdfast(guest('echo-lines')));
      child.stdin.write('one\n');
      await says(child, '1: one\n');
      child.stdin.write('two\n');
      await says(child, '2: two\n');
      child.stdin.end();
      assert.equal((await child.ended).code, 0);
    });

    await step('megabytes through stdin and stdout, byte for byte', async (t) => {
      const data = Buffer.from(Uint8Array.from({ length: 5_000_011 }, (_, i) => (i * 7919) >>> 5));
      const { code, bytes } = await run(t, holdfast(guest('cat')), data);
      assert.equal(code, 0);
      assert.ok(bytes.equals(data));
    });

    await step('a reader that goes away ends the guest without crashing the command', async (t) => {
      const child = start(t, holdfast(guest('writes-stdout-forever')));
      await says(child, '0123456789\n');
      child.stdout.destroy();
      const { code, stderr } = await child.ended;
      assert.deepEqual([code, stderr], [141, '']);
    });

    await step('outputs to the same place keep their order', async (t) => {
      const file = path.join(folder(t), 'log');
      const log = fs.openSync(file, 'w');
      const options = { env: { ...process.env, TMPDIR: temporary }, stdio: ['ignore', log, log] };
      const args = [command, ...holdfast(guest('stdout-and-stderr-are-two-streams'))];
      const child = endsWith(t, spawn(process.execPath, args, options));
      const code = await new Promise((resolve) => child.on('exit', resolve));
      fs.closeSync(log);
      assert.equal(code, 0);
      assert.equal(fs.readFileSync(file, 'latin1'), 'out 1\nerr 1\nout 2\nerr 2\n\0\xff\xfe end');
    });

    await step('no command line reveals the key of the page, and a second visitor ends the run', async (t) => {
      if (host === 'node' || !fs.existsSync('/proc/self/cmdline')) return t.skip('no page, or no /proc');
      const child = start(t, holdfast(guest('echo-lines')));
      child.stdin.write('one\n');
      await says(child, '1: one\n');
      const lines = fs
        .readdirSync('/proc')
        .filter((name) => /^\d+$/.test(name))
        .map((pid) => {
          try {
            return fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
          } catch {
            return ''; // the process has ended
          }
        })
        .filter((line) => line.includes(temporary));
      const started = lines.find((line) => line.includes('start.html'));
      assert.ok(started, 'the browser was started on a file');
      for (const line of lines) assert.doesNotMatch(line, /127\.0\.0\.1|localhost|[0-9a-f]{32}/);
      const file = fileURLToPath(/file:\/\/\S*start\.html/.exec(started)[0]);
      assert.equal(fs.statSync(file).mode & 0o077, 0);
      assert.equal(fs.statSync(path.dirname(file)).mode & 0o077, 0);
      const entrance = fs.readFileSync(file, 'utf8');
      const [, ticket] = /value="([^"]+)"/.exec(entrance);
      const body = new URLSearchParams({ ticket });
      const { status } = await fetch(/action="([^"]+)"/.exec(entrance)[1], { method: 'POST', body });
      assert.equal(status, 403);
      const { code, stderr } = await child.ended;
      assert.equal(code, 1);
      assert.match(stderr, /another program used the key of the page/);
    });

    await step('Ctrl-C ends a guest that waits or spins: status 130', async (t) => {
      for (const [program, words] of [
        ['spins-forever', 'spinning\n'],
        ['reads-stdin-forever', 'reading\n'],
      ]) {
        const child = start(t, holdfast(guest(program)));
        await says(child, words);
        child.kill('SIGINT');
        const { code, signal, stderr } = await child.ended;
        assert.deepEqual([code, signal, stderr], [130, null, ''], program);
      }
    });

    await step('a directory is copied in, and its changes are copied out, even after a trap', async (t) => {
      const ends = [
        ['exit 3', 3],
        ['trap', 134],
      ];
      for (const [end, status] of whole ? ends : ends.slice(1)) {
        const home = folder(t);
        fs.mkdirSync(path.join(home, 'sub'));
        fs.writeFileSync(path.join(home, 'kept'), 'kept');
        fs.writeFileSync(path.join(home, 'old'), 'old');
        fs.symlinkSync('kept', path.join(home, 'link'));
        const before = fs.lstatSync(path.join(home, 'kept'));
        const script = `cat /link\nwrite /sub/new some text\nrm /old\n${end}\n`;
        const { code, stdout } = await run(t, holdfast('--dir', `${home}::/`, guest('minishell')), script);
        assert.equal(code, status);
        assert.match(stdout, /kept/);
        assert.deepEqual(fs.readdirSync(home).sort(), ['kept', 'link', 'sub']);
        assert.equal(fs.readFileSync(path.join(home, 'sub/new'), 'utf8'), 'some text\n');
        assert.equal(fs.readlinkSync(path.join(home, 'link')), 'kept');
        const after = fs.lstatSync(path.join(home, 'kept'));
        assert.deepEqual([after.mtimeMs, after.ctimeMs, after.ino], [before.mtimeMs, before.ctimeMs, before.ino]);
      }
    });

    await step('a hundred megabytes of directory', async (t) => {
      const home = folder(t);
      const big = Buffer.alloc(25e6);
      for (let i = 0; i < 4; i++) fs.writeFileSync(path.join(home, `${i}`), big.fill(`${i}`));
      const { code, stderr } = await run(
        t,
        holdfast('--dir', `${home}::/`, guest('minishell')),
        'write /0 small\nwrite /5 new\n',
      );
      assert.deepEqual([code, stderr], [0, '']);
      assert.equal(fs.readFileSync(path.join(home, '0'), 'utf8'), 'small\n');
      assert.ok(fs.readFileSync(path.join(home, '3')).equals(big));
    });

    await step('nothing is left behind', () => assert.deepEqual(fs.readdirSync(temporary), []));
  });
}
