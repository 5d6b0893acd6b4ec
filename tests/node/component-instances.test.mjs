// Components that the page calls, that call the page, and that consist of several components.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import test from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { assemble, compose } from './support/component.mjs';
import { guest, runtime, single, until } from './support/runtime.mjs';

/** A core module's memory with an allocator that never frees. */
const MEMORY = `(memory (export "memory") 1)
  (global $next (mut i32) (i32.const 1024))
  (func $realloc (export "realloc") (param i32 i32) (param $align i32) (param $size i32) (result i32)
    (local $at i32)
    (local.set $at (i32.and
      (i32.add (global.get $next) (i32.sub (local.get $align) (i32.const 1)))
      (i32.sub (i32.const 0) (local.get $align))))
    (global.set $next (i32.add (local.get $at) (local.get $size)))
    (local.get $at))`;

const exportsOf = new URL('component-exports.wasm', guest('hello'));

test('exports take and return values of their types', async (t) => {
  const hf = await runtime(t);
  const q = await hf.instantiate(exportsOf);
  assert.deepEqual(Object.keys(q.exports).sort(), [
    ...['add', 'counters', 'divide', 'dropped', 'quoteText', 'spin', 'test:things/counters@1.0.0', 'trap'],
  ]);
  assert.equal(await q.exports.add(1, 2), 3);
  assert.equal(await q.exports.quoteText('naïve 🙂'), '<naïve 🙂>');
  assert.equal(await q.call('quote-text', ''), '<>');
  assert.equal(await q.exports.divide(7, 2), 3);
  await assert.rejects(q.exports.divide(7, 0), {
    name: 'ComponentError',
    message: 'divide returned an error: division by zero',
    payload: 'division by zero',
  });
  for (const args of [['1', 2], [1], [-1, 2], [1, 2, 3], [1.5, 2]])
    await assert.rejects(q.exports.add(...args), { name: 'TypeError', message: /^add: / });
  await assert.rejects(q.call('nothing'), { name: 'TypeError', message: /exports no function "nothing"; it exports / });
  await assert.rejects(q.memory.read(0, 1), { name: 'CallFailed', message: /component.s memory cannot be accessed/ });
  // The instance is still alive after all these errors.
  assert.equal(await q.exports.add(2 ** 32 - 1, 2), 1);
});

test('a resource is an object with methods until it is disposed of', async (t) => {
  const hf = await runtime(t);
  const q = await hf.instantiate(exportsOf);
  const { Counter } = q.exports['test:things/counters@1.0.0'];
  assert.equal(Counter, q.exports.counters.Counter);
  assert.throws(() => Counter(1), { name: 'TypeError', message: /new Counter\(\)/ });
  const [five, six] = [new Counter(5), await Counter.create(6)];
  assert.ok(five instanceof Counter);
  await five.addMore(10);
  assert.deepEqual([await five.get(), await six.get()], [15, 6]);
  assert.equal(await q.call('test:things/counters@1.0.0#[method]counter.get', five), 15);
  await five[Symbol.asyncDispose]();
  assert.equal(await q.exports.dropped(), 1);
  await assert.rejects(five.get(), { name: 'TypeError', message: /must be a live counter of this component/ });
  await assert.rejects(q.call('test:things/counters@1.0.0#[method]counter.get', {}), { name: 'TypeError' });
  const other = await hf.instantiate(exportsOf);
  await assert.rejects(other.call('test:things/counters@1.0.0#[method]counter.get', six), { name: 'TypeError' });
  assert.equal(await six.get(), 6);
  // A constructor that fails does so where its object is used.
  const wrong = new Counter('five');
  await assert.rejects(wrong.get(), { name: 'TypeError', message: /start must be a u32/ });
  await assert.rejects(Counter.create('five'), { name: 'TypeError', message: /start must be a u32/ });
});

test('a resource whose object the page has lost is destroyed', async (t) => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc');
  const hf = await runtime(t);
  const q = await hf.instantiate(exportsOf);
  await (async () => assert.equal(await new q.exports.counters.Counter(1).get(), 1))();
  const dropped = async () => {
    collect();
    return q.exports.dropped();
  };
  await until(dropped, (count) => count === 1);
});

