import { defineConfig } from '@playwright/test';
import { chromiumFlags } from '../../tools/chromium.mjs';

// `npm test -- browser` starts nginx over the clone (with serve.conf), and passes its address and the path of Chromium.
const { HOLDFAST_URL, HOLDFAST_ISOLATED, HOLDFAST_CHROMIUM, HOLDFAST_TRACE, CI } = process.env;
if (!HOLDFAST_URL) throw new Error('run the browser tests with `npm test -- browser [--grep PATTERN]`');

export default defineConfig({
  testDir: '.',
  testMatch: '**/*.spec.ts',
  // It starts servers of its own, so it would be the same without the headers of the usual one.
  testIgnore: HOLDFAST_ISOLATED === '' ? '**/hosting.spec.ts' : [],
  // Playwright empties this folder, so it is separate from the reports of other suites.
  outputDir: '../../build/test-results/browser',
  // Two files at a time: each has its own browser, and measures only that.
  workers: 2,
  fullyParallel: false,
  // These only end what hangs: a busy machine takes ten times as long as an idle one.
  timeout: 600_000,
  expect: { timeout: 120_000 },
  forbidOnly: CI !== undefined,
  use: {
    baseURL: HOLDFAST_URL,
    headless: true,
    // Recording takes an eighth of the tests' CPU time, so it is off unless requested.
    trace: HOLDFAST_TRACE ? { mode: 'retain-on-failure', screenshots: false } : 'off',
    launchOptions: {
      ...(HOLDFAST_CHROMIUM ? { executablePath: HOLDFAST_CHROMIUM } : {}),
      args: chromiumFlags,
    },
  },
});
