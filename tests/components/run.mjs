// Runs scripts of the component model's test suite: node tests/components/run.mjs --components DIR [--grep PATTERN] [--verbose]
//
// DIR contains .wast files, for example the folder test/ of WebAssembly/component-model. Components that are only defined, or must be invalid or
// malformed, go to the parser (component.wasm); components that are instantiated and called go to the runtime. Prints a table of the files, the
// failures, and `N passed, N failed`. Commands that need a feature that holdfast reports as unsupported are counted separately, together with
// everything that depends on them. skip.json maps file → line → why it fails, for one commit of the suite. A skipped command that passes is a failure.
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { openParser } from './parser.mjs';
import { runFile } from './script.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const root = path.resolve(here, '../..');

async function main() {
  const { values } = parseArgs({
    options: {
      components: { type: 'string' },
      grep: { type: 'string', default: '' },
      skips: { type: 'string', default: path.join(here, 'skip.json') },
      dist: { type: 'string', default: path.join(root, 'dist') },
      verbose: { type: 'boolean', default: false },
    },
  });
  const folder = values.components;
  if (!folder) throw new Error('pass the folder of the tests: --components DIR');
  if (!fs.existsSync(folder)) throw new Error(`there is no folder ${folder}`);
  const files = fs
    .readdirSync(folder, { recursive: true })
    .filter((file) => file.endsWith('.wast') && new RegExp(values.grep).test(file))
    .sort();
  if (files.length === 0) throw new Error('no .wast file matches');
  const skips = JSON.parse(fs.readFileSync(values.skips, 'utf8'));
  const parser = openParser(path.join(values.dist, 'component.wasm'));
  const { start } = await import(pathToFileURL(path.resolve(values.dist, 'node.js')).href);
  const runtime = await start();
  const sum = { passed: 0, failed: 0, skipped: 0, unsupported: 0, text: 0 };
  const reasons = new Map();
  const failures = [];
  const width = Math.max(...files.map((file) => file.length));
  console.log(`${''.padEnd(width)}  passed  failed  skipped  unsupported  no text`);
  for (const file of files) {
    const counts = await runFile(path.join(folder, file), parser, runtime, skips[file] ?? {});
    const cells = [
      [counts.passed, 6], [counts.failed, 6], [counts.skipped, 7], [counts.unsupported, 11], [counts.text, 7],
    ]; // prettier-ignore
    console.log(`${file.padEnd(width)}  ${cells.map(([n, size]) => String(n || '').padStart(size)).join('  ')}`);
    for (const key of Object.keys(sum)) sum[key] += counts[key];
    for (const [reason, count] of counts.reasons) reasons.set(reason, (reasons.get(reason) ?? 0) + count);
    failures.push(...counts.failures.map((failure) => `${file}:${failure}`));
  }
  await runtime.close();
  for (const failure of failures) console.log(`FAIL ${failure}`);
  if (values.verbose) for (const [reason, count] of reasons) console.log(`${String(count).padStart(5)} × ${reason}`);
  console.log(
    `\n${sum.skipped} failed as listed in skip.json; ${sum.unsupported} need unsupported features; the text of ${sum.text} could not be parsed`,
  );
  console.log(`\n${sum.passed} passed, ${sum.failed} failed`);
  process.exitCode = sum.failed > 0 || sum.passed === 0 ? 1 : 0;
}

await main().catch((error) => {
  console.error(`conformance: ${error.message}`);
  process.exitCode = 2;
});
