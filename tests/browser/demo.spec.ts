// The demo as a visitor uses it: choose a program, type to it, end it, and watch the page's frames meanwhile. It is served from a
// sub-path here, with serve.conf's headers.
import { expect, test, type Locator, type Page } from '@playwright/test';

const DEMO = '/build/demo/';
/** The machine may be busy, and Python is large. */
const SOON = { timeout: 30_000 };

type Program = 'python' | 'go' | 'c' | 'spin';

const complaints = new WeakMap<Page, string[]>();

test.beforeEach(async ({ page, baseURL }) => {
  const found: string[] = [];
  complaints.set(page, found);
  page.on('pageerror', (error) => found.push(`uncaught ${error.name}: ${error.message}`));
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) found.push(`console: ${message.text()}`);
  });
  page.on('requestfailed', (request) => {
    const why = request.failure()?.errorText;
    // "Aborted" are the answers to HEAD, and what a page that is left was still loading.
    if (why !== 'net::ERR_ABORTED') found.push(`${request.url()} failed: ${why}`);
  });
  page.on('request', (request) => {
    const { origin, protocol } = new URL(request.url());
    if (protocol !== 'data:' && origin !== new URL(baseURL!).origin) found.push(`external request: ${request.url()}`);
  });
  await page.goto(DEMO);
  await expect(page.locator('#runtime-state')).toContainText('started', SOON);
});

test.afterEach(({ page }) => {
  expect(complaints.get(page), 'errors, warnings, and requests to elsewhere').toEqual([]);
});

const status = (page: Page): Locator => page.locator('#status');
const rows = (page: Page, program: Program): Locator => page.locator(`#terminal-${program} .xterm-rows`);

/** What the terminal shows; a line that wraps is one row and the next. */
const screen = (page: Page, program: Program): Promise<string> =>
  rows(page, program)
    .locator('> div')
    .evaluateAll((lines) => lines.map((line) => line.textContent?.replaceAll('\u00a0', ' ').trimEnd()).join('\n'));

const shows = (page: Page, program: Program, text: string | RegExp): Promise<void> =>
  expect.poll(() => screen(page, program), SOON).toMatch(typeof text === 'string' ? literally(text) : text);

const literally = (text: string): RegExp => new RegExp(text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));

/** Chooses a program and runs it; what is typed from now on goes to it. */
async function run(page: Page, program: Program): Promise<void> {
  await page.locator(`#tab-${program}`).click();
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  await expect(status(page)).toHaveText('Running', SOON);
}

const type = (page: Page, text: string): Promise<void> => page.keyboard.type(text, { delay: 5 });

/** Frames that the page draws in a second. */
const framesInASecond = (page: Page): Promise<number> =>
  page.evaluate(
    () =>
      new Promise<number>((resolve) => {
        let frames = 0;
        const begun = performance.now();
        const count = (now: number): void => {
          if (now - begun >= 1000) return resolve(frames);
          frames++;
          requestAnimationFrame(count);
        };
        requestAnimationFrame(count);
      }),
  );

test('CPython: a prompt, an answer, time.sleep, files, and Ctrl-D ends it with code 0', async ({ page }) => {
  await run(page, 'python');
  await shows(page, 'python', /^>>>/m);
  await type(page, 'print(6*7)\n');
  await shows(page, 'python', /^42$/m);
  await type(page, 'import sys, time; sys.stdin.isatty()\n');
  await shows(page, 'python', /^True$/m);
  await type(page, "t = time.monotonic(); time.sleep(0.2); 'slept', 0.2 <= time.monotonic() - t < 5\n");
  await shows(page, 'python', "('slept', True)");
  await type(page, "open('/tmp/note', 'w').write('kept'); open('/tmp/note').read()\n");
  await shows(page, 'python', /^'kept'$/m);
  await page.keyboard.press('Control+d');
  await expect(status(page)).toHaveText(/^Exited with code 0 after /, SOON);
  await shows(page, 'python', /^exited with code 0 after /m);
  await expect(page.locator('#tab-python')).toContainText('exit 0');
});

