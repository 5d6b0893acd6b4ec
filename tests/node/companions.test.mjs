// JavaScript beside a guest, in its worker.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import test from 'node:test';
import { CallFailed } from '../../dist/node.js';
import { comesToRest, guest, runtime, until } from './support/runtime.mjs';

const program = await readFile(guest('with-a-companion'));
const module = new URL('../companions/by-hand.mjs', import.meta.url);
const glue = new URL('../companions/glue.mjs', import.meta.url);
const lines = () => {
  const chunks = [];
  return { to: (bytes) => void chunks.push(Buffer.from(bytes)), text: () => Buffer.concat(chunks).toString() };
};

test('a companion provides imports for its guest, and the page calls its functions and the exports', async (t) => {
  const hf = await runtime(t);
  for (const companion of [
    module,
    module.href,
    { module, options: { initialize: true } },
    'tests/companions/by-hand.mjs',
  ]) {
    const out = lines();
    const q = await hf.instantiate(program, { companion, stdout: out.to });
    assert.equal(await q.call('times_initialized'), 1);
    assert.equal(await q.exports.call_hook(4), 8);
    assert.equal(await q.call('hook', 5), 10);
    assert.equal(await q.call('hook', -2), 2); // the hook calls the guest again
    assert.equal(await q.call('throughTheTable', 6), 12);
    assert.equal(await q.exports.twice('ab'), 'abab');
    assert.deepEqual(await q.call('bytes', new Uint8Array([1, 2])), new Uint8Array([2, 3]));
    assert.equal(await q.call('thread'), null);
    assert.equal(await q.call('asFrozen'), 1);
    assert.equal(await q.call('again'), true); // other modules are instantiated as usual
    assert.deepEqual(await q.call('options'), companion.options);
    assert.equal(await q.call('call_hook_often', 10), 110);
    assert.ok('twice' in q.exports && Object.keys(q.exports).includes('spin'));
    await assert.rejects(q.call('nothing'), /exports no function "nothing"; it exports .*twice/);
    await assert.rejects(q.call('call_hook', 'x'), TypeError);
    assert.equal(await q.call('hello'), 0);
    await until(out.text, (text) => text === 'hello\n');
    q.kill();
    await q.released;
  }
});

test('no call waits for ever for a result that this engine cannot carry', async (t) => {
  const hf = await runtime(t);
  for (const depth of [1000, 4000, 6000, 20_000, 1_000_000]) {
    const q = await hf.instantiate(program, { companion: module });
    const nested = q.call('nested', depth);
    const [first, second] = await Promise.allSettled([nested, q.call('twice', 'ab')]);
    if (depth === 1000) assert.equal(first.status, 'fulfilled');
    if (second.status === 'rejected') assert.match(second.reason.message, /a result was lost/);
    q.kill();
    await q.exited;
  }
});

test('a companion’s errors keep their name, message and stack; a result that cannot be cloned fails only that call', async (t) => {
  const hf = await runtime(t);
  const q = await hf.instantiate(program, { companion: module });
  await assert.rejects(q.call('fails'), ({ name, message, stack }) => {
    assert.deepEqual([name, message], ['OwnError', 'it failed']);
    assert.match(stack, /by-hand\.mjs/);
    return true;
  });
  await assert.rejects(
    q.call('rejects'),
    (error) => error instanceof TypeError && /later it failed/.test(error.message),
  );
  await assert.rejects(q.call('throwsText'), { message: 'only text' });
  await assert.rejects(q.call('hook', -1), { name: 'RangeError', message: 'the hook threw' });
  const calls = [q.call('twice', 'a'), q.call('twice', () => 1), q.call('uncloneable'), q.call('twice', 'b')];
  const [a, argument, result, b] = await Promise.allSettled(calls);
  assert.deepEqual([a.value, b.value], ['aa', 'bb']);
  assert.match(argument.reason.message, /argument of the call cannot be sent/);
  assert.match(result.reason.message, /result cannot be sent/);
  assert.ok(argument.reason instanceof TypeError && result.reason instanceof TypeError);
  assert.equal(await q.call('twice', 'c'), 'cc');
});

