// terminal.attach() with a fake screen; attaches-a-screen.spec.ts uses the real one.
import assert from 'node:assert/strict';
import test from 'node:test';
import { guest, runtime, until } from './support/runtime.mjs';

const patience = { timeout: 300_000 };

test('a screen that no longer calls back is detached anyway', patience, async (t) => {
  const hf = await runtime(t);
  const p = await hf.spawn(guest('cat'), { terminal: true });
  let written = 0;
  const screen = { write: () => void written++, onData: () => ({ dispose: () => undefined }) };
  const attached = await p.terminal.attach(screen);
  await p.write('typed');
  await until(
    () => written,
    (times) => times > 0,
  );
  attached.dispose();
  await attached.done;
  assert.equal(p.stdout.locked, false);
});

test('a screen that cannot be attached does not lock the output', patience, async (t) => {
  const hf = await runtime(t);
  const p = await hf.spawn(guest('cat'), { terminal: true });
  const screen = {
    write: () => undefined,
    onData() {
      throw new Error('it was disposed of');
    },
  };
  await assert.rejects(p.terminal.attach(screen), { message: 'it was disposed of' });
  assert.equal(p.stdout.locked, false);
});
