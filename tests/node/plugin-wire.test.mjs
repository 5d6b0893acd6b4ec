// The page's end of a plugin, byte for byte; the test plays the guest's end.
import assert from 'node:assert/strict';
import test from 'node:test';
import { settle, startFake, watchUnhandled } from './support/fake-coordinator.mjs';
import { load } from './support/load.mjs';
import { until } from './support/until.mjs';

const lib = await load('web/holdfast.ts', 'web/options.ts', 'web/rpc-errors.ts');

/** A plugin whose process the test plays: `say` writes to its standard output, `heard` is what the page sent. */
async function playing(t, options = {}) {
  const { hf, fake } = await startFake(t, lib);
  fake.on.stdin = ({ id }) => fake.send({ t: 'stdin-done', id, error: null });
  const plugin = await hf.plugin('/p.wasm', { logger: () => undefined, ...options });
  const id = fake.sent('spawn')[0]?.id; // of the kept instance
  const say = (message) => fake.output(id, 1, typeof message === 'string' ? message : `${JSON.stringify(message)}\n`);
  const heard = () =>
    Buffer.concat(fake.sent('stdin').map(({ bytes }) => bytes))
      .toString()
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line));
  return { hf, fake, plugin, id, say, heard };
}
const request = (id, method, params) => ({ jsonrpc: '2.0', id, method, params });

test('the page sends one line per message, and answers batches and wrong requests as specified', async (t) => {
  const unhandled = watchUnhandled(t);
  const { plugin, say, heard, fake, id } = await playing(t, { handlers: { twice: ([x]) => 2 * x, hear: () => 1 } });
  const call = plugin.call('work', { a: 'ä' });
  await until(() => heard().length === 1);
  assert.deepEqual(heard()[0], { jsonrpc: '2.0', id: 1, method: 'work', params: { a: 'ä' } });
  const replies = async (message) => {
    const before = heard().length;
    say(message);
    await until(() => heard().length > before);
    return heard()[before];
  };
  const wrong = async (message) => {
    const { id, error } = await replies(message);
    return [id, error.code];
  };
  assert.deepEqual(await replies(request('x', 'twice', [4])), { jsonrpc: '2.0', id: 'x', result: 8 });
  assert.deepEqual(await wrong([]), [null, -32600]);
  assert.deepEqual(await wrong(request(5, 1)), [5, -32600]);
  assert.deepEqual(await wrong(request(6, 'twice', 1)), [6, -32600]);
  assert.deepEqual(await wrong(request({}, 'twice', [])), [null, -32600]);
  assert.deepEqual(await wrong(request(7, 'none')), [7, -32601]);
  const batch = await replies([
    request(1, 'twice', [1]),
    { jsonrpc: '2.0', method: 'hear' },
    17,
    request(2, 'none'),
    { jsonrpc: '2.0', id: 1, result: 'done' },
  ]);
  const byId = batch.sort((a, b) => String(a.id).localeCompare(String(b.id)));
  assert.deepEqual(
    byId.map(({ id, result, error }) => [id, result ?? error.code]),
    [
      [1, 2],
      [2, -32601],
      [null, -32600],
    ],
  );
  assert.equal(await call, 'done');
  say({ jsonrpc: '2.0', id: 1, result: 'again' }); // ignored
  fake.end(id);
  await settle();
  assert.deepEqual(unhandled, []);
});

test('a message may be split anywhere, even within a character, and the last line needs no newline', async (t) => {
  const { fake, id, plugin } = await playing(t);
  const call = plugin.call('work');
  await fake.until('stdin');
  const text = 'ä😀\u2028"';
  for (const byte of new TextEncoder().encode(`${JSON.stringify({ jsonrpc: '2.0', id: 1, result: text })}`))
    fake.output(id, 1, Uint8Array.of(byte));
  fake.end(id);
  assert.equal(await call, text);
});

test('output that is not UTF-8 is an error', async (t) => {
  const { fake, id, plugin } = await playing(t);
  const call = plugin.call('work').catch((error) => error);
  await fake.until('stdin');
  fake.on.kill = () => fake.end(id, { reason: 'killed', code: 137 });
  fake.output(id, 1, Uint8Array.of(34, 0xff, 34, 10));
  const error = await call;
  assert.equal(error.name, 'PluginOutputError');
  assert.match(error.message, /is not UTF-8/);
});

test('a message that nests deeper than 10,000 levels is refused before it is parsed, and brackets in strings do not count', async (t) => {
  const { fake, id, plugin, say, heard } = await playing(t, { handlers: { size: ([text]) => text.length } });
  const failed = plugin.call('work').catch((error) => error);
  await until(() => heard().length === 1);
  const many = '['.repeat(2 ** 20);
  for (const text of [many, `"${many}`, `\\"${many}\\`, `${many}"{`]) {
    const before = heard().length;
    say(request(9, 'size', [text]));
    await until(() => heard().length === before + 1);
    assert.equal(heard()[before].result, text.length);
  }
  fake.on.kill = () => fake.end(id, { reason: 'killed', code: 137 });
  say(`{"jsonrpc":"2.0","id":1,"result":"\\"${many}","x":${'{"a":['.repeat(20_000)}\n`);
  const error = await failed;
  assert.equal(error.name, 'PluginOutputError');
  assert.match(error.message, /cannot be read: it nests arrays and objects more than 10000 deep/);
});

