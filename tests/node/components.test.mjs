// Commands of WASI 0.2: how they start, end and are refused. The programs of tests/guests/component show what WASI does for them.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import test from 'node:test';
import { assemble, command } from './support/component.mjs';
import { guest, runtime, single, until } from './support/runtime.mjs';

const ok = command('(func (export "run") (result i32) (i32.const 0))');
const NOW = ['wasi:clocks/monotonic-clock@0.2.3', 'now', '(func (result u64))', '(func (result i64))'];

test('run returns ok, an error, or neither', async (t) => {
  const hf = await runtime(t);
  const outcome = async (core) => {
    const { reason, code, message } = await hf.run(command(core));
    return [reason, code, message];
  };
  assert.deepEqual(await outcome('(func (export "run") (result i32) (i32.const 0))'), ['exit', 0, '']);
  assert.deepEqual(await outcome('(func (export "run") (result i32) (i32.const 1))'), ['exit', 1, '']);
  assert.deepEqual(await outcome('(func (export "run") (result i32) (i32.const 2))'), [
    'trap',
    134,
    'run returned 2, which is neither ok nor an error',
  ]);
});

test('a trap is reported with the frames of the component', async (t) => {
  const hf = await runtime(t);
  const core = '(func $deep unreachable) (func (export "run") (result i32) (call $deep) (i32.const 0))';
  const { reason, message, stack } = await hf.run(command(core));
  assert.deepEqual([reason, message], ['trap', 'unreachable']);
  assert.match(stack, /^at .*deep.*wasm-function\[0\]:0x[\da-f]+\)?\nat .*wasm-function\[1\]:0x[\da-f]+\)?$/);
  const recursion = await hf.run(command('(func $r (export "run") (result i32) (call $r))'));
  assert.deepEqual([recursion.reason, recursion.message], ['trap', 'call stack exhausted']);
  const startTraps = await hf.run(
    command('(func $s unreachable) (start $s) (func (export "run") (result i32) (i32.const 0))'),
  );
  assert.deepEqual([startTraps.reason, startTraps.message], ['trap', 'unreachable']);
});

test('functions of WASI are bound whatever the patch version is', async (t) => {
  const hf = await runtime(t);
  const core = '(func (export "run") (result i32) (i64.eqz (call $now)))';
  for (const version of ['0.2.0', '0.2.12', '0.2.99']) {
    const bytes = command(core, [[`wasi:clocks/monotonic-clock@${version}`, ...NOW.slice(1)]], version);
    assert.equal((await hf.run(bytes)).code, 0, version);
  }
});

const refusals = {
  'a function that neither WASI nor the page provides': [
    [['a:b/c@1.2.3', 'f', '(func)', '(func)']],
    /^the component cannot run: it has unknown imports: a:b\/c@1\.2\.3 f\. WASI 0\.2 has wasi:.*, … and \d+ more; pass other functions in the option host$/,
  ],
  'a function that an interface of WASI does not have': [
    [['wasi:clocks/monotonic-clock@0.2.0', 'then', '(func)', '(func)']],
    /it has unknown imports: wasi:clocks\/monotonic-clock@0\.2\.0 then\. wasi:clocks\/monotonic-clock@0\.2\.0 has now, /,
  ],
  'a function of WASI with another type': [
    [['wasi:clocks/monotonic-clock@0.2.0', 'now', '(func (result u32))', '(func (result i32))']],
    /it imports functions of WASI with wrong types: wasi:clocks\/monotonic-clock@0\.2\.0 now$/,
  ],
  'an interface of WASI 0.3': [
    [['wasi:clocks/monotonic-clock@0.3.0', 'now', '(func (result u64))', '(func (result i64))']],
    /it needs a later version of WASI than 0\.2: wasi:clocks\/monotonic-clock@0\.3\.0$/,
  ],
};

test('the error names the missing imports and the available ones', async (t) => {
  const hf = await runtime(t);
  for (const [what, [imports, message]] of Object.entries(refusals)) {
    const bytes = command('(func (export "run") (result i32) (i32.const 0))', imports);
    const error = await hf.spawn(bytes).catch((reason) => reason);
    assert.deepEqual([what, error.name, error.kind], [what, 'SpawnRefused', 'module']);
    assert.match(error.message, message, what);
  }
  await assert.rejects(hf.spawn(assemble('(component)')), { name: 'SpawnRefused', kind: 'module', message: /no code/ });
  const cut = ok.slice(0, 40);
  await assert.rejects(hf.spawn(cut), { kind: 'module', message: /^the component cannot run: .* \(at byte \d+\)$/ });
  const library = assemble(`(component
    (core module $m (func (export "f")))
    (core instance $i (instantiate $m))
    (func (export "f") (canon lift (core func $i "f"))))`);
  await assert.rejects(hf.spawn(library), { kind: 'module', message: /exports no function run .* instantiate\(\)$/ });
});

