// The demo's plugin page: a program in C and one in Go call each other and the page.
import { expect, test, type Page } from '@playwright/test';

const complaints: string[] = [];

test.beforeEach(async ({ page }) => {
  complaints.length = 0;
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  await page.goto('/build/demo/plugins.html');
  await expect(page.locator('#runtime-state')).toContainText('plugins started');
});

test.afterEach(() => {
  expect(complaints).toEqual([]);
});

const outcome = (page: Page) => expect(page.locator('#outcome'));
const call = (page: Page, name: string): Promise<void> => page.click(`[data-call="${name}"]`);
const calls = (page: Page): Promise<string[]> => page.locator('#log .who').allTextContents();

test('the page calls C, C calls Go, and Go calls C and the page at once', async ({ page }) => {
  await call(page, 'primes');
  await outcome(page).toContainText('C counted 78,498 primes; the largest is 999,983.');
  await page.fill('#below', '1000');
  await call(page, 'spelled');
  await outcome(page).toContainText('one hundred sixty-eight');
  await call(page, 'report');
  await outcome(page).toContainText(/At .*: one hundred sixty-eight primes, the largest of them nine hundred/);
  const [first, second, third, fourth, ...last] = await calls(page);
  expect([first, second, third, fourth]).toEqual(['page → C', 'page → C', 'C → Go', 'page → Go']);
  expect(last.sort()).toEqual(['Go → C', 'Go → page']);
});

test('calls can be nested twelve deep', async ({ page }) => {
  await call(page, 'bounce');
  await outcome(page).toContainText('C → Go → C → Go → C → Go → C → Go → C → Go → C → Go → C');
  expect(await calls(page)).toHaveLength(13);
});

test('a crash of a plugin is reported, and the next call starts it again', async ({ page }) => {
  await call(page, 'crash');
  await outcome(page).toContainText('plugin "c" ended (trap');
  await expect(page.locator('#peer-c .state')).toContainText('has ended');
  await call(page, 'primes');
  await outcome(page).toContainText('78,498');
  await expect(page.locator('#peer-c .state')).toContainText('runs as process');
});

test('a number that JSON cannot hold is not sent', async ({ page }) => {
  await page.fill('#below', '-1');
  await call(page, 'primes');
  expect(await calls(page)).toEqual([]);
});
