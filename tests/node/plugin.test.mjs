// Plugins: calls in both directions, every error, and how an instance ends.
import assert from 'node:assert/strict';
import test from 'node:test';
import * as lib from '../../dist/node.js';
import * as rpc from '../../dist/plugin.js';
import { guest, runtime } from './support/runtime.mjs';

const quiet = { logger: () => undefined };
/** Checks that the promise rejects, and returns its error. */
const failure = async (promise) => {
  const value = await promise.then(
    (result) => ({ result }),
    (error) => error,
  );
  assert.ok(value instanceof Error, `resolved to ${JSON.stringify(value)}`);
  return value;
};

async function plugin(t, options = {}) {
  const hf = await runtime(t);
  return hf.plugin(guest('plugin-methods'), { ...quiet, ...options });
}

test('calls, results and notifications travel in both directions', async (t) => {
  const heard = [];
  const p = await plugin(t, {
    handlers: {
      double: ([x]) => x * 2,
      later: async ([x]) => {
        await new Promise((resolve) => setTimeout(resolve, 5));
        return { x };
      },
      nothing: () => undefined,
      note: (params, { request }) => void heard.push([params, request]),
    },
  });
  assert.equal(p.name, 'plugin-methods.wasm');
  assert.equal(await p.call('ping'), 'pong');
  assert.equal(await p.call('add', [1.5, 2]), 3.5);
  const odd = { text: 'ä\u0000"\\\n\u2028😀', list: [1e300, -0.1, true, null, []], deep: { a: { b: {} } } };
  assert.deepEqual(await p.call('echo', odd), odd);
  assert.equal(await p.call('forward', ['double', [21]]), 42);
  assert.deepEqual(await p.call('forward', ['later', [1]]), { x: 1 });
  assert.equal(await p.call('forward', ['nothing', []]), null);
  await p.call('notify', ['note', { a: 1 }]);
  await p.notify('count');
  assert.equal(await p.call('count'), 2);
  assert.deepEqual(heard, [[{ a: 1 }, undefined]]);
  await p.close();
});

test('a handler knows its caller, and can call the plugin while the plugin waits for it', async (t) => {
  const seen = [];
  const p = await plugin(t, {
    name: 'adder',
    handlers: {
      back: async ([x], context) => {
        seen.push([context.plugin, context.process, typeof context.request, context.method, context.signal.aborted]);
        return context.call('add', [x, await context.call('forward', ['deeper', []])]);
      },
      deeper: (_, context) => context.call('add', [40, 1]),
    },
  });
  const { id } = p.process;
  assert.equal(await p.call('forward', ['back', [1]]), 42);
  assert.deepEqual(seen, [['adder', id, 'number', 'back', false]]);
});

test('200 calls at once are answered in order, although the page answers in any order', async (t) => {
  let open = 0;
  let most = 0;
  const p = await plugin(t, {
    handlers: {
      slowly: async ([i]) => {
        most = Math.max(most, ++open);
        await new Promise((resolve) => setTimeout(resolve, (i * 7) % 20));
        open--;
        return i;
      },
    },
  });
  assert.deepEqual(await p.call('many', ['slowly', 200]), [...Array(200).keys()]);
  assert.equal((await p.call('many', ['slowly', 3000])).length, 3000);
  assert.ok(most > 1 && most < 256, `${most} at once`); // at 256 the page stops reading
});

test('200 calls at once, each of which calls back and is called again', async (t) => {
  const p = await plugin(t, {
    handlers: {
      outer: async ([i], context) => (await context.call('many', ['inner', 3])).map((j) => 10 * i + j),
      inner: ([i]) => i,
    },
    timeout: 300_000,
  });
  assert.deepEqual(
    await p.call('many', ['outer', 200]),
    [...Array(200).keys()].map((i) => [10 * i, 10 * i + 1, 10 * i + 2]),
  );
});

