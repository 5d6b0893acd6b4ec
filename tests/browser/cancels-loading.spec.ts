import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { isolation, root, serveSite, type Site } from './support/site.ts';
import { equip, expect, test } from './support/test.ts';

const headers = { 'Content-Type': 'application/wasm', ...isolation };

/** A program of 30 MB: an empty _start, and 20,000 functions with 500 empty loops each. */
function largeProgram(): Uint8Array {
  const [count, loops] = [20_000, 500];
  const leb = (number: number): number[] =>
    number < 0x80 ? [number] : [(number & 0x7f) | 0x80, ...leb(Math.floor(number / 0x80))];
  const text = (words: string) => [words.length, ...Buffer.from(words)];
  const section = (id: number, head: number[], rest = Buffer.alloc(0)) =>
    Buffer.concat([Buffer.from([id, ...leb(head.length + rest.length), ...head]), rest]);
  const code = Buffer.from([...leb(3 * loops + 2), 0, ...Buffer.alloc(3 * loops, '03400b', 'hex'), 0x0b]);
  return Buffer.concat([
    Buffer.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]),
    section(1, [1, 0x60, 0, 0]),
    section(3, leb(count + 1), Buffer.alloc(count + 1)),
    section(5, [1, 0, 1]),
    section(7, [2, ...text('_start'), 0, 0, ...text('memory'), 2, 0]),
    section(10, [...leb(count + 1), 2, 0, 0x0b], Buffer.alloc(count * code.length, code)),
  ]);
}

test.describe('with a server that stalls', () => {
  let site: Site;
  test.beforeAll(async () => {
    const hello = await readFile(path.join(root, 'build/guests/hello.wasm'));
    site = await serveSite((name) => {
      if (name === '/never.wasm') return { headers, body: hello.subarray(0, 100), endless: true };
      if (name === '/large.wasm') return { headers, body: largeProgram() };
      if (!name.startsWith('/slow-')) return undefined;
      // The second time the whole file is sent.
      return site.count(name) === 1
        ? { headers, body: hello.subarray(0, 100), endless: true }
        : { headers, body: hello };
    });
  });
  test.afterAll(() => site.close());

  test.beforeEach(async ({ page }) => {
    await page.goto(`${site.url}tests/browser/support/blank.html`);
    await equip(page);
  });

  for (const way of ['streamed', 'progress', 'interruptible', 'response'] as const) {
    test(`a cancelled download is aborted, and starts again for the next caller (${way})`, async ({ page, start }) => {
      await start();
      const file = `/slow-${way}.wasm`;
      const spawning = page.evaluate(
        async ([file, way]) => {
          const controller = new AbortController();
          Object.assign(window, { giveUp: () => controller.abort(new RangeError('enough')) });
          return lab.failure(
            window.hf.spawn(way === 'response' ? fetch(file) : file, {
              signal: controller.signal,
              interruptible: way === 'interruptible',
              ...(way === 'progress' && { onProgress: () => undefined }),
            }),
          );
        },
        [file, way] as const,
      );
      await expect.poll(() => site.count(file)).toBe(1);
      await page.evaluate(() => (window as unknown as { giveUp(): void }).giveUp());
      expect(await spawning).toMatchObject({ name: 'RangeError', message: 'enough' });
      await expect.poll(() => site.brokenOff).toContain(file);
      const { stdout } = await page.evaluate(
        ([file, way]) => window.hf.run(file, { interruptible: way === 'interruptible' }),
        [file, way] as const,
      );
      expect(stdout).toBe('hello, world\n');
    });
  }

  test('a rewriter that is still starting is ended when its caller cancels', async ({ page, start }) => {
    await start({ assets: { rewrite: '/never.wasm' }, workers: { min: 1 } });
    const spawning = await page.evaluateHandle(async () => {
      const locks = async () => (await navigator.locks.query()).held!.length;
      const others = await locks();
      const controller = new AbortController();
      const { signal } = controller;
      return {
        controller,
        failure: lab.failure(window.hf.spawn(lab.guest('hello'), { interruptible: true, signal })),
        rewriters: async () => (await locks()) - others,
      };
    });
    // Before the rewriter has requested the file, there is no download to abort.
    await expect.poll(() => site.count('/never.wasm')).toBe(1);
    const { before, failure } = await spawning.evaluate(async ({ controller, failure, rewriters }) => {
      const before = await rewriters();
      controller.abort(new RangeError('enough'));
      await lab.until(rewriters, (count) => count === 0);
      return { before, failure: await failure };
    });
    expect(before).toBe(1);
    expect(failure).toMatchObject({ name: 'RangeError', message: 'enough' });
    await expect.poll(() => site.brokenOff).toContain('/never.wasm');
  });

  test('cancelling a large program that is being rewritten takes effect at once, and ends its rewriter', async ({
    page,
    start,
  }) => {
    await start({ workers: { min: 1 } });
    const { failure, stdout } = await page.evaluate(async () => {
      const locks = async () => (await navigator.locks.query()).held!.length;
      const others = await locks();
      const rewriters = async () => (await locks()) - others;
      const controller = new AbortController();
      const { signal } = controller;
      const failure = lab.failure(window.hf.spawn('/large.wasm', { interruptible: true, signal }));
      await lab.until(rewriters, (count) => count > 0);
      controller.abort(new RangeError('enough'));
      await lab.until(rewriters, (count) => count === 0);
      const { stdout } = await window.hf.run(lab.guest('hello'), { interruptible: true });
      return { failure: await failure, stdout };
    });
    expect(failure).toMatchObject({ name: 'RangeError', message: 'enough' });
    expect(stdout).toBe('hello, world\n');
  });
});
