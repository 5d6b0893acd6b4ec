// How failed downloads are reported, and that a program is downloaded only once, whatever its bytes are needed for.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import test from 'node:test';
import zlib from 'node:zlib';
import { load } from './support/load.mjs';
import { guest, runtime } from './support/runtime.mjs';

const { downloadModule } = await load('common/download.ts');

const hello = await readFile(guest('hello'));
const threads = await readFile(guest('threads-share-one-memory'));
const WASM = { 'content-type': 'application/wasm' };
const HTML = { 'content-type': 'text/html; charset=utf-8' };

/** A server with an answer for each path; `requests` counts the requests for each. */
async function serve(t, answers) {
  const requests = {};
  const server = createServer((request, response) => {
    requests[request.url] = (requests[request.url] ?? 0) + 1;
    answers[request.url](request, response, requests[request.url]);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  t.after(() => server.closeAllConnections());
  return { base: `http://127.0.0.1:${server.address().port}`, requests };
}

const gives =
  (status, headers, body = '') =>
  (request, response) =>
    response.writeHead(status, headers).end(body);

const breaksOff = (headers) => (request, response) => {
  response.writeHead(200, headers).write(hello.subarray(0, 2000), () => setTimeout(() => response.destroy(), 20));
};

/** As a URL, as a Response that is compiled while it arrives, and in ways that need the bytes. */
const ways = {
  URL: (hf, url) => hf.spawn(url),
  'URL, interruptible': (hf, url) => hf.spawn(url, { interruptible: true }),
  'URL, with progress': (hf, url) => hf.spawn(url, { onProgress: () => undefined }),
  Response: (hf, url) => hf.spawn(fetch(url)),
  'Response, with a signal': (hf, url) => hf.spawn(fetch(url), { signal: new AbortController().signal }),
  'Response, with limits.memory': (hf, url) => hf.spawn(fetch(url), { limits: { memory: 2 ** 28 } }),
};

const broken = {
  '/cut.wasm': [
    breaksOff({ ...WASM, 'content-length': hello.length }),
    'source',
    /the download of \S+\/cut\.wasm was interrupted after (0|2000) of \d+ bytes: .*\. Try again$/,
  ],
  '/cut-chunks.wasm': [
    breaksOff(WASM),
    'source',
    /the download of \S+\/cut-chunks\.wasm was interrupted after \d+ bytes: /,
  ],
  '/cut-untyped.wasm': [
    breaksOff({}),
    'source',
    /the download of \S+\/cut-untyped\.wasm was interrupted after \d+ bytes: /,
  ],
  '/undecodable.wasm': [
    gives(200, { ...WASM, 'content-encoding': 'gzip' }, 'this is not gzip'),
    'source',
    /the download of \S+\/undecodable\.wasm was interrupted after 0 bytes: /,
  ],
  '/none.wasm': [gives(404, HTML, 'no'), 'source', /\/none\.wasm answered HTTP 404 Not Found: is the path right\?$/],
  '/denied.wasm': [
    gives(401, HTML, 'no'),
    'source',
    /\/denied\.wasm answered HTTP 401 Unauthorized: fetch it with the credentials/,
  ],
  '/down.wasm': [
    gives(503, {}, 'no'),
    'source',
    /\/down\.wasm answered HTTP 503 Service Unavailable: try again later$/,
  ],
  '/nothing.wasm': [gives(204, WASM), 'source', /\/nothing\.wasm answered HTTP 204 No Content, without a body$/],
  '/empty.wasm': [gives(200, WASM), 'source', /\/empty\.wasm is empty: is the file deployed\?$/],
  '/empty-untyped.wasm': [gives(200, {}), 'source', /\/empty-untyped\.wasm is empty: is the file deployed\?$/],
  '/login.wasm': [
    gives(302, { location: '/login' }),
    'source',
    /is not a WebAssembly module: it starts with "<!doctype html>.*" \(text\/html.*which \S+\/login sent after a redirect\. Is the path right, or is a login needed\?$/,
  ],
  '/text.wasm': [gives(200, WASM, 'text'), 'module', /\/text\.wasm is not a WebAssembly module: it starts with "text"/],
  '/cut-long-ago.wasm': [
    gives(200, WASM, hello.subarray(0, 2000)),
    'module',
    /\/cut-long-ago\.wasm(: not a valid WebAssembly module| cannot be made interruptible| cannot be given limits\.memory or limits\.gc)/,
  ],
};

test('a failed download is distinguished from an invalid module, and the message says what to do', async (t) => {
  const hf = await runtime(t);
  const answers = { '/login': gives(200, HTML, '<!doctype html><title>log in</title>') };
  for (const [path, [answer]] of Object.entries(broken)) answers[path] = answer;
  const { base } = await serve(t, answers);
  for (const [path, [, kind, message]] of Object.entries(broken)) {
    for (const [way, spawn] of Object.entries(ways)) {
      const error = await spawn(hf, base + path).catch((reason) => reason);
      assert.deepEqual([path, way, error.name, error.kind], [path, way, 'SpawnRefused', kind], error.message);
      assert.match(error.message, message, `${path}, ${way}`);
    }
  }
});

test('an unreachable server is reported with its address', async (t) => {
  const hf = await runtime(t);
  for (const source of [() => 'http://127.0.0.1:1/x.wasm', () => fetch('http://127.0.0.1:1/x.wasm')]) {
    await assert.rejects(hf.spawn(source()), {
      name: 'SpawnRefused',
      kind: 'source',
      message: /could not be fetched: fetch failed \(.*\)\. Is the server up and, if it is of another origin, .*CORS/,
    });
  }
  await assert.rejects(hf.spawn(new URL('../', guest('hello')), { interruptible: true }), {
    kind: 'source',
    message: /^file:\S+ could not be read: EISDIR[^#]*$/,
  });
});

test('a Response whose body is shorter than its Content-Length is incomplete', async (t) => {
  const hf = await runtime(t);
  const short = (type) =>
    new Response(hello.subarray(0, 2000), { headers: { 'content-type': type, 'content-length': `${hello.length}` } });
  for (const options of [{}, { interruptible: true }]) {
    for (const type of ['application/wasm', 'text/plain']) {
      await assert.rejects(hf.spawn(short(type), options), {
        kind: 'source',
        message: `the download of the response is incomplete: 2000 of ${hello.length} bytes arrived. Try again`,
      });
    }
  }
  // The length of an encoded body differs.
  const { base } = await serve(t, {
    '/z': gives(200, { ...WASM, 'content-encoding': 'gzip' }, zlib.gzipSync(hello)),
  });
  assert.equal((await hf.run(`${base}/z`)).code, 0);
  assert.equal((await hf.run(fetch(`${base}/z`))).code, 0);
});

test('a program is requested once, with threads, a limit, checks and progress, as a URL and as a Response', async (t) => {
  const hf = await runtime(t);
  // Like a server whose links work only once.
  const once = (bytes, headers) => (request, response, count) =>
    count === 1 ? response.writeHead(200, headers).end(bytes) : response.writeHead(401, HTML).end('log in');
  const options = [
    {},
    { interruptible: true },
    { limits: { memory: 2 ** 28 } },
    { onProgress: () => undefined },
    { signal: new AbortController().signal },
  ];
  const answers = {};
  const programs = [];
  for (const [bytes, headers] of [
    [hello, WASM],
    [threads, WASM],
    [threads, {}],
  ]) {
    for (const option of options) {
      for (const asResponse of [false, true]) {
        const path = `/${programs.length}.wasm`;
        answers[path] = once(bytes, headers);
        programs.push([path, asResponse, option]);
      }
    }
  }
  const { base, requests } = await serve(t, answers);
  for (const [path, asResponse, option] of programs) {
    const { reason, code } = await hf.run(asResponse ? fetch(base + path) : base + path, option);
    assert.deepEqual([path, asResponse, option, reason, code], [path, asResponse, option, 'exit', 0]);
  }
  assert.deepEqual(new Set(Object.values(requests)), new Set([1]));
});

test('each version of a file is a different program, and only its own name is reported', async (t) => {
  const warnings = [];
  const note = ({ message }) => warnings.push(message);
  process.on('warning', note);
  t.after(() => process.off('warning', note));
  const hf = await runtime(t);
  for (const options of [{ interruptible: true }, { limits: { memory: 2 ** 16 } }]) {
    const file = new URL('two-unknown-imports.wasm', guest('hello'));
    const error = await hf.spawn(options.limits ? guest('hello') : file, options).catch((reason) => reason);
    assert.doesNotMatch(error.message, /#|%20/);
  }
  // No listener is left behind, and there are never too many at once.
  const { signal } = new AbortController();
  for (const options of [{}, { signal }, { interruptible: true, signal }]) {
    await Promise.all(Array.from({ length: 30 }, () => hf.run(guest('hello'), options)));
  }
  await Promise.all(Array.from({ length: 30 }, async () => (await hf.spawn(guest('hello'))).join({ signal })));
  assert.deepEqual(warnings, []);
});

/** The response arrives in pieces of that many bytes. */
const inPieces = (bytes, size, headers = WASM) => {
  let at = 0;
  const pull = (controller) => {
    if (at >= bytes.length) return controller.close();
    controller.enqueue(bytes.slice(at, at + size));
    at += size;
  };
  return new Response(new ReadableStream({ pull }), { headers });
};

test('the imports of a module are found in pieces of any size', async () => {
  const first = (bytes, size) => downloadModule(inPieces(bytes, size), 'it', null);
  const { head } = await first(threads, threads.length);
  assert.ok(head.length > 100 && head.length < threads.length);
  for (const size of [1, 2, 3, 7, 1000]) assert.deepEqual((await first(threads, size)).head, head, `${size} bytes`);
});

test('many small sections in many small pieces take time in proportion to their number', async () => {
  const empty = [0, 1, 0]; // a custom section without a name
  const module = Uint8Array.from([...hello.subarray(0, 8), ...Array.from({ length: 350_000 }, () => empty).flat()]);
  const time = async (size) => {
    const began = performance.now();
    const { head } = await downloadModule(inPieces(module, size), 'it', null);
    assert.equal(head.length, module.length);
    return performance.now() - began;
  };
  const whole = await time(module.length);
  assert.ok((await time(512)) < 10 * whole + 1000);
});
