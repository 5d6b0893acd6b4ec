// The package's own companions in a page, bundled as an application would do it, with guests and glue as npm delivers them.
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { test as plain } from '@playwright/test';
import { build } from 'esbuild';
import type { CompanionOption } from '../../web/index.js';
import { root, serveSite } from './support/site.ts';
import { equip, expect, watch, type Page } from './support/test.ts';

const { resolve } = createRequire(import.meta.url);
const packageRoot = (name: string): string => {
  const [, folder] = new RegExp(`^(.*/node_modules/${name})/`).exec(resolve(name)) ?? [];
  if (!folder) throw new Error(`${name} is not installed`);
  return folder;
};

/** As a bundler writes it, with what it imports. */
async function bundled(code: string, from: string, alias: Record<string, string> = {}): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents: code, resolveDir: from },
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    external: ['node:*'],
    alias,
    logLevel: 'error',
  });
  return outputFiles[0]!.text;
}

const ready = (name: string): Promise<string> => bundled(`export { default } from './companions/${name}.js'`, root);

/** emnapi's core and runtime must be of one version: those that npm puts into the package, if it does. */
function emnapiOf(name: string): Record<string, string> {
  const own = path.join(packageRoot(name), 'node_modules/@emnapi');
  if (!existsSync(own)) return {};
  return Object.fromEntries(['core', 'runtime'].map((part) => [`@emnapi/${part}`, path.join(own, part)]));
}

const napi = (name: string, calls: string): Promise<string> =>
  bundled(
    `import * as runtime from '@napi-rs/wasm-runtime';
     import { createContext } from '@emnapi/runtime';
     import { emnapi } from ${JSON.stringify(path.join(root, 'companions/emnapi.js'))};
     export default emnapi({ ...runtime, createContext }, ${calls});`,
    packageRoot(name),
    emnapiOf(name),
  );

interface Case {
  wasm: string;
  companion: () => Promise<string>;
  serial?: boolean;
  calls: [name: string, ...args: unknown[]][];
  results: unknown[];
}

const file = (name: string, inside: string): string => path.relative(root, path.join(packageRoot(name), inside));

const cases: Record<string, Case> = {
  'quickjs-wasi, with callbacks and timers': {
    wasm: file('quickjs-wasi', 'quickjs.wasm'),
    companion: () => ready('quickjs'),
    calls: [
      ['eval', '[1 + 2, { a: "ä" }]'],
      ['evalAsync', 'await sleep(20); return 4'],
    ],
    results: [[3, { a: 'ä' }], 4],
  },
  '@ruby/4.0-wasm-wasi, with JavaScript and its promises': {
    wasm: file('@ruby/4.0-wasm-wasi', 'dist/ruby+stdlib.wasm'),
    companion: () => ready('ruby'),
    calls: [
      ['eval', '[3, 1, 2].sort.inspect'],
      ['evalAsync', 'require "js"; JS.eval("return new Promise((resolve) => setTimeout(resolve, 20, 43))").await'],
    ],
    results: ['[1, 2, 3]', '43'],
  },
  'pandoc-wasm': {
    wasm: file('pandoc-wasm', 'src/pandoc.wasm'),
    companion: () => ready('pandoc'),
    calls: [['convert', { from: 'markdown', to: 'html' }]],
    results: [undefined],
  },
  '@6over3/zeroperl-ts': {
    wasm: file('@6over3/zeroperl-ts', 'dist/esm/zeroperl.wasm'),
    companion: () => ready('zeroperl'),
    serial: true,
    calls: [
      ['eval', '$answer = 6 * 7'],
      ['get', 'answer'],
    ],
    results: [undefined, '42'],
  },
  '@oxc-parser/binding-wasm32-wasi, at once and in its threads': {
    wasm: file('@oxc-parser/binding-wasm32-wasi', 'parser.wasm32-wasi.wasm'),
    companion: () =>
      napi(
        '@oxc-parser/binding-wasm32-wasi',
        '({ parse, parseSync }) => ({ parseSync: (...a) => parseSync(...a).program.length, parse: async (...a) => (await parse(...a)).errors.length })',
      ),
    calls: [
      ['parseSync', 'a.ts', 'let a = 1'],
      ['parse', 'a.ts', 'let b = <'],
    ],
    results: [expect.any(Number), 1],
  },
  '@tailwindcss/oxide-wasm32-wasi, in its threads': {
    wasm: file('@tailwindcss/oxide-wasm32-wasi', 'tailwindcss-oxide.wasm32-wasi.wasm'),
    companion: () =>
      napi(
        '@tailwindcss/oxide-wasm32-wasi',
        "({ Scanner }) => ({ scan: (base) => new Scanner({ sources: [{ base, pattern: '**/*', negated: false }] }).scan() })",
      ),
    calls: [['scan', '/src']],
    results: [expect.arrayContaining(['flex', 'p-4'])],
  },
};

/** Files that some of them read, the calls, and what pandoc wrote. */
const inPage = (page: Page, wasm: string, companion: CompanionOption, calls: Case['calls']) =>
  page.evaluate(
    async ([source, beside, all]) => {
      const hf = await window.lib.start();
      for (const folder of ['/doc/dev', '/src']) await hf.fs.mkdir(folder, { recursive: true });
      for (const name of ['stdout', 'stderr', 'warnings', 'dev/null']) await hf.fs.writeFile(`/doc/${name}`, '');
      await hf.fs.writeFile('/doc/stdin', '# Title');
      await hf.fs.writeFile('/src/a.html', '<p class="flex p-4">');
      const q = await hf.instantiate(source, { companion: beside, preopens: { '/': '/doc', '/src': '/src' } });
      const results: unknown[] = [];
      for (const [name, ...args] of all) results.push(await q.call(name, ...args));
      const stdout = await hf.fs.readFile('/doc/stdout', 'utf-8');
      await hf.close();
      return { results, stdout };
    },
    [wasm, companion, calls] as const,
  );

for (const [title, { wasm, companion, serial, calls, results }] of Object.entries(cases)) {
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
      const got = await inPage(page, `/${wasm}`, serial ? { module, serial } : module, calls);
      expect(got.results).toEqual(results);
      if (title === 'pandoc-wasm') expect(got.stdout).toBe('<h1 id="title">Title</h1>\n');
      expect(complaints).toEqual([]);
    } finally {
      await site.close();
    }
  });
}
