import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { root, serveSite, type Site } from './support/site.ts';
import { equip, expect, test } from './support/test.ts';

test('a program may be a URL, a string, a Response, a Blob, bytes in any form, a Module, or a promise of any of them', async ({
  page,
  start,
}) => {
  await start();
  const outputs = await page.evaluate(async () => {
    const url = lab.guest('hello');
    const bytes = await (await fetch(url)).arrayBuffer();
    const inTheMiddle = new Uint8Array(bytes.byteLength + 20);
    inTheMiddle.set(new Uint8Array(bytes), 10);
    const inShared = new Uint8Array(new SharedArrayBuffer(bytes.byteLength));
    inShared.set(new Uint8Array(bytes));
    const asOctets = { headers: { 'content-type': 'application/octet-stream' } };
    const sources = [
      new URL(url),
      url,
      new URL(url).pathname,
      '../../../build/guests/hello.wasm',
      await fetch(url),
      fetch(url),
      new Response(bytes, asOctets),
      bytes,
      new Uint8Array(bytes),
      inTheMiddle.subarray(10, 10 + bytes.byteLength),
      new DataView(bytes),
      await WebAssembly.compile(bytes),
      new Blob([bytes]),
      new File([bytes], 'hello.wasm'),
      fetch(url).then((response) => response.blob()),
      Promise.resolve(bytes),
      Promise.resolve(url),
      WebAssembly.compile(bytes),
      inShared,
    ];
    const outputs = [];
    for (const source of sources) outputs.push((await window.hf.run(source)).stdout);
    return outputs;
  });
  expect(outputs).toEqual(outputs.map(() => 'hello, world\n'));
  expect(outputs).toHaveLength(19);
});

test('a value that is not a source is a TypeError', async ({ page, start }) => {
  await start();
  const errors = await page.evaluate(async () => {
    const wrong: unknown[] = [undefined, null, 5, {}, Promise.resolve({}), 'http://['];
    const errors = [];
    for (const source of wrong) errors.push(await lab.failure(window.hf.run(source as string)));
    return errors.map(({ name }) => name);
  });
  expect(errors).toEqual(errors.map(() => 'TypeError'));
});

test('onProgress reports download, compilation and start', async ({ page, start }) => {
  await start();
  const { phases, last, size } = await page.evaluate(async () => {
    const url = lab.guest('hello');
    const seen: { phase: string; loaded: number; total: number }[] = [];
    await window.hf.run(url, { onProgress: (progress) => seen.push(progress) });
    const size = (await (await fetch(url)).arrayBuffer()).byteLength;
    const downloads = seen.filter(({ phase }) => phase === 'download');
    return { phases: [...new Set(seen.map(({ phase }) => phase))], last: downloads.at(-1)?.loaded, size };
  });
  expect(phases).toEqual(['download', 'compile', 'start']);
  expect(last).toBe(size);
});

