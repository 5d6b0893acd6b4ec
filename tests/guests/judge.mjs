// Checks whether a guest did what its header says. Runs in Node and in a page.
import { bytesOf } from './header.mjs';

/**
 * A host's report of a run.
 * @typedef {object} Result
 * @property {'exit' | 'trap' | 'timeout' | 'refused' | 'killed' | 'limit' | 'crash'} reason
 * @property {number} code
 * @property {string} message         of a trap or a refusal; otherwise anything useful
 * @property {Uint8Array} stdout
 * @property {Uint8Array} stderr
 * @property {Uint8Array[]} [replies] what each client got
 * @property {boolean} [mixedStderr]  the host's own messages are in stderr too
 */

const textOf = (bytes) => new TextDecoder().decode(bytes);
const shorten = (text) => JSON.stringify(text.length > 400 ? `${text.slice(0, 300)} … ${text.slice(-60)}` : text);
const equal = (a, b) => a.length === b.length && a.every((byte, i) => byte === b[i]);

async function sha256(bytes) {
  const digest = await crypto.subtle.digest('SHA-256', bytes);
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Compares how the run ended with how it should have. */
function judgeEnd({ exit, trap, killed, timeout, refused }, { reason, code, message, stderr }) {
  const got = `it ended with "${reason}", code ${code}${message ? `, ${shorten(message)}` : ''}`;
  const said = stderr.length > 0 ? `; stderr: ${shorten(textOf(stderr))}` : '';
  if (refused.length > 0) {
    if (reason !== 'refused') return [`it should have been refused, but ${got}${said}`];
    return refused
      .filter((pattern) => !new RegExp(pattern, 'i').test(message))
      .map((pattern) => `the refusal does not match /${pattern}/: ${shorten(message)}`);
  }
  if (trap !== undefined) {
    if (reason !== 'trap' || code !== 134) return [`it should have trapped with 134, but ${got}${said}`];
    return new RegExp(trap, 'i').test(message) ? [] : [`the trap does not match /${trap}/: ${shorten(message)}`];
  }
  if (killed !== undefined) {
    return reason === 'killed' && code === killed
      ? []
      : [`it should have been killed with ${killed}, but ${got}${said}`];
  }
  if (timeout !== undefined) {
    return reason === 'timeout' && code === 124 ? [] : [`it should have run until its timeout, but ${got}${said}`];
  }
  return reason === 'exit' && code === exit ? [] : [`it should have ended with exit ${exit}, but ${got}${said}`];
}

async function judgeOutput(expect, { stdout, stderr, mixedStderr }) {
  const complaints = [];
  const anything = [expect.stdoutStarts, expect.stdoutSize, expect.stdoutSha256].some((value) => value !== undefined);
  const wanted = expect.stdout ?? (anything || expect.refused.length > 0 ? undefined : '');
  if (wanted !== undefined && !equal(stdout, bytesOf(wanted)))
    complaints.push(`stdout is ${shorten(textOf(stdout))}, not ${shorten(textOf(bytesOf(wanted)))}`);
  if (expect.stdoutStarts !== undefined) {
    const start = bytesOf(expect.stdoutStarts);
    if (!equal(stdout.subarray(0, start.length), start))
      complaints.push(`stdout starts with ${shorten(textOf(stdout.subarray(0, start.length)))}`);
  }
  if (expect.stdoutSize !== undefined && stdout.length !== expect.stdoutSize)
    complaints.push(`stdout has ${stdout.length} bytes, not ${expect.stdoutSize}`);
  if (expect.stdoutSha256 !== undefined && (await sha256(stdout)) !== expect.stdoutSha256)
    complaints.push(`stdout has the SHA-256 ${await sha256(stdout)}, not ${expect.stdoutSha256}`);

  const errors = textOf(stderr);
  const silent = expect.stderrContains.length === 0 && !mixedStderr && expect.refused.length === 0;
  const wantedErrors = expect.stderr ?? (silent ? '' : undefined);
  if (wantedErrors !== undefined && !mixedStderr && !equal(stderr, bytesOf(wantedErrors)))
    complaints.push(`stderr is ${shorten(errors)}, not ${shorten(textOf(bytesOf(wantedErrors)))}`);
  const binary = new TextDecoder('latin1').decode(stderr);
  for (const part of expect.stderrContains) {
    if (!binary.includes(new TextDecoder('latin1').decode(bytesOf(part))))
      complaints.push(`stderr lacks ${shorten(part)}: ${shorten(errors)}`);
  }
  return complaints;
}

function judgeReplies({ replies: wanted }, { replies = [] }) {
  return wanted.flatMap((text, i) =>
    replies[i] && equal(replies[i], bytesOf(text))
      ? []
      : [`client ${i} got ${replies[i] ? shorten(textOf(replies[i])) : 'nothing'}, not ${shorten(text)}`],
  );
}

/**
 * What is wrong with the result, one line each; empty if it matches the header.
 * @param {import('./header.mjs').Case} guest
 * @param {Result} result
 * @returns {Promise<string[]>}
 */
export async function judge(guest, result) {
  const complaints = judgeEnd(guest.expect, result);
  if (complaints.length > 0 && result.stderr.length > 0) return complaints; // the guest's own message is the best explanation
  return [...complaints, ...(await judgeOutput(guest.expect, result)), ...judgeReplies(guest.expect, result)];
}
