// Guest and kernel share the engine's stack: a guest that fills it must not stop the kernel halfway through a call (worker/probe.ts).
import { expect, test } from './support/test.ts';

for (const jsBridge of [false, true]) {
  test(`a guest that calls the kernel until the stack is full harms only itself (${jsBridge ? 'JS' : 'multi-memory'} bridge)`, async ({
    page,
    start,
  }) => {
    await start({ force: { jsBridge } });
    const ends = await page.evaluate(async () => {
      const ends = [];
      for (let shift = 0; shift < 24; shift++) {
        const args = Array<string>(shift).fill('x');
        const deep = await window.hf.run(lab.guest('calls-the-kernel-until-the-stack-is-full'), {
          args,
          preopens: ['/'],
        });
        // If a lock were still held, this would never end.
        const next = await window.hf.run(lab.guest('toolbox'), { args: ['write', '/deep', 'x'], preopens: ['/'] });
        ends.push([deep.reason, deep.code, deep.message, next.code]);
      }
      return ends;
    });
    for (const end of ends) expect(end).toEqual(['trap', 134, expect.stringMatching(/stack/), 0]);
  });
}