test('calls overlap, unless they are serial', async (t) => {
  const hf = await runtime(t);
  for (const [serial, most] of [
    [false, 3],
    [true, 1],
  ]) {
    const q = await hf.instantiate(program, { companion: { module, serial } });
    const found = await Promise.all([q.call('overlaps'), q.call('overlaps'), q.call('overlaps')]);
    assert.equal(Math.max(...found), most);
  }
});

test('glue that instantiates the module itself is connected to the kernel, with every API', async (t) => {
  const hf = await runtime(t);
  for (const how of ['instantiate', 'bytes', 'view', 'compile', 'constructor', 'both', 'streaming', 'subclass'])
    for (const wasi of [false, true])
      for (const interruptible of [false, true]) {
        const out = lines();
        const companion = { module: glue, options: { how, wasi } };
        const q = await hf.instantiate(program, { companion, interruptible, stdout: out.to });
        const what = `${how} ${wasi} ${interruptible}`;
        assert.equal(await q.call('times_initialized'), 1, what);
        assert.equal(await q.call('hook', 5), 6, what);
        assert.equal(await q.call('isInstance'), true);
        assert.equal(await q.call('isModule'), true);
        assert.equal(await q.call('own'), how === 'subclass' ? true : undefined, what);
        assert.equal(await q.call('hello'), 0);
        await until(out.text, (text) => text === 'hello\n');
        await assert.rejects(q.call('again'), /one instance of its guest/);
        q.kill();
        await q.released;
      }
});

test('between calls a companion uses no CPU time, and can be paused; its timers wait when they call the guest', async (t) => {
  const hf = await runtime(t);
  const q = await hf.instantiate(program, { companion: module });
  await until(
    () => hf.ps(),
    ([process]) => process.state === 'idle',
  ); // it becomes idle a moment after its answer
  assert.ok(await comesToRest(async () => (await hf.ps())[0].cpuTime));
  await q.call('startTicking');
  await until(
    () => q.call('ticks'),
    (ticks) => ticks > 3,
  );
  await q.pause();
  assert.equal((await hf.ps())[0].state, 'paused');
  let answer; // waits once a timer of the companion has called the guest
  await until(
    () => Promise.race([(answer = q.call('ticks')), new Promise((resolve) => setTimeout(resolve, 100, 'waits'))]),
    (result) => result === 'waits',
  );
  await q.resume();
  assert.ok((await answer) > 3);
});

test('proc_exit ends the guest, although its glue catches every exception', async (t) => {
  const hf = await runtime(t);
  const ends = async (name, args, right) => {
    const q = await hf.instantiate(program, { companion: module });
    const error = await q.call(name, ...args).then(
      (value) => assert.fail(`${name} returned ${value}`),
      (reason) => reason,
    );
    assert.ok(error instanceof CallFailed, String(error));
    right(await q.exited);
    await q.released;
  };
  await ends('exitAndCatch', [3], (exit) => assert.deepEqual([exit.reason, exit.code], ['exit', 3]));
  await ends('trapAndCatch', [], (exit) => assert.match(`${exit.reason} ${exit.message}`, /trap unreachable/));
  await ends('trap', [], (exit) => assert.equal(exit.reason, 'trap'));
  assert.equal((await hf.stats()).processes.length, 0);
});

test('an unhandled rejection or error ends the guest; the runtime continues', async (t) => {
  const hf = await runtime(t);
  for (const [name, message] of [
    ['leaveRejection', /promise of the companion was rejected: Error: nobody looks/],
    ['leaveError', /companion threw: Error: nobody catches/],
  ]) {
    const q = await hf.instantiate(program, { companion: module });
    void q.call(name).catch(() => undefined);
    const exit = await q.exited;
    assert.equal(exit.reason, 'trap');
    assert.match(exit.message, message);
  }
  const q = await hf.instantiate(program, { companion: module });
  assert.equal(await q.call('hook', 1), 2);
});

