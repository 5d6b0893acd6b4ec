import { expect, test } from './support/test.ts';

test('a terminal gives lines that were edited, echoes keys, and ends with ^D', async ({ page, start }) => {
  await start();
  const { exit, screen } = await page.evaluate(async () => {
    const p = await window.hf.spawn(lab.guest('cat'), { stdin: 'tty' });
    const screen = lab.textOf(p.stdout);
    const keyboard = p.stdin.getWriter();
    await keyboard.write(lab.encode('helx\x7flo\r'));
    await keyboard.write(lab.encode('\x04'));
    return { exit: await p.exited, screen: await screen };
  });
  expect(exit).toMatchObject({ reason: 'exit', code: 0 });
  // The echo, and what cat wrote; which comes first after the line's end is up to them.
  expect(screen).toBe('helx\b \blo\r\nhello\r\n');
});

for (const [key, signal, code] of [
  ['\x03', 'SIGINT', 130],
  ['\x1c', 'SIGQUIT', 131],
] as const) {
  test(`${signal} ends what reads, and what computes, with code ${code}`, async ({ page, start }) => {
    await start();
    const exits = await page.evaluate(async (key) => {
      const exits = [];
      for (const name of ['cat', 'spins-forever']) {
        const p = await window.hf.spawn(lab.guest(name), { stdin: 'tty', preopens: ['/'], stdout: 'null' });
        await p.stdin.getWriter().write(lab.encode(`typed${key}`));
        exits.push(await p.exited);
      }
      return exits;
    }, key);
    for (const exit of exits) expect(exit).toMatchObject({ reason: 'killed', code, message: signal });
  });
}

test('^C is an event for who takes it, and what was typed before is forgotten', async ({ page, start }) => {
  await start();
  const { signals, screen } = await page.evaluate(async () => {
    const signals: string[] = [];
    const p = await window.hf.spawn(lab.guest('cat'), {
      stdin: 'tty',
      terminal: { onSignal: (signal) => void signals.push(signal) },
    });
    const screen = lab.textOf(p.stdout);
    const keyboard = p.stdin.getWriter();
    await keyboard.write(lab.encode('lost\x03\x1akept\n\x04'));
    await p.exited;
    return { signals, screen: await screen };
  });
  expect(signals).toEqual(['SIGINT']);
  expect(screen).toContain('\r\nkept\r\n');
  expect(screen).not.toContain('lost\r\n');
});

test('raw, every key is read as it comes, and the screen is the program’s alone', async ({ page, start }) => {
  await start();
  const screen = await page.evaluate(async () => {
    const p = await window.hf.spawn(lab.guest('cat'), { stdin: 'tty', terminal: { raw: true } });
    const screen = lab.textOf(p.stdout);
    const keyboard = p.stdin.getWriter();
    await keyboard.write(lab.encode('a\x03\x04\r\n'));
    await keyboard.close();
    await p.exited;
    return await screen;
  });
  expect(screen).toBe('a\x03\x04\r\n');
});

test('a terminal tells its size by COLUMNS and LINES, unless the environment has them', async ({ page, start }) => {
  await start();
  const words = await page.evaluate(async () => {
    const p = await window.hf.spawn(lab.guest('toolbox'), {
      args: ['args'],
      stdin: 'tty',
      terminal: { columns: 100, rows: 30, raw: true },
      env: { LINES: '7' },
    });
    const screen = await lab.textOf(p.stdout);
    return screen.split('\0');
  });
  expect(words).toContain('COLUMNS=100');
  expect(words).toContain('LINES=7');
});

test('wrong options are told', async ({ page, start }) => {
  await start();
  const errors = await page.evaluate(() =>
    Promise.all(
      [
        { terminal: {} },
        { stdin: 'tty', terminal: { columns: 0 } },
        { stdin: 'tty', terminal: { raw: 1 } },
        { stdin: 'tty', terminal: { onSignal: 'SIGINT' } },
      ].map((options) =>
        window.hf.spawn(lab.guest('hello'), options as object).then(
          () => 'ran',
          (error: Error) => error.message,
        ),
      ),
    ),
  );
  expect(errors).toEqual([
    expect.stringContaining('stdin: "tty"'),
    expect.stringContaining('terminal.columns'),
    expect.stringContaining('terminal.raw'),
    expect.stringContaining('terminal.onSignal'),
  ]);
});