test('CPython: an exit code is told, and Enter runs it again', async ({ page }) => {
  await run(page, 'python');
  await shows(page, 'python', /^>>>/m);
  await type(page, 'exit(5)\n');
  await expect(status(page)).toHaveText(/^Exited with code 5 after /, SOON);
  await page.keyboard.press('Enter');
  await expect(status(page)).toHaveText(/^(Starting|Running)$/);
  await type(page, 'print(6*7)\n'); // early or not, it gets there whole
  await shows(page, 'python', /^(>>> )?42$/m);
  await page.keyboard.press('Control+c');
  await expect(status(page)).toHaveText(/^Killed after /, SOON);
});

test('Go answers a line while its goroutine ticks', async ({ page }) => {
  await run(page, 'go');
  await type(page, 'half a line'); // stays whole while ticks come
  await shows(page, 'go', 'tick 1 at ');
  await shows(page, 'go', /tick 1 at .*\nhalf a line$/m);
  await type(page, ' and the rest\n');
  await shows(page, 'go', '"half a line and the rest": words: 6, characters: 24, bytes: 24');
  await shows(page, 'go', 'tick 2 at ');
  await page.keyboard.press('Control+d');
  await expect(status(page)).toHaveText(/^Exited with code 0 after /, SOON);
});

test('C: lines, files, clocks, and a trap with its stack', async ({ page }) => {
  await run(page, 'c');
  await shows(page, 'c', /^\$/m);
  await type(page, 'write /tmp/words some words\n');
  await shows(page, 'c', /^\$ write .*\n\$$/m);
  await type(page, 'cat /tmp/words\n');
  await shows(page, 'c', /^some words$/m);
  await type(page, 'sleep 0.3\n');
  await shows(page, 'c', /^slept 0\.3\d* s$/m);
  await type(page, 'trap\n');
  await expect(status(page)).toHaveText(/^Ended by trap \(code 134\) after /, SOON);
  await shows(page, 'c', 'trap: unreachable');
  await shows(page, 'c', 'do_trap');
});

test('the busy loop: the frames go on, and Stop ends it', async ({ page }) => {
  await run(page, 'spin');
  await shows(page, 'spin', 'No system call from here on');
  expect(await framesInASecond(page)).toBeGreaterThan(10);
  await expect(page.locator('#state-sentence')).toContainText('no system call in the last second', SOON);
  await expect.poll(async () => Number(await page.locator('#frame-rate').textContent()), SOON).toBeGreaterThan(10);
  const stop = page.getByRole('button', { name: 'Stop' });
  await stop.click();
  await expect(status(page)).toHaveText(/^Killed after /, SOON);
  await shows(page, 'spin', /^killed after /m);
  await expect(stop).toBeDisabled();
  await run(page, 'spin'); // a fresh worker takes its place
  await page.keyboard.press('Control+c');
  await expect(status(page)).toHaveText(/^Killed after /, SOON);
});

test('programs go on side by side: Python answers while the busy loop spins; a blocked one makes no wake-ups', async ({
  page,
}) => {
  await run(page, 'spin');
  await run(page, 'python');
  await shows(page, 'python', /^>>>/m);
  await type(page, 'print(2**64)\n');
  await shows(page, 'python', '18446744073709551616');
  await expect(page.locator('#state-sentence')).toContainText('no wake-up in the last second', SOON);
  await expect(page.locator('#wakeups-rate')).toHaveText('0');
  await expect(page.locator('#tab-spin')).toContainText('running');
  await expect(page.locator('#workers')).toContainText('2 busy', SOON);
});

test('the typed line can be edited: Backspace over characters, Ctrl-W, Ctrl-U, arrows, history', async ({ page }) => {
  await run(page, 'python');
  await shows(page, 'python', /^>>>/m);
  await type(page, "'naïve日本🙂'");
  for (let i = 0; i < 3; i++) await page.keyboard.press('Backspace');
  await page.keyboard.type("本'+'one two");
  await page.keyboard.press('Control+w');
  await page.keyboard.type("2'");
  await page.keyboard.press('Home');
  await page.keyboard.type('len(');
  await page.keyboard.press('End');
  await page.keyboard.type(')');
  await shows(page, 'python', /^>>> len\('naïve日\s?本\s?'\+'one 2'\)$/m);
  await page.keyboard.press('Enter');
  await shows(page, 'python', /^12$/m);
  await type(page, 'nonsense');
  await page.keyboard.press('Control+u');
  await page.keyboard.press('ArrowUp');
  await page.keyboard.type('*10\n');
  await shows(page, 'python', /^120$/m);
  await expect(rows(page, 'python')).not.toContainText('nonsense');
});

