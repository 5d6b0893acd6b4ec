// wasi:http: requests that components make, by the page's fetch.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createServer } from 'node:http';
import path from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { assemble } from './support/component.mjs';
import { root } from './support/load.mjs';
import { guest, runtime, until } from './support/runtime.mjs';

/** Starts a server whose paths are handlers, and returns its origin. */
async function serverWith(t, handlers) {
  const server = createServer((request, response) => {
    const handler = handlers[new URL(request.url, 'http://localhost').pathname];
    if (handler) return void handler(request, response);
    response.statusCode = 404;
    response.end('no such path');
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${server.address().port}`;
}

const run = async (hf, args, options = {}) => {
  const { reason, code, message, stdout, stderr } = await hf.run(guest('http-client'), {
    args,
    http: true,
    ...options,
  });
  assert.deepEqual([reason, code, message, stderr], ['exit', 0, '', '']);
  return stdout;
};

/** The parts of what the client prints. */
function parsed(stdout) {
  const [, status, fields, body] = /^(\d+)\n((?:.+\n)*)\n([\s\S]*)$/.exec(stdout) ?? assert.fail(stdout);
  return { status: Number(status), fields: fields.split('\n').slice(0, -1), body };
}

test('a component gets the status, the fields and the body of a response', async (t) => {
  const origin = await serverWith(t, {
    '/hello': (request, response) => {
      response.setHeader('X-Two', ['one', 'two']);
      response.setHeader('Set-Cookie', ['a=1', 'b=2']);
      response.statusCode = 203;
      response.end(`${request.method} ${request.url} ${request.headers['x-own']}`);
    },
  });
  const hf = await runtime(t);
  const { status, fields, body } = parsed(await run(hf, ['GET', `${origin}/hello?a=%20b`, 'field', 'X-Own=mine']));
  assert.deepEqual([status, body], [203, 'GET /hello?a=%20b mine']);
  assert.ok(fields.includes('x-two: one, two'), fields.join());
  assert.deepEqual(
    fields.filter((line) => line.startsWith('set-cookie')),
    ['set-cookie: a=1', 'set-cookie: b=2'],
  );
});

const collected = async (request) => {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) text += chunk;
  return text;
};

test('a component sends a body, before or after the request, of any size', async (t) => {
  const origin = await serverWith(t, {
    '/echo': async (request, response) => {
      const text = await collected(request);
      const { 'content-length': length = 'none' } = request.headers;
      response.end(`${request.method} ${text.length} ${length} ${text.slice(0, 8)}`);
    },
  });
  const hf = await runtime(t);
  const bodyOf = async (...args) => parsed(await run(hf, ['POST', `${origin}/echo`, ...args])).body;
  assert.equal(await bodyOf('body', 'after'), 'POST 5 none after');
  assert.equal(await bodyOf('early', 'before'), 'POST 6 none before');
  assert.equal(await bodyOf('body', 'x'.repeat(1000), 'repeat', '1000'), `POST 1000000 none ${'x'.repeat(8)}`);
  assert.equal(await bodyOf('body', ''), 'POST 0 0 ');
  assert.equal(await bodyOf('length', '4', 'body', 'four'), 'POST 4 4 four');
  const collects = { http: { uploads: 'collect' } };
  const whole = await run(hf, ['PUT', `${origin}/echo`, 'body', 'collected'], collects);
  assert.equal(parsed(whole).body, 'PUT 9 9 collecte');
});

test('bodies are streamed in both directions', async (t) => {
  const origin = await serverWith(t, {
    '/echo': (request, response) => {
      response.flushHeaders();
      request.pipe(response);
    },
  });
  const hf = await runtime(t);
  const args = ['POST', `${origin}/echo`, 'unfinished', 'first'];
  const process = await hf.spawn(guest('http-client'), { args, http: true });
  const answers = [];
  void process.stdout.pipeTo(
    new WritableStream({ write: (bytes) => void answers.push(new TextDecoder().decode(bytes)) }),
  );
  await process.write('\n');
  const { code } = await process.exited;
  assert.equal(code, 0);
  // The body was dropped, so the request was aborted, and with it the response, of which the component had read a part or nothing.
  assert.match(answers.join(''), /^(200\n[\s\S]*(first)?body failed \d+\n|error \d+.*\n)$/);
});

test('the page decides which origins a component may reach', async (t) => {
  const origin = await serverWith(t, { '/': (request, response) => response.end('reached') });
  const hf = await runtime(t);
  const get = (http, url = `${origin}/`) => run(hf, ['GET', url], { http });
  assert.equal(await get(false), 'error 15\n');
  assert.equal(await get({ allow: [] }), 'error 15\n');
  assert.equal(await get({ allow: ['https://example.com'] }), 'error 15\n');
  assert.equal(parsed(await get({ allow: ['https://example.com', origin] })).body, 'reached');
  const seen = [];
  const allow = ({ href }) => seen.push(href) > 1;
  assert.equal(await get({ allow }), 'error 15\n');
  assert.equal(parsed(await get({ allow })).body, 'reached');
  assert.equal(seen[0], `${origin}/`);
  for (const wrong of [['https://example.com/path'], ['ftp://example.com'], ['example.com'], [1], 'x', { a: 1 }])
    await assert.rejects(hf.spawn(guest('http-client'), { http: { allow: wrong } }), /^TypeError: http\.allow/);
  await assert.rejects(
    hf.spawn(guest('http-client'), { http: 1 }),
    /^TypeError: http must be true, false or an object/,
  );
  await assert.rejects(
    hf.spawn(guest('http-client'), { http: { proxy: 1 } }),
    /^TypeError: http: unknown option "proxy"; the options are "allow", "fetch", "uploads"$/,
  );
});

test('the page can answer requests itself', async (t) => {
  const hf = await runtime(t);
  const requests = [];
  const fetch = async (request) => {
    requests.push([request.method, request.url, await request.text()]);
    return new Response('from the page', {
      status: 201,
      headers: { 'Content-Type': 'text/x', 'Content-Encoding': 'own' },
    });
  };
  const { status, fields, body } = parsed(
    await run(hf, ['POST', 'https://nowhere.invalid/a?b', 'body', 'sent'], { http: { fetch } }),
  );
  assert.deepEqual([status, body], [201, 'from the page']);
  assert.deepEqual(fields, ['content-encoding: own', 'content-type: text/x']);
  assert.deepEqual(requests, [['POST', 'https://nowhere.invalid/a?b', 'sent']]);
  const broken = { fetch: () => Promise.reject(new Error('no network today')) };
  assert.equal(
    await run(hf, ['GET', 'https://a.invalid/'], { http: broken }),
    'error 38 fetch failed: no network today\n',
  );
});

test('whatever the page’s function throws or returns, the component gets an answer', async (t) => {
  const hf = await runtime(t);
  const unprintable = {
    toString() {
      throw this;
    },
  };
  const circular = new Error('around');
  circular.cause = circular;
  const used = new Response('used');
  used.body.getReader();
  const throwing = (thrown) => () => {
    throw thrown;
  };
  for (const [fetch, words] of [
    [throwing(null), 'null'],
    [throwing(unprintable), 'it threw an object'],
    [throwing(circular), 'around'],
    [() => null, 'the result of http.fetch must be a Response, not null'],
    [() => ({ status: 200 }), 'the result of http.fetch must be a Response, not an object'],
    [() => used, 'Invalid state: ReadableStream is locked'],
  ])
    assert.equal(await run(hf, ['GET', 'http://a.invalid/'], { http: { fetch } }), `error 38 fetch failed: ${words}\n`);
});

const bodyWith = (...chunks) =>
  new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk);
      controller.close();
    },
  });

test('a body of anything but bytes fails, and does not look complete', async (t) => {
  const hf = await runtime(t);
  for (const chunk of ['text', '', 0, null, undefined, [1]]) {
    const fetch = () => new Response(bodyWith(Uint8Array.of(97), chunk, Uint8Array.of(98)));
    assert.match(
      await run(hf, ['GET', 'http://a.invalid/'], { http: { fetch } }),
      /body failed \d+\n$/,
      JSON.stringify(chunk),
    );
  }
  const fetch = () => new Response(bodyWith(Uint8Array.of(97), new Uint8Array(), Uint8Array.of(98)));
  assert.equal(parsed(await run(hf, ['GET', 'http://a.invalid/'], { http: { fetch } })).body, 'ab');
});

test('a body that the page makes is cancelled when the component leaves, or a timeout was shorter', async (t) => {
  const hf = await runtime(t);
  let cancelled;
  let controller;
  const body = () =>
    new ReadableStream({
      start: (own) => void (controller = own).enqueue(new Uint8Array(6000)),
      cancel: () => cancelled.resolve(),
    });
  for (const args of [['after', '5000'], []]) {
    cancelled = withResolvers();
    const begun = withResolvers();
    const fetch = () => (begun.resolve(), new Response(body()));
    const process = await hf.spawn(guest('http-client'), {
      args: ['GET', 'http://a.invalid/', ...args],
      http: { fetch },
    });
    let room = 6000;
    // It drops the response at the second chunk, and no more come.
    const write = ({ length }) => room > 0 && (room -= length) <= 0 && controller.enqueue(new Uint8Array(10));
    void process.stdout.pipeTo(new WritableStream({ write }));
    await begun.promise;
    if (args.length === 0) process.kill();
    await cancelled.promise;
    process.kill();
    await process.exited;
  }
  cancelled = withResolvers();
  const late = withResolvers();
  const fetch = () => late.promise;
  const stdout = await run(hf, ['GET', 'http://a.invalid/', 'timeouts', '0,50,0'], { http: { fetch } });
  assert.match(stdout, /^error \d+/);
  late.resolve(new Response(body()));
  await cancelled.promise;
});

function withResolvers() {
  const made = {};
  made.promise = new Promise((resolve) => (made.resolve = resolve));
  return made;
}

test('errors have codes', async (t) => {
  const hf = await runtime(t);
  const get = (url, ...args) => run(hf, ['GET', url, ...args]);
  const origin = await serverWith(t, {
    '/reset': (request) => request.socket.destroy(),
    '/half': (request, response) => {
      response.setHeader('Content-Length', '100');
      response.write('half', () => request.socket.destroy());
    },
    '/redirect': (request, response) => {
      response.writeHead(302, { Location: '/elsewhere' });
      response.end();
    },
  });
  const unused = createServer();
  await new Promise((resolve) => unused.listen(0, '127.0.0.1', resolve));
  const { port } = unused.address();
  await new Promise((resolve) => unused.close(resolve));
  assert.equal(await get(`http://127.0.0.1:${port}/`), 'error 6\n');
  assert.equal(await get(`${origin}/reset`), 'error 7\n');
  assert.match(await get(`${origin}/half`), /\n(half)?body failed 25\n$/);
  assert.equal(parsed(await get(`${origin}/redirect`)).status, 302);
  assert.equal(await get('http://user:secret@127.0.0.1/'), 'error 19\n');
  assert.equal(await run(hf, ['TRACE', `${origin}/`]), 'error 18\n');
  assert.equal(await get(`${origin}/`, 'body', 'x'), 'error 38 fetch cannot send a body with GET\n');
  const short = await run(hf, ['POST', `${origin}/`, 'length', '5', 'body', 'four']);
  // A server may answer before it has the whole body.
  assert.match(short, /^error 17 4\n(error |404\n[^]*body failed )/);
});

test('a request that takes too long fails', async (t) => {
  const origin = await serverWith(t, {
    '/never': () => undefined,
    '/slow': (request, response) => void response.write('some'),
  });
  const hf = await runtime(t);
  const get = (path, timeouts) => run(hf, ['GET', origin + path, 'timeouts', timeouts]);
  assert.equal(await get('/never', '0,50,0'), 'error 9\n');
  assert.equal(await get('/never', '20,30,0'), 'error 9\n');
  assert.match(await get('/slow', '0,60000,50'), /\n(some)?body failed 9\n$/);
});

/** A path whose response never ends, and the promise that its request was aborted. */
function endless() {
  let aborted;
  const gone = new Promise((resolve) => (aborted = resolve));
  const handler = (request, response) => {
    response.on('close', aborted);
    const more = () => {
      while (!response.destroyed && response.write('x'.repeat(10_000)));
      if (!response.destroyed) response.once('drain', more);
    };
    more();
  };
  return { handler, gone };
}

test('a fetch is aborted when the component drops the response, and when it ends', async (t) => {
  const hf = await runtime(t);
  for (const [args, end] of [
    [['after', '5000'], () => undefined],
    [['drop', '1'], () => undefined],
    [[], (process) => process.kill()],
  ]) {
    const { handler, gone } = endless();
    let begun;
    const reached = new Promise((resolve) => (begun = resolve));
    const origin = await serverWith(t, { '/': (...both) => (begun(), handler(...both)) });
    const process = await hf.spawn(guest('http-client'), {
      args: ['GET', `${origin}/`, ...args],
      http: true,
      outputBuffer: 1000,
    });
    if (args[0] === 'after') void process.stdout.pipeTo(new WritableStream());
    if (args[0] !== 'drop') await reached;
    end(process);
    if (args[0] === 'drop') await Promise.race([gone, new Promise((resolve) => setTimeout(resolve, 100))]);
    else await gone;
    process.kill();
    await process.exited;
  }
  assert.equal((await hf.stats()).sockets.listeners, 0);
});

test('a start that is aborted at any moment leaves no port open', async (t) => {
  const hf = await runtime(t);
  for (let i = 0; i < 30; i++) {
    const abort = new AbortController();
    const options = { http: true, signal: abort.signal, stdout: 'null', stderr: 'null' };
    const ended = hf.spawn(guest('http-client'), options).then(
      (process) => process.exited,
      () => undefined,
    );
    await new Promise((resolve) => setTimeout(resolve, i / 3));
    abort.abort();
    await ended;
  }
  await until(
    async () => (await hf.stats()).sockets.listeners,
    (count) => count === 0,
  );
});

/** A component that creates 1,000 requests, with a body each, and drops them. Then it waits forever. */
const dropsBodies = () =>
  assemble(`(component
    (import "wasi:http/types@0.2.0" (instance $http
      (export "fields" (type $fields (sub resource)))
      (export "headers" (type $headers (eq $fields)))
      (export "outgoing-request" (type $request (sub resource)))
      (export "outgoing-body" (type $body (sub resource)))
      (export "[constructor]fields" (func (result (own $fields))))
      (export "[constructor]outgoing-request" (func (param "headers" (own $headers)) (result (own $request))))
      (export "[method]outgoing-request.body" (func (param "self" (borrow $request)) (result (result (own $body)))))))
    (import "wasi:io/poll@0.2.0" (instance $poll
      (export "pollable" (type $p (sub resource)))
      (export "[method]pollable.block" (func (param "self" (borrow $p))))))
    (alias export $poll "pollable" (type $p))
    (import "wasi:clocks/monotonic-clock@0.2.0" (instance $clock
      (alias outer 1 $p (type $p))
      (export "pollable" (type $mine (eq $p)))
      (export "subscribe-duration" (func (param "when" u64) (result (own $mine))))))
    (alias export $http "outgoing-request" (type $request))
    (alias export $http "outgoing-body" (type $body))
    (core module $memory (memory (export "memory") 1))
    (core instance $memory (instantiate $memory))
    (core func $fields (canon lower (func $http "[constructor]fields")))
    (core func $request (canon lower (func $http "[constructor]outgoing-request")))
    (core func $body (canon lower (func $http "[method]outgoing-request.body") (memory $memory "memory")))
    (core func $drop-request (canon resource.drop $request))
    (core func $drop-body (canon resource.drop $body))
    (core func $subscribe (canon lower (func $clock "subscribe-duration")))
    (core func $block (canon lower (func $poll "[method]pollable.block")))
    (core module $m
      (import "memory" "memory" (memory 1))
      (import "i" "fields" (func $fields (result i32)))
      (import "i" "request" (func $request (param i32) (result i32)))
      (import "i" "body" (func $body (param i32 i32)))
      (import "i" "drop-request" (func $drop_request (param i32)))
      (import "i" "drop-body" (func $drop_body (param i32)))
      (import "i" "subscribe" (func $subscribe (param i64) (result i32)))
      (import "i" "block" (func $block (param i32)))
      (func (export "run") (result i32) (local $i i32) (local $request i32)
        (loop $more
          (call $body (local.tee $request (call $request (call $fields))) (i32.const 0))
          (call $drop_body (i32.load (i32.const 4)))
          (call $drop_request (local.get $request))
          (call $block (call $subscribe (i64.const 1000000)))
          (br_if $more (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 1000))))
        (call $block (call $subscribe (i64.const 1000000000000000)))
        (i32.const 0)))
    (core instance $m (instantiate $m (with "memory" (instance $memory)) (with "i" (instance
      (export "fields" (func $fields)) (export "request" (func $request)) (export "body" (func $body))
      (export "drop-request" (func $drop-request)) (export "drop-body" (func $drop-body))
      (export "subscribe" (func $subscribe)) (export "block" (func $block))))))
    (func $run (result (result)) (canon lift (core func $m "run")))
    (instance $run (export "run" (func $run)))
    (export "wasi:cli/run@0.2.0" (instance $run)))`);

test('bodies that a component drops do not keep their connections', async (t) => {
  const hf = await runtime(t);
  const process = await hf.spawn(dropsBodies(), { http: true });
  await until(
    async () => (await hf.ps()).find(({ id }) => id === process.id),
    ({ asleepFor }) => asleepFor > 500,
  );
  await until(
    () => hf.stats(),
    ({ sockets }) => sockets.connections <= 64,
  );
  process.kill();
  await until(
    () => hf.stats(),
    ({ sockets }) => sockets.connections === 0 && sockets.listeners === 0,
  );
});

test('holdfast run --http lets a component make requests', async (t) => {
  const origin = await serverWith(t, { '/': (request, response) => response.end('reached') });
  const command = async (...options) => {
    const args = [
      path.join(root, 'bin/holdfast.mjs'),
      'run',
      ...options,
      fileURLToPath(guest('http-client')),
      'GET',
      `${origin}/`,
    ];
    return (await promisify(execFile)(process.execPath, args)).stdout;
  };
  assert.equal(parsed(await command('--http')).body, 'reached');
  assert.equal(await command(), 'error 15\n');
});
