// The package's own companions in a page, bundled as in an application, with guests and glue as published on npm.
import { test as plain } from '@playwright/test';
import { cases } from '../companions/cases.mjs';
import type * as inPage from '../companions/in-page.mjs';
import { serveSite } from './support/site.ts';
import { equip, expect, watch } from './support/test.ts';

for (const [title, { wasm, companion, serial, calls, results, stdout = '' }] of Object.entries(cases)) {
  plain(title, async ({ page }) => {
    const code = await companion();
    const site = await serveSite((asked) =>
      asked === '/companion.js'
        ? {
            headers: {
              'Content-Type': 'text/javascript',
              'Cross-Origin-Opener-Policy': 'same-origin',
              'Cross-Origin-Embedder-Policy': 'require-corp',
            },
            body: code,
          }
        : undefined,
    );
    const complaints = watch(page);
    try {
      await page.goto(`${site.url}tests/browser/support/blank.html`);
      await equip(page);
      const module = `${site.url}companion.js`;
      const plan = { wasm: `/${wasm}`, companion: serial ? { module, serial } : module, calls };
      const got = await page.evaluate(async (given) => {
        const script: string = '/tests/companions/in-page.mjs';
        const { callAll } = (await import(script)) as typeof inPage;
        return callAll(window.lib.start, given);
      }, plan);
      expect(got).toEqual({ results, stdout });
      expect(complaints).toEqual([]);
    } finally {
      await site.close();
    }
  });
}