test('a component that passes strings to WASI in another encoding than UTF-8 is refused', async (t) => {
  const hf = await runtime(t);
  const lowersWith = (encoding) =>
    assemble(`(component
      (import "wasi:cli/environment@0.2.0" (instance $env (export "get-arguments" (func (result (list string))))))
      (core module $lib (memory (export "memory") 1)
        (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024)))
      (core instance $lib (instantiate $lib))
      (core func $args (canon lower (func $env "get-arguments") ${encoding} (memory $lib "memory") (realloc (func $lib "realloc"))))
      (core module $m (import "i" "args" (func $args (param i32)))
        (func (export "run") (result i32) (call $args (i32.const 0)) (i32.const 0)))
      (core instance $m (instantiate $m (with "i" (instance (export "args" (func $args))))))
      (func $run (result (result)) (canon lift (core func $m "run")))
      (instance $run (export "run" (func $run)))
      (export "wasi:cli/run@0.2.0" (instance $run)))`);
  assert.equal((await hf.run(lowersWith('string-encoding=utf8'))).code, 0);
  for (const encoding of ['utf16', 'latin1+utf16']) {
    const error = await hf.spawn(lowersWith(`string-encoding=${encoding}`)).catch((reason) => reason);
    assert.deepEqual([error.name, error.kind], ['SpawnRefused', 'module']);
    assert.match(error.message, /wasi:cli\/environment@0\.2\.0 get-arguments with strings that are not UTF-8/);
  }
});

