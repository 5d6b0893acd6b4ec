// Components in a page: what they do, that the page stays responsive, and what a page downloads for them.
import { expect, test } from './support/test.ts';

const own = /\/dist\/[^?]*$/;
const filesOf = (urls: readonly string[]): string[] =>
  [...new Set(urls.filter((url) => own.test(url)).map((url) => url.replace(/.*\//, '')))].sort();

/** The files that only components need. */
const extra = ['component.js', 'component.wasm', 'compute-component.js', 'coordinator-component.js', 'p2.wasm'];
/** The file that a component needs only if it calls more than WASI. */
const more = 'compute-typed.js';

test('a page downloads what components need with the first one, and not before', async ({ page, context, start }) => {
  const urls: string[] = [];
  context.on('request', (request) => urls.push(request.url()));
  await start();
  const module = await page.evaluate(async () => (await window.hf.run(lab.guest('hello'))).stdout);
  expect(module).toBe('hello, world\n');
  expect(filesOf(urls).filter((file) => [...extra, more].includes(file))).toEqual([]);
  const component = await page.evaluate(async () => {
    const { reason, code, stdout } = await window.hf.run(lab.guest('component-hello'));
    return [reason, code, stdout];
  });
  expect(component).toEqual(['exit', 0, 'hello from a component\n']);
  expect(filesOf(urls)).not.toContain(more);
});

test('a page calls a component and is called by one, and stays free meanwhile', async ({ page, start }) => {
  await start();
  const { text, error, frames, count, asked, timedOut } = await page.evaluate(async () => {
    const host = { 'test:page/host': { shoutOut: async (words: string) => `${words}!`, check: (n: number) => n + 1 } };
    const asks = await window.hf.instantiate(lab.guest('component-asks'), { host });
    const things = await window.hf.instantiate(lab.guest('component-exports'));
    const exports = things.exports as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>;
    const { Counter } = exports.counters as unknown as {
      Counter: { create(start: number): Promise<{ get(): Promise<number>; addMore(by: number): Promise<void> }> };
    };
    const counter = await Counter.create(1);
    await counter.addMore(41);
    const count = await counter.get();
    let spinning = true;
    const spin = things
      .with({ timeout: 300 })
      .call('spin')
      .catch((error: Error) => error.message)
      .finally(() => (spinning = false));
    let frames = 0;
    for (; spinning; frames++) await lab.frames(1);
    const other = await window.hf.instantiate(lab.guest('component-exports'));
    return {
      text: await other.call('quote-text', 'wörld'),
      error: await lab.failure(other.call('divide', 1, 0)),
      frames,
      count,
      asked: [await asks.call('ask', 'hé'), await asks.call('check', 41)],
      timedOut: await spin,
    };
  });
  expect(text).toBe('<wörld>');
  expect(error).toMatchObject({ name: 'ComponentError', payload: 'division by zero' });
  expect(frames).toBeGreaterThan(1);
  expect(count).toBe(42);
  expect(asked).toEqual(['hé!', 42]);
  expect(timedOut).toMatch(/took longer than 300 ms/);
});

test('a component that is refused says why, and one that is interruptible stops', async ({ page, start }) => {
  await start();
  const { refusal, reason } = await page.evaluate(async () => {
    const refusal = await lab.failure(window.hf.instantiate(lab.guest('component-asks')));
    const q = await window.hf.instantiate(lab.guest('component-exports'), { interruptible: true });
    void q.call('spin').catch(() => undefined);
    q.kill();
    const { reason } = await q.exited;
    await q.released;
    return { refusal, reason };
  });
  expect(refusal.message).toMatch(/^the component cannot run: it has unknown imports: test:page\/host@1\.2\.3 /);
  expect(reason).toBe('killed');
});
