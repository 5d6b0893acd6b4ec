// Runs cases on a host and says what came of each; for tests/guests/run.mjs and tests/conformance/run.mjs.

/** A case that has not ended after so long is killed and has failed. */
const LIMIT = 60_000;

const marks = { passed: 'ok  ', failed: 'FAIL', skipped: 'skip', cannot: 'n/a ' };

/**
 * Runs one case. Resolves to 'passed', 'failed' (with complaints), 'skipped' (it failed, as the skip list says) or 'cannot' (this host
 * lacks what the case needs).
 * @param {string | undefined} reason   why it fails on this host, by the skip list
 */
async function runCase(host, guest, judge, reason) {
  const cannot = host.cannot(guest);
  if (cannot) return { verdict: 'cannot', complaints: [cannot] };
  const ran = host.run(guest, LIMIT).then((result) => judge(guest, result));
  const complaints = await ran.catch((error) => [error.stack ?? String(error)]);
  if (reason === undefined) return { verdict: complaints.length > 0 ? 'failed' : 'passed', complaints };
  if (complaints.length > 0) return { verdict: 'skipped', complaints: [reason, ...complaints] };
  return { verdict: 'failed', complaints: [`it passes: take it out of skip.json ("${reason}")`] };
}

/**
 * Runs all of them, `jobs` at a time.
 * @param {object} host
 * @param {{ id: string }[]} cases
 * @param {{ judge: (guest: object, result: object) => Promise<string[]>, skips?: Record<string, string>, jobs: number, verbose?: boolean }} how
 *   `verbose`: a line for each case, not only for those that failed
 * @returns {Promise<{ passed: number, failed: number, skipped: number, cannot: number, verdicts: Map<object, string> }>}
 */
export async function runCases(host, cases, { judge, skips = {}, jobs, verbose = true }) {
  const counts = { passed: 0, failed: 0, skipped: 0, cannot: 0 };
  const verdicts = new Map();
  const queue = [...cases];
  const worker = async () => {
    for (let guest = queue.shift(); guest; guest = queue.shift()) {
      const begun = performance.now();
      const { verdict, complaints } = await runCase(host, guest, judge, skips[guest.id]);
      counts[verdict]++;
      verdicts.set(guest, verdict);
      if (verbose || verdict === 'failed')
        console.log(`${marks[verdict]} ${guest.id} (${Math.round(performance.now() - begun)} ms)`);
      if (verdict === 'failed') for (const complaint of complaints) console.log(`       ${complaint}`);
    }
  };
  await Promise.all(Array.from({ length: jobs }, worker));
  return { ...counts, verdicts };
}
