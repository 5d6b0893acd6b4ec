// hf.supervise() in a page, with real guests: tests/supervisors/scenarios.mjs says what.
import { scenarios, tools } from '../supervisors/scenarios.mjs';
import { expect, test } from './support/test.ts';

for (const [name, { run, gives }] of Object.entries(scenarios)) {
  test(name, async ({ page, start }) => {
    await start();
    // A method's text is no expression: it becomes one as an object's.
    const given = await page.evaluate(
      `({ ${run.toString()} }).run((${tools.toString()})({ hf: window.hf, guest: lab.guest }))`,
    );
    expect(given).toEqual(gives);
  });
}
