// `npm test`: runs setup, builds, and runs every test. `npm test -- SECTION… [--grep PATTERN] [-- ARGUMENTS]` runs a part:
//   native    the kernel's own tests (CTest) under ASan+UBSan, under TSan, and 10 seconds of each fuzzer (`npm run fuzz`: longer)
//   node      tests/node/*.test.mjs
//   guests    the programs in tests/guests on Node, natively, and in each browser; the same programs made interruptible; random modules before
//             and after the rewrite (tests/rewrite/differential.mjs); tests/{guests,conformance}/**/*.test.mjs
//   browser   tests/browser/*.spec.ts in Chromium, served by nginx with serve.conf
//   bundlers  tests/bundlers: the packed package in projects of Vite, webpack, esbuild and others; `npm run test:bundlers` has more
// Arguments after the second `--` go to the section's own runner (ctest, node --test, playwright).
// The last line is `N passed, N failed`, summed over the sections. A section that runs no test fails.
import fs from 'node:fs';
import { build } from './build.mjs';
import {
  Complaint,
  exists,
  filesBelow,
  fromRoot,
  jobs,
  main,
  readJson,
  run,
  say,
  withoutRandomAddresses,
} from './lib.mjs';
import { node24Path } from './node24.mjs';
import { serve } from './serve.mjs';
import { chromiumOnPath, needs, setup, webkitPath } from './setup.mjs';

const sections = {
  native: testNative,
  node: testNode,
  guests: testGuests,
  browser: testBrowser,
  bundlers: testBundlers,
};
const needed = {
  native: needs.native,
  node: [...needs.build, 'node24'],
  guests: [...needs.guests, 'sanitizers', 'tcc'],
  browser: needs.browser,
  bundlers: [...needs.build, 'chromium'],
};

function parseArguments(args) {
  const options = { names: [], grep: undefined, rest: [] };
  while (args.length > 0) {
    const arg = args.shift();
    if (arg === '--') options.rest = args.splice(0);
    else if (arg === '--grep' || arg === '-g') options.grep = args.shift();
    else if (arg.startsWith('--grep=')) options.grep = arg.slice(7);
    else if (sections[arg]) options.names.push(arg);
    else
      throw new Complaint(`usage: npm test -- [${Object.keys(sections).join('|')}]… [--grep PATTERN] [-- ARGUMENTS]`);
  }
  if (options.names.length === 0) options.names = Object.keys(sections);
  return options;
}

const heading = (text) => console.log(`\n=== ${text} ===`);
const results = fromRoot('build/test-results');

// --- native ---

async function testNative(options) {
  const presets = [
    ['native-asan', 'native kernel under AddressSanitizer and UBSan'],
    ['native-tsan', 'native kernel under ThreadSanitizer'],
  ];
  if (filesBelow(fromRoot('tests/fuzz'), (file) => file.endsWith('.c')).length > 0)
    presets.push(['fuzz', 'fuzzers, 10 seconds each']);
  const counts = [];
  for (const [preset, title] of presets) {
    counts.push(
      await counted(title, async () => {
        await build([preset]);
        return runCtest(preset, options);
      }),
    );
  }
  return counts;
}

async function runCtest(preset, { grep, rest }) {
  const report = fromRoot('build', preset, 'junit.xml');
  fs.rmSync(report, { force: true });
  const args = [
    '--preset',
    preset,
    '-j',
    String(jobs),
    '--output-junit',
    report,
    ...(grep ? ['-R', grep] : []),
    ...rest,
  ];
  const [command, ...before] = [...(await withoutRandomAddresses()), 'ctest'];
  const { code } = await run(command, [...before, ...args], { allowFailure: true });
  const xml = exists(report) ? fs.readFileSync(report, 'utf8') : '';
  const number = (name) => Number(new RegExp(`<testsuite\\b[^>]*?\\s${name}="(\\d+)"`).exec(xml)?.[1] ?? 0);
  const failed = number('failures');
  const skipped = number('skipped') + number('disabled');
  const failures = [
    ...xml.matchAll(/<testcase name="([^"]+)"[^>]*status="fail">[^]*?<system-out>([^]*?)<\/system-out>/g),
  ];
  return {
    passed: number('tests') - failed - skipped,
    failed,
    skipped,
    code,
    failures: failures.map(([, name, text]) => failure(name, text.trim().split('\n').slice(-4).join('\n'))),
  };
}

// --- Node ---

const testFiles = (...folders) =>
  folders.flatMap((folder) =>
    filesBelow(fromRoot(folder), (file) => file.endsWith('.test.mjs')).map((file) => `${folder}/${file}`),
  );

/**
 * Runs two files at a time; a test that hangs fails with its file. The limit applies to a whole file: `holdfast run` in
 * Firefox takes two minutes on an idle machine. Node 20.0 to 20.10 supports neither option.
 */
function testLimits() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  return major > 20 || minor >= 11 ? [`--test-concurrency=${jobs}`, '--test-timeout=1200000'] : [];
}

