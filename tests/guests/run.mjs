// Runs the guest programs: node tests/guests/run.mjs [--host HOST] [--grep PATTERN] [--jobs N] [--interruptible] [--high] [--single]
//
// The programs must have been built (npm run build, or node tests/guests/build.mjs). Ends with `N passed, N failed`.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { cases, componentCases, folder } from './cases.mjs';
import { judge } from './judge.mjs';
import { hosts } from './hosts/index.mjs';
import { runCases } from './runner.mjs';

const root = path.resolve(folder, '../..');
const built = path.join(root, 'build/guests');

/** Host → case → why the case fails there. If a listed case passes, the run fails: remove it from the list. */
const skips = JSON.parse(fs.readFileSync(path.join(folder, 'skip.json'), 'utf8'));

/** The hosts that run components. */
const forComponents = Object.keys(hosts).filter((name) => !['native', 'reference'].includes(name));

function openHost(name, settings) {
  if (!hosts[name]) throw new Error(`unknown host "${name}"; the hosts are ${Object.keys(hosts).join(', ')}`);
  if (settings.interruptible && !/^node|-cli$/.test(name))
    throw new Error(`host "${name}" does not take --interruptible`);
  if (settings.high && !/^node(24)?$/.test(name)) throw new Error(`host "${name}" does not take --high`);
  if (settings.single && !['node24', 'chromium', 'firefox'].includes(name))
    throw new Error(`host "${name}" does not take --single`);
  return hosts[name]({ root, built, ...settings });
}

async function main() {
  const { values } = parseArgs({
    options: {
      host: { type: 'string', default: 'node' },
      grep: { type: 'string', default: '' },
      interruptible: { type: 'boolean', default: false }, // rewrite each program first
      high: { type: 'boolean', default: false }, // the kernel's memory begins above 2 GiB
      single: { type: 'boolean', default: false }, // all programs in one worker, as in a page that is not isolated
      jobs: { type: 'string', default: String(Math.min(2, os.availableParallelism?.() ?? 2)) },
    },
  });
  const unknown = Object.values(skips)
    .flatMap(Object.keys)
    .filter((id) => ![...cases, ...componentCases].some((guest) => guest.id === id));
  if (unknown.length > 0) throw new Error(`skip.json names unknown cases: ${unknown.join(', ')}`);
  // The command starts a process for each program. What differs between the forms of one program does not depend on it.
  const components =
    values.host === 'node-cli'
      ? componentCases.filter(({ program }) => !/\.(wrapped|wasip2)$/.test(program))
      : componentCases;
  const all = forComponents.includes(values.host) ? [...cases, ...components] : cases;
  const queue = all.filter(({ id }) => new RegExp(values.grep).test(id));
  if (queue.length === 0) throw new Error(`no case matches ${values.grep}`);
  const host = await openHost(values.host, {
    interruptible: values.interruptible,
    high: values.high,
    single: values.single,
  });
  console.log((await host.about?.()) ?? values.host);
  const skip = skips[values.host];
  const counts = await runCases(host, queue, { judge, skips: skip, jobs: Number(values.jobs) });
  await host.close();
  if (counts.skipped + counts.cannot > 0)
    console.log(`\n${counts.skipped} failed as listed in skip.json, ${counts.cannot} cannot be run on this host`);
  console.log(`\n${counts.passed} passed, ${counts.failed} failed`);
  process.exitCode = counts.failed > 0 ? 1 : 0;
}

if (process.argv[1] && fs.realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) await main();
