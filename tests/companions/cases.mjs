// The package's own companions, bundled as in an application, with guests and glue as published on npm.
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('../../', import.meta.url));
const { resolve } = createRequire(import.meta.url);
const packageRoot = (name) => {
  const [, folder] = new RegExp(`^(.*/node_modules/${name})/`).exec(resolve(name)) ?? [];
  if (!folder) throw new Error(`${name} is not installed`);
  return folder;
};

/** Bundles the code with its imports. */
async function bundled(code, from, alias = {}) {
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
  return outputFiles[0].text;
}

const ready = (name) => bundled(`export { default } from './companions/${name}.js'`, root);

/** emnapi's core and runtime must have the same version: uses those inside the package if npm has installed them there. */
function emnapiOf(name) {
  const own = path.join(packageRoot(name), 'node_modules/@emnapi');
  if (!existsSync(own)) return {};
  return Object.fromEntries(['core', 'runtime'].map((part) => [`@emnapi/${part}`, path.join(own, part)]));
}

const napi = (name, calls) =>
  bundled(
    `import * as runtime from '@napi-rs/wasm-runtime';
     import { createContext } from '@emnapi/runtime';
     import { emnapi } from ${JSON.stringify(path.join(root, 'companions/emnapi.js'))};
     export default emnapi({ ...runtime, createContext }, ${calls});`,
    packageRoot(name),
    emnapiOf(name),
  );

const file = (name, inside) => path.relative(root, path.join(packageRoot(name), inside));

/** For each companion: the guest (a path in the clone), the bundled companion, and calls with their expected results. */
export const cases = {
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
    stdout: '<h1 id="title">Title</h1>\n',
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
        '({ parse, parseSync }) => ({ parseSync: (...a) => parseSync(...a).errors.length, parse: async (...a) => (await parse(...a)).errors.length })',
      ),
    calls: [
      ['parseSync', 'a.ts', 'let a = 1'],
      ['parse', 'a.ts', 'let b = <'],
    ],
    results: [0, 1],
  },
  '@tailwindcss/oxide-wasm32-wasi, in its threads': {
    wasm: file('@tailwindcss/oxide-wasm32-wasi', 'tailwindcss-oxide.wasm32-wasi.wasm'),
    companion: () =>
      napi(
        '@tailwindcss/oxide-wasm32-wasi',
        "({ Scanner }) => ({ scan: (base) => new Scanner({ sources: [{ base, pattern: '**/*', negated: false }] }).scan().includes('p-4') })",
      ),
    calls: [['scan', '/src']],
    results: [true],
  },
};
