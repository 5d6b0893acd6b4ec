import { expect, test } from './support/test.ts';

test('a guest calls another while the page stays free, and the end of either is reported', async ({ page, start }) => {
  await start();
  const result = await page.evaluate(async () => {
    const { hf } = window;
    const other = await hf.instantiate(lab.guest('called'), { name: 'other' });
    const make = () =>
      hf.instantiate(lab.guest('calls-a-guest'), {
        entry: null,
        link: { other: { instance: other, functions: { greet: { params: ['string'], result: 'string' } } } },
        signatures: { greet: { params: ['string'], result: 'string' } },
      });
    const [caller, killed] = [await make(), await make()];
    let done = false;
    const sum = caller.call('add_many', 20_000).finally(() => (done = true));
    let frames = 0;
    for (; !done; frames++) await lab.frames(1);
    const text = await caller.call('greet', 'wörld');
    const own = await other.call('add', 1, 2);
    const lost = lab.failure(killed.call('nap', 500));
    killed.kill();
    const waits = lab.failure(caller.call('nap', 1e6));
    other.kill();
    return { sum: await sum, text, own, lost: await lost, waits: await waits };
  });
  expect(result).toMatchObject({ sum: 199_990_000, text: 'hello, wörld', own: 3 });
  expect(result.lost.message).toMatch(/killed/);
  expect(result.waits.message).toMatch(/other\.nap: other has ended/);
});