test('Run, Stop and Restart are enabled when they can be used', async ({ page }) => {
  const [runs, stop, restart] = ['Run', 'Stop', 'Restart'].map((name) =>
    page.getByRole('button', { name, exact: true }),
  );
  const enabled = (): Promise<boolean[]> => Promise.all([runs!, stop!, restart!].map((button) => button.isEnabled()));
  await page.locator('#tab-c').click();
  expect(await enabled()).toEqual([true, false, false]);
  await run(page, 'c');
  expect(await enabled()).toEqual([false, true, true]);
  await shows(page, 'c', /^\$/m);
  await type(page, 'exit 3\n');
  await expect(status(page)).toHaveText(/^Exited with code 3 after /, SOON);
  expect(await enabled()).toEqual([true, false, true]);
  await restart!.click();
  await expect(status(page)).toHaveText('Running', SOON);
  await restart!.click();
  await shows(page, 'c', /^\$/m);
  await expect(status(page)).toHaveText('Running', SOON);
  await page.locator('#tab-go').click();
  expect(await enabled()).toEqual([true, false, false]);
  await expect(status(page)).toHaveText('Not started');
});

test('everything can be reached and used with the keyboard alone', async ({ page }) => {
  await page.locator('#tab-python').focus();
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowRight');
  await expect(page.locator('#tab-c')).toBeFocused();
  await expect(page.locator('#tab-c')).toHaveAttribute('aria-selected', 'true');
  await page.keyboard.press('Tab');
  await expect(page.getByRole('button', { name: 'Run', exact: true })).toBeFocused();
  await page.keyboard.press('Enter');
  await shows(page, 'c', /^\$/m);
  await type(page, 'exit 0\n'); // Run hands the focus to the terminal
  await expect(status(page)).toHaveText(/^Exited with code 0 after /, SOON);
  await page.keyboard.press('Shift+Tab');
  await expect(page.getByRole('button', { name: 'Restart' })).toBeFocused();
});

test('without the headers the page says which are missing, and offers nothing that cannot work', async ({ page }) => {
  await page.route(`**${DEMO}`, async (route) => {
    const response = await route.fetch();
    const headers = Object.entries(response.headers()).filter(([name]) => !name.startsWith('cross-origin-'));
    await route.fulfill({ response, headers: Object.fromEntries(headers) });
  });
  await page.goto('about:blank');
  await page.goto(DEMO);
  const problems = page.getByRole('alert');
  await expect(problems).toContainText('Cross-Origin-Opener-Policy: same-origin', SOON);
  await expect(problems).toContainText('Cross-Origin-Embedder-Policy: require-corp');
  await expect(page.getByRole('button', { name: 'Run', exact: true })).toBeDisabled();
});

for (const [width, height] of [
  [320, 640],
  [390, 844],
  [768, 1024],
  [1440, 900],
] as const) {
  test(`at ${width} × ${height} nothing scrolls sideways, and nothing moves when programs start`, async ({ page }) => {
    await page.setViewportSize({ width, height });
    await page.reload();
    await expect(page.locator('#runtime-state')).toContainText('started', SOON);
    const place = (): Promise<unknown> =>
      page.evaluate(() =>
        ['#tab-python', '#run', '#screen', '#chart', '#wakeups', '#workers'].map((selector) => {
          const { x, y, width, height } = document.querySelector(selector)!.getBoundingClientRect();
          return [selector, x, y + scrollY, selector === '#screen' || selector === '#chart' ? [width, height] : null];
        }),
      );
    const still = (): Promise<number> => page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    expect(await still()).toBeLessThanOrEqual(0);
    const before = await place();
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    await shows(page, 'python', /^>>>/m);
    await type(page, 'print(6*7)\n');
    await shows(page, 'python', /^42$/m);
    expect(await still()).toBeLessThanOrEqual(0);
    const after = await place();
    // Right-aligned numbers grow to the left; all else stands.
    const withoutNumbers = (places: unknown): unknown =>
      (places as unknown[][]).map(([name, , y, size]) => [name, y, size]);
    expect(withoutNumbers(after)).toEqual(withoutNumbers(before));
  });
}
