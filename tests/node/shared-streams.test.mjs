// One stream is passed to two programs at the same time: each call finds it unlocked, and one of the programs fails.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import test from 'node:test';
import { promisify } from 'node:util';
import { guest, runtime } from './support/runtime.mjs';

const patience = { timeout: 300_000 };

test(
  'of two programs with the same input stream the second is killed, and the reason is reported',
  patience,
  async (t) => {
    const hf = await runtime(t);
    const stdin = new Blob(['text']).stream();
    const results = await Promise.all([hf.run(guest('cat'), { stdin }), hf.run(guest('cat'), { stdin })]);
    const [first, second] = results.sort((a, b) => a.code - b.code);
    assert.deepEqual([first.reason, first.stdout], ['exit', 'text']);
    assert.equal(second.reason, 'killed');
    assert.match(second.message, /its standard input failed: .*locked/);
  },
);

test(
  'of two programs with the same output stream the second gets a broken pipe, and the mistake is reported',
  patience,
  async () => {
    const script = `
    import { start } from ${JSON.stringify(new URL('../../dist/node.js', import.meta.url))};
    const reported = [];
    process.on('uncaughtException', (error) => reported.push(error.message));
    const hf = await start();
    const stdout = new WritableStream();
    const run = () => hf.run(new URL(${JSON.stringify(guest('cat'))}), { stdin: 'text', stdout });
    const results = await Promise.all([run(), run()]);
    await hf.close();
    console.log(JSON.stringify({ codes: results.map(({ code }) => code).sort(), reported }));`;
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script]);
    const { codes, reported } = JSON.parse(stdout);
    assert.deepEqual([codes[0], codes.length], [0, 2]);
    assert.equal(reported.length, 1);
    assert.match(reported[0], /locked/);
  },
);
