// Messages over HTTP between the command and a browser's page.
import assert from 'node:assert/strict';
import http from 'node:http';
import test from 'node:test';
import { bytesOf } from './support/fake-coordinator.mjs';
import { load, root } from './support/load.mjs';

const { encodeFrame, FrameReader, PageServer } = await load('web/cli/wire.ts', 'web/cli/server.ts');

const messages = [
  { t: 'close' },
  { t: 'stdin', id: 1, bytes: bytesOf(100_000) },
  { t: 'fs', call: 2, request: { op: 'writeFile', path: '/é\u{1f600}', bytes: new Uint8Array(), append: false } },
  { t: 'done', call: 3, value: [{ name: '$bytes', type: 'file', ino: 1 }] },
  { two: [Uint8Array.of(1, 2), Uint8Array.of(3)], nothing: null },
];

for (const size of [1, 7, 4096, 1e9]) {
  test(`messages arrive whole, in pieces of ${size} bytes`, () => {
    const stream = Buffer.concat(messages.flatMap((message) => encodeFrame(message)));
    const reader = new FrameReader();
    const got = [];
    for (let at = 0; at < stream.length; at += size) got.push(...reader.push(stream.subarray(at, at + size)));
    assert.deepEqual(got, messages);
    assert.equal(got[1].bytes.buffer.byteLength, 100_000, 'a byte array owns its buffer');
  });
}

/** Does what a browser does at the entrance page. */
function enter(server) {
  const [, action] = /action="([^"]+)"/.exec(server.entrance);
  const [, ticket] = /value="([^"]+)"/.exec(server.entrance);
  return fetch(action, { method: 'POST', body: new URLSearchParams({ ticket }) });
}

test('the ticket is valid for one page; a second use of the ticket or the secret is reported', async (t) => {
  const server = new PageServer(root);
  const url = await server.listen();
  t.after(() => server.close());
  let intruders = 0;
  server.onintruder = () => intruders++;
  const post = (body) => fetch(new URL('/', url), { method: 'POST', body });
  for (const body of ['', 'ticket=', `ticket=${'0'.repeat(32)}`, 'x'.repeat(1e6)]) {
    assert.equal(
      await post(body).then(
        ({ status }) => status,
        () => 403,
      ),
      403,
    );
  }
  assert.equal(intruders, 0, 'a visitor without the ticket is refused, and the run continues');
  assert.equal((await enter(server)).status, 200);
  assert.equal((await enter(server)).status, 403);
  assert.equal(intruders, 1);
  assert.ok(!server.entrance.includes(new URL(url).pathname), 'the entrance page does not contain the secret');
  const called = new Promise((resolve) => (server.oncall = resolve));
  const controller = new AbortController();
  const down = await fetch(`${url}down`, { signal: controller.signal });
  await called;
  assert.equal((await fetch(`${url}down`)).status, 409);
  assert.equal(intruders, 2);
  controller.abort();
  await down.text().catch(() => undefined);
});

test('the server answers only below its secret path, with the isolation headers', async (t) => {
  const server = new PageServer(`${root}tests/node/support`);
  const url = await server.listen();
  t.after(() => server.close());
  const page = await enter(server);
  const text = await page.text();
  assert.match(text, /dist\/cli-page\.js/);
  assert.ok(text.includes(`<base href="${new URL(url).pathname}">`));
  assert.equal(page.headers.get('cross-origin-opener-policy'), 'same-origin');
  assert.equal(page.headers.get('cross-origin-embedder-policy'), 'require-corp');
  assert.match(page.headers.get('content-security-policy'), /'wasm-unsafe-eval'/);
  const { origin } = new URL(url);
  const status = async (path, options) => (await fetch(new URL(path, url), options)).status;
  assert.equal(await status(`${origin}/`), 404);
  assert.equal(await status(url), 404);
  assert.equal(await status(`${origin}/0123/dist/load.mjs`), 404);
  assert.equal(await status('dist/load.mjs'), 200);
  assert.equal(await status('dist/missing.js'), 404);
  assert.equal(await status('dist/..%2fload.mjs'), 404);
  assert.equal(await status('file/0/x'), 404);
  assert.equal(await status('down', { method: 'PUT' }), 405);
  const raw = await new Promise((resolve) => {
    const { pathname, port } = new URL(url);
    http.get({ host: '127.0.0.1', port, path: `${pathname}dist/../load.mjs` }, (response) =>
      resolve(response.statusCode),
    );
  });
  assert.equal(raw, 404);
});

test('messages travel in order in both directions; the end of the page is reported', async (t) => {
  const server = new PageServer(root);
  const url = await server.listen();
  t.after(() => server.close());
  server.post({ n: 1 });
  const gone = new Promise((resolve) => (server.ongone = resolve));
  const called = new Promise((resolve) => (server.oncall = resolve));
  const controller = new AbortController();
  const down = await fetch(`${url}down`, { signal: controller.signal });
  await called;
  server.post({ n: 2, bytes: bytesOf(200_000) });
  const reader = new FrameReader();
  const got = [];
  for await (const chunk of down.body) {
    got.push(...reader.push(chunk));
    if (got.length === 2) break;
  }
  assert.deepEqual(got, [{ n: 1 }, { n: 2, bytes: bytesOf(200_000) }]);
  const up = [];
  server.onmessage = (message) => up.push(message);
  const body = Buffer.concat([...encodeFrame({ a: 1 }), ...encodeFrame({ b: bytesOf(70_000) })]);
  assert.equal((await fetch(`${url}up`, { method: 'POST', body })).status, 204);
  assert.deepEqual(up, [{ a: 1 }, { b: bytesOf(70_000) }]);
  controller.abort();
  await gone;
});

test('a published file is served by its name and type', async (t) => {
  const server = new PageServer(root);
  await server.listen();
  t.after(() => server.close());
  const url = server.publish(`${root}package.json`);
  assert.match(url, /\/file\/0\/package\.json$/);
  const response = await fetch(url);
  assert.equal(response.headers.get('content-type'), 'application/json');
  assert.equal((await response.json()).name, 'holdfast');
});
