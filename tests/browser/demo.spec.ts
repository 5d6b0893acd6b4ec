// The demo as a visitor uses it: choose a program, type to it, end it, and watch the page's frames meanwhile. It is served from a
// sub-path here, with serve.conf's headers.
import { expect, test, type Locator, type Page } from '@playwright/test';
import { skipWhereItDoesNotApply } from './support/test.ts';

const DEMO = '/build/demo/';

type Program = 'python' | 'go' | 'c' | 'spin' | 'component';

const complaints = new WeakMap<Page, string[]>();

test.beforeEach(async ({ page, baseURL }, info) => {
  const found: string[] = [];
  complaints.set(page, found);
  skipWhereItDoesNotApply(info);
  page.on('pageerror', (error) => found.push(`uncaught ${error.name}: ${error.message}`));
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) found.push(`console: ${message.text()}`);
  });
  page.on('requestfailed', (request) => {
    const why = request.failure()?.errorText;
    // Aborted requests are answers to HEAD, and requests in progress when the page is left.
    if (why !== 'net::ERR_ABORTED') found.push(`${request.url()} failed: ${why}`);
  });
  page.on('request', (request) => {
    const { origin, protocol } = new URL(request.url());
    if (protocol !== 'data:' && origin !== new URL(baseURL!).origin) found.push(`external request: ${request.url()}`);
  });
  await page.goto(DEMO);
  await expect(page.locator('#runtime-state')).toContainText('started');
});

test.afterEach(({ page }) => {
  expect(complaints.get(page), 'errors, warnings, and requests to other origins').toEqual([]);
});

const status = (page: Page): Locator => page.locator('#status');
const rows = (page: Page, program: Program): Locator => page.locator(`#terminal-${program} .xterm-rows`);

/** The terminal's text, with wrapped lines joined. */
const screen = (page: Page, program: Program): Promise<string> =>
  rows(page, program)
    .locator('> div')
    .evaluateAll((lines) => lines.map((line) => line.textContent?.replaceAll('\u00a0', ' ').trimEnd()).join('\n'));

const shows = (page: Page, program: Program, text: string | RegExp): Promise<void> =>
  expect.poll(() => screen(page, program)).toMatch(typeof text === 'string' ? literally(text) : text);

const literally = (text: string): RegExp => new RegExp(text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));

/** Chooses a program and runs it; from now on it gets the typed keys. */
async function run(page: Page, program: Program): Promise<void> {
  await page.locator(`#tab-${program}`).click();
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  await expect(status(page)).toHaveText('Running');
}

const type = (page: Page, text: string): Promise<void> => page.keyboard.type(text, { delay: 5 });

/** The number of frames that the page draws in a second. */
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
  await expect(status(page)).toHaveText(/^Exited with code 0 after /);
  await shows(page, 'python', /^exited with code 0 after /m);
  await expect(page.locator('#tab-python')).toContainText('exit 0');
});

test('CPython: its standard library works with files, typed line by line', async ({ page }) => {
  test.slow(); // some 700 keys, one after the other
  await run(page, 'python');
  await shows(page, 'python', /^>>>/m);
  await type(page, 'import os, pathlib, shutil, sqlite3, tempfile, zipfile\n');
  await type(page, "d = pathlib.Path(tempfile.mkdtemp()); (d / 'a' / 'b').mkdir(parents=True)\n");
  await type(page, "(d / 'a' / 'b' / 'note.txt').write_text('some words'); os.chdir(d)\n");
  await type(page, "shutil.copytree('a', 'copy').rsplit('/')[-1], sorted(os.listdir())\n");
  await shows(page, 'python', "('copy', ['a', 'copy'])");
  await type(page, "zipfile.ZipFile(shutil.make_archive('packed', 'zip', 'a')).namelist()\n");
  await shows(page, 'python', "['b/', 'b/note.txt']");
  await type(page, "base = sqlite3.connect('words.db'); base.execute('create table t (x)') and None\n");
  await type(page, "base.executemany('insert into t values (?)', [(6,), (7,)]) and base.commit()\n");
  await type(page, "base.close(); sqlite3.connect('words.db').execute('select sum(x) from t').fetchone()\n");
  await shows(page, 'python', /^\(13,\)$/m);
  await type(page, "os.chdir('/'); shutil.rmtree(d); d.exists()\n");
  await shows(page, 'python', /^False$/m);
});

