import { expect, test } from './support/test.ts';

test('a terminal delivers edited lines, echoes keys, and ends with ^D', async ({ page, start }) => {
  await start();
  const { exit, screen } = await page.evaluate(async () => {
    const p = await window.hf.spawn(lab.guest('cat'), { terminal: true });
    const screen = lab.textOf(p.stdout);
    const keyboard = p.stdin.getWriter();
    await keyboard.write(lab.encode('helx\x7flo\r'));
    await keyboard.write(lab.encode('\x04'));
    return { exit: await p.exited, screen: await screen };
  });
  expect(exit).toMatchObject({ reason: 'exit', code: 0 });
  // The echo and cat's output, which may arrive in either order after the end of the line.
  expect(screen).toBe('hello\r\nhello\r\n');
});

for (const [key, signal, code] of [
  ['\x03', 'SIGINT', 130],
  ['\x1c', 'SIGQUIT', 131],
] as const) {
  test(`${signal} ends programs that read and programs that compute, with code ${code}`, async ({ page, start }) => {
    await start();
    const exits = await page.evaluate(async (key) => {
      const exits = [];
      for (const name of ['cat', 'spins-forever']) {
        const p = await window.hf.spawn(lab.guest(name), { terminal: true, preopens: ['/'], stdout: 'null' });
        await p.stdin.getWriter().write(lab.encode(`typed${key}`));
        exits.push(await p.exited);
      }
      return exits;
    }, key);
    for (const exit of exits) expect(exit).toMatchObject({ reason: 'killed', code, message: signal });
  });
}

for (const awaited of [false, true]) {
  test(`^C ends a program that does not read, even behind lines that ${awaited ? 'are on their way' : 'the page still holds'}`, async ({
    page,
    start,
  }) => {
    await start();
    const exits = await page.evaluate(async (awaited) => {
      const exits = [];
      // A hundred bytes each: together more than the terminal holds, and more than may be in transit.
      for (const lines of awaited ? [260, 2000] : [260, 20_000]) {
        const p = await window.hf.spawn(lab.guest('spins-forever'), { terminal: true, stdout: 'null' });
        const keyboard = p.stdin.getWriter();
        const typed = keyboard.write(lab.encode(`${'x'.repeat(99)}\n`.repeat(lines)));
        if (awaited) await typed;
        typed.catch(() => undefined);
        keyboard.write(lab.encode('\x03')).catch(() => undefined);
        exits.push(await p.exited);
      }
      return exits;
    }, awaited);
    for (const exit of exits) expect(exit).toMatchObject({ reason: 'killed', code: 130, message: 'SIGINT' });
  });
}

test('keys after a ^C that overtook unread lines are read, and those lines are not', async ({ page, start }) => {
  await start();
  const { signals, screen } = await page.evaluate(async () => {
    let interrupted = (): void => undefined;
    const signal = new Promise<void>((resolve) => (interrupted = resolve));
    const signals: string[] = [];
    const p = await window.hf.spawn(lab.guest('cat'), {
      terminal: {
        onSignal: (name) => {
          signals.push(name);
          interrupted();
        },
      },
    });
    await p.pause();
    const keyboard = p.stdin.getWriter();
    void keyboard.write(lab.encode('lost\n'.repeat(50_000)));
    void keyboard.write(lab.encode('\x03'));
    await signal;
    await p.resume();
    const screen = lab.textOf(p.stdout);
    await keyboard.write(lab.encode('kept\n\x04'));
    await p.exited;
    return { signals, screen: await screen };
  });
  expect(signals).toEqual(['SIGINT']);
  expect(screen).toContain('\r\nkept\r\n');
  expect(screen.split('lost').length).toBeLessThan(6000);
});

test('in raw mode, ^C waits its turn, and a page that awaits its writes waits, too', async ({ page, start }) => {
  await start();
  const done = await page.evaluate(async () => {
    const p = await window.hf.spawn(lab.guest('spins-forever'), {
      stdout: 'null',
      terminal: { raw: true },
    });
    const keyboard = p.stdin.getWriter();
    let done = 0;
    const type = async (): Promise<void> => {
      for (const key = lab.encode('\x03'.repeat(1000)); ; done++) await keyboard.write(key);
    };
    const typing = type().catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, 1000));
    p.kill();
    await typing;
    return done;
  });
  expect(done).toBeGreaterThan(200);
  expect(done).toBeLessThan(300);
});

