/** The echo of a terminal on a real screen: xterm.js, with each of its tables of character widths. */
import { readFileSync } from 'node:fs';
import type * as Graphemes from '@xterm/addon-unicode-graphemes';
import type * as Unicode11 from '@xterm/addon-unicode11';
import type * as Xterm from '@xterm/xterm';
import { expect, test, type Page } from './support/test.ts';

// Each of its tests takes a quarter of a minute.
test.describe.configure({ mode: 'parallel' });

type Widths = '6' | '11' | '15-graphemes';
const WIDTHS: Widths[] = ['6', '11', '15-graphemes'];

interface Tools {
  /** A screen and its contents. */
  screen(
    widths: Widths,
    size?: { cols: number; rows: number },
  ): {
    terminal: Xterm.Terminal;
    write(data: string | Uint8Array): Promise<void>;
    look(): string;
  };
}
declare global {
  interface Window {
    tools: Tools;
  }
}

async function loadXterm(page: Page): Promise<void> {
  await page.evaluate(async () => {
    const load = (name: string): Promise<unknown> => import(`/node_modules/@xterm/${name}.mjs`);
    const { Terminal } = (await load('xterm/lib/xterm')) as typeof Xterm;
    const { Unicode11Addon } = (await load('addon-unicode11/lib/addon-unicode11')) as typeof Unicode11;
    const { UnicodeGraphemesAddon } = (await load(
      'addon-unicode-graphemes/lib/addon-unicode-graphemes',
    )) as typeof Graphemes;
    window.tools = {
      screen(widths, size = { cols: 20, rows: 8 }) {
        const terminal = new Terminal({ ...size, scrollback: 20, allowProposedApi: true });
        terminal.loadAddon(new Unicode11Addon());
        terminal.loadAddon(new UnicodeGraphemesAddon());
        terminal.unicode.activeVersion = widths;
        /** The last lines, with wrapped rows joined, and the cursor's position in its line. */
        const look = (): string => {
          const buffer = terminal.buffer.active;
          const lines: string[] = [];
          let cursor = '';
          for (let row = 0; row < buffer.length; row++) {
            const line = buffer.getLine(row)!;
            const text = line.translateToString(false);
            if (line.isWrapped && lines.length > 0) lines.push(lines.pop()! + text);
            else lines.push(text);
            if (row !== buffer.baseY + buffer.cursorY) continue;
            let first = row;
            while (buffer.getLine(first)?.isWrapped && first > 0) first--;
            cursor = `${(row - first) * terminal.cols + buffer.cursorX}`;
          }
          while (lines.at(-1)?.trim() === '') lines.pop();
          return `${lines
            .slice(-2)
            .map((line) => line.trimEnd())
            .join('\n')}|${cursor}`;
        };
        return { terminal, look, write: (data) => new Promise((done) => terminal.write(data, done)) };
      },
    };
  });
}