test('CPython: an exit code is shown, and Enter runs it again', async ({ page }) => {
  await run(page, 'python');
  await shows(page, 'python', /^>>>/m);
  await type(page, 'exit(5)\n');
  await expect(status(page)).toHaveText(/^Exited with code 5 after /);
  await page.keyboard.press('Enter');
  await expect(status(page)).toHaveText(/^(Starting|Running)$/);
  await type(page, 'print(6*7)\n'); // it arrives completely, even if typed early
  await shows(page, 'python', /^(>>> )?42$/m);
  await page.keyboard.press('Control+c');
  await expect(status(page)).toHaveText(/^Killed by SIGINT \(code 130\) after /);
  await shows(page, 'python', /^killed by SIGINT \(code 130\) after /m);
});

test('the end of a computing program is reported once, even if its worker is lost', async ({ page }) => {
  await run(page, 'python');
  await shows(page, 'python', /^>>>/m);
  await type(page, "print('be', 'gun'); exec('while 1: pass')\n");
  await shows(page, 'python', /^be gun$/m);
  await page.keyboard.press('Control+c');
  await shows(page, 'python', 'starts it again');
  // Chromium takes two seconds to end the worker.
  await expect(page.locator('#state-sentence')).toContainText('its worker and its memory are free again');
  const ends = (await screen(page, 'python')).match(/starts it again/g);
  expect(ends).toHaveLength(1);
});

test('Ctrl-C ends Python while it computes and while it sleeps, as an unhandled signal', async ({ page }) => {
  for (const line of [
    "print('be', 'gun'); exec('while 1: pass')",
    "print('be', 'gun'); import time; time.sleep(600)",
  ]) {
    await run(page, 'python');
    await shows(page, 'python', /^>>>/m);
    await type(page, `${line}\n`);
    await shows(page, 'python', /^be gun$/m);
    await page.keyboard.press('Control+c');
    await expect(status(page)).toHaveText(/^Killed by SIGINT \(code 130\) after /);
    await expect(page.locator('#tab-python')).toContainText('SIGINT');
  }
});

test('Go answers a line while its goroutine ticks', async ({ page }) => {
  await run(page, 'go');
  await type(page, 'half a line'); // the kernel keeps it together although ticks are printed in between
  await shows(page, 'go', 'tick 1 at ');
  await type(page, ' and the rest\n');
  await shows(page, 'go', '"half a line and the rest": words: 6, characters: 24, bytes: 24');
  await shows(page, 'go', 'tick 2 at ');
  await page.keyboard.press('Control+d');
  await expect(status(page)).toHaveText(/^Exited with code 0 after /);
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
  await expect(status(page)).toHaveText(/^Ended by trap \(code 134\) after /);
  await shows(page, 'c', 'trap: unreachable');
  await shows(page, 'c', 'do_trap');
});

test('the busy loop: animation frames continue, and Stop ends it', async ({ page }) => {
  await run(page, 'spin');
  await shows(page, 'spin', 'No system call from here on');
  expect(await framesInASecond(page)).toBeGreaterThan(10);
  await expect(page.locator('#state-sentence')).toContainText('no system call in the last second');
  await expect.poll(async () => Number(await page.locator('#frame-rate').textContent())).toBeGreaterThan(10);
  const stop = page.getByRole('button', { name: 'Stop' });
  await stop.click();
  await expect(status(page)).toHaveText(/^Killed after /);
  await shows(page, 'spin', /^killed after /m);
  await expect(stop).toBeDisabled();
  await run(page, 'spin'); // a new worker takes its place
  await page.keyboard.press('Control+c');
  await expect(status(page)).toHaveText(/^Killed by SIGINT \(code 130\) after /);
});

