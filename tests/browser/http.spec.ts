// wasi:http in a page: requests by the page's fetch, responses by components, and what a page downloads for them.
import { expect, test } from './support/test.ts';

test('a component makes requests by the fetch of the page', async ({ page, start }) => {
  const bodies: (string | null)[] = [];
  const cookies: (string | undefined)[] = [];
  await page.route('**/api/*', async (route) => {
    const request = route.request();
    if (request.url().endsWith('/broken')) return route.abort('connectionrefused');
    bodies.push(request.postData());
    cookies.push((await request.allHeaders()).cookie);
    return route.fulfill({ status: 203, headers: { 'X-Own': 'yes' }, body: `${request.method()} answered` });
  });
  await start();
  const outputs = await page.evaluate(async () => {
    document.cookie = 'secret=1';
    const run = async (http: boolean | { allow: string[] }, ...args: string[]) =>
      (await window.hf.run(lab.guest('http-client'), { args, http })).stdout;
    const own = (path: string) => `${location.origin}/api/${path}`;
    return {
      get: await run(true, 'GET', own('a')),
      post: await run({ allow: [location.origin] }, 'POST', own('b'), 'body', 'part', 'repeat', '3'),
      denied: await run({ allow: ['https://example.com'] }, 'GET', own('c')),
      broken: await run(true, 'GET', own('broken')),
    };
  });
  expect(outputs.get).toMatch(/^203\n[^]*x-own: yes\n[^]*\nGET answered$/);
  expect(outputs.post).toMatch(/^203\n[^]*\nPOST answered$/);
  expect(outputs.denied).toBe('error 15\n');
  expect(outputs.broken).toMatch(/^error 38 fetch failed: .+\n$/);
  expect(bodies).toEqual([null, 'partpartpart']);
  expect(cookies).toEqual([undefined, undefined]);
});

test('a component answers requests of the page, and streams', async ({ page, context, start }) => {
  const files: string[] = [];
  context.on('request', (request) => files.push(request.url().replace(/.*\//, '')));
  await start();
  expect(files).not.toContain('http.js');
  const { greeting, echoed, error, running } = await page.evaluate(async () => {
    const server = await window.hf.serve(lab.guest('http-server'), { max: 2 });
    const url = (path: string) => `http://component.test${path}`;
    const greeting = await (await server.fetch(url('/greet?name=page'))).text();
    const body = 'x'.repeat(300_000);
    const echo = await server.fetch(url('/echo'), { method: 'POST', body });
    const error = await lab.failure(server.fetch(url('/trap')));
    const hang = server.fetch(url('/hang'), { signal: AbortSignal.timeout(500) }).catch((thrown: Error) => thrown.name);
    await hang;
    const echoed = (await echo.text()) === body;
    await server.close();
    return { greeting, echoed, error, running: server.running };
  });
  expect(files).toContain('http.js');
  expect(greeting).toBe('hello, page\n');
  expect(echoed).toBe(true);
  expect(error).toMatchObject({ name: 'CallFailed', message: 'the component ended without a response: unreachable' });
  expect(running).toBe(0);
});
