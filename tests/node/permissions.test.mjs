// A process that lacks a permission gets an error that names it, on Node and on Deno.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test from 'node:test';
import { pathToFileURL } from 'node:url';
import { denoPath } from '../../tools/deno.mjs';
import { root } from './support/load.mjs';

const library = pathToFileURL(path.join(root, 'dist/node.js')).href;
const hello = pathToFileURL(path.join(root, 'build/guests/hello.wasm')).href;

/** Runs a script that starts the runtime, and a program from `source`; what it prints. */
function outputOf(t, command, flags, source = hello) {
  const folder = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'holdfast-')));
  t.after(() => fs.rmSync(folder, { recursive: true }));
  const file = path.join(folder, 'start.mjs');
  fs.writeFileSync(
    file,
    `import { start } from '${library}';
    try {
      const hf = await start();
      console.log(await hf.run('${source}').then(({ stdout }) => stdout, (error) => error.message));
      await hf.close();
    } catch (error) {
      console.log(error.name, error.message);
    }`,
  );
  const env = { ...process.env, NO_COLOR: '1', DENO_NO_UPDATE_CHECK: '1', DENO_DIR: path.join(folder, 'deno') };
  const { stdout, stderr } = spawnSync(command, [...flags, file], { encoding: 'utf8', env, timeout: 300_000 });
  return stdout + stderr;
}

const permission = process.allowedNodeEnvironmentFlags.has('--permission')
  ? '--permission'
  : '--experimental-permission';

test('on Node without --allow-worker', (t) => {
  const output = outputOf(t, process.execPath, [permission, '--allow-fs-read=*']);
  assert.match(
    output,
    /^StartFailed .*\n- This process may not start worker threads\.\n.*\n {2}Fix: Run it with --allow-worker\.$/m,
  );
});

test('on Node without --allow-fs-read for all of the files', (t) => {
  const flags = [permission, '--allow-worker', `--allow-fs-read=${os.tmpdir()}/*`];
  const files = ['node.js', 'download.js', 'coordinator.node.mjs'].map((file) => path.join(root, 'dist', file));
  const output = outputOf(t, process.execPath, [...flags, ...files.map((file) => `--allow-fs-read=${file}`)]);
  assert.match(
    output,
    /- This process may not read \S+\/compute\.node\.mjs, .*\n.*\n {2}Fix: Run it with --allow-fs-read=/,
  );
});

const deno = denoPath();
const needsDeno = { skip: deno === undefined && 'Deno is missing: run node tools/deno.mjs to install it' };

test('on Deno without --allow-read', needsDeno, (t) => {
  const output = outputOf(t, deno, ['run', '--no-prompt']);
  assert.match(
    output,
    /^StartFailed .*--allow-read.*\n- This process may not read .*\n.*\n {2}Fix: Run it with --allow-read, /m,
  );
});

test('on Deno without --allow-net', needsDeno, (t) => {
  assert.match(outputOf(t, deno, ['run', '--no-prompt', '--allow-read']), /^hello, world$/m);
  const output = outputOf(t, deno, ['run', '--no-prompt', '--allow-read'], 'http://127.0.0.1:8099/x.wasm');
  assert.match(output, /x\.wasm could not be fetched: .*--allow-net/);
});
