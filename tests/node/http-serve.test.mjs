// wasi:http: components that answer requests of the page.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import test from 'node:test';
import { guest, runtime, until } from './support/runtime.mjs';

const HOST = 'http://component.test';

async function serverOf(t, options = {}) {
  const hf = await runtime(t);
  const server = await hf.serve(guest('http-server'), { stdout: 'null', stderr: 'null', ...options });
  return { hf, server, get: (path, init) => server.fetch(HOST + path, init) };
}

const runningOf = (server) => async () => server.running;
const none = (count) => count === 0;
const one = (count) => count === 1;

test('a component answers a request', async (t) => {
  const { get, hf, server } = await serverOf(t);
  const response = await get('/hello?a=%20b', { headers: { 'X-Own': 'mine' } });
  assert.deepEqual([response.status, await response.text()], [201, '0  0 component.test /hello?a=%20b\nmine']);
  const other = await server.fetch(new Request('https://[::1]:8443/hello', { method: 'PROPFIND' }));
  assert.equal(await other.text(), '9 PROPFIND 1 [::1]:8443 /hello\n');
  const empty = await get('/empty');
  assert.deepEqual([empty.status, empty.body], [204, null]);
  assert.equal(await (await get('/early')).text(), 'early');
  await server.close();
  await until(async () => (await hf.stats()).sockets.listeners, none);
});

test('each request gets a new instance', async (t) => {
  const { get } = await serverOf(t);
  const texts = await Promise.all([1, 2, 3].map(async () => (await get('/count')).text()));
  assert.deepEqual(texts, ['1', '1', '1']);
});

test('bodies are streamed in both directions', async (t) => {
  const { get } = await serverOf(t);
  let controller;
  const body = new ReadableStream({ start: (own) => void (controller = own) });
  const response = await get('/echo', { method: 'POST', body, duplex: 'half' });
  const reader = response.body.getReader();
  for (const text of ['one', 'two', 'three']) {
    controller.enqueue(new TextEncoder().encode(text));
    assert.equal(new TextDecoder().decode((await reader.read()).value), text);
  }
  controller.close();
  assert.equal((await reader.read()).done, true);
  const large = 'x'.repeat(1_000_000);
  const echoed = await get('/echo', { method: 'POST', body: large });
  assert.equal(await echoed.text(), large);
});

test('if the body of a request fails, so do the component’s reads', async (t) => {
  const { get } = await serverOf(t);
  let controller;
  const body = new ReadableStream({ start: (own) => void (controller = own) });
  const response = await get('/echo', { method: 'POST', body, duplex: 'half' });
  controller.error(new Error('no more'));
  await assert.rejects(response.text(), /the component did not finish the body/);
});

test('a body of a request that fails is not complete; one that nobody reads any more is cancelled', async (t) => {
  const { get, server } = await serverOf(t);
  const post = (path, source) => get(path, { method: 'POST', body: new ReadableStream(source), duplex: 'half' });
  const text = await post('/echo', { start: (own) => own.enqueue('text') });
  await assert.rejects(text.text(), /the component did not finish the body/);
  const cancelledBy = (ask) =>
    new Promise((resolve) => ask({ start: (own) => own.enqueue(new Uint8Array(9)), cancel: resolve }));
  assert.match(String(await cancelledBy((source) => post('/early', source))), /no longer reads/);
  assert.match(String(await cancelledBy((source) => post('/trap', source).catch(() => undefined))), /no longer reads/);
  await server.close();
  assert.match(
    String(await cancelledBy((source) => post('/echo', source).catch(() => undefined))),
    /the server was closed/,
  );
});

test('a response that the page does not read stops the component, and one that it cancels does not', async (t) => {
  const { get, server } = await serverOf(t);
  const response = await get('/twice');
  assert.equal(server.running, 1);
  await response.body.cancel();
  await until(runningOf(server), none);
  assert.equal((await (await get('/twice')).arrayBuffer()).byteLength, 1_200_000);
});

const failures = {
  '/error': ['the component answered with the error HTTP-request-denied', undefined],
  '/internal': ['the component answered with the error internal-error: out of order', undefined],
  '/none': ['the component ended without a response: it exited with code 0', 'exit'],
  '/drop': ['the component sent no response: it dropped its response-outparam', undefined],
  '/trap': ['the component ended without a response: unreachable', 'trap'],
};

test('the error says why there is no response', async (t) => {
  const { get } = await serverOf(t);
  for (const [path, [message, reason]] of Object.entries(failures)) {
    const error = await get(path).catch((thrown) => thrown);
    assert.deepEqual([path, error.name, error.message, error.exit?.reason], [path, 'CallFailed', message, reason]);
  }
});

