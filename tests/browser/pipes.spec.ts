import { expect, test } from './support/test.ts';

test('megabytes pass between programs while the page stays free, and closing an end works as in a shell', async ({
  page,
  start,
}) => {
  await start();
  const result = await page.evaluate(async () => {
    const { hf } = window;
    const pipe = await hf.pipe();
    let done = false;
    const size = 8 * 1024 * 1024;
    const both = Promise.all([
      hf.run(lab.guest('toolbox'), { args: ['count'], stdin: pipe.reader }),
      hf.run(lab.guest('toolbox'), { args: ['print', String(size), '65536'], stdout: pipe.writer }),
    ]).finally(() => (done = true));
    let frames = 0;
    for (; !done; frames++) await lab.frames(1);
    const [counted, printed] = await both;
    const { programs } = await hf.pipeline([lab.guest('writes-stdout-forever'), lab.guest('hello')]);
    return { counted, printed, codes: programs.map(({ code }) => code), left: (await hf.ps()).length };
  });
  expect(result.printed.code).toBe(0);
  expect(result.printed.stdout).toBe('');
  expect(result.counted.code).toBe(0);
  expect(result.counted.stdout).toBe(`${8 * 1024 * 1024} right`);
  expect(result.codes).toEqual([141, 0]);
  expect(result.left).toBe(0);
});