test('an abort is noticed at every step of a call', async (t) => {
  for (const instance of ['kept', 'fresh']) {
    const { plugin } = await playing(t, { instance, concurrency: 100, timeout: 0 });
    for (let steps = 0; steps < 40; steps++) {
      const controller = new AbortController();
      const call = plugin.call('work', {}, { signal: controller.signal });
      for (let i = 0; i < steps; i++) await null;
      controller.abort(new Error('enough'));
      const late = new Promise((resolve) => setTimeout(resolve, 5000, { message: 'no answer' }).unref());
      const { message } = await Promise.race([call.catch((error) => error), late]);
      assert.equal(message, 'enough', `after ${steps} steps of ${instance}`);
    }
  }
});

test('a batch has at most 1,024 messages, however short they are', async (t) => {
  const { fake, id, plugin, say, heard } = await playing(t);
  const call = plugin.call('work').catch((error) => error);
  await until(() => heard().length === 1);
  say(Array(1024).fill(1));
  await until(() => heard().length === 2);
  assert.equal(heard()[1].length, 1024);
  fake.on.kill = () => fake.end(id, { reason: 'killed', code: 137 });
  say(Array(1025).fill(1));
  const error = await call;
  assert.equal(error.name, 'PluginOutputError');
  assert.match(error.message, /is a batch of 1025 messages \(at most 1024 are allowed\)/);
  assert.equal(heard().length, 2); // none of them got a reply
});

test('the page stops reading while it handles 256 requests', async (t) => {
  let begun = 0;
  const go = [];
  const { say, heard } = await playing(t, {
    handlers: { wait: () => (begun++, new Promise((resolve) => go.push(resolve))) },
  });
  for (let i = 0; i < 300; i++) say(request(i, 'wait'));
  await until(() => begun === 256);
  await settle();
  assert.equal(begun, 256);
  go.splice(0).forEach((resolve) => resolve(true));
  await until(() => heard().length === 256 && begun === 300);
  go.splice(0).forEach((resolve) => resolve(true));
  await until(() => heard().length === 300);
});

test('$/cancelRequest aborts a handler; an aborted call sends it, and keeps its turn until it is answered', async (t) => {
  const reasons = [];
  const { plugin, say, heard } = await playing(t, {
    handlers: {
      wait: (_, { signal }) =>
        new Promise((resolve) => signal.addEventListener('abort', () => resolve(signal.reason.message))),
    },
  });
  say(request('w', 'wait'));
  say({ jsonrpc: '2.0', method: '$/cancelRequest', params: { id: 'w' } });
  await until(() => heard().length === 1);
  assert.equal(heard()[0].result, 'the plugin cancelled its request');
  const stop = new AbortController();
  const call = plugin.call('long', [], { signal: stop.signal }).catch((error) => reasons.push(error));
  const next = plugin.call('next');
  await until(() => heard().length === 2);
  stop.abort('enough');
  await call;
  assert.deepEqual(reasons, ['enough']);
  await until(() => heard().length === 3);
  assert.deepEqual(heard()[2], { jsonrpc: '2.0', method: '$/cancelRequest', params: { id: 1 } });
  await settle();
  assert.equal(heard().length, 3);
  say({ jsonrpc: '2.0', id: 1, error: { code: -32800, message: 'cancelled' } });
  await until(() => heard().length === 4);
  say({ jsonrpc: '2.0', id: 2, result: 'yes' });
  assert.equal(await next, 'yes');
});

test('the page stops reading from a plugin that floods it with wrong requests and does not read the answers', async (t) => {
  for (const line of ['{"jsonrpc":"2.0","id":1,"method":5}\n', '[1]\n']) {
    const { fake, id } = await playing(t);
    fake.on.stdin = () => undefined; // nothing is ever accepted
    const rounds = 50;
    for (let i = 0; i < rounds; i++) fake.output(id, 1, line.repeat(Math.ceil(65_536 / line.length)));
    await settle();
    const read = fake.sent('credit').reduce((sum, { fd, bytes }) => sum + (fd === 1 ? bytes : 0), 0);
    assert.ok(read < (rounds * 65_536) / 4, `${read} bytes`);
  }
});

test('standard error with an extremely large number of lines takes linear time', async (t) => {
  let lines = 0;
  const { fake, id } = await playing(t, { logger: () => void lines++ });
  const { slice } = Uint8Array.prototype;
  let copied = 0;
  Uint8Array.prototype.slice = function (...range) {
    const copy = slice.apply(this, range);
    copied += copy.length;
    return copy;
  };
  t.after(() => (Uint8Array.prototype.slice = slice));
  const size = 65_536;
  fake.output(id, 2, '\n'.repeat(size));
  await until(() => lines === size);
  assert.ok(copied < 4 * size, `${copied} bytes`);
});

test('whatever a handler throws, the plugin gets an answer', async (t) => {
  const unhandled = watchUnhandled(t);
  const thrown = { none: Object.create(null), big: new lib.RpcError(5n, 'big'), nan: new lib.RpcError(NaN, 'nan') };
  const handlers = Object.fromEntries(
    Object.entries(thrown).map(([name, error]) => [name, () => Promise.reject(error)]),
  );
  const { say, heard } = await playing(t, { handlers });
  for (const name of Object.keys(thrown)) say(request(name, name));
  await until(() => heard().length === 3);
  assert.deepEqual(
    heard().map(({ id, error }) => [id, error.code, error.message]),
    [
      ['none', -32603, 'the handler threw an object'],
      ['big', -32603, 'big'],
      ['nan', -32603, 'nan'],
    ],
  );
  assert.deepEqual(unhandled, []);
});
