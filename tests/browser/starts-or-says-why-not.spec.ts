// What a server must send for the runtime to start, and the errors if it does not.
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { test as plain } from '@playwright/test';
import type { ErrorInWords, StartOptions } from './support/lab.ts';
import { isolation, root, serveSite, type Answer, type Site } from './support/site.ts';
import { equip, expect, test, watch, type Page } from './support/test.ts';

const blank = 'tests/browser/support/blank.html';
const sites: Site[] = [];
plain.afterEach(async () => {
  for (const site of sites.splice(0)) await site.close();
});

/** Opens a page on its own server, and loads the library into it. */
async function open(
  page: Page,
  answer?: (path: string) => Answer | undefined,
  headers: Record<string, string> = isolation,
): Promise<Site> {
  const site = await serveSite(answer, headers);
  sites.push(site);
  await page.goto(site.url + blank);
  await equip(page);
  return site;
}

interface Failure extends ErrorInWords {
  problems: { what: string; why: string; fix: string }[];
}

/** The error of start(), and the result of diagnose(). */
async function failure(page: Page, options: StartOptions = {}) {
  return page.evaluate(async (given) => {
    const started = (await lab.failure(window.lib.start({ startTimeout: 20_000, ...given }))) as Failure;
    return { ...started, diagnosis: await window.lib.diagnose(given) };
  }, options);
}

async function runs(page: Page, options: StartOptions = {}): Promise<string> {
  return page.evaluate(async (given) => {
    const hf = await window.lib.start(given);
    const { stdout } = await hf.run(lab.guest('hello'));
    await hf.close();
    return stdout;
  }, options);
}

plain.describe('headers', () => {
  const cases = [
    { missing: 'Cross-Origin-Opener-Policy', present: 'Cross-Origin-Embedder-Policy' },
    { missing: 'Cross-Origin-Embedder-Policy', present: 'Cross-Origin-Opener-Policy' },
  ] as const;
  for (const { missing, present } of cases) {
    plain(`without ${missing} the error names it, and not the other, if isolation is required`, async ({ page }) => {
      const complaints = watch(page);
      await open(page, undefined, { [present]: isolation[present] });
      const failed = await failure(page, { isolation: 'required' });
      expect(failed.name).toBe('NotIsolated');
      expect(failed.message).toContain(`"${missing}: ${isolation[missing]}" is missing`);
      expect(failed.message).not.toContain(`"${present}: ${isolation[present]}" is missing`);
      expect(failed.problems).toEqual(failed.diagnosis.problems);
      expect(failed.diagnosis.ok).toBe(false);
      expect(complaints).toEqual([]);
    });
  }

  plain('without either, both are named; a wrong value is named, too', async ({ page }) => {
    await open(page, undefined, {});
    const both = await failure(page, { isolation: 'required' });
    for (const header of Object.keys(isolation)) expect(both.message).toContain(header);
    await open(page, undefined, { ...isolation, 'Cross-Origin-Opener-Policy': 'same-origin-allow-popups' });
    expect((await failure(page, { isolation: 'required' })).message).toContain('same-origin-allow-popups');
  });

  plain('without either, a browser that cannot suspend WebAssembly is told so', async ({ page }) => {
    await open(page, undefined, {});
    await page.evaluate(() => void delete (WebAssembly as { Suspending?: unknown }).Suspending);
    const failed = await failure(page);
    expect(failed.name).toBe('NotIsolated');
    for (const header of Object.keys(isolation)) expect(failed.message).toContain(header);
  });

  plain('COEP: credentialless isolates as well', async ({ page }) => {
    await open(page, undefined, { ...isolation, 'Cross-Origin-Embedder-Policy': 'credentialless' });
    expect(await runs(page)).toBe('hello, world\n');
  });

  plain('a worker script that is served without COEP is reported', async ({ page }) => {
    for (const script of ['coordinator.js', 'compute.js']) {
      const body = await readFile(path.join(root, 'dist', script));
      const bare = { headers: { 'Content-Type': 'text/javascript' }, body };
      await open(page, (name) => (name === `/dist/${script}` ? bare : undefined));
      const failed = await failure(page);
      expect(failed.name).toBe('StartFailed');
      expect(failed.message).toContain('Cross-Origin-Embedder-Policy');
      expect(failed.message).toContain(script);
    }
  });
});