async function runNodeTests(files, name, { grep, rest }) {
  if (files.length === 0) return { passed: 0, failed: 0, skipped: 0, code: 0 };
  const report = `${results}/${name}.tap`;
  fs.mkdirSync(results, { recursive: true });
  fs.rmSync(report, { force: true });
  const args = [
    '--test',
    ...testLimits(),
    '--test-reporter=spec',
    '--test-reporter-destination=stdout',
    '--test-reporter=tap',
    `--test-reporter-destination=${report}`,
    ...(grep ? [`--test-name-pattern=${grep}`] : []),
    ...rest,
    ...files,
  ];
  const { code } = await run(process.execPath, args, {
    allowFailure: true,
    env: { HOLDFAST_CHROMIUM: chromiumOnPath() ?? '' },
  });
  const tap = exists(report) ? fs.readFileSync(report, 'utf8') : '';
  const number = (word) => Number(new RegExp(`^# ${word} (\\d+)$`, 'm').exec(tap)?.[1] ?? 0);
  return {
    passed: number('pass'),
    failed: number('fail') + number('cancelled'),
    skipped: number('skipped') + number('todo'),
    code,
    failures: failuresOfTap(tap),
  };
}

/** The innermost tests that failed, with the text of each error. */
function failuresOfTap(tap) {
  const found = [...tap.matchAll(/^( *)not ok \d+ - (.*)\n\1 {2}---\n([^]*?)^\1 {2}\.\.\.$/gm)];
  return found
    .filter(([, , , details]) => !details.includes("failureType: 'subtestsFailed'"))
    .map(([, , name, details]) =>
      failure(name, /error: (?:\|-\n)?([^]*?)\n *(?:code|name|stack):/.exec(details)?.[1] ?? ''),
    );
}

async function testNode(options) {
  return [
    await counted('Node', async () => {
      await build(['runtime', 'guests']);
      return runNodeTests(testFiles('tests/node'), 'node', options);
    }),
  ];
}

/** Runs the programs in tests/guests on each host (tests/guests/run.mjs), then the suites of real programs. */
async function testGuests(options) {
  const counts = [];
  const hosts = ['node', 'node24', 'node-cli', 'native', 'firefox', ...(webkitPath() ? ['webkit'] : [])]; // Chromium: tests/browser
  for (const host of exists(fromRoot('tests/guests/run.mjs')) ? hosts : []) {
    counts.push(
      await counted(`guest programs, host ${host}`, async () => {
        await build(host === 'native' ? ['guests', 'native-host'] : ['runtime', 'guests']);
        return runGuests(host, options);
      }),
    );
  }
  // Each program is rewritten first: with a flag where there is multi-memory (Node 24), otherwise with fuel. All
  // addresses in the kernel's memory are above 2 GiB, through either bridge.
  for (const [host, ...flags] of [
    ['node', '--interruptible'],
    ['node', '--high'],
    ['node24', '--interruptible', '--high'],
  ]) {
    counts.push(
      await counted(`guest programs, ${flags.join(' ')}, host ${host}`, async () => {
        await build(['runtime', 'guests']);
        return runGuests(host, { ...options, rest: [...options.rest, ...flags] });
      }),
    );
  }
  counts.push(await counted('random modules, before and after the rewriter', () => runDifferential(options)));
  const files = testFiles('tests/guests', 'tests/conformance');
  if (counts.length === 0 || files.length > 0) {
    counts.push(
      await counted('conformance', async () => {
        await build(['runtime', 'guests']);
        return runNodeTests(files, 'guests', options);
      }),
    );
  }
  return counts;
}

const runGuests = (host, { grep, rest }) =>
  runCounting(process.execPath, [
    'tests/guests/run.mjs',
    ...['--host', host],
    ...(grep ? ['--grep', grep] : []),
    ...rest,
  ]);

/** Always the same modules, 30 of each of three shapes; on Node 24 they run in both ways. Omitted with --grep. */
async function runDifferential({ grep }) {
  if (grep) return { passed: 0, failed: 0, skipped: 0, code: 0 };
  await build(['runtime']);
  return runCounting(node24Path(), ['tests/rewrite/differential.mjs', '--seeds', '30']);
}

/** Runs a program that ends with the line `N passed, N failed`. */
async function runCounting(program, args) {
  const last = { passed: 0, failed: 0, skipped: 0, failures: [] };
  const { code } = await run(program, args, {
    allowFailure: true,
    onLine: (line) => {
      console.log(line);
      const [, passed, failed] = /^(\d+) passed, (\d+) failed$/.exec(line) ?? [];
      if (passed) Object.assign(last, { passed: Number(passed), failed: Number(failed) });
      if (line.startsWith('skip ')) last.skipped++;
      if (line.startsWith('FAIL ')) last.failures.push(failure(line.slice(5), ''));
    },
  });
  return { ...last, code };
}

// --- browser ---

