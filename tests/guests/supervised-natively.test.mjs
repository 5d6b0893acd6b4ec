// Guests translated to C as children of a supervisor: runs tests/supervisors/embedder.c, which includes only the public headers, under each sanitizer.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import test from 'node:test';
import { build } from '../../tools/build.mjs';
import { fromRoot } from '../../tools/lib.mjs';
import { translate } from '../../native/host/wasm2c.mjs';
import { sanitizers, unscattered } from './hosts/native.mjs';

const TRAP = '2 134';
const EXIT = '1 0';
const KILLED = '3 137';
const expected = [
  'started traps',
  ...Array(2)
    .fill([`ended traps ${TRAP}`, 'restarting traps', 'started traps'])
    .flat(),
  `ended traps ${TRAP}`,
  'limit traps',
  'finished',
  'Unreachable instruction executed',
  'started reads',
  'started computes',
  `stopped computes ${KILLED}`,
  'started computes',
  `stopped computes ${KILLED}`,
  `stopped reads ${EXIT}`,
  'finished',
  'its supervisor killed it',
  'started hello',
  `ended hello ${EXIT}`,
  'completed',
  'finished',
  '',
].join('\n');

/** A jump that leaves a sanitizer's runtime while it holds a lock hung one run in seventy. A run takes a tenth of a second. */
const RUNS = 50;

test('a translated guest that traps is restarted, one that reads ends when asked, and one that computes is killed', async () => {
  await build(['native-host']);
  const programs = [];
  for (const name of ['traps-deep-inside', 'cat', 'spins-forever', 'hello'])
    programs.push(await translate(fromRoot('build/guests', `${name}.wasm`)));
  for (const preset of ['native-asan', 'native-tsan']) {
    const [command, ...args] = [...unscattered(), fromRoot('build', preset, 'holdfast-supervised'), ...programs];
    for (let i = 0; i < RUNS; i++) {
      const { status, signal, stdout, stderr } = spawnSync(command, args, {
        encoding: 'utf8',
        timeout: 600_000,
        env: { ...process.env, ...sanitizers },
      });
      assert.deepEqual(
        { status, signal, stdout, stderr },
        { status: 0, signal: null, stdout: expected, stderr: '' },
        preset,
      );
    }
  }
});