plain.describe('a Content-Security-Policy', () => {
  const strict = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'";

  plain('the strictest policy is enough: no blob:, no eval', async ({ page }) => {
    const complaints = watch(page);
    const violations: string[] = [];
    page.on('console', (message) => {
      if (/Content.Security.Policy|Refused to/i.test(message.text())) violations.push(message.text());
    });
    await open(page, undefined, { ...isolation, 'Content-Security-Policy': strict });
    expect(await runs(page)).toBe('hello, world\n');
    expect(await runs(page, { force: { jsBridge: true, messageDoorbell: true } })).toBe('hello, world\n');
    expect([...violations, ...complaints]).toEqual([]);
  });

  plain("without 'wasm-unsafe-eval' the error says so", async ({ page }) => {
    const policy = strict.replace(" 'wasm-unsafe-eval'", '');
    await open(page, undefined, { ...isolation, 'Content-Security-Policy': policy });
    const failed = await failure(page);
    expect(failed.name).toBe('StartFailed');
    expect(failed.message).toContain("'wasm-unsafe-eval'");
    expect(failed.message).toContain('script-src');
  });

  plain("with worker-src 'none' the error names worker-src", async ({ page }) => {
    await open(page, undefined, {
      ...isolation,
      'Content-Security-Policy': strict.replace("worker-src 'self'", "worker-src 'none'"),
    });
    const failed = await failure(page);
    expect(failed.name).toBe('StartFailed');
    expect(failed.message).toContain('worker-src');
    expect(failed.problems.map(({ fix }) => fix)).toContain("Add 'self' to worker-src.");
  });

  plain(
    "without 'self' in connect-src the error names it, even if a meta element contains the policy",
    async ({ page }) => {
      const policy = `${strict}; connect-src https://example.org`;
      await open(page, undefined, { ...isolation, 'Content-Security-Policy': policy });
      expect((await failure(page)).message).toContain("Add 'self' to connect-src.");
      await open(page);
      await page.evaluate(() => {
        const meta = document.createElement('meta');
        meta.httpEquiv = 'Content-Security-Policy';
        meta.content = 'connect-src https://example.org';
        document.head.append(meta);
      });
      const diagnosis = await page.evaluate(() => window.lib.diagnose());
      expect(diagnosis.problems.map(({ fix }) => fix)).toContain("Add 'self' to connect-src.");
    },
  );

  for (const [directive, source, policy] of [
    ['script-src', "'wasm-unsafe-eval'", "script-src 'self'"],
    ['connect-src', "'self'", "script-src 'self' 'wasm-unsafe-eval'; connect-src 'none'"],
    ['worker-src', "'self'", "script-src 'self' 'wasm-unsafe-eval'; worker-src 'none'"],
  ] as const) {
    plain(`of the coordinator's own response that lacks ${source} in ${directive} is named`, async ({ page }) => {
      const body = await readFile(path.join(root, 'dist/coordinator.js'));
      const headers = { 'Content-Type': 'text/javascript', ...isolation, 'Content-Security-Policy': policy };
      await open(page, (asked) => (asked === '/dist/coordinator.js' ? { headers, body } : undefined));
      const failed = await failure(page);
      expect(failed.name).toBe('StartFailed');
      expect(failed.message).toMatch(new RegExp(`dist/coordinator.js has no ${source} in ${directive}`));
    });
  }
});

plain.describe('Document-Isolation-Policy', () => {
  const policy = { 'Document-Isolation-Policy': 'isolate-and-require-corp' };

  plain('isolates the page by itself, and the files need no header', async ({ page }) => {
    const body = await readFile(path.join(root, blank));
    const headers = { 'Content-Type': 'text/html', ...policy };
    await open(page, (asked) => (asked === `/${blank}` ? { headers, body } : undefined), {});
    expect(await runs(page)).toBe('hello, world\n');
    expect(await page.evaluate(() => window.lib.diagnose())).toEqual({
      ok: true,
      mode: 'workers',
      problems: [],
      lacks: [],
    });
  });

  plain('with a wrong value is named', async ({ page }) => {
    await open(page, undefined, { 'Document-Isolation-Policy': 'isolate' });
    const failed = await failure(page, { isolation: 'required' });
    expect(failed.name).toBe('NotIsolated');
    expect(failed.message).toContain('says "Document-Isolation-Policy: isolate", not "isolate-and-require-corp"');
  });
});

