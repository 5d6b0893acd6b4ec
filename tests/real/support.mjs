// Real programs through `holdfast run`, on the host that HOLDFAST_HOST names (default: node).
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { endsWith } from '../node/support/children.mjs';

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
export const host = process.env.HOLDFAST_HOST ?? 'node';

/** A minute of work may take five on a busy machine; beyond that it hangs. */
export const PATIENCE = 300_000;

export const guest = (name) => path.join(root, 'build/guests', `${name}.wasm`);
export const packageFile = (name, file) => path.join(root, 'node_modules', name, file);

/** An empty folder that is removed at the end of the test. */
export function scratch(t) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'holdfast-real-'));
  t.after(() => fs.rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/**
 * Starts `holdfast run`, which is killed when the test ends. `options`: { dirs: { GUEST: HOST }, env, argv0, timeout (seconds) }. The child has `output` (what it wrote so
 * far, unless `options.raw`) and `ended`, a promise of { code, signal, stdout, stderr }.
 */
export function start(t, program, args = [], options = {}) {
  const flags = [
    `--host=${host}`,
    ...Object.entries(options.dirs ?? {}).map(([name, folder]) => `--dir=${folder}::${name}`),
    ...Object.entries(options.env ?? {}).map(([name, value]) => `--env=${name}=${value}`),
    ...(options.argv0 ? [`--argv0=${options.argv0}`] : []),
    ...(options.timeout ? [`--timeout=${options.timeout}`] : []),
  ];
  const command = [path.join(root, 'bin/holdfast.mjs'), 'run', ...flags, program, ...args];
  const child = endsWith(t, spawn(process.execPath, command));
  child.output = { stdout: '', stderr: '' };
  child.stdin.on('error', () => undefined); // it no longer reads
  for (const name of options.raw ? ['stderr'] : ['stdout', 'stderr'])
    child[name].setEncoding('utf8').on('data', (text) => (child.output[name] += text));
  child.ended = new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, ...child.output }));
  });
  return child;
}

/** Runs the program to its end, with `options.input` (default: none) as stdin. */
export async function run(t, program, args, options = {}) {
  const child = start(t, program, args, options);
  child.stdin.end(options.input ?? '');
  return child.ended;
}

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Waits until the child has written a text. Throws if it ends without it. */
export async function until(child, text, stream = 'stdout') {
  let over = false;
  child.ended.finally(() => (over = true));
  while (!child.output[stream].includes(text)) {
    if (over) throw new Error(`it ended without ${JSON.stringify(text)}: ${JSON.stringify(child.output)}`);
    await sleep(10);
  }
}