test('programs run side by side: Python answers while the busy loop spins; a blocked program causes no wake-ups', async ({
  page,
}) => {
  await run(page, 'spin');
  await run(page, 'python');
  await shows(page, 'python', /^>>>/m);
  await type(page, 'print(2**64)\n');
  await shows(page, 'python', '18446744073709551616');
  await expect(page.locator('#state-sentence')).toContainText('no wake-up in the last second');
  await expect(page.locator('#wakeups-rate')).toHaveText('0');
  await expect(page.locator('#tab-spin')).toContainText('running');
  await expect(page.locator('#workers')).toContainText('2 busy');
});

test('the kernel edits the typed line: Backspace over characters of any width, Ctrl-W, Ctrl-U; arrow keys have no effect', async ({
  page,
}) => {
  await run(page, 'python');
  await shows(page, 'python', /^>>>/m);
  await type(page, "len('naïve日本🙂'");
  for (let i = 0; i < 3; i++) await page.keyboard.press('Backspace');
  await shows(page, 'python', /^>>> len\('naïve日\s?$/m);
  await page.keyboard.type("本'+'one two");
  await page.keyboard.press('ArrowLeft');
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('Home');
  await page.keyboard.press('Control+w');
  await page.keyboard.type("2')");
  await shows(page, 'python', /^>>> len\('naïve日\s?本\s?'\+'one 2'\)$/m);
  await page.keyboard.press('Enter');
  await shows(page, 'python', /^12$/m);
  await type(page, 'nonsense');
  await page.keyboard.press('Control+u');
  await page.keyboard.type("'sen' + 'se'\n");
  await shows(page, 'python', /^'sense'$/m);
  await expect(rows(page, 'python')).not.toContainText('nonsense');
});

test('a program finds the size of its terminal in its environment, and can query the terminal', async ({ page }) => {
  await run(page, 'python');
  await shows(page, 'python', /^>>>/m);
  const lines = await rows(page, 'python').locator('> div').count();
  await type(page, "import os; os.get_terminal_size if 0 else os.environ['LINES']\n");
  await shows(page, 'python', `'${lines}'`);
  // The terminal's answer to a query arrives as if it had been typed, so a line that the kernel edits shows it.
  await type(page, "print('\\x1b[18t', end='', flush=True)\n");
  await shows(page, 'python', new RegExp(`\\^\\[\\[8;${lines};\\d+t`));
});

test('a component of WASI 0.2: files, a sleep that Ctrl-C ends, and its exit', async ({ page }) => {
  await run(page, 'component');
  await shows(page, 'component', /^\$/m);
  await type(page, 'write note from WASI 0.2\n');
  await type(page, 'cat note\n');
  await shows(page, 'component', /^from WASI 0\.2$/m);
  await type(page, 'exit 0\n');
  await expect(status(page)).toHaveText(/^Exited with code 0 after /);
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  await expect(status(page)).toHaveText('Running');
  await type(page, 'sleep 1000\n');
  await shows(page, 'component', /^\$ sleep 1000$/m);
  await page.keyboard.press('Control+c');
  await expect(status(page)).toContainText('SIGINT');
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
  await expect(status(page)).toHaveText(/^Exited with code 3 after /);
  expect(await enabled()).toEqual([true, false, true]);
  await restart!.click();
  await expect(status(page)).toHaveText('Running');
  await restart!.click();
  await shows(page, 'c', /^\$/m);
  await expect(status(page)).toHaveText('Running');
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
  await type(page, 'exit 0\n'); // Run moves the focus to the terminal
  await expect(status(page)).toHaveText(/^Exited with code 0 after /);
  await page.keyboard.press('Shift+Tab');
  await expect(page.getByRole('button', { name: 'Restart' })).toBeFocused();
});

/** A process's line in the list. */
const line = (page: Page, name: string): Locator => page.locator(`#process-rows tr[data-name="${name}"]`);
const act = (page: Page, name: string, what: string): Promise<void> =>
  line(page, name).getByRole('button', { name: what }).click();

test('the list of processes shows what each does, and its button kills it', async ({ page }) => {
  await page.getByRole('button', { name: 'Busy loop', exact: true }).click();
  await page.getByRole('button', { name: 'Ticker', exact: true }).click();
  await run(page, 'c');
  await page.locator('#processes-title').hover(); // the list costs nothing while it is not visible
  await expect(line(page, 'spin').locator('.state')).toHaveText(/^in guest/);
  await expect(line(page, 'ticker').locator('.state')).toContainText('poll_oneoff for');
  await expect(line(page, 'minishell').locator('.state')).toContainText('fd_read for');
  const spent = async (): Promise<number> => parseFloat((await line(page, 'spin').locator('.cpu').textContent())!);
  await expect.poll(spent).toBeGreaterThan(1);
  await expect(line(page, 'ticker').locator('.files')).toHaveText('4');
  await expect(line(page, 'ticker').locator('.threads')).toHaveText('1');
  await expect(page.locator('#process-count')).toHaveText('3 running');

  // Chromium takes two seconds to end a loop, and the list shows this until then.
  const said = await page.evaluateHandle(() => {
    const all: string[] = [];
    const list = document.querySelector('.processes')!;
    const note = (): unknown =>
      all.push(
        ['#process-count', 'tr[data-name="spin"] .state'].map((one) => list.querySelector(one)?.textContent).join(': '),
      );
    new MutationObserver(note).observe(list, { subtree: true, childList: true, characterData: true });
    return all;
  });
  await act(page, 'spin', 'Kill');
  await expect(line(page, 'spin').locator('.state')).toHaveText(/^killed, core free after [\d.]+ s$/);
  await expect(page.locator('#process-count')).toHaveText('2 running');
  expect(await said.jsonValue()).toContainEqual(
    expect.stringMatching(/^2 running, 1 not yet gone: killed, core not yet free \(/),
  );
  await act(page, 'minishell', 'Kill');
  await expect(status(page)).toHaveText(/^Killed after /);
  await page.locator('#processes-title').hover(); // lines do not move while the pointer is over them
  await expect(line(page, 'spin')).toHaveCount(0);
  await expect(line(page, 'minishell')).toHaveCount(0);
  await expect(line(page, 'ticker').locator('.state')).toContainText('poll_oneoff');
});

test('a program is paused and resumed; for an interruptible loop the core is free at once', async ({ page }) => {
  await page.getByRole('button', { name: 'Ticker', exact: true }).click();
  await page.locator('#background-interruptible').check();
  await page.getByRole('button', { name: 'Busy loop', exact: true }).click();
  for (const name of ['ticker', 'spin']) {
    await act(page, name, 'Pause');
    await expect(line(page, name).locator('.state')).toHaveText('paused');
    await act(page, name, 'Resume');
  }
  await expect(line(page, 'ticker').locator('.state')).toContainText('poll_oneoff');
  await expect(line(page, 'spin').locator('.state')).toHaveText(/^in guest/);
  await act(page, 'spin', 'Kill');
  await expect(line(page, 'spin').locator('.state')).toHaveText(/^killed, core free after \d+ ms$/);
});

test('the CPU time of a run can be limited', async ({ page }) => {
  await page.locator('#tab-spin').click();
  await page.locator('#run-interruptible').check();
  await page.locator('#run-limited').check();
  await run(page, 'spin');
  await expect(status(page)).toHaveText(/^Ended by limit \(code \d+\) after /);
  await shows(page, 'spin', /^limit: .*3,?000/m);
});

test('a trace can be switched on and off while the program runs; the page keeps the last lines', async ({ page }) => {
  const lines = page.locator('#trace-lines div');
  const calls = page.locator('#trace-lines .call');
  await page.getByRole('button', { name: 'Ticker', exact: true }).click();
  await act(page, 'ticker', 'Trace');
  await expect(line(page, 'ticker').getByRole('button', { name: 'Trace' })).toHaveAttribute('aria-pressed', 'true');
  await expect(page.locator('#trace-who')).toHaveText(/^ticker \(pid \d+\)$/);
  await expect(calls.filter({ hasText: /path_open\(.*"tmp\/ticks"/ }).first()).toBeAttached();
  await expect(
    calls.filter({ hasText: /fd_write\(.*bytes="\d+\\n"\) = written=\d+ <[\d.]+ ms>$/ }).first(),
  ).toBeAttached();
  // While it is held, new lines are counted, and shown afterwards.
  const hold = page.getByRole('button', { name: 'Hold' });
  await hold.click();
  const before = await lines.count();
  await expect(page.locator('#trace-who')).toContainText(/held, [1-9]\d* more/);
  expect(await lines.count()).toBe(before);
  await hold.click();
  await expect.poll(() => lines.count()).toBeGreaterThan(before);
  await act(page, 'ticker', 'Trace');
  await expect(page.locator('#trace-who')).toHaveText('nothing is traced');
  await expect(lines.last()).toHaveText(/is no longer traced$/);
  // With thousands of calls, only the last 500 lines are kept.
  await page.getByRole('button', { name: 'Clear' }).click();
  await expect(lines).toHaveCount(0);
  await run(page, 'python');
  await shows(page, 'python', /^>>>/m);
  await act(page, 'python', 'Trace');
  await page.locator('#terminal-python .xterm').click();
  await type(page, "import os; n = [os.stat('/') for i in range(2000)]; print('do' + 'ne')\n");
  await shows(page, 'python', /^done$/m);
  await expect(calls.filter({ hasText: 'bytes="done' })).toBeAttached();
  expect(await lines.count()).toBe(500);
});

test.describe('the supervisor’s playground', () => {
  const IDS = ['db', 'cache', 'api', 'web'] as const;
  const child = (page: Page, id: string): Locator => page.locator(`#child-${id}`);
  const fact = (page: Page, id: string, name: string): Locator =>
    child(page, id)
      .locator('div', { has: page.locator(`dt:text-is("${name}")`) })
      .locator('dd');
  const press = (page: Page, id: string, what: string): Promise<void> =>
    child(page, id).getByRole('button', { name: what }).click();
  const pids = (page: Page): Promise<(string | null)[]> =>
    Promise.all(IDS.map((id) => fact(page, id, 'pid').textContent()));
  const allRun = async (page: Page): Promise<void> => {
    for (const id of IDS) await expect(child(page, id).locator('.state')).toHaveText('running');
  };
  const log = (page: Page): Promise<string[]> => page.locator('#supervisor-log li').allTextContents();
  const begin = async (page: Page, strategy: string): Promise<void> => {
    await page.getByLabel(strategy).check();
    await page.getByRole('button', { name: 'Start', exact: true }).click();
    await allRun(page);
  };

  for (const [strategy, others] of [
    ['one-for-one', []],
    ['one-for-all', ['db', 'cache', 'web']],
    ['rest-for-one', ['web']],
  ] as const) {
    test(`${strategy}: api traps, and ${others.length > 0 ? `${others.join(', ')} with it` : 'it alone'} begins anew`, async ({
      page,
    }) => {
      await begin(page, strategy);
      const before = await pids(page);
      await press(page, 'api', 'Trap');
      await expect(fact(page, 'api', 'last end')).toHaveText('trap');
      await expect(fact(page, 'api', 'restarts')).toHaveText('1');
      await allRun(page);
      const after = await pids(page);
      const anew = IDS.filter((_, i) => before[i] !== after[i]);
      // A pid may be reused, so check the log.
      const since = (await log(page)).slice(IDS.length);
      const started = since.filter((text) => /started, pid/.test(text)).map((text) => text.split(' ')[2]);
      const expected = IDS.filter((id) => id === 'api' || (others as readonly string[]).includes(id));
      expect(started).toEqual(expected);
      expect(expected).toEqual(expect.arrayContaining(anew));
      // All are stopped in reverse order before any is started.
      const stopped = since.filter((text) => /stopped:/.test(text)).map((text) => text.split(' ')[2]);
      expect(stopped).toEqual([...others].reverse());
      for (const id of others) await expect(fact(page, id, 'restarts')).toHaveText('0');
    });
  }

  test('a child that hangs is asked to stop, then killed; a transient child that ends normally is not restarted', async ({
    page,
  }) => {
    await page.locator('select[name="restart"]').selectOption('transient');
    await begin(page, 'one-for-all');
    await press(page, 'db', 'Exit 0');
    await expect(child(page, 'db').locator('.state')).toHaveText('stopped');
    await expect(fact(page, 'db', 'last end')).toHaveText('exit 0');
    await press(page, 'web', 'Hang');
    await expect(line(page, 'web').locator('.state')).toContainText('poll_oneoff');
    await press(page, 'cache', 'Kill');
    await expect(fact(page, 'cache', 'restarts')).toHaveText('1');
    await expect(fact(page, 'web', 'last end')).toHaveText('killed');
    expect((await log(page)).join('\n')).toMatch(/web is asked to end[^]*web is killed[^]*web stopped: killed/);
    await page.getByRole('button', { name: 'Close' }).click();
    await expect(page.locator('#supervisor-outcome')).toContainText('It was closed');
  });

  test('after one restart too many all are stopped, and the error says so; the supervisor can be started again', async ({
    page,
  }) => {
    await page.locator('input[name="most"]').fill('1');
    await page.locator('input[name="within"]').fill('600');
    await begin(page, 'one-for-one');
    await press(page, 'cache', 'Trap');
    await expect(fact(page, 'cache', 'restarts')).toHaveText('1');
    await allRun(page);
    await press(page, 'cache', 'Kill');
    await expect(page.locator('#supervisor-outcome')).toHaveText(
      'The limit is reached: cache ended (killed) after 1 restart. All others were stopped.',
    );
    for (const id of IDS) await expect(child(page, id).getByRole('button').first()).toBeDisabled();
    await page.getByRole('button', { name: 'Start', exact: true }).click();
    await allRun(page);
    // Changing the strategy creates a new supervisor.
    await page.getByLabel('rest-for-one').check();
    await expect(page.locator('#supervisor-outcome')).toContainText('rest-for-one');
    await allRun(page);
  });
});

test('without the headers, a browser that cannot suspend programs says which are missing, and offers nothing that would fail', async ({
  page,
}) => {
  await page.addInitScript(() => void delete (WebAssembly as { Suspending?: unknown }).Suspending);
  await page.route(`**${DEMO}`, async (route) => {
    const response = await route.fetch();
    const headers = Object.entries(response.headers()).filter(([name]) => !name.startsWith('cross-origin-'));
    await route.fulfill({ response, headers: Object.fromEntries(headers) });
  });
  await page.goto('about:blank');
  await page.goto(DEMO);
  const problems = page.getByRole('alert');
  await expect(problems).toContainText('Cross-Origin-Opener-Policy: same-origin');
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
    await expect(page.locator('#runtime-state')).toContainText('started');
    const place = (): Promise<unknown> =>
      page.evaluate(() => {
        scrollTo(0, 0); // the terminal stays visible
        return [
          '#tab-python',
          '#run',
          '#screen',
          '#chart',
          '#wakeups',
          '#workers',
          '#process-region',
          '#child-web',
        ].map((selector) => {
          const { x, y, width, height } = document.querySelector(selector)!.getBoundingClientRect();
          return [selector, x, y + scrollY, selector === '#screen' || selector === '#chart' ? [width, height] : null];
        });
      });
    const still = (): Promise<number> => page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    expect(await still()).toBeLessThanOrEqual(0);
    const before = await place();
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    await shows(page, 'python', /^>>>/m);
    await type(page, 'print(6*7)\n');
    await shows(page, 'python', /^42$/m);
    await page.getByRole('button', { name: 'Start', exact: true }).click();
    for (let i = 0; i < 3; i++) await page.getByRole('button', { name: 'Ticker', exact: true }).click();
    await expect(page.locator('#process-rows tr')).toHaveCount(8);
    await line(page, 'ticker').first().getByRole('button', { name: 'Trace' }).click();
    await expect(page.locator('#trace-lines .call').nth(20)).toBeAttached();
    expect(await still()).toBeLessThanOrEqual(0);
    const after = await place();
    // Right-aligned numbers grow to the left; nothing else may move.
    const withoutNumbers = (places: unknown): unknown =>
      (places as unknown[][]).map(([name, , y, size]) => [name, y, size]);
    expect(withoutNumbers(after)).toEqual(withoutNumbers(before));
  });
}