async function testBrowser({ grep, rest }) {
  return [
    await counted('browser', async () => {
      await build(['demo']);
      const files = filesBelow(fromRoot('tests/browser'), (file) => file.endsWith('.spec.ts'));
      if (files.length === 0) return { passed: 0, failed: 0, skipped: 0, code: 0 };
      const report = `${results}/browser.json`;
      fs.mkdirSync(results, { recursive: true });
      fs.rmSync(report, { force: true });
      const server = await serve(fromRoot('.'), { port: 0 });
      try {
        const args = [
          'node_modules/@playwright/test/cli.js',
          'test',
          '--config',
          'tests/browser/playwright.config.ts',
          '--reporter=list,json',
          ...(grep ? ['--grep', grep] : []),
          ...rest,
        ];
        const { code } = await run(process.execPath, args, {
          allowFailure: true,
          env: {
            HOLDFAST_URL: server.url,
            HOLDFAST_CHROMIUM: chromiumOnPath() ?? '',
            PLAYWRIGHT_JSON_OUTPUT_NAME: report,
          },
        });
        const { stats, suites = [] } = readJson(report) ?? {};
        const { expected = 0, flaky = 0, unexpected = 0, skipped = 0 } = stats ?? {};
        return { passed: expected, failed: unexpected + flaky, skipped, code, failures: failuresOfSuites(suites) };
      } finally {
        await server.stop();
      }
    }),
  ];
}

function failuresOfSuites(suites) {
  return suites.flatMap(({ suites: inner = [], specs = [] }) => [
    ...specs
      .filter(({ ok }) => !ok)
      .map(({ title, tests }) =>
        failure(title, tests.flatMap(({ results }) => results).find(({ error }) => error)?.error.message ?? ''),
      ),
    ...failuresOfSuites(inner),
  ]);
}

// --- bundlers ---

async function testBundlers({ grep, rest }) {
  return [
    await counted('bundlers', async () => {
      await build(['runtime', 'guests']);
      const args = [...(grep ? ['--grep', grep] : []), ...rest];
      return runCounting(process.execPath, ['tests/bundlers/run.mjs', ...args]);
    }),
  ];
}

// --- the sum ---

/** A test that failed, in a few lines for the end of the log: often that is all of it that somebody sees. */
function failure(name, text) {
  // eslint-disable-next-line no-control-regex -- colors
  const plain = text.replace(/\u001b\[[0-9;]*m/g, '');
  const lines = plain.split('\n').filter((line) => line.trim() !== '');
  return [name, ...lines.slice(0, 4).map((line) => `  ${line.trim().slice(0, 160)}`)].join('\n');
}

const FAILURES_SHOWN = 8;

function showFailures(counts) {
  const all = counts.flatMap(({ title, failures = [] }) => failures.map((text) => `FAIL ${title}: ${text}`));
  if (all.length === 0) return;
  console.log(`\n${all.slice(0, FAILURES_SHOWN).join('\n')}`);
  if (all.length > FAILURES_SHOWN) console.log(`… and ${all.length - FAILURES_SHOWN} more`);
}

/** With --grep, a section may have nothing to run. */
let filtered = false;

/**
 * Runs one section. A failure outside the tests (a broken build, a runner that died, no tests at all) counts as one.
 */
async function counted(title, fn) {
  heading(title);
  const begun = performance.now();
  const count = { title, passed: 0, failed: 0, skipped: 0, why: '' };
  try {
    const { code, ...numbers } = await fn();
    Object.assign(count, numbers);
    const ran = count.passed + count.failed > 0;
    if (!ran && filtered) count.why = 'no test of that name';
    else if (!ran) Object.assign(count, { failed: 1, why: 'no test ran' });
    else if (count.failed === 0 && code !== 0)
      Object.assign(count, { failed: 1, why: `its runner ended with ${code}` });
  } catch (error) {
    console.error(error instanceof Complaint ? error.message : error);
    Object.assign(count, { failed: count.failed + 1, why: 'it could not be run' });
  }
  count.seconds = ((performance.now() - begun) / 1000).toFixed(1);
  say(
    `${title}: ${count.passed} passed, ${count.failed} failed${count.skipped ? `, ${count.skipped} skipped` : ''}, ${count.seconds} s${count.why && ` (${count.why})`}`,
  );
  return count;
}

await main(async (args) => {
  const options = parseArguments([...args]);
  filtered = options.grep !== undefined;
  await setup([...new Set(options.names.flatMap((name) => needed[name]))]);
  const counts = [];
  for (const name of options.names) counts.push(...(await sections[name](options)));
  heading('summary');
  for (const { title, passed, failed, skipped, seconds, why } of counts) {
    console.log(
      `${failed > 0 ? 'FAIL' : 'ok  '} ${title}: ${passed} passed, ${failed} failed, ${skipped} skipped, ${seconds} s${why && ` (${why})`}`,
    );
  }
  showFailures(counts);
  const sum = (key) => counts.reduce((total, count) => total + count[key], 0);
  console.log(`\n${sum('passed')} passed, ${sum('failed')} failed`);
  return sum('failed') > 0 || sum('passed') === 0 ? 1 : 0;
});