test('a component comes from any source, is requested once, and runs from the cache', async (t) => {
  const hf = await runtime(t);
  const requests = [];
  const server = createServer((request, response) => {
    requests.push(request.url);
    response.writeHead(200, { 'content-type': request.url === '/typed' ? 'application/wasm' : 'text/plain' });
    response.write(ok.subarray(0, 5));
    setImmediate(() => response.end(ok.subarray(5)));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  t.after(() => server.closeAllConnections());
  const base = `http://127.0.0.1:${server.address().port}`;
  const sources = {
    bytes: () => ok,
    Blob: () => new Blob([ok]),
    URL: () => `${base}/typed`,
    'URL, again': () => `${base}/typed`,
    'URL without a type': () => `${base}/plain`,
    Response: () => fetch(`${base}/typed`),
    'Response without a type': () => fetch(`${base}/plain`),
  };
  for (const [what, source] of Object.entries(sources)) {
    const { reason, code } = await hf.run(source());
    assert.deepEqual([what, reason, code], [what, 'exit', 0]);
    const limited = await hf.run(source(), { interruptible: true, limits: { memory: 2 ** 24 } });
    assert.deepEqual([what, limited.reason, limited.code], [what, 'exit', 0]);
  }
  // Each URL twice, unchanged and rewritten; each Response separately.
  assert.deepEqual(requests.sort(), ['/plain', '/plain', '/plain', '/plain', '/typed', '/typed', '/typed', '/typed']);
});

const SPINS = '(memory 1) (func (export "run") (result i32) (loop (br 0)) unreachable)';

test('a component that computes is killed, paused and timed out', async (t) => {
  const hf = await runtime(t);
  const bytes = command(SPINS);
  for (const interruptible of single ? [true] : [false, true]) {
    const { reason } = await hf.run(bytes, { timeout: 100, interruptible });
    assert.equal(reason, 'timeout');
    const p = await hf.spawn(bytes, { interruptible });
    if (interruptible) {
      await p.pause();
      await until(
        () => hf.ps(),
        ([info]) => info.state === 'paused',
      );
      await p.resume();
    }
    p.kill();
    assert.equal((await p.exited).reason, 'killed');
    await p.released;
  }
});

test('a component that calls WASI all the time lets others run', async (t) => {
  const hf = await runtime(t);
  const calls = command('(func (export "run") (result i32) (loop (drop (call $now)) (br 0)) unreachable)', [NOW]);
  const p = await hf.spawn(calls, { interruptible: false });
  assert.equal((await hf.run(ok)).code, 0);
  p.kill();
  assert.equal((await p.exited).reason, 'killed');
  await p.released;
});

/** A component whose core module can wait for $subscribe's pollables with $block. */
const waiting = (core) =>
  assemble(`(component
  (import "wasi:io/poll@0.2.0" (instance $poll
    (export "pollable" (type $p (sub resource)))
    (export "[method]pollable.block" (func (param "self" (borrow $p))))))
  (alias export $poll "pollable" (type $pollable))
  (import "wasi:clocks/monotonic-clock@0.2.0" (instance $clock
    (alias outer 1 $pollable (type $p))
    (export "pollable" (type $q (eq $p)))
    (export "subscribe-duration" (func (param "when" u64) (result (own $q))))))
  (core func $subscribe (canon lower (func $clock "subscribe-duration")))
  (core func $block (canon lower (func $poll "[method]pollable.block")))
  (core module $m
    (import "wasi" "subscribe" (func $subscribe (param i64) (result i32)))
    (import "wasi" "block" (func $block (param i32)))
    ${core})
  (core instance $m (instantiate $m
    (with "wasi" (instance (export "subscribe" (func $subscribe)) (export "block" (func $block))))))
  (func $run (result (result)) (canon lift (core func $m "run")))
  (instance $run (export "run" (func $run)))
  (export "wasi:cli/run@0.2.0" (instance $run)))`);

/** Sleeps for an hour. */
const sleeps = waiting(`(func (export "run") (result i32)
  (call $block (call $subscribe (i64.const 3600000000000)))
  (i32.const 0))`);

test('a start function can wait; where the engine would have to suspend it, only if it was rewritten', async (t) => {
  const hf = await runtime(t);
  const bytes = waiting(`(func $start (call $block (call $subscribe (i64.const 1000000))))
    (start $start)
    (func (export "run") (result i32) (i32.const 0))`);
  assert.equal((await hf.run(bytes, { interruptible: true })).code, 0);
  const { code, message } = await hf.run(bytes, { interruptible: false });
  if (single) assert.match(message, /^it waits in a start function, for which the page must be cross-origin isolated/);
  else assert.equal(code, 0);
  assert.equal((await hf.run(ok)).code, 0);
});

const CALLS_IN_START = assemble(`(component
  (import "a:b/c" (instance $c (export "f" (func))))
  (core func $f (canon lower (func $c "f")))
  (core module $m
    (import "c" "f" (func $f))
    (func $start (call $f))
    (start $start)
    (func (export "run") (result i32) (i32.const 0)))
  (core instance $m (instantiate $m (with "c" (instance (export "f" (func $f))))))
  (func $run (result (result)) (canon lift (core func $m "run")))
  (instance $run (export "run" (func $run)))
  (export "wasi:cli/run@0.2.0" (instance $run)))`);

test('a start function that the engine cannot suspend does not call the page', { skip: !single }, async (t) => {
  const hf = await runtime(t);
  await assert.rejects(hf.run(CALLS_IN_START, { interruptible: false, host: { 'a:b/c': { f: () => undefined } } }), {
    name: 'SpawnRefused',
    message: /cross-origin isolated/,
  });
  assert.equal((await hf.run(ok)).code, 0);
});

test('ps and traces name the functions of WASI; a component that sleeps in one is killed', async (t) => {
  const hf = await runtime(t);
  const p = await hf.spawn(sleeps);
  await until(
    () => hf.ps(),
    ([{ call }]) => call === 'wasi:io/poll.[method]pollable.block',
  );
  p.kill();
  assert.equal((await p.exited).reason, 'killed');
  await p.released;
  const calls = [];
  await hf.run(guest('component-hello'), { trace: (event) => void calls.push(event.call) });
  assert.deepEqual(calls, [
    'wasi:cli/stdout.get-stdout',
    'wasi:io/streams.[method]output-stream.blocking-write-and-flush',
    'resource.drop',
  ]);
});

test('a supervisor restarts a component', async (t) => {
  const hf = await runtime(t);
  const fails = command('(func (export "run") (result i32) (i32.const 1))');
  const supervisor = await hf.supervise({
    maxRestarts: 2,
    within: null,
    children: [{ id: 'a', start: { source: fails }, restart: 'transient' }],
  });
  const outcome = await supervisor.finished;
  assert.deepEqual([outcome.kind, outcome.restarts, outcome.code], ['restart-limit', 2, 1]);
});

test('the memory of a component can be limited', async (t) => {
  const hf = await runtime(t);
  // Grows the memory by 100 pages: ok if that succeeded.
  const bytes = command(
    '(memory 1) (func (export "run") (result i32) (i32.eq (memory.grow (i32.const 100)) (i32.const -1)))',
  );
  assert.equal((await hf.run(bytes)).code, 0);
  assert.equal((await hf.run(bytes, { limits: { memory: 2 ** 20 } })).code, 1);
});

test('after many components no kernel memory is left', async (t) => {
  const hf = await runtime(t, { workers: 1 });
  const core = '(func (export "run") (result i32) (i64.eqz (call $now)))';
  const bytes = command(core, [NOW]);
  const used = async () => {
    await (
      await hf.spawn(bytes)
    ).released;
    return (await hf.stats()).kernel.blocks;
  };
  const first = await used();
  for (let i = 0; i < 20; i++) assert.equal(await used(), first);
});
