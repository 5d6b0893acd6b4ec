// Aborts a spawn's signal after each step of the event loop, from the beginning of the spawn on.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import test from 'node:test';
import { guest, runtime, until } from './support/runtime.mjs';

test('an abort is noticed at every step of a spawn', { timeout: 300_000 }, async (t) => {
  const hf = await runtime(t);
  const program = new WebAssembly.Module(await readFile(guest('cat')));
  for (let steps = 0; steps < 20; steps++) {
    const controller = new AbortController();
    const spawned = hf.spawn(program, { signal: controller.signal });
    for (let i = 0; i < steps; i++) await null;
    controller.abort(new Error('enough'));
    await assert.rejects(spawned, { message: 'enough' }, `after ${steps} steps`);
    await until(
      () => hf.ps(),
      (processes) => processes.length === 0,
    );
  }
});