plain('a sandboxed frame without an origin is named, and one with an origin works', async ({ page }) => {
  const site = await serveSite(
    (asked) => {
      const frame = (sandbox: string) => `<!doctype html><iframe src="/${blank}" sandbox="${sandbox}"></iframe>`;
      const html = { 'Content-Type': 'text/html', ...isolation };
      if (asked === '/opaque') return { headers: html, body: frame('allow-scripts') };
      if (asked === '/own') return { headers: html, body: frame('allow-scripts allow-same-origin') };
      return undefined;
    },
    { ...isolation, 'Cross-Origin-Resource-Policy': 'cross-origin', 'Access-Control-Allow-Origin': '*' },
  );
  sites.push(site);
  const inFrame = async (name: string) => {
    await page.goto(site.url + name);
    const frame = page.frames()[1]!;
    return frame.evaluate(async (library) => {
      const lib = (await import(library)) as typeof window.lib;
      const failed = await lib.start({ startTimeout: 20_000 }).then(
        async (hf) => void (await hf.close()),
        (error: Error) => `${error.name}: ${error.message}`,
      );
      return failed ?? 'started';
    }, `${site.url}dist/index.js`);
  };
  expect(await inFrame('opaque')).toMatch(/^(NotIsolated|StartFailed): .*opaque origin.*allow-same-origin/s);
  expect(await inFrame('own')).toBe('started');
});

plain.describe('assets', () => {
  plain('can be anywhere else: in a folder, or each at its own URL', async ({ page }) => {
    const body = async (name: string) => readFile(path.join(root, 'dist', name));
    const files = new Map<string, Answer>();
    for (const name of ['coordinator.js', 'compute.js', 'kernel.wasm']) {
      const type = name.endsWith('.js') ? 'text/javascript' : 'application/wasm';
      const answer = { headers: { 'Content-Type': type, ...isolation }, body: await body(name) };
      files.set(`/else/where/${name}`, answer).set(`/each-${name}`, answer);
      files.set(`/dist/${name}`, { status: 404 });
    }
    const site = await open(page, (name) => files.get(name));
    const each = { coordinator: '/each-coordinator.js', compute: '/each-compute.js', kernel: '/each-kernel.wasm' };
    for (const assets of ['/else/where', '/else/where/', `${site.url}else/where`, each]) {
      expect(await runs(page, { assets })).toBe('hello, world\n');
    }
    for (const name of ['coordinator.js', 'compute.js', 'kernel.wasm']) expect(site.count(`/dist/${name}`)).toBe(0);
    // By default they are beside the library, but not here.
    expect((await failure(page)).message).toContain('coordinator.js');
  });

  for (const name of ['coordinator.js', 'compute.js', 'kernel.wasm']) {
    plain(`${name} that is missing: the error names it, and nothing hangs`, async ({ page }) => {
      const complaints = watch(page);
      await open(page, (asked) => (asked === `/dist/${name}` ? { status: 404, headers: isolation } : undefined));
      const failed = await failure(page);
      expect(failed.name).toBe('StartFailed');
      expect(failed.message).toMatch(new RegExp(`dist/${name}.*404`, 's'));
      expect(complaints).toEqual([]);
      await expect.poll(() => page.workers().length).toBe(0);
    });

    plain(`${name} that is a page of HTML (a server that answers everything) is named`, async ({ page }) => {
      const html = {
        headers: { 'Content-Type': 'text/html', ...isolation },
        body: '<!doctype html><title>App</title>',
      };
      await open(page, (asked) => (asked === `/dist/${name}` ? html : undefined));
      const failed = await failure(page);
      expect(failed.name).toBe('StartFailed');
      expect(failed.message).toContain(name);
      expect(failed.message).toMatch(/html/i);
    });
  }

  plain('sixty starts that fail leave no worker behind', async ({ page }) => {
    await open(page, (asked) => (asked === '/dist/compute.js' ? { status: 404, headers: isolation } : undefined));
    const names = await page.evaluate(async () => {
      const names = [];
      for (let i = 0; i < 60; i++) names.push((await lab.failure(window.lib.start())).name);
      return names;
    });
    expect(names).toEqual(names.map(() => 'StartFailed'));
    await expect.poll(() => page.workers().length).toBe(0);
  });

  plain('files from different builds are detected', async ({ page }) => {
    // A coordinator with a later protocol version.
    const later = `onmessage = ({ data }) => { if (data.t === 'init') postMessage({ t: 'ready', protocol: data.protocol + 1 }); };`;
    const answer = { headers: { 'Content-Type': 'text/javascript', ...isolation }, body: later };
    await open(page, (asked) => (asked === '/dist/coordinator.js' ? answer : undefined));
    expect((await failure(page)).message).toMatch(/different builds/);
  });

  plain('start() gives up on a coordinator that never answers', async ({ page }) => {
    const answer = { headers: { 'Content-Type': 'text/javascript', ...isolation }, body: '// nothing' };
    await open(page, (asked) => (asked === '/dist/coordinator.js' ? answer : undefined));
    const failed = await failure(page, { startTimeout: 500 });
    expect(failed).toMatchObject({ name: 'StartFailed', message: expect.stringContaining('startTimeout') });
  });

  plain('an invalid kernel.wasm is named', async ({ page }) => {
    const answer = { headers: { 'Content-Type': 'application/wasm', ...isolation }, body: 'nonsense' };
    await open(page, (asked) => (asked === '/dist/kernel.wasm' ? answer : undefined));
    const failed = await failure(page);
    expect(failed.name).toBe('StartFailed');
    expect(failed.message).toMatch(/magic|WebAssembly/);
  });
});