test('a trap ends the instance, and so does a call that takes too long', async (t) => {
  const hf = await runtime(t);
  const q = await hf.instantiate(exportsOf);
  const [trapped, after] = await Promise.allSettled([q.exports.trap(), q.exports.add(1, 2)]);
  assert.equal(trapped.reason.exit.reason, 'trap');
  assert.match(trapped.reason.exit.stack, /wasm-function/);
  assert.equal(after.reason.name, 'CallFailed');
  for (const interruptible of single ? [true] : [false, true]) {
    const spins = await hf.instantiate(exportsOf, { interruptible });
    assert.equal(await spins.exports.add(1, 2), 3);
    await assert.rejects(spins.with({ timeout: 50 }).exports.spin(), { name: 'CallFailed', message: /took longer/ });
    assert.equal((await spins.exited).reason, 'killed');
    await spins.released;
  }
});

/** Exports `ask` and `check`, which pass their arguments to the page's functions. */
const asks = new URL('component-asks.wasm', guest('hello'));

const pageError = (payload) => Object.assign(new Error('refused'), { payload });
const page = {
  shoutOut: async (text) => `${text.toUpperCase()}!`,
  check(n) {
    if (n === 0) throw pageError('zero');
    if (n === 1) throw 'one';
    if (n === 2) throw new Error('a fault of the page');
    return n === 3 ? 'three' : n + 1;
  },
};

test('a component calls functions of the page, which may be asynchronous and return errors', async (t) => {
  const hf = await runtime(t);
  for (const [from, functions] of [
    ['test:page/host@1.2.3', page],
    ['test:page/host', { 'shout-out': page.shoutOut, check: page.check }],
  ]) {
    const q = await hf.instantiate(asks, { host: { [from]: functions } });
    assert.equal(await q.exports.ask('hé 🙂'), 'HÉ 🙂!');
    assert.equal(await q.exports.check(41), 42);
    await assert.rejects(q.exports.check(0), { name: 'ComponentError', payload: 'zero' });
    await assert.rejects(q.exports.check(1), { name: 'ComponentError', payload: 'one' });
    assert.equal(await q.exports.check(5), 6);
  }
});

