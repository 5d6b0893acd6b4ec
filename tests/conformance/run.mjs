// Runs a suite on one or more hosts: node tests/conformance/run.mjs --suite DIR… [--host HOST…] [--grep PATTERN] [--jobs N] [--wrapped]
//
// DIR has the layout of WebAssembly/wasi-testsuite (suite.mjs); all preview 1 programs below it run. Without --host, all hosts on this machine run
// them. Prints a table for each host, then `N passed, N failed`. The status is 1 if a test fails, or if a test passes although skip.json (host →
// program → why it fails) lists it. --wrapped: the programs run as components, with the preview 1 adapter around them; jco is a host for these, and
// skip.json has "wrapped" for all hosts, or "HOST wrapped" for one.
import { execFile } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { hosts } from '../guests/hosts/index.mjs';
import { runCases } from '../guests/runner.mjs';
import { adapters } from '../../tools/jco.mjs';
import { bin } from '../../tools/toolchain/recipe.mjs';
import { judge, readSuite, wrapped } from './suite.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const root = path.resolve(here, '../..');

/** The hosts of tests/guests/hosts that are different engines. */
export const hostNames = ['node', 'node24', 'chromium', 'firefox', 'webkit', 'native'].filter((name) => hosts[name]);

/** Those that run components. */
const componentHosts = [...hostNames.filter((name) => name !== 'native'), 'jco'];

function readSuites(folders, grep) {
  const pattern = new RegExp(grep);
  return folders.map((folder) => {
    if (!fs.existsSync(folder)) throw new Error(`there is no folder ${folder}`);
    const { cases, others } = readSuite(folder);
    return { folder, others, cases: cases.filter(({ id }) => pattern.test(id)) };
  });
}

/** Lines of `folder passed of`, for the tests' folders in order, and their total. */
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

/** Runs all suites on one host. Resolves to { passed, failed }, or to null if the host is missing and was not requested by name. */
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
  // By the program's name, because its path depends on the given folder.
  const known = cases.filter(({ program }) => Object.hasOwn(skips ?? {}, program));
  const reasons = Object.fromEntries(known.map(({ id, program }) => [id, skips[program]]));
  const counts = await runCases(host, cases, { judge, skips: reasons, jobs, verbose: false });
  await host.close();
  const seconds = ((performance.now() - begun) / 1000).toFixed(1);
  for (const line of table(suites, counts.verdicts)) console.log(line);
  const { passed, failed, skipped, cannot } = counts;
  const more = skipped + cannot > 0 ? `, ${skipped} failed as listed in skip.json, ${cannot} cannot be run here` : '';
  console.log(`${name}: ${passed} of ${cases.length} passed, ${failed} failed${more}, ${seconds} s`);
  return { passed, failed };
}

/** Turns a preview 1 module into a component. */
async function wrap(module, component) {
  const adapter = path.join(await adapters(), 'wasi_snapshot_preview1.command.wasm');
  const args = ['component', 'new', '--adapt', `wasi_snapshot_preview1=${adapter}`, module, '-o', component];
  await promisify(execFile)(path.join(bin, 'wasm-tools'), args);
}

async function main() {
  const { values } = parseArgs({
    options: {
      suite: { type: 'string', multiple: true, default: [] },
      host: { type: 'string', multiple: true, default: [] },
      grep: { type: 'string', default: '' },
      wrapped: { type: 'boolean', default: false },
      jobs: { type: 'string', default: String(Math.min(2, os.availableParallelism?.() ?? 2)) },
      skips: { type: 'string', default: path.join(here, 'skip.json') },
    },
  });
  if (values.suite.length === 0) throw new Error('no --suite given');
  const names = values.wrapped ? componentHosts : hostNames;
  const unknown = values.host.filter((name) => !names.includes(name));
  if (unknown.length > 0) throw new Error(`unknown host ${unknown.join(', ')}; the hosts are ${names.join(', ')}`);
  const skips = JSON.parse(fs.readFileSync(values.skips, 'utf8'));
  const suites = readSuites(values.suite, values.grep);
  const number = suites.reduce((sum, { cases }) => sum + cases.length, 0);
  if (number === 0) throw new Error('the suite has no preview 1 program of that name');
  const asked = values.host.length > 0;
  const options = { jobs: Number(values.jobs), asked };

  if (values.wrapped) await wrapped(suites, path.join(root, 'build/wrapped-suite'), wrap);

  const others = suites.reduce((sum, suite) => sum + suite.others, 0);
  console.log(`${number} preview 1 programs; ${others} of other versions of WASI are skipped`);
  const sum = { passed: 0, failed: 0 };
  for (const name of asked ? values.host : names.filter((host) => host !== 'jco')) {
    const listed = values.wrapped ? { ...skips.wrapped, ...skips[`${name} wrapped`] } : skips[name];
    const { passed, failed } = (await runHost(name, suites, { ...options, skips: listed })) ?? {};
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
