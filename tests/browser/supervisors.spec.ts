// hf.supervise() in a page, with real guests: runs tests/supervisors/scenarios.mjs.
import { scenarios, tools } from '../supervisors/scenarios.mjs';
import { expect, test } from './support/test.ts';

for (const [name, { run, gives }] of Object.entries(scenarios)) {
  test(name, async ({ page, start }) => {
    await start();
    // A method's text is not an expression, but it is valid inside an object literal.
    const given = await page.evaluate(
      `({ ${run.toString()} }).run((${tools.toString()})({ hf: window.hf, guest: lab.guest }))`,
    );
    expect(given).toEqual(gives);
  });
}
