import { defineConfig } from '@playwright/test';

// `npm test -- browser` starts nginx over the clone (with serve.conf) and says where, and which Chromium to drive.
const { HOLDFAST_URL, HOLDFAST_CHROMIUM, CI } = process.env;
if (!HOLDFAST_URL) throw new Error('run the browser tests with `npm test -- browser [--grep PATTERN]`');

export default defineConfig({
  testDir: '.',
  testMatch: '**/*.spec.ts',
  outputDir: '../../build/test-results',
  // Tests count frames, wake-ups and CPU time: one at a time.
  workers: 1,
  fullyParallel: false,
  timeout: 60_000,
  forbidOnly: CI !== undefined,
  use: {
    baseURL: HOLDFAST_URL,
    headless: true,
    trace: 'retain-on-failure',
    launchOptions: {
      ...(HOLDFAST_CHROMIUM ? { executablePath: HOLDFAST_CHROMIUM } : {}),
      args: [
        ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    },
  },
});