test('a body that does not become complete fails', async (t) => {
  const { get } = await serverOf(t);
  const textOf = async (path) => (await get(path)).text();
  await assert.rejects(textOf('/unfinished'), /did not finish the body|ended before the body was complete: it exited/);
  await assert.rejects(textOf('/short'), { message: 'the component did not finish the body' });
  await assert.rejects(textOf('/late'), {
    name: 'CallFailed',
    message: 'the component ended before the body was complete: unreachable',
  });
});

test('requests are aborted, and limited in time', async (t) => {
  const { get, server } = await serverOf(t);
  const abort = new AbortController();
  const hanging = get('/hang', { signal: abort.signal });
  await until(runningOf(server), one);
  abort.abort(new Error('enough'));
  await assert.rejects(hanging, { message: 'enough' });
  await until(runningOf(server), none);
  await assert.rejects(get('/hello', { signal: AbortSignal.abort() }), { name: 'AbortError' });
  const limited = await serverOf(t, { timeout: 200 });
  const error = await limited.get('/hang').catch((thrown) => thrown);
  assert.deepEqual([error.name, error.exit?.reason], ['CallFailed', 'timeout']);
});

test('requests above the maximum wait', async (t) => {
  const { get, server } = await serverOf(t, { max: 1 });
  const abort = new AbortController();
  const first = get('/hang', { signal: abort.signal }).catch(() => 'aborted');
  const second = get('/count');
  const given = new AbortController();
  const third = get('/count', { signal: given.signal });
  given.abort(new Error('no time'));
  await assert.rejects(third, { message: 'no time' });
  assert.equal(server.running, 1);
  abort.abort();
  assert.equal(await first, 'aborted');
  assert.equal(await (await second).text(), '1');
});

test('a closed server kills its instances', async (t) => {
  const { get, server } = await serverOf(t);
  const hanging = get('/hang');
  hanging.catch(() => undefined);
  await until(runningOf(server), one);
  await server.close();
  assert.equal(server.running, 0);
  await assert.rejects(hanging, { name: 'HoldfastError', message: 'the server was closed' });
  await assert.rejects(get('/hello'), { name: 'HoldfastError' });
});

test('a component that answers may make requests itself', async (t) => {
  const upstream = createServer((request, response) => response.end(`upstream ${request.url}`));
  await new Promise((resolve) => upstream.listen(0, '127.0.0.1', resolve));
  t.after(() => upstream.close());
  const url = `http://127.0.0.1:${upstream.address().port}/path`;
  const { get } = await serverOf(t, { http: true });
  assert.equal(await (await get(`/proxy?${url}`)).text(), 'upstream /path');
  const denied = await serverOf(t);
  await assert.rejects(denied.get(`/proxy?${url}`), /answered with the error HTTP-request-denied/);
});

test('the output of instances goes where the options say', async (t) => {
  const written = { out: '', err: '' };
  const decoder = new TextDecoder();
  const { get } = await serverOf(t, {
    stdout: (bytes) => void (written.out += decoder.decode(bytes)),
    stderr: (bytes) => void (written.err += decoder.decode(bytes)),
  });
  assert.equal(await (await get('/print')).text(), 'printed');
  await until(
    async () => written,
    ({ out, err }) => out === 'to output\n' && err === 'to errors\n',
  );
});

test('what cannot serve is refused', async (t) => {
  const hf = await runtime(t);
  const client = await hf.serve(guest('http-client'));
  await assert.rejects(client.fetch(HOST), {
    name: 'SpawnRefused',
    message: /it exports no function handle of wasi:http\/incoming-handler@0\.2, so it cannot serve/,
  });
  await assert.rejects(hf.run(guest('http-server')), {
    kind: 'module',
    message: /give it requests with serve\(\)$/,
  });
  const module = await hf.serve(guest('cat'));
  await assert.rejects(module.fetch(HOST), {
    name: 'CallFailed',
    message: /the program took no request: it exited with code 0: only a component that exports wasi:http/,
  });
  await assert.rejects(hf.serve(guest('http-server'), { max: 0 }), { name: 'RangeError' });
  await assert.rejects(hf.serve(guest('http-server'), { maximum: 1 }), /^TypeError: .*unknown option "maximum"/);
  await assert.rejects(hf.serve(guest('http-server'), { http: { allow: ['x'] } }), /^TypeError: http\.allow\[0\]/);
});
