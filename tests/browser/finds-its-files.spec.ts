// Where the runtime's own files can be, and the errors when they are missing.
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { test as plain } from '@playwright/test';
import { FILES } from '../../common/files.js';
import type { ErrorInWords, StartOptions } from './support/lab.ts';
import { isolation, root, serveSite, type Answer, type Site } from './support/site.ts';
import { equip, expect, watch, type Page } from './support/test.ts';

const blank = 'tests/browser/support/blank.html';
const sites: Site[] = [];
plain.afterEach(async () => {
  for (const site of sites.splice(0)) await site.close();
});

async function site(
  answer?: Parameters<typeof serveSite>[0],
  headers: Record<string, string> = isolation,
): Promise<Site> {
  const made = await serveSite(answer, headers);
  sites.push(made);
  return made;
}

async function open(page: Page, ...given: Parameters<typeof site>): Promise<Site> {
  const made = await site(...given);
  await page.goto(made.url + blank);
  await equip(page);
  return made;
}

/** A server on another origin, which allows other origins to load its files. */
const elsewhere = (): Promise<Site> =>
  site(undefined, { 'Access-Control-Allow-Origin': '*', 'Cross-Origin-Resource-Policy': 'cross-origin' });

/** Needs all of the runtime's files: an interruptible program, a supervised one, a file, a guest that is called, a component, and one that is called. */
const runs = (page: Page, options: StartOptions): Promise<string> =>
  page.evaluate(async (given) => {
    const hf = await window.lib.start(given);
    try {
      const { stdout } = await hf.run(lab.guest('hello'), { interruptible: true });
      const supervisor = await hf.supervise({
        children: [{ id: 'one', start: { source: lab.guest('hello') }, restart: 'temporary' }],
      });
      await supervisor.wait();
      await hf.fs.writeFile('/file', 'text');
      await (await hf.instantiate(lab.guest('called'))).call('add', 1, 2);
      await hf.run(lab.guest('component-hello'));
      await (await hf.instantiate(lab.guest('component-exports'))).call('add', 1, 2);
      return stdout;
    } finally {
      await hf.close();
    }
  }, options);

const failure = (page: Page, options: StartOptions = {}) =>
  page.evaluate(
    async (given) => (await lab.failure(window.lib.start(given))) as ErrorInWords & { problems: { fix: string }[] },
    options,
  );

plain('its files can be on another origin', async ({ page }) => {
  const complaints = watch(page);
  const other = await elsewhere();
  const here = await open(page);
  expect(await runs(page, { assets: `${other.url}dist` })).toBe('hello, world\n');
  for (const file of Object.values(FILES)) {
    expect(other.count(`/dist/${file}`), file).toBeGreaterThan(0);
    expect(here.count(`/dist/${file}`), file).toBe(0);
  }
  expect(complaints).toEqual([]);
});

plain('scripts on another origin need blob: and that origin in worker-src, and the error says so', async ({ page }) => {
  const other = await elsewhere();
  const policy = (workers: string): Record<string, string> => ({
    ...isolation,
    'Content-Security-Policy': `script-src 'self' 'wasm-unsafe-eval' ${new URL(other.url).origin}; worker-src ${workers}`,
  });
  await open(page, undefined, policy("'self'"));
  expect((await failure(page, { assets: `${other.url}dist` })).message).toContain('blob:');
  await open(page, undefined, policy(`'self' blob: ${new URL(other.url).origin}`));
  expect(await runs(page, { assets: `${other.url}dist` })).toBe('hello, world\n');
});

plain('scripts can be data: URLs, which bundlers create for small files', async ({ page }) => {
  await open(page);
  const assets: StartOptions['assets'] = {};
  for (const name of ['coordinator', 'compute', 'supervise'] as const) {
    const text = await readFile(path.join(root, 'dist', FILES[name]), 'base64');
    Object.assign(assets, { [name]: `data:text/javascript;base64,${text}` });
  }
  expect(await runs(page, { assets })).toBe('hello, world\n');
});

plain('where Trusted Types are required, a policy named holdfast is enough', async ({ page }) => {
  const headers = (policies: string): Record<string, string> => ({
    ...isolation,
    'Content-Security-Policy': `require-trusted-types-for 'script'; trusted-types ${policies}`,
  });
  await open(page, undefined, headers('holdfast'));
  expect(await runs(page, {})).toBe('hello, world\n');
  await open(page, undefined, headers("'none'"));
  expect((await failure(page)).message).toMatch(/Trusted Types.*holdfast/);
});

plain('the error names all missing files at once, and says what to do', async ({ page }) => {
  const missing = (name: string): Answer | undefined =>
    Object.values(FILES).some((file) => name === `/dist/${file}`) ? { status: 404, headers: isolation } : undefined;
  await open(page, missing);
  const { name, message, problems } = await failure(page);
  expect(name).toBe('StartFailed');
  for (const file of Object.values(FILES)) expect(message).toContain(`/dist/${file} (HTTP 404`);
  expect(problems).toHaveLength(1);
  expect(problems[0]!.fix).toContain('node_modules/holdfast/dist');
});

const forComponents = [FILES.component, FILES.parser, FILES.p2, FILES.executor].map((file) => `/dist/${file}`);

const hello = (page: Page): Promise<string> =>
  page.evaluate(async () => (await window.hf.run(lab.guest('component-hello'))).stdout);

plain('the files that a component needs are requested at once', async ({ page }) => {
  const asked = new Set<string>();
  let all!: () => void;
  const allAsked = new Promise<void>((resolve) => (all = resolve));
  await open(page, async (name) => {
    if (!forComponents.includes(name)) return undefined;
    if (asked.add(name).size === forComponents.length) all();
    await allAsked;
    return undefined;
  });
  await page.evaluate(async () => void (window.hf = await window.lib.start()));
  expect(await hello(page)).toBe('hello from a component\n');
});

plain('a missing file of components is named, and requested again for the next one', async ({ page }) => {
  let missing = '';
  await open(page, (name) => (name === missing ? { status: 404, headers: isolation } : undefined));
  for (const file of forComponents) {
    await page.evaluate(async () => void (window.hf = await window.lib.start()));
    missing = file;
    const { name, message } = await page.evaluate(() => lab.failure(window.hf.run(lab.guest('component-hello'))));
    expect(name).toBe('SpawnRefused');
    expect(message).toContain(file);
    missing = '';
    expect(await hello(page), file).toBe('hello from a component\n');
    await page.evaluate(() => window.hf.close());
  }
});

plain('files that Vite has lost are recognized by their URL', async ({ page }) => {
  const { url } = await open(page, (name) =>
    name.startsWith('/node_modules/.vite/') ? { headers: { 'Content-Type': 'text/html', ...isolation } } : undefined,
  );
  const { problems } = await failure(page, { assets: `${url}node_modules/.vite/deps/` });
  expect(problems.map(({ fix }) => fix).join()).toContain('holdfast/vite');
});
