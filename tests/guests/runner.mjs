// Runs cases on a host and reports each result; for tests/guests/run.mjs, tests/conformance/run.mjs and, in a page, tests/browser/guest-programs.spec.ts.

/** A case that has not ended after this time is killed, and fails. */
const LIMIT = 300_000;

const marks = { passed: 'ok  ', failed: 'FAIL', skipped: 'skip', cannot: 'n/a ' };

const attempt = (host, guest, judge) =>
  host
    .run(guest, LIMIT)
    .then((result) => judge(guest, result))
    .catch((error) => [error.stack ?? String(error)]);

/**
 * Runs a case, and resolves to what is wrong with its result. On a busy machine a case that runs until its timeout may end before it has written
 * what it should: it gets a second run, ten times as long.
 */
export async function complaintsOf(host, guest, judge) {
  const complaints = await attempt(host, guest, judge);
  const timeout = guest.expect?.timeout;
  if (complaints.length === 0 || timeout === undefined) return complaints;
  return attempt(host, { ...guest, expect: { ...guest.expect, timeout: 10 * timeout } }, judge);
}

/**
 * Runs one case. Resolves to 'passed', 'failed' (with complaints), 'skipped' (it failed, as listed in the skip list) or 'cannot' (this host
 * lacks what the case needs).
 * @param {string | undefined} reason   why it fails on this host, by the skip list
 */
async function runCase(host, guest, judge, reason) {
  const cannot = host.cannot(guest);
  if (cannot) return { verdict: 'cannot', complaints: [cannot] };
  const complaints = await complaintsOf(host, guest, judge);
  if (reason === undefined) return { verdict: complaints.length > 0 ? 'failed' : 'passed', complaints };
  if (complaints.length > 0) return { verdict: 'skipped', complaints: [reason, ...complaints] };
  return { verdict: 'failed', complaints: [`it passes: remove it from skip.json ("${reason}")`] };
}

/**
 * Runs all cases, `jobs` at a time.
 * @param {object} host
 * @param {{ id: string }[]} cases
 * @param {{ judge: (guest: object, result: object) => Promise<string[]>, skips?: Record<string, string>, jobs: number, verbose?: boolean }} how
 *   `verbose`: print a line for each case, not only for failed ones
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