test('a time limit and a kill end the guest, including loops of its companion, and its worker is not reused', async (t) => {
  const hf = await runtime(t, { workers: { min: 0, max: 1 } });
  for (const name of ['spin', 'spinInJavaScript'])
    for (const interruptible of [false, true]) {
      const q = await hf.instantiate(program, { companion: module, interruptible, whenBusy: 'wait' });
      await assert.rejects(q.with({ timeout: 100 }).call(name), /took longer than 100 ms/);
      assert.equal((await q.exited).reason, 'killed');
      const p = await hf.instantiate(program, { companion: module, whenBusy: 'wait' });
      assert.equal(await p.call('ticks'), undefined); // a new worker
      await p.call('startTicking');
      p.kill();
      await p.released;
    }
});

test('a limit of CPU time applies to the guest’s code', async (t) => {
  const hf = await runtime(t);
  const q = await hf.instantiate(program, { companion: module, limits: { cpuTime: 1000 } });
  await q.call('later', 1, 1500); // it is idle meanwhile
  await assert.rejects(q.call('spin'), CallFailed);
  assert.equal((await q.exited).reason, 'limit');
});

test('a companion that is missing, invalid, throws or provides too little is refused with a clear message', async (t) => {
  const hf = await runtime(t);
  const refused = (source, message) =>
    assert.rejects(hf.instantiate(program, { companion: `data:text/javascript,${encodeURIComponent(source)}` }), {
      name: 'SpawnRefused',
      message,
    });
  const missing = new URL('../companions/missing.mjs', import.meta.url);
  await assert.rejects(hf.instantiate(program, { companion: missing }), /missing\.mjs cannot be loaded/);
  await refused('export const a = 1', /no function as its default export/);
  await refused('export default () => { throw new Error("not today") }', /not today/);
  await refused('export default () => undefined', /env|hook/);
  await refused('syntax error', /cannot be loaded: SyntaxError/);
  await refused(
    'export default ({ module }) => { WebAssembly.instantiate(module, { env: { hook: new WebAssembly.Memory({ initial: 1 }) } }).catch(() => 1) }',
    /hook/,
  );
  const q = await hf.instantiate(program, {
    companion: 'data:text/javascript,globalThis.holdfastCompanion = () => ({ imports: { env: { hook: () => 7 } } })',
  });
  assert.equal(await q.call('call_hook', 1), 7); // a bundler may have dropped its exports
  await assert.rejects(
    hf.instantiate(program, {
      companion:
        'data:text/javascript,export default () => ({ imports: { env: { hook: () => 7 } }, ready() { throw new Error("too late") } })',
    }),
    /too late/,
  );
});

test('a companion’s options are checked', async (t) => {
  const hf = await runtime(t);
  const refused = (companion, message) =>
    assert.rejects(hf.instantiate(program, { companion }), { name: 'TypeError', message });
  await refused(7, /companion must be the URL of an ES module/);
  await refused({ url: module }, /companion.*url/);
  await refused({ module: 7 }, /companion\.module must be/);
  await refused({ module, serial: 'yes' }, /companion\.serial must be true or false/);
  await refused({ module, options: () => 1 }, /companion\.options cannot be sent/);
  await refused('http://[', /companion is not a URL/);
});

test('a command’s companion provides functions to import, and ends with the command', async (t) => {
  const hf = await runtime(t);
  const companion =
    'data:text/javascript,' +
    encodeURIComponent(`export default () => ({ imports: { env: new Proxy({ add: (a, b) => a + b, next64: (v) => v + 1n, half: (v) => v / 2 }, {
      get: (target, name) => target[name] ?? (() => 0) }) } })`);
  const { stdout, code } = await hf.run(guest('calls-its-host'), { args: ['numbers'], companion });
  assert.equal(stdout, '5 1099511627777 1.5\n');
  assert.equal(code, 0);
});

test('the companion in the guide works', async (t) => {
  const guide = await readFile(new URL('../../docs/guide.md', import.meta.url), 'utf8');
  const [, source] = /## Companions\n[^]*?```js\n([^]*?)```/.exec(guide);
  const hf = await runtime(t);
  const companion = { module: `data:text/javascript,${encodeURIComponent(source)}`, options: { factor: 2 } };
  const q = await hf.instantiate(program, { companion });
  assert.equal(await q.call('hook', 21), 42);
  assert.equal(await q.call('later', 'x'), 'x');
});
