// Runs the guest programs: node tests/guests/run.mjs [--host HOST] [--grep PATTERN] [--jobs N]
//
// The programs must have been built (npm run build, or node tests/guests/build.mjs). Ends with `N passed, N failed`.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { cases, folder } from './cases.mjs';
import { judge } from './judge.mjs';
import { hosts } from './hosts/index.mjs';

const root = path.resolve(folder, '../..');
const built = path.join(root, 'build/guests');

/** A case that has not ended after so long is killed and has failed. */
const LIMIT = 60_000;

/** Host → case → why it fails there today. A case in it that passes is a failure: take it out. */
const skips = JSON.parse(fs.readFileSync(path.join(folder, 'skip.json'), 'utf8'));

/**
 * Runs one case. Resolves to 'passed', 'failed' (with complaints), 'skipped' (it failed, as the skip list says) or 'cannot' (this host
 * lacks what the case needs).
 */
async function runCase(host, hostName, guest) {
  const cannot = host.cannot(guest);
  if (cannot) return { verdict: 'cannot', complaints: [cannot] };
  const ran = host.run(guest, LIMIT).then((result) => judge(guest, result));
  const complaints = await ran.catch((error) => [error.stack ?? String(error)]);
  const reason = skips[hostName]?.[guest.id];
  if (reason === undefined) return { verdict: complaints.length > 0 ? 'failed' : 'passed', complaints };
  if (complaints.length > 0) return { verdict: 'skipped', complaints: [reason, ...complaints] };
  return { verdict: 'failed', complaints: [`it passes: take it out of skip.json ("${reason}")`] };
}

function openHost(name, options) {
  if (!hosts[name]) throw new Error(`no host "${name}"; there are ${Object.keys(hosts).join(', ')}`);
  return hosts[name]({ root, built, options });
}

async function main() {
  const { values } = parseArgs({
    options: {
      host: { type: 'string', default: 'node' },
      grep: { type: 'string', default: '' },
      jobs: { type: 'string', default: String(Math.min(2, os.availableParallelism?.() ?? 2)) },
    },
  });
  const unknown = Object.values(skips)
    .flatMap(Object.keys)
    .filter((id) => !cases.some((guest) => guest.id === id));
  if (unknown.length > 0) throw new Error(`skip.json names what is not there: ${unknown.join(', ')}`);
  const queue = cases.filter(({ id }) => new RegExp(values.grep).test(id));
  if (queue.length === 0) throw new Error(`no case matches ${values.grep}`);
  const host = await openHost(values.host);
  const counts = { passed: 0, failed: 0, skipped: 0, cannot: 0 };
  const worker = async () => {
    for (let guest = queue.shift(); guest; guest = queue.shift()) {
      const begun = performance.now();
      const { verdict, complaints } = await runCase(host, values.host, guest);
      counts[verdict]++;
      const mark = { passed: 'ok  ', failed: 'FAIL', skipped: 'skip', cannot: 'n/a ' }[verdict];
      console.log(`${mark} ${guest.id} (${Math.round(performance.now() - begun)} ms)`);
      if (verdict === 'failed') for (const complaint of complaints) console.log(`       ${complaint}`);
    }
  };
  await Promise.all(Array.from({ length: Number(values.jobs) }, worker));
  await host.close();
  if (counts.skipped + counts.cannot > 0)
    console.log(`\n${counts.skipped} fail as skip.json says, ${counts.cannot} cannot be run on this host`);
  console.log(`\n${counts.passed} passed, ${counts.failed} failed`);
  process.exitCode = counts.failed > 0 ? 1 : 0;
}

if (process.argv[1] && fs.realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) await main();
