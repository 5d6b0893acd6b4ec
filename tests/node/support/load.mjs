// Bundles and imports the current TypeScript sources, so that these tests need no build.
import { mkdtempSync, rmSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

export const root = fileURLToPath(new URL('../../../', import.meta.url));

/** All exports of the given files (relative to the repository), as one module, so that they share their classes. */
export async function load(...files) {
  // Inside the repository, so that imports that are not bundled are found.
  const folder = mkdtempSync(path.join(root, 'node_modules', '.test-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  const outfile = path.join(folder, 'bundle.mjs');
  await build({
    stdin: { contents: files.map((file) => `export * from './${file}';`).join('\n'), resolveDir: root, loader: 'ts' },
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'es2022',
    sourcemap: 'inline',
    logLevel: 'error',
  });
  return import(pathToFileURL(outfile).href);
}