test('each error of the specification is a class, in both directions', async (t) => {
  const p = await plugin(t, {
    handlers: {
      throws: ({ code }) => {
        const kind = [rpc.ParseError, rpc.InvalidRequest, rpc.MethodNotFound, rpc.InvalidParams, rpc.InternalError];
        const Kind = kind.find((one) => new one().code === code);
        throw Kind ? new Kind('as asked', { code }) : new rpc.RpcError(code, 'as asked', { code });
      },
      plain: () => {
        throw new TypeError('not for me');
      },
      cyclic: () => {
        const value = {};
        return (value.value = value);
      },
      method: () => () => 1,
    },
  });
  const names = {
    [-32700]: 'ParseError',
    [-32600]: 'InvalidRequest',
    [-32601]: 'MethodNotFound',
    [-32602]: 'InvalidParams',
    [-32603]: 'InternalError',
    [-32001]: 'RpcError',
    7: 'RpcError',
  };
  for (const [text, name] of Object.entries(names)) {
    const code = Number(text);
    const own = await failure(p.call('fail', { code, data: [code] }));
    assert.deepEqual([own.name, own.code, own.message, own.data], [name, code, 'failed as asked', [code]]);
    assert.ok(own instanceof rpc[name] && own instanceof rpc.RpcError && own instanceof lib.HoldfastError);
    const page = await failure(p.call('forward', ['throws', { code }]));
    assert.deepEqual([page.name, page.code, page.message, page.data], [name, code, 'page: as asked', { code }]);
  }
  assert.equal((await failure(p.call('none'))).name, 'MethodNotFound');
  assert.match((await failure(p.call('forward', ['none', []]))).message, /page: the page has no handler for "none"/);
  assert.equal((await failure(p.call('forward', ['toString', []]))).name, 'MethodNotFound');
  const plain = await failure(p.call('forward', ['plain', []]));
  assert.deepEqual([plain.name, plain.message, plain.data], ['InternalError', 'page: not for me', undefined]);
  for (const method of ['cyclic', 'method'])
    assert.equal((await failure(p.call('forward', [method, []]))).name, 'InternalError');
});

test('an instance that ends rejects its calls with the reason and the end of its standard error; the next call gets another instance', async (t) => {
  const lines = [];
  const p = await plugin(t, { logger: (line, { plugin, process }) => lines.push([line, plugin, process]) });
  const { id } = p.process;
  const left = await failure(p.call('leave', [3]));
  assert.ok(left instanceof rpc.PluginExited && left instanceof rpc.PluginError && left instanceof lib.HoldfastError);
  assert.deepEqual([left.exit.reason, left.exit.code, left.stderr, left.process], ['exit', 3, 'leaving with 3', id]);
  assert.match(left.message, /exited with code 3 during the call "leave"/);
  const trapped = await failure(p.call('trap'));
  assert.deepEqual([trapped.name, trapped.exit.reason, trapped.stderr], ['PluginExited', 'trap', 'about to trap']);
  assert.equal(await p.call('count'), 1);
  assert.deepEqual(lines[0], ['leaving with 3', 'plugin-methods.wasm', id]);
  const silent = await failure(p.call('close-output'));
  assert.match(silent.message, /closed its standard output during the call "close-output", so the instance was killed/);
  assert.equal(await p.call('ping'), 'pong');
});

test('an instance that no longer reads is killed when it is called', async (t) => {
  let closed;
  const closing = new Promise((resolve) => (closed = resolve));
  const p = await plugin(t, { concurrency: 2, timeout: 300_000, logger: closed });
  const deaf = failure(p.call('close-input'));
  await closing;
  const error = await failure(p.call('ping'));
  assert.equal(error.name, 'PluginExited');
  assert.match(error.message, /closed its standard input during the call "ping"/);
  assert.match((await deaf).message, /closed its standard input during the call "close-input"/);
});