for (const widths of WIDTHS) {
  test(`random typing and erasing leaves the screen as if only the rest of the line had been typed, with the widths of ${widths}`, async ({
    page,
    start,
  }) => {
    test.setTimeout(240_000);
    await start();
    await loadXterm(page);
    const wrong = await page.evaluate(async (widths) => {
      const pool = [
        ...'abcdefghij  éßжλ中한ｶ🎉✅⭐🟢🫠❤👩💻🇩🇪กาकि\u0301\u0301\u1112\u1161\u11ab\ufe0f\u200d\u200b\u00ad\u20e3🏽\t\x01',
        '👩‍💻',
        '❤\ufe0f',
        'e\u0301',
      ];
      const shown = (c: string): string =>
        c === '\t' ? c : c < ' ' ? `^${String.fromCharCode(c.charCodeAt(0) ^ 0x40)}` : c;
      let seed = 12345;
      const below = (n: number): number => {
        seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
        return (seed >>> 8) % n;
      };
      const wrong: string[] = [];
      for (let round = 0; round < 12; round++) {
        const { write, look, terminal } = window.tools.screen(widths);
        const p = await window.hf.spawn(lab.guest('cat'), { terminal: true });
        const log: Uint8Array[] = [];
        void p.stdout.pipeTo(
          new WritableStream({
            write(chunk) {
              log.push(chunk);
              return write(chunk);
            },
          }),
        );
        const keyboard = p.stdin.getWriter();
        const lineEnds = (): number => log.reduce((sum, chunk) => sum + chunk.filter((byte) => byte === 10).length, 0);
        const text = (): string => {
          const decoder = new TextDecoder();
          return log.map((chunk) => decoder.decode(chunk, { stream: true })).join('');
        };
        const settle = async (right: () => boolean): Promise<boolean> => {
          for (const begun = performance.now(); performance.now() - begun < 30_000; await lab.tick())
            if (right()) return true;
          return false;
        };
        for (let i = 0; i < 12; i++) {
          // cat's immediate output is the text before the line.
          const prompt = ['P>', '\x1b[31m$\x1b[0m ', '中> ', ''][below(4)]!;
          if (prompt !== '' && !prompt.includes('\x1b')) {
            const written = text().length;
            await keyboard.write(lab.encode(`${prompt}\x04`));
            await settle(() => text().length === written + 2 * prompt.length);
          }
          const reference = window.tools.screen(widths);
          for (const chunk of log) await reference.write(chunk);
          let line: string[] = [];
          const steps: string[] = [];
          for (let step = 0; step < 30; step++) {
            let keys = '';
            if (line.length > 40 || below(5) < 2) {
              const how = below(12);
              if (how === 0) {
                keys = '\x15';
                line = [];
              } else {
                const times = 1 + below(how < 4 ? 8 : 2);
                keys = '\x7f'.repeat(times);
                line = line.slice(0, Math.max(line.length - times, 0));
              }
            } else {
              for (let n = 1 + below(4); n > 0; n--) {
                const text = pool[below(pool.length)]!;
                keys += text;
                line.push(...text);
              }
            }
            steps.push(keys);
            await keyboard.write(lab.encode(keys));
          }
          await reference.write(line.map(shown).join(''));
          const expected = reference.look();
          if (!(await settle(() => look() === expected)))
            wrong.push(JSON.stringify({ expected, got: look(), prompt, steps, line: line.join('') }));
          reference.terminal.dispose();
          if (wrong.length > 0) break;
          // The end of the line, and cat's answer.
          const ended = lineEnds() + 2;
          await keyboard.write(lab.encode('\r'));
          await settle(() => lineEnds() === ended);
        }
        p.kill();
        await p.exited;
        terminal.dispose();
        if (wrong.length > 0) break;
      }
      return wrong;
    }, widths);
    expect(wrong).toEqual([]);
  });
}

test('the characters that line editing treats as narrow are narrow on every screen', async ({ page }) => {
  await loadXterm(page);
  const source = readFileSync(new URL('../../native/kernel/tty_text.c', import.meta.url), 'utf8');
  const [table] = /narrow\[\]\[2\] = \{[^;]*/.exec(source)!;
  const ranges = [...table.matchAll(/\{(0x[\dA-F]+), (0x[\dA-F]+)\}/g)].map(([, first, last]) => [
    Number(first),
    Number(last),
  ]);
  expect(ranges.length).toBeGreaterThan(2);
  const wrong = await page.evaluate(
    async ({ ranges, all }) => {
      const wrong: string[] = [];
      for (const widths of all) {
        const { terminal, write } = window.tools.screen(widths, { cols: 80, rows: 4 });
        for (const [first, last] of ranges) {
          for (let c = first!; c <= last!; c++) {
            const char = String.fromCodePoint(c);
            await write(`\r\x1b[2K${char}a${char}${char}é${char}`);
            const at = terminal.buffer.active.cursorX;
            if (at !== 6) wrong.push(`${widths}: U+${c.toString(16)} (${at})`);
          }
        }
      }
      return wrong;
    },
    { ranges, all: WIDTHS },
  );
  expect(wrong).toEqual([]);
});