test('^C is an event if there is a listener, and discards what was typed before', async ({ page, start }) => {
  await start();
  const { signals, screen } = await page.evaluate(async () => {
    const signals: string[] = [];
    const p = await window.hf.spawn(lab.guest('cat'), {
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

test('in raw mode, every key is read as it arrives, and only the program writes to the screen; lines start at the margin unless the page asks otherwise', async ({
  page,
  start,
}) => {
  await start();
  const screens = await page.evaluate(async () => {
    const type = async (
      terminal: object,
      later: (terminal: { setRaw(raw: boolean, options?: object): void }) => void,
    ) => {
      const p = await window.hf.spawn(lab.guest('cat'), { terminal });
      const screen = lab.textOf(p.stdout);
      const keyboard = p.stdin.getWriter();
      later(p.terminal!);
      await keyboard.write(lab.encode('a\x03\x04\n'));
      await keyboard.close();
      await p.exited;
      return await screen;
    };
    return [
      await type({ raw: true }, () => undefined),
      await type({ raw: true, onlcr: false }, () => undefined),
      await type({}, (terminal) => terminal.setRaw(true)),
      await type({}, (terminal) => terminal.setRaw(true, { onlcr: false })),
      await type({ raw: true, onlcr: false }, (terminal) => terminal.setRaw(true)),
    ];
  });
  const [mapped, asItIs] = ['a\x03\x04\r\n', 'a\x03\x04\n'];
  expect(screens).toEqual([mapped, asItIs, mapped, asItIs, mapped]);
});

test('without echo, a line is edited invisibly, and later output is below it', async ({ page, start }) => {
  await start();
  const screens = await page.evaluate(async () => {
    const screens = [];
    for (const atStart of [true, false]) {
      const p = await window.hf.spawn(lab.guest('cat'), {
        terminal: atStart ? { echo: false } : true,
      });
      const reader = p.stdout.getReader();
      const keyboard = p.stdin.getWriter();
      if (!atStart) p.terminal!.setEcho(false);
      await keyboard.write(lab.encode('secrex\x7ft'));
      await keyboard.write(lab.encode('\r'));
      let screen = await lab.readUntil(reader, 'secret\r\n');
      p.terminal!.setEcho(true);
      await keyboard.write(lab.encode('seen\r'));
      screen += await lab.readUntil(reader, 'seen\r\nseen\r\n');
      screens.push(screen);
      await keyboard.close();
      await p.exited;
    }
    return screens;
  });
  // The end of the line, and cat's answer.
  const screen = '\r\nsecret\r\nseen\r\nseen\r\n';
  expect(screens).toEqual([screen, screen]);
});

test('a terminal’s size is in COLUMNS and LINES, unless the environment sets them', async ({ page, start }) => {
  await start();
  const words = await page.evaluate(async () => {
    const p = await window.hf.spawn(lab.guest('toolbox'), {
      args: ['args'],
      terminal: { columns: 100, rows: 30, raw: true },
      env: { LINES: '7' },
    });
    const screen = await lab.textOf(p.stdout);
    return screen.split('\0');
  });
  expect(words).toContain('COLUMNS=100');
  expect(words).toContain('LINES=7');
});

test('wrong options are reported', async ({ page, start }) => {
  await start();
  const errors = await page.evaluate(() =>
    Promise.all(
      [
        { terminal: {}, stdin: 'null' },
        { terminal: 'yes' },
        { stdin: 'tty' },
        { terminal: { columns: 0 } },
        { terminal: { raw: 1 } },
        { terminal: { onSignal: 'SIGINT' } },
        { terminal: { onlcr: 0 } },
        { terminal: { echo: 'no' } },
      ].map((options) =>
        window.hf.spawn(lab.guest('hello'), options as object).then(
          () => 'ran',
          (error: Error) => error.message,
        ),
      ),
    ),
  );
  expect(errors).toEqual([
    'stdin: with a terminal it must be "pipe", which takes the keys',
    'terminal must be true, false, "isatty" or an object, not a string',
    'stdin: "tty" is not a mode; for a terminal use terminal: true',
    expect.stringContaining('terminal.columns'),
    expect.stringContaining('terminal.raw'),
    expect.stringContaining('terminal.onSignal'),
    expect.stringContaining('terminal.onlcr'),
    expect.stringContaining('terminal.echo'),
  ]);
});
