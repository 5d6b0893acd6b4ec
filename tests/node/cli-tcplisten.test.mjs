// `holdfast run --tcplisten`: real TCP clients connect to a guest's socket.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import net from 'node:net';
import path from 'node:path';
import test from 'node:test';
import { endsWith } from './support/children.mjs';
import { load, root } from './support/load.mjs';

const { findBrowser } = await load('web/cli/browsers.ts');
const { parseCommand } = await load('web/cli/options.ts');
const guest = (name) => path.join(root, 'build/guests', `${name}.wasm`);
const patience = { timeout: 300_000 };

/** Starts the command, which is killed at the end of the test; `listening` resolves to its TCP port, `ended` to { code, stderr }. */
function start(t, ...args) {
  const child = endsWith(t, spawn(process.execPath, [path.join(root, 'bin/holdfast.mjs'), 'run', ...args]));
  let stderr = '';
  child.stdin.end();
  child.stdout.resume();
  const ended = new Promise((resolve) => child.on('close', (code) => resolve({ code, stderr })));
  const listening = new Promise((resolve, reject) => {
    child.stderr.setEncoding('utf8').on('data', (text) => {
      stderr += text;
      const [, port] = /listening on 127\.0\.0\.1:(\d+)\n/.exec(stderr) ?? [];
      if (port) resolve(Number(port));
    });
    void ended.then(() => reject(new Error(`it ended without listening: ${stderr}`)));
  });
  listening.catch(() => undefined); // not every test waits for it
  return { child, listening, ended };
}

/** Sends everything, ends the stream, and reads to the end. */
async function ask(port, bytes) {
  const socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  socket.end(bytes);
  const chunks = [];
  for await (const chunk of socket) chunks.push(chunk);
  return Buffer.concat(chunks);
}

const hosts = ['node', ...((await findBrowser('chromium')) ? ['chromium'] : [])];
for (const host of hosts) {
  test(
    `${host}: bytes go both ways, each direction ends separately, and the command ends with the guest`,
    patience,
    async (t) => {
      const { listening, ended } = start(t, '--host', host, '--tcplisten', '0', guest('echo-server-in-libc'), '2');
      const port = await listening;
      const much = Buffer.alloc(3_000_000, 'some text of some length ');
      assert.equal(String(await ask(port, 'hello')), 'hello');
      assert.ok((await ask(port, much)).equals(much));
      assert.equal((await ended).code, 0);
    },
  );
}

test(
  'when a client goes away, the guest sees the end of the connection and serves the next client',
  patience,
  async (t) => {
    const { listening, ended } = start(t, '--tcplisten', '127.0.0.1:0', guest('echo-server-in-libc'), '2');
    const port = await listening;
    const rude = net.connect({ port, host: '127.0.0.1' });
    await new Promise((resolve) => rude.write('x', resolve));
    await new Promise((resolve) => rude.once('data', resolve));
    rude.end();
    assert.equal(String(await ask(port, 'next')), 'next');
    assert.equal((await ended).code, 0);
  },
);

test('a signal ends the guest, and its clients’ connections', patience, async (t) => {
  const { child, listening, ended } = start(t, '--tcplisten', '0', guest('echo-server-in-libc'));
  const socket = net.connect({ port: await listening, host: '127.0.0.1' });
  socket.on('error', () => undefined);
  socket.write('x');
  await new Promise((resolve) => socket.once('data', resolve));
  const closed = new Promise((resolve) => socket.once('close', resolve));
  child.kill('SIGTERM');
  await closed;
  assert.equal((await ended).code, 143);
});

test('an address that is in use: a message, and status 1', patience, async (t) => {
  const other = net.createServer().listen(0, '127.0.0.1');
  t.after(() => other.close());
  await new Promise((resolve) => other.once('listening', resolve));
  const { code, stderr } = await start(t, '--tcplisten', String(other.address().port), guest('echo-server-in-libc'))
    .ended;
  assert.equal(code, 1);
  assert.match(stderr, /^holdfast: echo-server-in-libc\.wasm: --tcplisten: listen EADDRINUSE.*\n$/);
});

test('addresses: a port, a host and a port, IPv6 in brackets; anything else is a usage error', () => {
  const parse = (...values) =>
    parseCommand(['run', ...values.flatMap((v) => ['--tcplisten', v]), 'p'], {}, ['node']).tcpListen;
  assert.deepEqual(parse('80', 'localhost:8080', '0.0.0.0:0', '[::1]:65535'), [
    { host: '127.0.0.1', port: 80 },
    { host: 'localhost', port: 8080 },
    { host: '0.0.0.0', port: 0 },
    { host: '::1', port: 65535 },
  ]);
  for (const wrong of ['', 'x', ':80', '::1:80', '80:', '65536', '-1', '1.5', '[::1]80', 'a:b:80'])
    assert.throws(() => parse(wrong), /--tcplisten must be PORT, HOST:PORT or \[IPV6\]:PORT/, wrong);
});
