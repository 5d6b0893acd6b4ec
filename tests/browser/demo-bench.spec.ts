// The demo's benchmark page: it measures a few groups, shows them, stops when asked, and its downloads are reports.
import { readFile } from 'node:fs/promises';
import { expect, test, type Page } from '@playwright/test';
import { compareReports } from '../bench/report/compare.js';
import { OURS, subjectOf } from '../bench/report/model.js';

interface Report {
  rows: { group: string; floor: string }[];
}

const complaints: string[] = [];

test.beforeEach(async ({ page, baseURL }) => {
  complaints.length = 0;
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  page.on('request', (request) => {
    const { origin } = new URL(request.url());
    if (!/^(data|blob):/.test(request.url()) && origin !== new URL(baseURL!).origin)
      complaints.push(`external request: ${request.url()}`);
  });
  await page.goto('/build/demo/bench.html');
  await expect(page.locator('#run')).toBeEnabled();
});

test.afterEach(() => {
  expect(complaints).toEqual([]);
});

const groups = (page: Page) => page.locator('#groups input');

async function choose(page: Page, titles: string[]): Promise<void> {
  for (const box of await groups(page).all()) await box.setChecked(titles.includes(await box.inputValue()));
}

async function run(page: Page, rounds: number): Promise<void> {
  await page.fill('#rounds', String(rounds));
  await page.click('#run');
}

async function saved(page: Page, format: string): Promise<string> {
  const download = page.waitForEvent('download');
  await page.click(`[data-save="${format}"]`);
  expect((await download).suggestedFilename()).toMatch(/^holdfast-\d{4}-\d\d-\d\d\./);
  return readFile(await (await download).path(), 'utf8');
}

test('each row has a figure and its floor, on the page and in the downloads', async ({ page }) => {
  await choose(page, ['hf.fs', 'Close']);
  await run(page, 2);
  await expect(page.locator('#outcome')).toContainText('Done.');
  await expect(page.locator('#report h2')).toHaveText(['hf.fs', 'Close']);
  await expect(page.locator('#report svg.curve')).toHaveCount(2);
  const report = JSON.parse(await saved(page, 'json')) as Report;
  expect(report.rows).toHaveLength(5);
  for (const row of report.rows)
    for (const name of [OURS, row.floor]) expect(subjectOf(row, name).samples).toHaveLength(2);
  expect(compareReports(report, report).map(({ verdict }) => verdict)).toEqual(report.rows.map(() => 'same'));
  const [header, ...lines] = (await saved(page, 'csv')).trimEnd().split('\n');
  expect(header).toMatch(/^group,row,/);
  expect(lines).toHaveLength(2 * report.rows.length);
  await expect(page.locator('#report tbody')).toHaveCount(report.rows.length);
});

test('Stop ends after the round that is being measured, and another run begins anew', async ({ page }) => {
  await expect(groups(page)).toHaveCount(8);
  await run(page, 99);
  await expect(page.locator('#outcome')).toContainText('round 1 of 99');
  await expect(groups(page).first()).toBeDisabled();
  await page.click('#stop');
  await expect(page.locator('#outcome')).toContainText('Stopped.');
  const { rows } = JSON.parse(await saved(page, 'json')) as Report;
  expect(new Set(rows.map(({ group }) => group))).toEqual(new Set(['System calls']));
  const counts = rows.map((row) => subjectOf(row, OURS).samples.length);
  expect(new Set(counts).size).toBe(1);
  expect(counts[0]).toBeLessThan(99);
  await choose(page, ['Close']);
  await run(page, 1);
  await expect(page.locator('#outcome')).toContainText('Done.');
  await expect(page.locator('#report h2')).toHaveText(['Close']);
});

test('the demo links to it, and it says what there is to choose', async ({ page }) => {
  await choose(page, []);
  await page.click('#run');
  await expect(page.locator('#outcome')).toHaveText('Choose at least one group.');
  await expect(page.locator('#visitor')).toHaveText(/ \d+ cores, .*, \d{4}-\d\d-\d\d\.$/);
  await page.click('a[href="./"]');
  await page.click('a[href="bench.html"]');
  await expect(page.locator('#run')).toBeEnabled();
});
