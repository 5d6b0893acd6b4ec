// terminal.attach() with a screen that has only its methods; attaches-a-screen.spec.ts has the real one.
import assert from 'node:assert/strict';
import test from 'node:test';
import { guest, runtime, until } from './support/runtime.mjs';

const patience = { timeout: 60_000 };

test('a screen that stops calling back is detached anyway', patience, async (t) => {
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

test('a screen that cannot be attached leaves the output to others', patience, async (t) => {
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
