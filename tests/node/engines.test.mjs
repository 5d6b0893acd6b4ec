// Differences between engines, tested on those that this machine has.
import assert from 'node:assert/strict';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import test from 'node:test';
import { hosts } from '../guests/hosts/index.mjs';
import { cases } from '../guests/cases.mjs';
import { node24Path } from '../../tools/node24.mjs';
import { load, root } from './support/load.mjs';

const { findBrowser } = await load('web/cli/browsers.ts');
const { openHost } = await import(pathToFileURL(path.join(root, 'dist/cli.js')).href);
const patience = { timeout: 300_000 };
const built = path.join(root, 'build/guests');
const guest = (name) => path.join(built, `${name}.wasm`);

const lacking = (name) =>
  findBrowser(name).then(
    () => false,
    (error) => error.message,
  );
const lacks = { firefox: await lacking('firefox'), webkit: await lacking('webkit') };
lacks.node24 = node24Path() === undefined && 'Node 24 is missing: run node tools/node24.mjs to install it';

async function open(t, name, settings) {
  const host = await openHost(name, new AbortController().signal, settings);
  t.after(() => host.close());
  return { hf: host.hf, source: (program) => host.source(guest(program)) };
}

test('both bridges are in use: Node 24 has multi-memory', { ...patience, skip: lacks.node24 }, async (t) => {
  const host = await hosts.node24({ root, built });
  t.after(() => host.close());
  assert.match(await host.about(), /^Node v2[4-9].*: multi-memory bridge/);
  const hello = cases.find(({ id }) => id === 'hello');
  const { code, stdout } = await host.run(hello, 300_000);
  assert.deepEqual([code, String(Buffer.from(stdout))], [0, 'hello, world\n']);
});

for (const name of ['firefox', 'webkit']) {
  test(`1,200 runs do not use up the memories of ${name}`, { ...patience, skip: lacks[name] }, async (t) => {
    const { hf, source } = await open(t, name);
    const hello = source('hello');
    const ends = new Map();
    let left = 1200;
    const worker = async () => {
      while (left-- > 0) {
        const { reason, code } = await hf.run(hello);
        ends.set(`${reason} ${code}`, (ends.get(`${reason} ${code}`) ?? 0) + 1);
      }
    };
    await Promise.all([worker(), worker(), worker(), worker()]);
    assert.deepEqual([...ends], [['exit 0', 1200]]);
  });

  test(`a stack overflow is a trap that says so, in ${name}`, { ...patience, skip: lacks[name] }, async (t) => {
    const { hf, source } = await open(t, name);
    const { reason, code, message, stack } = await hf.run(source('traps-end-the-process-and-say-why'), {
      args: ['stack'],
    });
    assert.deepEqual([reason, code, message], ['trap', 134, 'call stack exhausted']);
    assert.match(stack, /wasm-function/);
  });
}

// Firefox then throws a string instead of an Error.
test(
  'programs for which Firefox has no memory left are refused, and the others continue',
  { ...patience, skip: lacks.firefox },
  async (t) => {
    const { hf, source } = await open(t, 'firefox');
    const greedy = source('a-hundred-memories');
    const started = await Promise.allSettled(Array.from({ length: 12 }, () => hf.spawn(greedy)));
    const running = started.filter(({ status }) => status === 'fulfilled').map(({ value }) => value);
    const refused = started.filter(({ status }) => status === 'rejected').map(({ reason }) => reason);
    assert.ok(running.length >= 5 && refused.length >= 1, `${running.length} run, ${refused.length} were refused`);
    for (const { kind, message } of refused) assert.deepEqual([kind, /memory/.test(message)], ['limit', true], message);
    for (const process of running) void process.stdin.getWriter().close();
    for (const { exited } of running) assert.deepEqual((await exited).reason, 'exit');
    assert.equal((await hf.run(source('hello'))).code, 0);
  },
);
