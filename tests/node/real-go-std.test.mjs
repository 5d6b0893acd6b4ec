// Go's own tests of `os`, `io/fs` and `path/filepath`, the last of them in Chromium as well (`npm run conformance:go` runs all eight packages
// there); and unexpected results are reported.
import assert from 'node:assert/strict';
import test from 'node:test';
import { goTests } from '../go-std/main.mjs';
import { judge } from '../go-std/judge.mjs';
import { host, PATIENCE } from '../real/support.mjs';
import { load } from './support/load.mjs';

const { findBrowser } = await load('web/cli/browsers.ts');

test(`go's standard library (${host}): os, io/fs, path/filepath`, { timeout: 4 * PATIENCE }, async (t) => {
  const names = ['os', 'io/fs', 'path/filepath'];
  assert.deepEqual(await goTests({ host, names, log: (text) => t.diagnostic(text) }), []);
});

const missing = await findBrowser('chromium').then(
  () => false,
  ({ message }) => message,
);
test("go's standard library (chromium): path/filepath", { timeout: 2 * PATIENCE, skip: missing }, async (t) => {
  const names = ['path/filepath'];
  assert.deepEqual(await goTests({ host: 'chromium', names, log: (text) => t.diagnostic(text) }), []);
});

const output = [
  '=== RUN   TestGood',
  '--- PASS: TestGood (0.00s)',
  '=== RUN   TestLeftOut',
  '=== RUN   TestLeftOut/a',
  '    x_test.go:1: no pipes here',
  '    --- SKIP: TestLeftOut/a (0.00s)',
  '--- PASS: TestLeftOut (0.00s)',
  '',
].join('\n');
const groups = [{ says: 'no pipes', why: '…', tests: ['TestLeftOut/{a}'] }];
const complaintsOf = (text, table, code = 0) => judge({ code, output: text }, table).complaints.join('\n');

test("go's tests: only unexpected results are reported", () => {
  assert.deepEqual(judge({ code: 0, output }, groups), { passed: 2, skipped: 1, complaints: [] });
  assert.match(complaintsOf(output, []), /^TestLeftOut\/a was skipped: no pipes here$/);
  assert.match(complaintsOf(output, [{ ...groups[0], says: 'no links' }]), /not for "no links"/);
  assert.match(complaintsOf(output.replace('SKIP', 'PASS'), groups), /TestLeftOut\/a passed/);
  assert.match(complaintsOf(output.replace('PASS: TestGood', 'FAIL: TestGood'), groups, 1), /TestGood failed/);
  assert.match(complaintsOf(output.replace('--- PASS: TestGood', ''), groups), /TestGood never ended/);
  assert.match(complaintsOf(output, [...groups, { says: 'x', tests: ['TestGone'] }]), /does not exist/);
  assert.match(complaintsOf('', []), /no test ran/);
  assert.match(complaintsOf(output, groups, 134), /it ended with 134/);
});