test('a call that takes too long kills the instance, and the error says so', async (t) => {
  const p = await plugin(t, { timeout: 300_000, concurrency: 2 });
  await p.call('ping');
  const { id } = p.process;
  const spinning = failure(p.call('spin', [], { timeout: 200 }));
  const other = failure(p.call('ping'));
  const error = await spinning;
  assert.ok(error instanceof rpc.PluginTimeout);
  assert.match(error.message, /the call "spin" took longer than 200 ms, so the instance was killed/);
  assert.match((await other).message, /another call, "spin", took longer/);
  assert.equal((await other).name, 'PluginExited');
  assert.equal(await p.call('ping'), 'pong');
  assert.notEqual(p.process.id, id);
});

test('output that is not JSON-RPC kills the instance, and the error quotes the line', async (t) => {
  const p = await plugin(t, { maxMessage: 5000 });
  const wrong = {
    'hello\n': /is not JSON: "hello"/,
    '{"id":1,"result":1}\n': /lacks \\?"jsonrpc/,
    '{"jsonrpc":"2.0"}\n': /neither "method" nor "id"/,
    '{"jsonrpc":"2.0","id":1}\n': /either "result" or "error"/,
    '{"jsonrpc":"2.0","id":9,"result":1}\n': /answers a call that was not made/,
    '{"jsonrpc":"2.0","id":1,"error":{"code":"x"}}\n': /without code and message/,
    '42\n': /is not a JSON-RPC message: "42"/,
  };
  for (const [text, message] of Object.entries(wrong)) {
    const error = await failure(p.call('print', [text]));
    assert.ok(error instanceof rpc.PluginOutputError, `${text}: ${error}`);
    assert.match(error.message, message);
  }
  const long = await failure(p.call('print', ['y'.repeat(4900)]));
  assert.ok(long instanceof rpc.PluginOutputError);
  assert.ok(long.message.includes('y'.repeat(200)) && long.message.length < 400, long.message);
  const longer = await failure(p.call('text-of', [6000]));
  assert.match(longer.message, /longer than 5000 bytes \(maxMessage\)/);
  assert.equal((await p.call('text-of', [4900])).length, 4900);
});

test('batches, blank lines, and answers without an id', async (t) => {
  const heard = [];
  const p = await plugin(t, { handlers: { note: (params) => void heard.push(params), double: ([x]) => 2 * x } });
  const note = (i) => ({ jsonrpc: '2.0', method: 'note', params: [i] });
  await p.call('print', [`\n\r\n${JSON.stringify([note(1), note(2)])}\n${JSON.stringify(note(3))}\r\n`]);
  assert.deepEqual(heard, [[1], [2], [3]]);
  assert.equal(await p.call('ping'), 'pong');
  const lost = await failure(
    p.call('print', ['{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"eh?"}}\n']),
  );
  assert.ok(lost instanceof rpc.ParseError);
  assert.equal(lost.message, 'eh?');
});

test('messages of 8 MiB, and characters that are split between reads', async (t) => {
  const p = await plugin(t, { outputBuffer: 1001 });
  const text = 'é😀x'.repeat(60_001);
  assert.equal((await p.call('echo', { text })).text, text);
  const size = 8 * 1024 * 1024;
  const q = await plugin(t);
  const large = 'a'.repeat(size);
  assert.equal((await q.call('echo', [large]))[0], large);
});

test('new instances share nothing and run in parallel; a kept one keeps its state', async (t) => {
  const hf = await runtime(t);
  const kept = await hf.plugin(guest('plugin-methods'), quiet);
  assert.deepEqual([await kept.call('count'), await kept.call('count')], [1, 2]);
  const fresh = await hf.plugin(guest('plugin-methods'), { ...quiet, instance: 'fresh', concurrency: 3 });
  assert.equal(fresh.process, undefined);
  const counts = await Promise.all(Array.from({ length: 10 }, () => fresh.call('count')));
  assert.deepEqual(counts, Array(10).fill(1));
  assert.match((await failure(fresh.notify('count'))).message, /instance: 'kept'/);
  await fresh.close();
  assert.deepEqual(
    (await hf.ps()).map(({ name }) => name),
    ['plugin-methods.wasm'],
  );
});

