// The rewriter and the engine agree about where each instruction ends, with all experimental features of this Chromium enabled. One of them is
// acquire-release, in which bits of a memory access say that an ordering follows.
import { chromiumFlags } from '../../tools/chromium.mjs';
import { chromiumSwitches } from '../rewrite/v8-features.mjs';
import { expect, test } from './support/test.ts';

const { HOLDFAST_CHROMIUM } = process.env;
test.use({
  launchOptions: {
    ...(HOLDFAST_CHROMIUM ? { executablePath: HOLDFAST_CHROMIUM } : {}),
    args: [...chromiumFlags, `--js-flags=${chromiumSwitches.join(' ')}`],
  },
});

test('the rewriter and an engine with experimental features agree where instructions end', async ({ page }) => {
  const seen = await page.evaluate(async () => {
    const module = await WebAssembly.compileStreaming(fetch('/dist/rewrite.wasm'));
    const url = '/tests/rewrite/encodings.mjs';
    const { compareEncodings } = (await import(url)) as typeof import('../rewrite/encodings.mjs');
    // i32.atomic.load with that bit and an ordering, to check that the features are on.
    const knows = WebAssembly.validate(
      Uint8Array.from([
        ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0, 5, 4, 1, 3, 1, 1],
        ...[10, 12, 1, 10, 0, 0x41, 0, 0xfe, 0x10, 0x12, 1, 0, 0x1a, 0x0b],
      ]),
    );
    return { knows, ...compareEncodings(module) };
  });
  expect(seen.differences).toEqual([]);
  expect(seen.agreed).toBeGreaterThan(5000);
  expect(seen).toMatchObject({ shapes: 2 });
  expect(seen.knows).toBe(true);
});
