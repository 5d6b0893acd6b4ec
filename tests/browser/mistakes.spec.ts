// Typical beginners' mistakes that need a page: each causes one clear message, which says what to do. For the others see tests/node/mistakes.test.mjs.
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { root, serveSite, type Site } from './support/site.ts';
import { equip, expect, test } from './support/test.ts';

const PAGE = '<!doctype html><title>My app</title>';
const wasm = { 'Content-Type': 'application/wasm' };

test.describe('a program that a server does not send', () => {
  let site: Site;
  let other: Site;
  test.beforeAll(async () => {
    const hello = await readFile(path.join(root, 'build/guests/hello.wasm'));
    site = await serveSite((name) => {
      if (name === '/app.wasm') return { headers: { 'Content-Type': 'text/html' }, body: PAGE };
      if (name === '/text.wasm') return { headers: { 'Content-Type': 'text/plain' }, body: hello };
      if (name === '/script.wasm') return { headers: { 'Content-Type': 'text/javascript' }, body: hello };
      return undefined;
    });
    other = await serveSite((name) => {
      if (name === '/closed.wasm') return { headers: wasm, body: hello };
      if (name === '/open.wasm') return { headers: { ...wasm, 'Access-Control-Allow-Origin': '*' }, body: hello };
      if (name === '/opaque.wasm')
        return { headers: { ...wasm, 'Cross-Origin-Resource-Policy': 'cross-origin' }, body: hello };
      return undefined;
    });
  });
  test.afterAll(() => Promise.all([site.close(), other.close()]));

  test.beforeEach(async ({ page, start }) => {
    await page.goto(`${site.url}tests/browser/support/blank.html`);
    await equip(page);
    await start();
  });

  const refusals = [
    [
      'a path that does not exist',
      '/nowhere.wasm',
      /\/nowhere\.wasm answered HTTP 404 Not Found: is the path right\?$/,
    ],
    [
      'an app’s page, which its server sends for every path',
      '/app.wasm',
      /\/app\.wasm is not a WebAssembly module: it starts with "<!doctype html>.*" \(text\/html\)\. Is the path right, or is a login needed\?$/,
    ],
  ] as const;
  for (const [what, url, message] of refusals) {
    test(`${what} is reported as such, as a URL and as a Response`, async ({ page }) => {
      const failures = await page.evaluate(
        async (url) => [await lab.failure(window.hf.run(url)), await lab.failure(window.hf.run(fetch(url)))],
        url,
      );
      for (const failure of failures) {
        expect(failure).toMatchObject({ name: 'SpawnRefused', kind: 'source' });
        expect(failure.message).toMatch(message);
      }
    });
  }

  test('another origin that does not allow it: the message names the header', async ({ page }) => {
    const failures = await page.evaluate(
      async (url) => [await lab.failure(window.hf.run(url)), await lab.failure(window.hf.run(fetch(url)))],
      `${other.url}closed.wasm`,
    );
    for (const failure of failures) {
      expect(failure).toMatchObject({ name: 'SpawnRefused', kind: 'source' });
      expect(failure.message).toMatch(/ could not be fetched: .*Access-Control-Allow-Origin \(CORS\)\?$/);
    }
    expect(failures[0]?.message).toContain(`${other.url}closed.wasm`);
  });

  test('an opaque Response is reported as such', async ({ page }) => {
    const failure = await page.evaluate(
      (url) => lab.failure(window.hf.run(fetch(url, { mode: 'no-cors' }))),
      `${other.url}opaque.wasm`,
    );
    expect(failure).toMatchObject({ name: 'SpawnRefused', kind: 'source' });
    expect(failure.message).toMatch(/is opaque: fetch it with mode "cors", from a server that allows it$/);
  });

  test('another origin that allows it works, and so does a wrong content type', async ({ page }) => {
    const outputs = await page.evaluate(
      async (urls) => {
        const outputs = [];
        for (const url of urls)
          for (const source of [url, fetch(url)]) outputs.push((await window.hf.run(source)).stdout);
        return outputs;
      },
      [`${other.url}open.wasm`, '/text.wasm', '/script.wasm'],
    );
    expect(outputs).toEqual(Array(6).fill('hello, world\n'));
  });
});

test('the wrong kind of module is named in a page, too', async ({ page, start }) => {
  await start();
  const messages = await page.evaluate(async () => {
    const failures = [await lab.failure(window.hf.run(lab.guest('reactor')))];
    return failures.map(({ message }) => message);
  });
  expect(messages[0]).toMatch(
    /^the module cannot run: it is a reactor, .*\. Call its exports with instantiate\(\), or link it as a command/,
  );
});
