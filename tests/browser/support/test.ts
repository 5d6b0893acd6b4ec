/**
 * The page that every test starts with: served by nginx with the headers of serve.conf, containing only the library (`lib`) and the tools of lab.ts
 * (`lab`). An uncaught error or an unhandled rejection in it fails the test.
 */
import { test as base, expect, type Page, type TestInfo } from '@playwright/test';
import path from 'node:path';
import { makeLab, type StartOptions } from './lab.ts';
import { reasonToSkip } from './single-skips.ts';

export { expect };
export type { Page };

/** Loads the library into a page that is already open. */
export async function equip(page: Page, library = '/dist/index.js'): Promise<void> {
  await page.evaluate(async (url) => {
    window.lib = (await import(url)) as typeof window.lib;
  }, library);
  await page.evaluate(`globalThis.lab = (${makeLab.toString()})()`);
}

/** Collects errors that the page did not handle. */
export function watch(page: Page): string[] {
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(`${error.name}: ${error.message}`));
  return complaints;
}

/** Whether the pages are cross-origin isolated. If not, all programs share one worker. `npm test -- browser` runs all tests both ways. */
export const isolated = process.env.HOLDFAST_ISOLATED !== '';

/** Skips a test that is listed in single-skips.ts, if the pages are not isolated. */
export function skipWhereItDoesNotApply(info: TestInfo): void {
  const reason = isolated ? undefined : reasonToSkip(path.basename(info.file), info.title);
  if (reason) info.skip(true, reason);
}

export const test = base.extend<{ start: (options?: StartOptions) => Promise<void> }>({
  page: async ({ page }, use, info) => {
    skipWhereItDoesNotApply(info);
    const complaints = watch(page);
    await page.goto('/tests/browser/support/blank.html');
    await equip(page);
    await use(page);
    // Late rejections are seen, too.
    if (!page.isClosed())
      await page.evaluate(() => new Promise((resolve) => setTimeout(resolve))).catch(() => undefined);
    expect(complaints, 'errors that the page did not handle').toEqual([]);
  },

  /** Starts a runtime as `window.hf`. */
  start: async ({ page }, use) => {
    await use((options = {}) =>
      page.evaluate(async (given) => {
        window.hf = await window.lib.start(given);
      }, options),
    );
    if (!page.isClosed()) await page.evaluate(() => window.hf?.close());
  },
});
