import { expect, test } from './support/test.ts';

test.beforeEach(async ({ start }) => start());

const traps = [
  ['unreachable', /unreachable/],
  ['bounds', /out of bounds/],
  ['divide', /divi(de|sion) by zero/],
  ['null', /null|indirect|table|signature/],
  ['stack', /stack/],
] as const;

for (const [kind, message] of traps) {
  test(`a trap (${kind}) is a result: its message, its wasm stack, code 134, and what was written before`, async ({
    page,
  }) => {
    const result = await page.evaluate(
      (arg) => window.hf.run(lab.guest('traps-end-the-process-and-say-why'), { args: [arg] }),
      kind,
    );
    expect(result).toMatchObject({ reason: 'trap', code: 134, stdout: 'before\n', stderr: '' });
    expect(result.message).toMatch(message);
    const frames = result.stack.split('\n');
    expect(frames.length).toBeGreaterThan(1);
    for (const frame of frames) expect(frame).toMatch(/wasm/);
    // The module's URL and an offset: what tools that know its debug information look for.
    expect(frames.at(0)).toMatch(/traps-end-the-process-and-say-why\.wasm:wasm-function\[\d+\]:0x[0-9a-f]+/);
    expect(result.stack).not.toContain('compute.js');
  });
}

test('a trap in the start function of the module, and an exception that nobody catches, are traps', async ({
  page,
}) => {
  const [inStart, exception] = await page.evaluate(async () => [
    await window.hf.run(lab.guest('traps-in-its-start-function')),
    await window.hf.run(lab.guest('throws-an-exception')),
  ]);
  expect(inStart).toMatchObject({ reason: 'trap', code: 134, message: expect.stringContaining('unreachable') });
  expect(exception).toMatchObject({ reason: 'trap', code: 134, message: expect.stringContaining('exception') });
});

test('a panic in Rust is a trap, with the words of the program on stderr', async ({ page }) => {
  const result = await page.evaluate(() => window.hf.run(lab.guest('rust-panic-is-a-trap')));
  expect(result).toMatchObject({ reason: 'trap', code: 134 });
  expect(result.stderr).toContain('panicked');
});

test('the worker of a guest that trapped serves the next one', async ({ page }) => {
  const { totals, code } = await page.evaluate(async () => {
    const totals = [];
    for (let i = 0; i < 10; i++) {
      await window.hf.run(lab.guest('traps-end-the-process-and-say-why'), { args: [i % 2 ? 'unreachable' : 'stack'] });
      totals.push((await window.hf.stats()).workers);
    }
    return { totals, code: (await window.hf.run(lab.guest('hello'))).code };
  });
  for (const { total, zombies } of totals) expect([total <= 3, zombies]).toEqual([true, 0]);
  expect(code).toBe(0);
});
