// The page's side touches neither Atomics nor SharedArrayBuffer, because only workers wait. (tests/node/bundle.test.mjs checks the bundle's text; here it runs.)
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { test as plain } from '@playwright/test';
import { root } from './support/site.ts';
import { equip, expect, watch } from './support/test.ts';

declare global {
  interface Window {
    touched: string[];
  }
}

plain(
  'a page in which Atomics and SharedArrayBuffer are traps starts, runs, reads, writes, kills and closes',
  async ({ page }) => {
    const complaints = watch(page);
    await page.addInitScript(() => {
      window.touched = [];
      for (const name of ['Atomics', 'SharedArrayBuffer']) {
        Object.defineProperty(window, name, {
          get() {
            window.touched.push(name);
            throw new Error(`${name} was touched in the page`);
          },
        });
      }
      const { Memory } = WebAssembly;
      WebAssembly.Memory = new Proxy(Memory, {
        construct(target, args: [WebAssembly.MemoryDescriptor]) {
          if (args[0].shared) window.touched.push('a shared WebAssembly.Memory');
          return new target(...args);
        },
      });
    });
    await page.goto('/tests/browser/support/blank.html');
    await equip(page);
    const { touched, code, reason, diagnosis } = await page.evaluate(async () => {
      const { lib } = window;
      const diagnosis = await lib.diagnose();
      const hf = (window.hf = await lib.start());
      await hf.fs.writeFile('/file', new Blob(['text']));
      await hf.fs.readFile('/file', 'utf8');
      const { code } = await hf.run(fetch(lab.guest('cat')), { stdin: 'text', onProgress: () => undefined });
      const p = await lab.spawnUntil('reads-stdin-forever', 'reading\n');
      await hf.stats();
      p.kill();
      const { reason } = await p.exited;
      await hf.close();
      return { touched: window.touched, code, reason, diagnosis };
    });
    expect(touched).toEqual([]);
    expect([code, reason, diagnosis.ok]).toEqual([0, 'killed', true]);
    expect(complaints).toEqual([]);
  },
);

plain('no script that the page loads itself contains them, or makes a worker from a blob:', async ({ page }) => {
  await page.goto('/tests/browser/support/blank.html');
  await equip(page);
  const scripts = await page.evaluate(async () => {
    const names = performance.getEntriesByType('resource').map(({ name }) => new URL(name).pathname);
    return names.filter((name) => name.endsWith('.js'));
  });
  expect(scripts).toEqual(['/dist/index.js']);
  // Includes the files that it loads on first use; it has no static imports.
  for (const seen = new Set(['index.js']), queue = [...seen]; queue.length > 0;) {
    const file = queue.pop()!;
    const text = await readFile(path.join(root, 'dist', file), 'utf8');
    // (Not `not.toMatch`, which would print the whole text.) Only these two files create blob URLs: for scripts on another origin
    // (finds-its-files.spec.ts), and not for others, as the next test shows.
    if (!['index.js', 'diagnose.js'].includes(file)) expect(text.includes('createObjectURL')).toBe(false);
    expect(/Atomics|SharedArrayBuffer|\beval\(|new Function\(/.exec(text)?.[0]).toBeUndefined();
    expect(/(^|[;}\s])import\b(?!\.meta\b|\(["']\.\/)/.exec(text)?.[0]).toBeUndefined();
    for (const [, name] of text.matchAll(/\bimport\(["']\.\/([\w.-]+)["']\)/g)) {
      if (!seen.has(name!)) queue.push(name!);
      seen.add(name!);
    }
  }
  const blobs = await page.evaluate(async () => {
    let made = 0;
    const make = URL.createObjectURL.bind(URL);
    URL.createObjectURL = (object) => (made++, make(object));
    const hf = await window.lib.start();
    await hf.run(lab.guest('hello'));
    await window.lib.diagnose();
    await hf.close();
    return made;
  });
  expect(blobs).toBe(0);
});

// Vite, webpack 5 and esbuild look for these expressions, to copy the files and insert their new names.
plain('the bundle names its files in the form that bundlers find', async () => {
  const text = await readFile(path.join(root, 'dist/index.js'), 'utf8');
  for (const name of ['coordinator.js', 'compute.js', 'kernel.wasm'])
    expect(new RegExp(`new URL\\(["']\\./${name.replace('.', '\\.')}["'],\\s*import\\.meta\\.url\\)`).test(text)).toBe(
      true,
    );
  // Inside a `new Worker` expression they would bundle the script again.
  expect(/new Worker\(\s*new URL/.test(text)).toBe(false);
  for (const name of ['coordinator.js', 'compute.js']) {
    const worker = await readFile(path.join(root, 'dist', name), 'utf8');
    expect(/createObjectURL|["']blob:|\beval\(|new Function\(/.exec(worker)?.[0]).toBeUndefined();
  }
});
