/**
 * The tests that do not apply to pages without cross-origin isolation, in which all programs share one worker, with the reason. Keys are file names; each
 * entry is a pattern for titles, or '' for all of the file's tests.
 */
const WORKERS = 'it concerns compute workers, of which there are none';
const NAMES = 'the page has no SharedArrayBuffer';
const REFUSED = 'such guests are refused (see tests/node/single-guests.test.mjs)';
const HEADERS = 'it concerns the headers, which the server of this run does not send';

const SKIPS: Readonly<Record<string, readonly (readonly [title: string, reason: string])[]>> = {
  'accepts-sources.spec.ts': [['^a program may be a URL, a string', NAMES]],
  'control.spec.ts': [['^`released` resolves when the core of a killed guest is free', WORKERS]],
  'kills.spec.ts': [['^ten spinners killed at once', WORKERS]],
  'demo.spec.ts': [['^the list of processes shows what each does', WORKERS]],
  'interruptible.spec.ts': [
    ['^an interruptible program that computes is stopped', WORKERS],
    ['^programs are interruptible unless', WORKERS],
    ['^the rewriter is fetched with the first interruptible program', 'all programs are interruptible'],
  ],
  'links.spec.ts': [['', REFUSED]],
  'starts-or-says-why-not.spec.ts': [['^diagnose\\(\\) finds nothing wrong', HEADERS]],
  'page-shares-no-memory.spec.ts': [['', NAMES]],
};

export const reasonToSkip = (file: string, title: string): string | undefined =>
  SKIPS[file]?.find(([pattern]) => new RegExp(pattern).test(title))?.[1];