test.describe('with a server that counts requests and sends wrong headers', () => {
  let site: Site;
  test.beforeAll(async () => {
    const hello = await readFile(path.join(root, 'build/guests/hello.wasm'));
    const threads = await readFile(path.join(root, 'build/guests/threads-share-one-memory.wasm'));
    const wasm = { 'Content-Type': 'application/wasm' };
    site = await serveSite((name) => {
      switch (name) {
        case '/truncated.wasm':
          return { headers: wasm, body: hello.subarray(0, hello.length / 2) };
        case '/page.wasm':
          return { headers: { 'Content-Type': 'text/html' }, body: '<!doctype html><title>Not here</title>' };
        case '/lie.wasm':
          return { headers: wasm, body: '<!doctype html><title>Not here</title>' };
        case '/octets.wasm':
          return { headers: { 'Content-Type': 'application/octet-stream' }, body: hello };
        case '/empty.wasm':
          return { headers: wasm };
        case '/cut.wasm':
          return {
            headers: { ...wasm, 'Content-Length': `${hello.length}` },
            body: hello.subarray(0, 2000),
            breaks: true,
          };
        case '/cut-chunks.wasm':
          return { headers: wasm, body: hello.subarray(0, 2000), breaks: true };
        case '/undecodable.wasm':
          return { headers: { ...wasm, 'Content-Encoding': 'gzip' }, body: 'this is not gzip' };
        case '/once.wasm':
        case '/once-response.wasm':
          return site.count(name) === 1 ? { headers: wasm, body: threads } : { status: 401, body: 'log in' };
        case '/flaky.wasm':
          return site.count(name) === 1 ? { status: 503, body: 'try later' } : { headers: wasm, body: hello };
        default:
          return undefined;
      }
    });
  });
  test.afterAll(() => site.close());

  test.beforeEach(async ({ page, start }) => {
    await page.goto(`${site.url}tests/browser/support/blank.html`);
    await equip(page);
    await start();
  });

  test('a URL is fetched and compiled once, however often it runs, even concurrently', async ({ page }) => {
    const outputs = await page.evaluate(async () => {
      const once = () => window.hf.run(lab.guest('hello'));
      const results = await Promise.all([once(), once(), once()]);
      results.push(await once());
      return results.map(({ stdout }) => stdout);
    });
    expect(outputs).toEqual(Array(4).fill('hello, world\n'));
    expect(site.count('/build/guests/hello.wasm')).toBe(1);
  });

  test('a content type with a parameter works', async ({ page }) => {
    const result = await page.evaluate(async () => {
      const bytes = await (await fetch(lab.guest('hello'))).arrayBuffer();
      return window.hf.run(URL.createObjectURL(new Blob([bytes], { type: 'application/wasm; charset=binary' })));
    });
    expect(result).toMatchObject({ reason: 'exit', stdout: 'hello, world\n' });
  });

  test('reading the memory that a module imports does not run its code in the coordinator', async ({ page }) => {
    const ends = await page.evaluate(async () => {
      // (import "env" "memory" (memory 1 1 shared)) (func (loop br 0)) (start 0) and an empty _start; in the second, a function is imported too.
      const section = (id: number, body: number[]) => [id, body.length, ...body];
      const text = (words: string) => [words.length, ...new TextEncoder().encode(words)];
      const memory = [...text('env'), ...text('memory'), 2, 3, 1, 1];
      const yields = [...text('wasi_snapshot_preview1'), ...text('sched_yield'), 0, 0];
      const moduleOf = (imports: number[][], first: number) =>
        Uint8Array.from([
          ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
          ...section(1, [2, 0x60, 0, 1, 0x7f, 0x60, 0, 0]),
          ...section(2, [imports.length, ...imports.flat()]),
          ...section(3, [2, 1, 1]),
          ...section(7, [1, ...text('_start'), 0, first + 1]),
          ...section(8, [first]),
          ...section(10, [2, 7, 0, 3, 0x40, 0x0c, 0, 0x0b, 0x0b, 2, 0, 0x0b]),
        ]);
      const ends = [];
      for (const bytes of [moduleOf([memory], 0), moduleOf([yields, memory], 1)]) {
        const module = await WebAssembly.compile(bytes);
        ends.push(
          await window.hf.run(module, { timeout: 300 }).then(
            (end) => end.reason,
            (error) => (error as { kind: string }).kind,
          ),
        );
        ends.push((await window.hf.run(lab.guest('hello'))).reason);
      }
      return ends;
    });
    // Where the engine does not report the memory's size, the second is refused as well.
    expect(ends).toEqual(['module', 'exit', expect.stringMatching(/^(timeout|module)$/), 'exit']);
  });

  test('a blob: URL runs where the page allows it', async ({ page }) => {
    const { stdout } = await page.evaluate(async () => {
      const bytes = await (await fetch(lab.guest('hello'))).arrayBuffer();
      return window.hf.run(URL.createObjectURL(new Blob([bytes], { type: 'application/wasm' })));
    });
    expect(stdout).toBe('hello, world\n');
  });

  test('bytes without the content type run too', async ({ page }) => {
    const { code } = await page.evaluate(() => window.hf.run('/octets.wasm'));
    expect(code).toBe(0);
  });

  test('a program with threads is requested once, as a URL and as a Response', async ({ page }) => {
    const reasons = await page.evaluate(async () => {
      const ends = [await window.hf.run('/once.wasm'), await window.hf.run(fetch('/once-response.wasm'))];
      return ends.map(({ reason, code }) => [reason, code]);
    });
    expect(reasons).toEqual([
      ['exit', 0],
      ['exit', 0],
    ]);
    expect([site.count('/once.wasm'), site.count('/once-response.wasm')]).toEqual([1, 1]);
  });

  test('a download that failed is tried again the next time', async ({ page }) => {
    const [failure, { code }] = await page.evaluate(async () => {
      return [await lab.failure(window.hf.run('/flaky.wasm')), await window.hf.run('/flaky.wasm')] as const;
    });
    expect(failure).toMatchObject({ name: 'SpawnRefused', kind: 'source', message: expect.stringContaining('503') });
    expect(code).toBe(0);
  });

  const refusals = [
    { name: 'missing.wasm', kind: 'source', says: [/missing\.wasm/, /404/] },
    { name: 'page.wasm', kind: 'source', says: [/page\.wasm/, /not a( valid)? WebAssembly module/, /<!doctype/] },
    { name: 'lie.wasm', kind: 'module', says: [/lie\.wasm/, /not a( valid)? WebAssembly module/] },
    {
      name: 'truncated.wasm',
      kind: 'module',
      says: [/truncated\.wasm/, /not a( valid)? WebAssembly module|cannot be compiled/],
    },
    { name: 'empty.wasm', kind: 'source', says: [/empty\.wasm/, /is empty/] },
    { name: 'cut.wasm', kind: 'source', says: [/cut\.wasm was interrupted after (0|2000) of \d+ bytes/] },
    { name: 'cut-chunks.wasm', kind: 'source', says: [/cut-chunks\.wasm was interrupted after (0|2000) bytes/] },
    { name: 'undecodable.wasm', kind: 'source', says: [/undecodable\.wasm (was interrupted|could not be fetched)/] },
  ] as const;
  for (const { name, kind, says } of refusals) {
    test(`${name} is refused with a clear message, as a URL and as a Response`, async ({ page }) => {
      const failures = await page.evaluate(async (file) => {
        const url = `/${file}`;
        const ways = [url, fetch(url), new URL(url, location.href)];
        return Promise.all(ways.map((source) => lab.failure(window.hf.spawn(source))));
      }, name);
      failures.push(
        await page.evaluate((file) => lab.failure(window.hf.run(`/${file}`, { onProgress: () => undefined })), name),
      );
      for (const failure of failures) {
        expect(failure).toMatchObject({ name: 'SpawnRefused', kind });
        if (kind === 'source' || failure !== failures[1])
          for (const words of says) expect(failure.message).toMatch(words);
      }
    });
  }

  test('an unreachable server is a refusal that names the URL', async ({ page }) => {
    const failures = await page.evaluate(async () => {
      const url = 'http://localhost:1/program.wasm';
      return [await lab.failure(window.hf.spawn(url)), await lab.failure(window.hf.spawn(fetch(url)))];
    });
    for (const failure of failures) expect(failure).toMatchObject({ name: 'SpawnRefused', kind: 'source' });
    expect(failures[0]?.message).toContain('http://localhost:1/program.wasm');
  });
});

test('a Response whose body was already read is refused', async ({ page, start }) => {
  await start();
  const failure = await page.evaluate(async () => {
    const response = await fetch(lab.guest('hello'));
    await response.arrayBuffer();
    return lab.failure(window.hf.spawn(response));
  });
  expect(failure).toMatchObject({
    name: 'SpawnRefused',
    kind: 'source',
    message: expect.stringContaining('already used'),
  });
});