test('diagnose() finds nothing wrong with a correct page', async ({ page }) => {
  expect(await page.evaluate(() => window.lib.diagnose())).toEqual({
    ok: true,
    mode: 'workers',
    problems: [],
    lacks: [],
  });
});

test('start() can be cancelled before and while it runs; afterwards its signal closes the runtime', async ({
  page,
}) => {
  const seen = await page.evaluate(async () => {
    const before = await lab.failure(window.lib.start({ signal: AbortSignal.abort(new Error('before')) }));
    const meanwhile = new AbortController();
    const starting = lab.failure(window.lib.start({ signal: meanwhile.signal }));
    meanwhile.abort(new Error('meanwhile'));
    const later = new AbortController();
    const hf = await window.lib.start({ signal: later.signal });
    const p = await hf.spawn(lab.guest('sleeps-forever'));
    later.abort(new Error('later'));
    const failures = [before, await starting, await lab.failure(p.exited), await lab.failure(hf.stats())];
    return failures.map(({ name, message }) => `${name}: ${message}`);
  });
  expect(seen.slice(0, 2)).toEqual(['Error: before', 'Error: meanwhile']);
  for (const failed of seen.slice(2)) expect(failed).toMatch(/^Closed/);
  await expect.poll(() => page.workers().length).toBe(0);
});

test('wrong start options are refused by name', async ({ page }) => {
  const messages = await page.evaluate(async () => {
    const wrong: unknown[] = [
      { workers: 0 },
      { workers: { min: 5, max: 2 } },
      { workers: 'many' },
      { memory: { initial: 2 ** 30, maximum: 2 ** 20 } },
      { assets: 5 },
      { startTimeout: -1 },
      { force: { jsBridge: 'yes' } },
    ];
    const failures = [];
    for (const options of wrong) failures.push(await lab.failure(window.lib.start(options as StartOptions)));
    return failures.map(({ name, message }) => `${name}: ${message}`);
  });
  ['workers', 'workers.min', 'workers', 'memory.initial', 'assets', 'startTimeout', 'force.jsBridge'].forEach(
    (word, i) => {
      expect(messages[i]).toMatch(/^(TypeError|RangeError): /);
      expect(messages[i]).toContain(word);
    },
  );
});

test('a memory that the browser refuses to allocate is a clear error', async ({ page }) => {
  const failed = await page.evaluate(() =>
    lab.failure(window.lib.start({ memory: { initial: 2 ** 40, maximum: 2 ** 40 } })),
  );
  expect(failed.name).toMatch(/StartFailed|RangeError/);
  expect(failed.message).toMatch(/memory/i);
});
