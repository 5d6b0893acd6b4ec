import { expect, isolated, test } from './support/test.ts';

test.beforeEach(async ({ start }) => start());

const traps = [
  ['unreachable', /unreachable/],
  ['bounds', /out of bounds/],
  ['divide', /divi(de|sion) by zero/],
  ['null', /null|indirect|table|signature/],
  ['stack', /stack/],
] as const;

for (const [kind, message] of traps) {
  test(`a trap (${kind}) is a result, with a message, the wasm stack, code 134, and the output written before it`, async ({
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
    // The module's URL and an offset, which tools need to look up debug information.
    expect(frames.at(0)).toMatch(
      isolated
        ? /traps-end-the-process-and-say-why\.wasm:wasm-function\[\d+\]:0x[0-9a-f]+/
        : /wasm-function\[\d+\]:0x[0-9a-f]+/, // the module was rewritten, so it has no URL
    );
    expect(result.stack).not.toContain('compute.js');
  });
}

test('a trap in the start function of the module, and an uncaught exception, are traps', async ({ page }) => {
  const [inStart, exception] = await page.evaluate(async () => [
    await window.hf.run(lab.guest('traps-in-its-start-function')),
    await window.hf.run(lab.guest('throws-an-exception')),
  ]);
  expect(inStart).toMatchObject({ reason: 'trap', code: 134, message: expect.stringContaining('unreachable') });
  expect(exception).toMatchObject({ reason: 'trap', code: 134, message: expect.stringContaining('exception') });
});

test('a panic in Rust is a trap, with the program’s message on stderr', async ({ page }) => {
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

// The rewritten module's own offsets differ, because checks come before each of these places.
for (const jsBridge of [false, true]) {
  test(`the stack of an interruptible program, or one with limits, refers to the original module (${jsBridge ? 'JS' : 'multi-memory'} bridge)`, async ({
    page,
    start,
  }) => {
    await page.evaluate(() => window.hf.close());
    await start({ force: { jsBridge } });
    const seen = await page.evaluate(async () => {
      const programs = [
        ['traps-deep-inside', ''],
        ['traps-in-its-start-function', ''],
        ...['unreachable', 'bounds', 'divide', 'null'].map((kind) => ['traps-end-the-process-and-say-why', kind]),
      ] as [Parameters<typeof lab.guest>[0], string][];
      const seen = [];
      for (const [name, kind] of programs) {
        const stacks = [];
        for (const options of [{}, { interruptible: true }, { limits: { memory: 64 << 20 } }]) {
          const { stack } = await window.hf.run(lab.guest(name), { args: [kind], ...options });
          // The URL of a rewritten module is a hash.
          stacks.push(stack.replace(/\S+?(?=wasm-function)/g, ''));
        }
        seen.push(stacks);
      }
      const bytes = new Uint8Array(await (await fetch(lab.guest('traps-deep-inside'))).arrayBuffer());
      return { seen, bytes: [...bytes] };
    });
    for (const [plain, ...others] of seen.seen) expect(others).toEqual([plain, plain]);
    // The loop's end, the `unreachable`, the function's end.
    const where = seen.bytes.findIndex((byte, i, { [i - 1]: before, [i + 1]: after }) => {
      return byte === 0x00 && before === 0x0b && after === 0x0b;
    });
    expect(seen.seen[0]![1]!.split('\n')[0]).toContain(`wasm-function[0]:0x${where.toString(16)}`);
  });
}
