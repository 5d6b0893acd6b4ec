// The sources from which a program can come.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import test from 'node:test';
import { settle, startFake } from './support/fake-coordinator.mjs';
import { load } from './support/load.mjs';

const lib = await load('web/holdfast.ts', 'web/options.ts', 'web/errors.ts', 'web/source.ts');
const EMPTY = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);

/** A server that answers every path by its name. */
async function serve(t) {
  const answers = {
    '/good.wasm': [200, 'application/wasm', EMPTY],
    '/typed.wasm': [200, 'application/wasm; charset=binary', EMPTY],
    '/untyped.wasm': [200, 'application/octet-stream', EMPTY],
    '/broken.wasm': [200, 'application/wasm', Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 99)],
  };
  const server = createServer((request, response) => {
    const [status, type, body] = answers[request.url] ?? [404, 'text/plain', 'no'];
    response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(body) }).end(body);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.closeAllConnections());
  t.after(() => server.close());
  return `http://127.0.0.1:${server.address().port}`;
}

test('a URL, or a string that is resolved against the page, is passed to the coordinator', async (t) => {
  const { hf, fake } = await startFake(t, lib);
  await hf.spawn(new URL('https://other.test/x%20y.wasm?v=1#z'));
  await hf.spawn('/abs/');
  const [first, second] = fake.sent('spawn');
  assert.deepEqual(first.source, { kind: 'url', url: 'https://other.test/x%20y.wasm?v=1#z' });
  assert.equal(first.name, 'x y.wasm');
  assert.equal(second.source.url, 'http://page.test/abs/');
  assert.equal(second.name, 'program');
  await assert.rejects(hf.spawn('http://'), TypeError);
});

test('bytes are copied, from a buffer or any view', async (t) => {
  const { hf, fake } = await startFake(t, lib);
  const padded = new Uint8Array([9, ...EMPTY, 9]);
  for (const source of [
    EMPTY.slice().buffer,
    padded.subarray(1, 9),
    new DataView(padded.buffer, 1, 8),
    Buffer.from(EMPTY),
  ]) {
    await hf.spawn(source);
    assert.ok((source.buffer ?? source).byteLength > 0, 'the caller keeps its buffer');
  }
  await settle();
  for (const { source, name } of fake.sent('spawn')) {
    assert.deepEqual(source, { kind: 'bytes', bytes: EMPTY });
    assert.equal(source.bytes.buffer.byteLength, 8);
    assert.equal(name, 'program');
  }
});

test('a Module is shared', async (t) => {
  const { hf, fake } = await startFake(t, lib);
  await hf.spawn(new WebAssembly.Module(EMPTY));
  const [{ source }] = fake.sent('spawn');
  assert.equal(source.kind, 'module');
  assert.ok(source.module instanceof WebAssembly.Module);
});

test('a Response, or a promise of one, is compiled here, whatever its content type', async (t) => {
  const { hf, fake } = await startFake(t, lib);
  const base = await serve(t);
  await hf.spawn(fetch(`${base}/good.wasm`));
  await hf.spawn(await fetch(`${base}/typed.wasm`));
  await hf.spawn(fetch(`${base}/untyped.wasm`));
  assert.deepEqual(
    fake.sent('spawn').map(({ source, name }) => [source.kind, name]),
    [
      ['module', 'good.wasm'],
      ['module', 'typed.wasm'],
      ['module', 'untyped.wasm'],
    ],
  );
});

test('a Response reports its progress', async (t) => {
  const { hf } = await startFake(t, lib);
  const base = await serve(t);
  const seen = [];
  await hf.spawn(fetch(`${base}/good.wasm`), { onProgress: (progress) => seen.push(progress) });
  assert.deepEqual(seen.at(-1), { phase: 'compile', loaded: 8, total: 8 });
  assert.ok(seen.some(({ phase, loaded }) => phase === 'download' && loaded === 8));
});

test('a bad download is refused with a clear message', async (t) => {
  const { hf, fake } = await startFake(t, lib);
  const base = await serve(t);
  const used = await fetch(`${base}/good.wasm`);
  await used.text();
  const refusals = [
    [() => used, 'source', /was already used/],
    [() => fetch(`${base}/broken.wasm`), 'module', /broken\.wasm: not a valid WebAssembly module: /],
    // For more see downloads.test.mjs.
  ];
  for (const [source, kind, message] of refusals) {
    await assert.rejects(
      hf.spawn(source()),
      (error) => error.name === 'SpawnRefused' && error.kind === kind && message.test(error.message),
    );
  }
  assert.equal(fake.sent('spawn').length, 0);
});

test('a value that is not a source is a TypeError', async (t) => {
  const { hf } = await startFake(t, lib);
  for (const source of [undefined, null, 5, {}, [], Promise.resolve(5), NaN]) {
    await assert.rejects(
      hf.spawn(source),
      (error) => error instanceof TypeError && /a program must be/.test(error.message),
    );
  }
});

test('names of URLs', () => {
  const name = (url) => lib.nameOf(new URL(url));
  assert.equal(name('blob:http://x/123-456'), 'program');
  assert.equal(name('data:application/wasm;base64,AA=='), 'program');
  assert.equal(name('http://x/a%ZZ'), 'a%ZZ');
  assert.equal(name('http://x/a%00b'), 'a%00b');
  assert.equal(name('file:///dir/%C3%A9.wasm'), 'é.wasm');
});
