// Bun, whose engine is WebKit's: a loop there outlives its worker, so programs are interruptible unless that is refused.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import path from 'node:path';
import test from 'node:test';
import { promisify } from 'node:util';
import { bunPath } from '../../tools/bun.mjs';
import { root } from './support/load.mjs';

const bun = bunPath();
const skip = bun === undefined && 'node tools/bun.mjs gets it';
const patience = { skip, timeout: 120_000 };
const guest = (name) => path.join(root, 'build/guests', `${name}.wasm`);
/** A process that does not end is killed, and that fails the test. */
const run = (...args) => promisify(execFile)(bun, args, { timeout: 60_000, killSignal: 'SIGKILL' });

test('the command runs a program', patience, async () => {
  const { stdout } = await run(path.join(root, 'bin/holdfast.mjs'), 'run', guest('hello'));
  assert.equal(stdout, 'hello, world\n');
});

test('the command ends a loop at its timeout, and itself', patience, async () => {
  const spin = run(path.join(root, 'bin/holdfast.mjs'), 'run', '--timeout', '0.5', guest('spins-forever'));
  await assert.rejects(spin, { code: 124, stdout: 'spinning\n', killed: false });
});

test('a killed loop is released, and the process ends by itself once the runtime is closed', patience, async () => {
  const program = `
    import { start } from ${JSON.stringify(path.join(root, 'dist/node.js'))};
    const hf = await start();
    const spin = await hf.spawn(${JSON.stringify(guest('spins-forever'))});
    await spin.stdout.getReader().read();
    spin.kill();
    console.log((await spin.exited).reason);
    await spin.released;
    console.log('released');
    await hf.close();
  `;
  const { stdout } = await run('--eval', program);
  assert.equal(stdout, 'killed\nreleased\n');
});
