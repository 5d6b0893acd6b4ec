// Runs a suite on one or more hosts: node tests/conformance/run.mjs --suite DIR… [--host HOST…] [--grep PATTERN] [--jobs N]
//
// DIR is laid out as WebAssembly/wasi-testsuite (suite.mjs); everything below it that is for preview 1 counts. Without --host all hosts run
// it that this machine has. A table a host, then `N passed, N failed`; the status is 1 for a failure, and for a test that passes
// although skip.json (host → program → why it fails) lists it.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { hosts } from '../guests/hosts/index.mjs';
import { runCases } from '../guests/runner.mjs';
import { judge, readSuite } from './suite.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const root = path.resolve(here, '../..');

/** Those of tests/guests/hosts that are engines of their own; `native` when its adapter is there. */
export const hostNames = ['node', 'node24', 'chromium', 'firefox', 'webkit', 'native'].filter((name) => hosts[name]);

function readSuites(folders, grep) {
  const pattern = new RegExp(grep);
  return folders.map((folder) => {
    if (!fs.existsSync(folder)) throw new Error(`there is no folder ${folder}`);
    const { cases, others } = readSuite(folder);
    return { folder, others, cases: cases.filter(({ id }) => pattern.test(id)) };
  });
}

/** Lines of `folder  passed  of`, for the tests' folders in order, and their sum. */
function table(suites, verdicts) {
  const rows = new Map();
  for (const { folder, cases } of suites) {
    for (const test of cases) {
      const key = path.posix.join(path.basename(folder), path.posix.dirname(test.id));
      const row = rows.get(key) ?? { passed: 0, all: 0 };
      rows.set(key, row);
      row.all++;
      if (verdicts.get(test) === 'passed') row.passed++;
    }
  }
  const width = Math.max(...[...rows.keys()].map((key) => key.length));
  return [...rows].map(([key, { passed, all }]) => `  ${key.padEnd(width)}  ${String(passed).padStart(4)} of ${all}`);
}

/** Runs all suites on one host. Resolves to { passed, failed }; to null when it is not there and was not asked for by name. */
async function runHost(name, suites, { skips, jobs, asked }) {
  console.log(`\n=== ${name} ===`);
  let host;
  try {
    host = await hosts[name]({ root, built: path.join(root, 'build/guests') });
  } catch (error) {
    console.log(asked ? `FAIL ${error.message}` : `skipped: ${error.message}`);
    return asked ? { passed: 0, failed: 1 } : null;
  }
  if (host.about) console.log(await host.about());
  const begun = performance.now();
  const cases = suites.flatMap((suite) => suite.cases);
  // By the program's name: where it lies depends on the folder that was given.
  const known = cases.filter(({ program }) => Object.hasOwn(skips[name] ?? {}, program));
  const reasons = Object.fromEntries(known.map(({ id, program }) => [id, skips[name][program]]));
  const counts = await runCases(host, cases, { judge, skips: reasons, jobs, verbose: false });
  await host.close();
  const seconds = ((performance.now() - begun) / 1000).toFixed(1);
  for (const line of table(suites, counts.verdicts)) console.log(line);
  const { passed, failed, skipped, cannot } = counts;
  const more = skipped + cannot > 0 ? `, ${skipped} fail as skip.json says, ${cannot} cannot be run here` : '';
  console.log(`${name}: ${passed} of ${cases.length} passed, ${failed} failed${more}, ${seconds} s`);
  return { passed, failed };
}

async function main() {
  const { values } = parseArgs({
    options: {
      suite: { type: 'string', multiple: true, default: [] },
      host: { type: 'string', multiple: true, default: [] },
      grep: { type: 'string', default: '' },
      jobs: { type: 'string', default: String(Math.min(2, os.availableParallelism?.() ?? 2)) },
      skips: { type: 'string', default: path.join(here, 'skip.json') },
    },
  });
  if (values.suite.length === 0) throw new Error('no --suite given');
  const unknown = values.host.filter((name) => !hostNames.includes(name));
  if (unknown.length > 0) throw new Error(`no host ${unknown.join(', ')}; there are ${hostNames.join(', ')}`);
  const skips = JSON.parse(fs.readFileSync(values.skips, 'utf8'));
  const suites = readSuites(values.suite, values.grep);
  const number = suites.reduce((sum, { cases }) => sum + cases.length, 0);
  if (number === 0) throw new Error('the suite has no preview 1 program of that name');
  const asked = values.host.length > 0;
  const options = { skips, jobs: Number(values.jobs), asked };

  const others = suites.reduce((sum, suite) => sum + suite.others, 0);
  console.log(`${number} preview 1 programs; ${others} of other versions of WASI are skipped`);
  const sum = { passed: 0, failed: 0 };
  for (const name of asked ? values.host : hostNames) {
    const { passed, failed } = (await runHost(name, suites, options)) ?? {};
    sum.passed += passed ?? 0;
    sum.failed += failed ?? 0;
  }
  console.log(`\n${sum.passed} passed, ${sum.failed} failed`);
  process.exitCode = sum.failed > 0 || sum.passed === 0 ? 1 : 0;
}

await main().catch((error) => {
  console.error(`conformance: ${error.message}`);
  process.exitCode = 2;
});
