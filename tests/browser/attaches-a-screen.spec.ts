/** terminal.attach() with the real xterm.js. */
import type * as Xterm from '@xterm/xterm';
import type { Attachment } from '../../web/index.ts';
import { expect, test, type Page } from './support/test.ts';

declare global {
  interface Window {
    newScreen(): Promise<{ screen: Xterm.Terminal; lines(): string[]; keys(data: string): void }>;
  }
}

async function loadXterm(page: Page): Promise<void> {
  await page.evaluate(() => {
    window.newScreen = async () => {
      const { Terminal } = (await import('/node_modules/@xterm/xterm/lib/xterm.mjs' as string)) as typeof Xterm;
      const screen = new Terminal({ cols: 40, rows: 10 });
      screen.open(document.body.appendChild(document.createElement('div')));
      const lines = (): string[] => {
        const { active } = screen.buffer;
        const all = Array.from(
          { length: active.length },
          (_, row) => active.getLine(row)?.translateToString(true) ?? '',
        );
        return all.filter((line) => line !== '');
      };
      return { screen, lines, keys: (data) => screen.input(data) };
    };
  });
}

test('attach() connects keys and output, and detaches when the last byte is on the screen', async ({ page, start }) => {
  await start();
  await loadXterm(page);
  const shown = await page.evaluate(async () => {
    const { screen, lines, keys } = await window.newScreen();
    const terminal = { columns: screen.cols, rows: screen.rows };
    const p = await window.hf.spawn(lab.guest('cat'), { terminal });
    const { done } = await p.terminal!.attach(screen);
    keys('h\u00e9llx\x7fo\r');
    await p.write('from the page\r');
    keys('\x04');
    const exit = await p.exited;
    await done;
    return { exit, lines: lines().toSorted(), locked: [p.stdin.locked, p.stdout.locked] };
  });
  expect(shown.exit).toMatchObject({ reason: 'exit', code: 0 });
  expect(shown.lines).toEqual(['from the page', 'from the page', 'h\u00e9llo', 'h\u00e9llo']);
  expect(shown.locked).toEqual([false, false]);
});

test('the screen sets the pace: a program that writes endlessly waits for the screen', async ({ page, start }) => {
  await start();
  const taken = await page.evaluate(async () => {
    const p = await window.hf.spawn(lab.guest('writes-stdout-forever'), { terminal: true, outputBuffer: 65536 });
    let taken = 0;
    let shown = (): void => undefined;
    const screen = {
      write: (data: Uint8Array, callback: () => void) => {
        taken += data.byteLength;
        shown = callback;
      },
      onData: () => ({ dispose: () => undefined }),
    };
    await p.terminal!.attach(screen);
    await lab.until(
      () => taken,
      (bytes) => bytes > 0,
    );
    const first = taken;
    await lab.frames(20);
    const waited = taken === first;
    shown();
    await lab.until(
      () => taken,
      (bytes) => bytes > first,
    );
    p.kill();
    return { waited };
  });
  expect(taken).toEqual({ waited: true });
});

test('a detached screen gets no more output, and the next one gets all of it', async ({ page, start }) => {
  await start();
  await loadXterm(page);
  const { first, second } = await page.evaluate(async () => {
    const one = await window.newScreen();
    const two = await window.newScreen();
    const p = await window.hf.spawn(lab.guest('cat'), { terminal: { echo: false } });
    const attached: Attachment = await p.terminal!.attach(one.screen);
    one.keys('one\r');
    await lab.until(
      () => one.lines().join(),
      (text) => text === 'one',
    );
    attached.dispose();
    attached.dispose();
    await attached.done;
    one.keys('lost\r');
    await p.write('between\r');
    const { done } = await p.terminal!.attach(two.screen);
    two.keys('two\r\x04');
    await done;
    return { first: one.lines(), second: two.lines() };
  });
  expect(first).toEqual(['one']);
  expect(second).toEqual(['between', 'two']);
});

test('a value that is not a screen, and a terminal in use, are refused with a clear message', async ({
  page,
  start,
}) => {
  await start();
  const messages = await page.evaluate(async () => {
    const screen = { write: () => undefined, onData: () => ({ dispose: () => undefined }) };
    const p = await window.hf.spawn(lab.guest('cat'), { terminal: true });
    const elsewhere = await window.hf.spawn(lab.guest('cat'), { terminal: true, stdout: 'null' });
    const failures = [await lab.failure(p.terminal!.attach(document.body as never))];
    failures.push(await lab.failure(elsewhere.terminal!.attach(screen)));
    await p.terminal!.attach(screen);
    failures.push(await lab.failure(p.terminal!.attach(screen)));
    return failures.map(({ message }) => message);
  });
  expect(messages).toEqual([
    'attach needs a Terminal of xterm.js, not a HTMLBodyElement without the method write',
    expect.stringContaining('omit that option'),
    expect.stringContaining('process.stdout is locked'),
  ]);
});
