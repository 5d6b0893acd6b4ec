// Tests ways to host a page exactly as docs/hosting.md describes them.
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { test as plain } from '@playwright/test';
import { isolation, root, serveSite, type Answer, type Site } from './support/site.ts';
import { equip, expect, watch } from './support/test.ts';

const doc = await readFile(path.join(root, 'docs/hosting.md'), 'utf8');
const sites: Site[] = [];
plain.afterEach(async () => {
  for (const site of sites.splice(0)) await site.close();
});

async function serve(answer: (path: string) => Answer | undefined, headers: Record<string, string>): Promise<Site> {
  const site = await serveSite(answer, headers);
  sites.push(site);
  return site;
}

const hello = async (): Promise<string> => {
  const hf = await window.lib.start();
  const { stdout } = await hf.run(lab.guest('hello'));
  await hf.close();
  return stdout;
};

plain('a server that sends no headers, with coi-serviceworker', async ({ page }) => {
  const complaints = watch(page);
  const script = /<script src="(coi-serviceworker[^"]*)"><\/script>/.exec(doc)!;
  const body = await readFile(path.join(root, 'node_modules/coi-serviceworker', script[1]!));
  const html = `<!doctype html><title>hosted</title>${script[0]}`;
  const site = await serve((asked) => {
    if (asked === '/') return { headers: { 'Content-Type': 'text/html' }, body: html };
    if (asked === `/${script[1]}`) return { headers: { 'Content-Type': 'text/javascript' }, body };
    return undefined;
  }, {});
  await page.goto(site.url);
  await page.waitForFunction(() => crossOriginIsolated && document.readyState === 'complete'); // coi-serviceworker reloads the page once
  await equip(page);
  expect(await page.evaluate(hello)).toBe('hello, world\n');
  expect(await page.evaluate(() => window.lib.diagnose())).toMatchObject({ mode: 'workers', problems: [] });
  expect(complaints).toEqual([]);
});

plain('the Content-Security-Policy of the page, sent with everything', async ({ page }) => {
  const complaints = watch(page);
  const policy = /^Content-Security-Policy: (.*)$/m.exec(doc)![1]!;
  const site = await serve(() => undefined, { ...isolation, 'Content-Security-Policy': policy });
  await page.goto(`${site.url}tests/browser/support/blank.html`);
  await equip(page);
  expect(await page.evaluate(hello)).toBe('hello, world\n');
  expect(await page.evaluate(() => window.lib.diagnose())).toMatchObject({ mode: 'workers', problems: [] });
  expect(complaints).toEqual([]);
});