test('an exception in a page’s function is a trap that names the function', async (t) => {
  const hf = await runtime(t);
  const fault = async (n) => {
    const q = await hf.instantiate(asks, { host: { 'test:page/host': page } });
    await assert.rejects(q.exports.check(n), { name: 'CallFailed' });
    return q.exited;
  };
  const thrown = await fault(2);
  assert.equal(thrown.reason, 'trap');
  assert.equal(thrown.message, "test:page/host@1.2.3#check: the page's function failed: a fault of the page");
  const wrong = await fault(3);
  assert.equal(wrong.reason, 'trap');
  assert.match(wrong.message, /^test:page\/host@1\.2\.3#check: the result.* must be a u32 /);
  await assert.rejects(hf.instantiate(asks, { host: { 'test:page/host': { check: page.check } } }), {
    name: 'SpawnRefused',
    message: /unknown imports: test:page\/host@1\.2\.3 shout-out\. /,
  });
});

/** Its functions use a resource type of the page. */
const items = assemble(`(component
  (import "test:page/store@1.0.0" (instance $store
    (export "item" (type $item (sub resource)))
    (export "[constructor]item" (func (param "n" u32) (result (own $item))))
    (export "[method]item.get-twice" (func (param "self" (borrow $item)) (result u32)))
    (export "[static]item.count" (func (result u32)))
    (export "swap" (func (param "item" (own $item)) (result (own $item))))))
  (alias export $store "item" (type $item))
  (core func $new (canon lower (func $store "[constructor]item")))
  (core func $get (canon lower (func $store "[method]item.get-twice")))
  (core func $count (canon lower (func $store "[static]item.count")))
  (core func $swap (canon lower (func $store "swap")))
  (core func $drop (canon resource.drop $item))
  (core module $m
    (import "i" "new" (func $new (param i32) (result i32)))
    (import "i" "get" (func $get (param i32) (result i32)))
    (import "i" "count" (func (result i32)))
    (import "i" "swap" (func $swap (param i32) (result i32)))
    (import "i" "drop" (func $drop (param i32)))
    (export "make" (func $new))
    (export "count" (func 2))
    (export "swap" (func $swap))
    (func $read (export "read") (param i32) (result i32)
      (call $get (local.get 0))
      (call $drop (local.get 0)))
    (func (export "use") (param i32) (result i32)
      (call $read (call $new (local.get 0)))))
  (core instance $m (instantiate $m (with "i" (instance
    (export "new" (func $new)) (export "get" (func $get)) (export "count" (func $count))
    (export "swap" (func $swap)) (export "drop" (func $drop))))))
  (func (export "make") (param "n" u32) (result (own $item)) (canon lift (core func $m "make")))
  (func (export "swap") (param "item" (own $item)) (result (own $item)) (canon lift (core func $m "swap")))
  (func (export "read") (param "item" (borrow $item)) (result u32) (canon lift (core func $m "read")))
  (func (export "consume") (param "item" (own $item)) (result u32) (canon lift (core func $m "read")))
  (func (export "use") (param "n" u32) (result u32) (canon lift (core func $m "use")))
  (func (export "count") (result u32) (canon lift (core func $m "count"))))`);

test('a class of the page is a resource type that the component imports', async (t) => {
  let made = 0;
  const disposed = [];
  class Item {
    static count = () => made;
    constructor(n) {
      made++;
      this.n = n;
    }
    async getTwice() {
      return 2 * this.n;
    }
    [Symbol.dispose]() {
      disposed.push(this.n);
    }
  }
  const hf = await runtime(t);
  const swap = (item) => new Item(item.n + 100);
  const q = await hf.instantiate(items, { host: { 'test:page/store': { Item, swap } } });
  assert.equal(await q.exports.use(21), 42);
  assert.deepEqual(disposed.splice(0), [21]);
  assert.equal(await q.exports.count(), 1);
  const item = await q.exports.make(5);
  assert.ok(item instanceof Item);
  assert.equal(item.n, 5);
  const swapped = await q.exports.swap(item);
  assert.equal(swapped.n, 105);
  assert.equal(await q.exports.read(swapped), 210);
  assert.deepEqual(disposed, []); // it was lent
  assert.equal(await q.exports.consume(swapped), 210);
  assert.deepEqual(disposed, [105]);
  await assert.rejects(q.exports.read({ n: 1 }), {
    name: 'TypeError',
    message: /must be an object of the page's class for item/,
  });
  assert.equal(await q.exports.count(), 3);
});

test('a component that waits for the page is killed', async (t) => {
  const hf = await runtime(t);
  let asked;
  const isAsked = new Promise((resolve) => (asked = resolve));
  const host = { 'test:page/host': { ...page, shoutOut: () => new Promise(() => asked()) } };
  const q = await hf.instantiate(asks, { host });
  const answer = q.exports.ask('x');
  await isAsked;
  // It asks before it waits.
  await until(
    async () => (await hf.ps())[0].call,
    (call) => call === 'host-call',
  );
  q.kill();
  await assert.rejects(answer, { name: 'CallFailed' });
  await q.released;
});

/** Two components with a memory each, and two encodings of strings: `outer` calls `inner` and adds to its result. */
const composed = (trap = '') =>
  assemble(`(component
  (component $inner
    (core module $m ${MEMORY}
      ;; The same text (UTF-16), and how often post-return was called.
      (global $returned (mut i32) (i32.const 0))
      (func (export "echo") (param i32 i32) (result i32)
        ${trap}
        (i32.store (i32.const 16) (local.get 0))
        (i32.store (i32.const 20) (local.get 1))
        (i32.const 16))
      (func (export "post") (param i32) (global.set $returned (i32.add (global.get $returned) (i32.const 1))))
      (func (export "returned") (result i32) (global.get $returned)))
    (core instance $m (instantiate $m))
    (alias core export $m "memory" (core memory $memory))
    (alias core export $m "realloc" (core func $realloc))
    (alias core export $m "post" (core func $post))
    (func (export "echo") (param "text" string) (result string)
      (canon lift (core func $m "echo") (memory $memory) (realloc $realloc) (post-return $post) string-encoding=utf16))
    (func (export "returned") (result u32) (canon lift (core func $m "returned")))
    (type $thing (resource (rep i32)))
    (export $exported "thing" (type $thing))
    (core func $new (canon resource.new $thing))
    (func (export "make") (param "n" u32) (result (own $exported)) (canon lift (core func $new)))
    (core module $read (func (export "read") (param i32) (result i32) (local.get 0)))
    (core instance $read (instantiate $read))
    (func (export "read") (param "it" (borrow $exported)) (result u32) (canon lift (core func $read "read"))))
  (instance $inner (instantiate $inner))
  (component $outer
    (import "inner" (instance $inner
      (export "echo" (func (param "text" string) (result string)))
      (export "thing" (type $thing (sub resource)))
      (export "make" (func (param "n" u32) (result (own $thing))))
      (export "read" (func (param "it" (borrow $thing)) (result u32)))))
    (core module $libc ${MEMORY})
    (core instance $libc (instantiate $libc))
    (alias core export $libc "memory" (core memory $memory))
    (alias core export $libc "realloc" (core func $realloc))
    (core func $echo (canon lower (func $inner "echo") (memory $memory) (realloc $realloc)))
    (core func $make (canon lower (func $inner "make")))
    (core func $read (canon lower (func $inner "read")))
    (alias export $inner "thing" (type $thing))
    (core func $drop (canon resource.drop $thing))
    (core module $m
      (import "inner" "echo" (func $echo (param i32 i32 i32)))
      (import "inner" "make" (func $make (param i32) (result i32)))
      (import "inner" "read" (func $read (param i32) (result i32)))
      (import "inner" "drop" (func $drop (param i32)))
      (import "libc" "memory" (memory 1))
      (func (export "twice") (param i32 i32) (result i32)
        (call $echo (local.get 0) (local.get 1) (i32.const 16))
        (call $echo (i32.load (i32.const 16)) (i32.load (i32.const 20)) (i32.const 16))
        (i32.const 16))
      ;; Makes a thing, reads it twice, drops it, and returns the sum.
      (func (export "things") (param i32) (result i32)
        (local $thing i32) (local $sum i32)
        (local.set $thing (call $make (local.get 0)))
        (local.set $sum (i32.add (call $read (local.get $thing)) (call $read (local.get $thing))))
        (call $drop (local.get $thing))
        (local.get $sum))
      (func (export "drop-twice") (result i32)
        (local $thing i32)
        (local.set $thing (call $make (i32.const 1)))
        (call $drop (local.get $thing))
        (call $drop (local.get $thing))
        (i32.const 0)))
    (core instance $m (instantiate $m (with "libc" (instance $libc)) (with "inner" (instance
      (export "echo" (func $echo)) (export "make" (func $make)) (export "read" (func $read)) (export "drop" (func $drop))))))
    (func (export "twice") (param "text" string) (result string)
      (canon lift (core func $m "twice") (memory $memory) (realloc $realloc)))
    (func (export "things") (param "n" u32) (result u32) (canon lift (core func $m "things")))
    (func (export "drop-twice") (result u32) (canon lift (core func $m "drop-twice"))))
  (instance $outer (instantiate $outer (with "inner" (instance $inner))))
  (export "twice" (func $outer "twice"))
  (export "things" (func $outer "things"))
  (export "drop-twice" (func $outer "drop-twice"))
  (export "returned" (func $inner "returned")))`);

test('components call each other: strings in different encodings, resources, and post-return', async (t) => {
  const hf = await runtime(t);
  for (const options of [{}, { interruptible: true }]) {
    const q = await hf.instantiate(composed(), options);
    assert.equal(await q.exports.twice('naïve 🙂'), 'naïve 🙂');
    assert.equal(await q.exports.returned(), 2);
    assert.equal(await q.exports.things(21), 42);
    assert.equal(await q.exports.things(1), 2);
    await assert.rejects(q.exports.dropTwice(), { name: 'CallFailed' });
    const { reason, message } = await q.exited;
    assert.deepEqual([reason, /resource\.drop: there is no handle/.test(message)], ['trap', true], message);
  }
});

/** Exports what component-asks.wasm imports. It adds a "!" after the text, where its allocator has nothing yet. */
const answers = assemble(`(component
  (core module $m ${MEMORY}
    (func (export "shout-out") (param i32 i32) (result i32)
      (i32.store8 (i32.add (local.get 0) (local.get 1)) (i32.const 33))
      (i32.store (i32.const 16) (local.get 0))
      (i32.store (i32.const 20) (i32.add (local.get 1) (i32.const 1)))
      (i32.const 16))
    (func (export "check") (param i32) (result i32)
      (i32.store (i32.const 32) (i32.eqz (local.get 0)))
      (i32.store (i32.const 36) (local.get 0))
      (i32.store (i32.const 40) (i32.const 0))
      (i32.const 32)))
  (core instance $m (instantiate $m))
  (alias core export $m "memory" (core memory $memory))
  (alias core export $m "realloc" (core func $realloc))
  (func $shout-out (param "text" string) (result string)
    (canon lift (core func $m "shout-out") (memory $memory) (realloc $realloc)))
  (func $check (param "n" u32) (result (result u32 (error string)))
    (canon lift (core func $m "check") (memory $memory) (realloc $realloc)))
  (instance $host (export "shout-out" (func $shout-out)) (export "check" (func $check)))
  (export "test:page/host@1.2.3" (instance $host)))`);

test('a composition made by wasm-tools compose needs nothing from the page', async (t) => {
  const hf = await runtime(t);
  const composition = compose(await readFile(asks), answers);
  for (const options of [{}, { interruptible: true }]) {
    const q = await hf.instantiate(composition, options);
    assert.equal(await q.exports.ask('naïve 🙂'), 'naïve 🙂!');
    assert.equal(await q.exports.check(41), 41);
    await assert.rejects(q.exports.check(0), { name: 'ComponentError', payload: '' });
  }
});

test('a trap in a component that was called by another one ends both', async (t) => {
  const hf = await runtime(t);
  const q = await hf.instantiate(composed('unreachable'));
  await assert.rejects(q.exports.twice('x'), { name: 'CallFailed' });
  const { reason, message } = await q.exited;
  assert.deepEqual([reason, message], ['trap', 'unreachable']);
});

test('an instance sleeps between calls, and is paused and released', async (t) => {
  const hf = await runtime(t);
  const q = await hf.instantiate(exportsOf);
  await until(
    () => hf.ps(),
    ([info]) => info.state === 'idle',
  );
  await q.pause();
  const answer = q.exports.add(1, 1);
  await q.resume();
  assert.equal(await answer, 2);
  q.kill();
  await q.released;
});

/**
 * A command whose realloc throws an exception of WebAssembly where it is called by get-arguments, and which catches everything: `try … catch_all` is
 * written as bytes, because the assembler only knows the later instructions, which not every engine has. It then calls the page, and begins again.
 */
function catchesWhatItsReallocThrows() {
  const bytes = assemble(`(component
    (import "wasi:cli/environment@0.2.0" (instance $e (export "get-arguments" (func (result (list string))))))
    (import "test:page/host@1.0.0" (instance $page (export "text" (func (result string)))))
    (core module $mem
      (memory (export "memory") 2)
      (tag $t)
      (global $throws (export "throws") (mut i32) (i32.const 0))
      (func (export "realloc") (param i32 i32 i32 i32) (result i32)
        (if (global.get $throws) (then (throw $t)))
        (i32.const 4096)))
    (core instance $mem (instantiate $mem))
    (alias core export $mem "memory" (core memory $memory))
    (alias core export $mem "realloc" (core func $realloc))
    (core func $args (canon lower (func $e "get-arguments") (memory $memory) (realloc $realloc)))
    (core func $text (canon lower (func $page "text") (memory $memory) (realloc $realloc)))
    (core module $m
      (import "m" "throws" (global $throws (mut i32)))
      (import "i" "args" (func $args (param i32)))
      (import "i" "text" (func $text (param i32)))
      (func (export "run") (result i32)
        (local $i i32)
        (loop $again
          (global.set $throws (i32.const 1))
          (block (call $args (i32.const 77824)) (nop))
          (global.set $throws (i32.const 0))
          (call $text (i32.const 0))
          (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 3000))))
        (i32.const 0)))
    (core instance $m (instantiate $m
      (with "m" (instance $mem))
      (with "i" (instance (export "args" (func $args)) (export "text" (func $text))))))
    (func $run (result (result)) (canon lift (core func $m "run")))
    (instance $run (export "run" (func $run)))
    (export "wasi:cli/run@0.2.0" (instance $run)))`);
  // (block (call (i32.const 77824)) (nop)) becomes (try (do (call (i32.const 77824))) (catch_all)).
  const block = [2, 0x40, 0x41, 0x80, 0xe0, 4, 0x10];
  const at = Buffer.from(bytes.buffer, bytes.byteOffset).indexOf(Buffer.from(block));
  assert.deepEqual([...bytes.subarray(at + block.length + 1, at + block.length + 3)], [1, 0x0b]);
  bytes[at] = 6;
  bytes[at + block.length + 1] = 0x19;
  return bytes;
}

test('what a realloc throws while WASI calls it ends the component, which cannot catch it', async (t) => {
  const hf = await runtime(t);
  let calls = 0;
  const host = { 'test:page/host': { text: () => (calls++, 'x') } };
  const { reason, message } = await hf.run(catchesWhatItsReallocThrows(), { host });
  assert.deepEqual([reason, message], ['trap', 'realloc: it threw an exception']);
  assert.equal(calls, 0);
  assert.equal((await hf.run(guest('hello'))).stdout, 'hello, world\n');
});

/** The start of a component that gets its standard output, $get, and imports `fn` of the page, in which the type of streams is $mine. */
const streamsAnd = (fn) => `
    (import "wasi:io/streams@0.2.0" (instance $io (export "output-stream" (type $o (sub resource)))))
    (alias export $io "output-stream" (type $o))
    (import "wasi:cli/stdout@0.2.0" (instance $out
      (alias outer 1 $o (type $o))
      (export "output-stream" (type $mine (eq $o)))
      (export "get-stdout" (func (result (own $mine))))))
    (import "test:page/host@1.0.0" (instance $page
      (alias outer 1 $o (type $o))
      (export "output-stream" (type $mine (eq $o)))
      ${fn}))
    (core func $get (canon lower (func $out "get-stdout")))`;

test('the page cannot use what a component lent to it after the call', async (t) => {
  const hf = await runtime(t);
  const bytes = assemble(`(component
    ${streamsAnd('(export "lend" (func (param "what" (borrow $mine))))')}
    (core func $lend (canon lower (func $page "lend")))
    (core func $drop (canon resource.drop $o))
    (core module $m
      (import "i" "get" (func $get (result i32)))
      (import "i" "lend" (func $lend (param i32)))
      (import "i" "drop" (func $drop (param i32)))
      (func (export "go") (local $o i32)
        (call $lend (local.tee $o (call $get)))
        (call $drop (local.get $o)))
      (func (export "back") (param i32) (call $drop (local.get 0))))
    (core instance $m (instantiate $m (with "i" (instance
      (export "get" (func $get)) (export "lend" (func $lend)) (export "drop" (func $drop))))))
    (func (export "go") (canon lift (core func $m "go")))
    (func (export "back") (param "what" (borrow $o)) (canon lift (core func $m "back"))))`);
  let kept;
  const q = await hf.instantiate(bytes, { host: { 'test:page/host': { lend: (what) => void (kept = what) } } });
  await q.exports.go();
  assert.ok(kept);
  await assert.rejects(q.exports.back(kept), { name: 'TypeError', message: /must be a live / });
});

/** A component that calls itself with a borrowed pollable. The inner call drops the handle that the outer one has borrowed, and keeps its own. */
const keepsABorrowedHandle = () =>
  assemble(`(component
    (import "wasi:io/poll@0.2.0" (instance $poll
      (export "pollable" (type $p (sub resource)))
      (export "[method]pollable.ready" (func (param "self" (borrow $p)) (result bool)))))
    (alias export $poll "pollable" (type $p))
    (import "wasi:clocks/monotonic-clock@0.2.0" (instance $clock
      (alias outer 1 $p (type $p))
      (export "pollable" (type $mine (eq $p)))
      (export "subscribe-duration" (func (param "when" u64) (result (own $mine))))))
    (core func $ready (canon lower (func $poll "[method]pollable.ready")))
    (core func $subscribe (canon lower (func $clock "subscribe-duration")))
    (core func $drop (canon resource.drop $p))
    (core module $table (table (export "t") 1 funcref))
    (core instance $table (instantiate $table))
    (core module $m
      (import "i" "subscribe" (func $subscribe (param i64) (result i32)))
      (import "i" "ready" (func $ready (param i32) (result i32)))
      (import "i" "drop" (func $drop (param i32)))
      (import "t" "t" (table 1 funcref))
      (type $call (func (param i32)))
      (global $outer (mut i32) (i32.const 0))
      (global $inner (mut i32) (i32.const 0))
      (func $again (param $own i32) (call_indirect (type $call) (local.get $own) (i32.const 0)))
      (func (export "f") (param $borrowed i32) (local $own i32)
        (if (global.get $outer)
          (then
            (call $drop (global.get $outer))
            (global.set $inner (local.get $borrowed)))
          (else
            (global.set $outer (local.get $borrowed))
            (local.set $own (call $subscribe (i64.const 0)))
            (call $again (local.get $own))
            (call $drop (local.get $own))
            (drop (call $ready (global.get $inner)))
            (call $drop (global.get $inner)))))
      (func (export "run") (result i32) (call $again (call $subscribe (i64.const 0))) (i32.const 0)))
    (core instance $m (instantiate $m (with "t" (instance $table)) (with "i" (instance
      (export "subscribe" (func $subscribe)) (export "ready" (func $ready)) (export "drop" (func $drop))))))
    (func $f (param "p" (borrow $p)) (canon lift (core func $m "f")))
    (core func $again (canon lower (func $f)))
    (core module $fill
      (import "i" "again" (func $again (param i32)))
      (import "t" "t" (table 1 funcref))
      (elem (i32.const 0) func $again))
    (core instance (instantiate $fill (with "t" (instance $table)) (with "i" (instance (export "again" (func $again))))))
    (func $run (result (result)) (canon lift (core func $m "run")))
    (instance $run (export "run" (func $run)))
    (export "wasi:cli/run@0.2.0" (instance $run)))`);

test('a nested call cannot keep a handle that it has borrowed', async (t) => {
  const hf = await runtime(t);
  const { reason, message } = await hf.run(keepsABorrowedHandle());
  assert.equal(reason, 'trap');
  assert.match(message, /it returned with 1 borrowed handle that it should have dropped$/);
});

test('a resource is not lent and given away in the same call, nor given away twice', async (t) => {
  const hf = await runtime(t);
  const bytes = assemble(`(component
    ${streamsAnd('(export "give" (func (result (own $mine))))')}
    (core func $give (canon lower (func $page "give")))
    (core func $drop (canon resource.drop $o))
    (core module $m
      (import "i" "get" (func $get (result i32)))
      (import "i" "give" (func $give (result i32)))
      (import "i" "drop" (func $drop (param i32)))
      (func (export "make") (result i32) (call $get))
      (func (export "take") (param i32 i32) (call $drop (local.get 1)) (call $drop (local.get 0)))
      (func (export "ask") (param i32) (call $drop (call $give)) (call $drop (local.get 0))))
    (core instance $m (instantiate $m (with "i" (instance
      (export "get" (func $get)) (export "give" (func $give)) (export "drop" (func $drop))))))
    (func (export "make") (result (own $o)) (canon lift (core func $m "make")))
    (func (export "lend-and-give") (param "a" (borrow $o)) (param "b" (own $o)) (canon lift (core func $m "take")))
    (func (export "lend") (param "a" (borrow $o)) (param "b" (borrow $o)) (canon lift (core func $m "take")))
    (func (export "give") (param "a" (own $o)) (param "b" (own $o)) (canon lift (core func $m "take")))
    (func (export "ask") (param "a" (borrow $o)) (canon lift (core func $m "ask"))))`);
  let given;
  const q = await hf.instantiate(bytes, { host: { 'test:page/host': { give: () => given } } });
  const { make, lendAndGive, lend, give, ask } = q.exports;
  const [x, y] = [await make(), await make()];
  const refused = { name: 'TypeError', message: /not used elsewhere in the call that gives it away/ };
  await assert.rejects(lendAndGive(x, x), refused);
  await assert.rejects(give(x, x), refused);
  await lend(x, x);
  given = y;
  await ask(x);
  given = x;
  await assert.rejects(ask(x), { name: 'CallFailed' });
  const { reason, message } = await q.exited;
  assert.deepEqual([reason, /not used elsewhere in the call/.test(message)], ['trap', true], message);
});