test('calls wait for their turn, unless the plugin can handle many at once', async (t) => {
  const open = new Set();
  let most = 0;
  const handlers = {
    wait: async ([x]) => {
      most = Math.max(most, open.add(x).size);
      await new Promise((resolve) => setTimeout(resolve, 20));
      open.delete(x);
      return x;
    },
  };
  const p = await plugin(t, { handlers });
  const all = (q) => Promise.all([...Array(8).keys()].map((i) => q.call('forward', ['wait', [i]])));
  assert.deepEqual(await all(p), [...Array(8).keys()]);
  assert.equal(most, 1);
  const q = await plugin(t, { handlers, concurrency: Infinity });
  assert.deepEqual(await all(q), [...Array(8).keys()]);
  assert.equal(most, 8);
});

test('an abort rejects the call at once, and aborts the handlers of the ended process', async (t) => {
  let told;
  const p = await plugin(t, {
    handlers: {
      hang: (_, { signal }) =>
        new Promise((resolve) => {
          signal.addEventListener('abort', () => resolve((told = signal.reason)));
          setTimeout(() => calling.abort(new Error('enough')));
        }),
    },
  });
  let calling = new AbortController();
  const error = await failure(p.call('forward', ['hang', []], { signal: calling.signal, timeout: 300 }));
  assert.equal(error.message, 'enough');
  assert.equal(await p.call('ping'), 'pong'); // in another instance, once the aborted call has timed out
  assert.equal(told.name, 'PluginExited');
  calling = new AbortController();
  assert.equal(
    (await failure(p.call('ping', [], { signal: AbortSignal.abort(new Error('before')) }))).message,
    'before',
  );
});

test('close() rejects open and queued calls, and ends the processes; the runtime may be closed first', async (t) => {
  const hf = await runtime(t);
  const p = await hf.plugin(guest('plugin-methods'), { ...quiet, shutdown: 100 });
  const open = failure(p.call('spin'));
  const queued = failure(p.call('ping'));
  await new Promise((resolve) => setTimeout(resolve, 20));
  await p.close();
  assert.ok((await open) instanceof rpc.PluginClosed);
  assert.ok((await queued) instanceof rpc.PluginClosed);
  assert.ok((await failure(p.call('ping'))) instanceof rpc.PluginClosed);
  await p[Symbol.asyncDispose]();
  assert.deepEqual(await hf.ps(), []);
  const q = await hf.plugin(guest('plugin-methods'), quiet);
  const last = failure(q.call('spin'));
  await hf.close();
  assert.ok((await last) instanceof lib.Closed);
  await q.close();
});

test('wrong options and parameters are refused; a program that cannot start is refused', async (t) => {
  const hf = await runtime(t);
  const source = guest('plugin-methods');
  assert.match((await failure(hf.plugin(source, { stdout: 'null' }))).message, /it carries the messages/);
  assert.match((await failure(hf.plugin(source, { handler: {} }))).message, /did you mean "handlers"/);
  assert.match(
    (await failure(hf.plugin(source, { handlers: { a: 1 } }))).message,
    /handlers\["a"\] must be a function/,
  );
  assert.match((await failure(hf.plugin(source, { instance: 'new' }))).message, /"kept" or "fresh"/);
  assert.ok((await failure(hf.plugin(source, { concurrency: 0 }))) instanceof RangeError);
  assert.equal((await failure(hf.plugin(guest('no-such-file'), quiet))).name, 'SpawnRefused');
  const p = await hf.plugin(source, quiet);
  for (const params of ['text', 1, null, new Date()])
    assert.match((await failure(p.call('echo', params))).message, /params must be an object or an array/);
  assert.ok((await failure(p.call('echo', [1n]))) instanceof TypeError);
  assert.match((await failure(p.call('ping', [], { timeoutMs: 1 }))).message, /did you mean `timeout`/);
  assert.equal(await p.call('ping'), 'pong');
});
