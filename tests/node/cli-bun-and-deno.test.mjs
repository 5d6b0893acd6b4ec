// Bun, whose engine is WebKit's: a loop there outlives its worker, so programs are interruptible unless that is disabled.
// Deno, whose engine is V8, like Node's, but whose workers and permissions are its own.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test from 'node:test';
import { promisify } from 'node:util';
import { bunPath } from '../../tools/bun.mjs';
import { denoPath } from '../../tools/deno.mjs';
import { root } from './support/load.mjs';

/** `run`: the arguments that come before a script; `evaluate`: those before the text of a module. */
const hosts = [
  { name: 'Bun', program: bunPath(), tool: 'bun.mjs', run: [], evaluate: ['--eval'] },
  { name: 'Deno', program: denoPath(), tool: 'deno.mjs', run: ['run', '--allow-all'], evaluate: ['eval'] },
];

const guest = (name) => path.join(root, 'build/guests', `${name}.wasm`);
const holdfast = path.join(root, 'bin/holdfast.mjs');

for (const { name, program, tool, run, evaluate } of hosts) {
  const skip = program === undefined && `${name} is missing: node tools/${tool} installs it`;
  const patience = { skip, timeout: 300_000 };
  /** A process that does not end is killed, and that fails the test. */
  const execute = async (t, ...args) => {
    const cache = fs.mkdtempSync(path.join(os.tmpdir(), 'holdfast-'));
    t.after(() => fs.rmSync(cache, { recursive: true }));
    const env = { ...process.env, DENO_NO_UPDATE_CHECK: '1', DENO_DIR: cache };
    return promisify(execFile)(program, args, { env, timeout: 300_000, killSignal: 'SIGKILL' });
  };

  test(`${name}: the command runs a program`, patience, async (t) => {
    const { stdout } = await execute(t, ...run, holdfast, 'run', guest('hello'));
    assert.equal(stdout, 'hello, world\n');
  });

  test(`${name}: the command ends a loop at its timeout, and then ends itself`, patience, async (t) => {
    const spin = execute(t, ...run, holdfast, 'run', '--timeout', '0.5', guest('spins-forever'));
    const error = await spin.catch((reason) => reason);
    assert.deepEqual([error.code, error.stdout, error.killed], [124, 'spinning\n', false], error.message);
  });

  test(`${name}: a killed loop is released, and the process ends by itself afterwards`, patience, async (t) => {
    const script = `
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
    const { stdout } = await execute(t, ...evaluate, script);
    assert.equal(stdout, 'killed\nreleased\n');
  });
}
