// `npm test`: runs setup, builds, and runs every test. `npm test -- SECTION… [--grep PATTERN] [-- ARGUMENTS]` runs a part:
//   native    the kernel's own tests (CTest) under ASan+UBSan, under TSan, and 10 seconds of each fuzzer (`npm run fuzz`: longer)
//   node      tests/node/*.test.mjs
//   guests    the programs in tests/guests on Node, natively, and in each browser; the same programs made interruptible; random modules before
//             and after the rewrite (tests/rewrite/differential.mjs); tests/{guests,conformance}/**/*.test.mjs
//   browser   tests/browser/*.spec.ts in Chromium, served by nginx with serve.conf
//   bundlers  tests/bundlers: the packed package in projects of Vite, webpack, esbuild and others; `npm run test:bundlers` has more
// Arguments after the second `--` go to the section's own runner (ctest, node --test, playwright).
// The last line is `N passed, N failed`, summed over the sections. A section that runs no test fails.
//
// The sections consist of suites, which run three at a time beside the builds, because each leaves cores idle now and then: it waits for a
// browser, a time limit or its last test. Their output is printed suite by suite.
import fs from 'node:fs';
import { startBuilds } from './builds.mjs';
import {
  Complaint,
  exists,
  filesBelow,
  fromRoot,
  jobs,
  main,
  print,
  readJson,
  run,
  say,
  withoutRandomAddresses,
} from './lib.mjs';
import { node24Path } from './node24.mjs';
import { serve } from './serve.mjs';
import { chromiumOnPath, needs, setup, webkitPath } from './setup.mjs';
import { sideBySide } from './side-by-side.mjs';

/** Name → its suites: `{ title, builds, run }` with the targets to be built first (tools/build.mjs), in an order in which no long one is last. */
const sections = {
  native: nativeSuites,
  node: nodeSuites,
  browser: browserSuites,
  bundlers: bundlerSuites,
  guests: guestSuites,
};
const needed = {
  native: needs.native,
  node: [...needs.build, 'node24', 'bun', 'deno', 'jco'],
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

/** Two at a time leave a 2-core machine idle for three tenths of the run. */
const SUITES_AT_ONCE = 3;

const heading = (text) => print(`\n=== ${text} ===`);
const results = fromRoot('build/test-results');

// --- native ---

/** The fuzzers come first: each has ten seconds, which nothing else may take from it. */
function nativeSuites(options) {
  const presets = [
    ['fuzz', 'fuzzers, 10 seconds each'],
    ['native-asan', 'native kernel under AddressSanitizer and UBSan'],
    ['native-tsan', 'native kernel under ThreadSanitizer'],
  ];
  return presets.map(([preset, title]) => ({ title, builds: [preset], run: () => runCtest(preset, options) }));
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
 * Firefox takes a minute on an idle machine. Node 20.0 to 20.10 supports neither option.
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

function nodeSuites(options) {
  return [
    {
      title: 'Node',
      builds: ['runtime', 'guests'],
      run: () => runNodeTests(testFiles('tests/node'), 'node', options),
    },
  ];
}

/** The programs in tests/guests on each host (tests/guests/run.mjs), and the suites of real programs. */
function guestSuites(options) {
  const hosts = ['node', 'node24', 'node-cli', 'native', 'firefox', 'webkit']; // Chromium: tests/browser
  // With flags each program is rewritten first: with a flag where there is multi-memory (Node 24), otherwise with fuel. Or all
  // addresses in the kernel's memory are above 2 GiB, through either bridge.
  const runs = [
    ...hosts.map((host) => [host]),
    ['node', '--interruptible'],
    ['node', '--high'],
    ['node24', '--interruptible', '--high'],
    // All programs in one worker. Chromium: tests/browser.
    ['node24', '--single'],
    ['firefox', '--single'],
  ];
  return [
    {
      title: 'conformance',
      builds: ['runtime', 'guests', 'native-host'],
      run: () => runNodeTests(testFiles('tests/guests', 'tests/conformance'), 'guests', options),
    },
    ...runs.map(([host, ...flags]) => ({
      title: `guest programs, ${flags.length > 0 ? `${flags.join(' ')}, ` : ''}host ${host}`,
      builds: host === 'native' ? ['guests', 'native-host'] : ['runtime', 'guests'],
      run: () =>
        host === 'webkit' && !webkitPath()
          ? { code: 0, why: 'it is not installed' }
          : runGuests(host, { ...options, rest: [...options.rest, ...flags] }),
    })),
    {
      title: 'random modules, before and after the rewriter',
      builds: ['runtime'],
      run: () => runDifferential(options),
    },
  ];
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
  return runCounting(node24Path(), ['tests/rewrite/differential.mjs', '--seeds', '30']);
}

/** Runs a program that ends with the line `N passed, N failed`. */
async function runCounting(program, args) {
  const last = { passed: 0, failed: 0, skipped: 0, failures: [] };
  const { code } = await run(program, args, {
    allowFailure: true,
    onLine: (line) => {
      print(line);
      const [, passed, failed] = /^(\d+) passed, (\d+) failed$/.exec(line) ?? [];
      if (passed) Object.assign(last, { passed: Number(passed), failed: Number(failed) });
      if (line.startsWith('skip ')) last.skipped++;
      if (line.startsWith('FAIL ')) last.failures.push(failure(line.slice(5), ''));
    },
  });
  return { ...last, code };
}

// --- browser ---

function browserSuites(options) {
  const suite = (title, isolated) => ({ title, builds: ['demo'], run: () => runBrowserTests(options, isolated) });
  return [suite('browser', true), suite('browser, pages without isolation', false)];
}

async function runBrowserTests({ grep, rest }, isolated) {
  const report = `${results}/browser${isolated ? '' : '-single'}.json`;
  fs.mkdirSync(results, { recursive: true });
  fs.rmSync(report, { force: true });
  const server = await serve(fromRoot('.'), { port: 0, isolated });
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
        HOLDFAST_ISOLATED: isolated ? '1' : '',
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

function bundlerSuites({ grep, rest }) {
  return [
    {
      title: 'bundlers',
      builds: ['runtime', 'guests'],
      run: () => runCounting(process.execPath, ['tests/bundlers/run.mjs', ...(grep ? ['--grep', grep] : []), ...rest]),
    },
  ];
}

// --- the sum ---

const LINES_OF_A_FAILURE = 12;

/** A test that failed, in a few lines for the end of the log: often this is all that people read. Of a comparison, the lines that differ. */
function failure(name, text) {
  // eslint-disable-next-line no-control-regex -- colors
  const plain = text.replace(/\u001b\[[0-9;]*m/g, '');
  const lines = plain.split('\n').filter((line) => line.trim() !== '');
  const [title = '', ...rest] = lines;
  const different = rest.filter((line) => /^\s*[-+] /.test(line));
  const said = [title, ...(different.length > 0 ? different : rest)].slice(0, LINES_OF_A_FAILURE);
  return [name, ...said.map((line) => `  ${line.trim().slice(0, 200)}`)].join('\n');
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
 * Builds what a suite needs and runs it. A failure outside the tests (a broken build, a runner that died, no tests at all) counts as one.
 */
async function counted({ title, builds, run: runTests }, built) {
  heading(title);
  let begun = performance.now();
  const count = { title, passed: 0, failed: 0, skipped: 0, why: '' };
  try {
    for (const target of builds) await built(target);
    begun = performance.now();
    const { code, ...numbers } = await runTests();
    Object.assign(count, numbers);
    const ran = count.passed + count.failed > 0;
    if (!ran && filtered) count.why = 'no test of that name';
    else if (!ran && !count.why) Object.assign(count, { failed: 1, why: 'no test ran' });
    else if (count.failed === 0 && code !== 0)
      Object.assign(count, { failed: 1, why: `its runner ended with ${code}` });
  } catch (error) {
    print(error instanceof Complaint ? error.message : error.stack);
    Object.assign(count, { failed: count.failed + 1, why: 'it could not be run' });
  }
  count.seconds = ((performance.now() - begun) / 1000).toFixed(1);
  say(
    `${title}: ${count.passed} passed, ${count.failed} failed${count.skipped ? `, ${count.skipped} skipped` : ''}, ${count.seconds} s${count.why && ` (${count.why})`}`,
  );
  return count;
}

/**
 * The targets to build for the suites, in this order. The runtime is built once, not while tests are using it. Everything except the native kernels
 * waits for `ready`. The fuzzers use all cores, so nothing is built beside them.
 */
function jobsFor(suites, ready) {
  const wanted = new Set(suites.flatMap(({ builds }) => builds));
  const fuzzers = suites.find(({ builds }) => builds.includes('fuzz'));
  const groups = [
    { targets: ['fuzz'] },
    { targets: ['native-asan'], after: () => fuzzers?.ended },
    { targets: ['native-tsan'] },
    { targets: ['runtime', 'guests', 'demo'], after: () => ready },
    { targets: ['native-host'] },
  ];
  return groups
    .map(({ targets, after }) => ({ targets: targets.filter((target) => wanted.has(target)), after }))
    .filter(({ targets }) => targets.length > 0);
}

await main(async (args) => {
  const options = parseArguments([...args]);
  filtered = options.grep !== undefined;
  const wanted = [...new Set(options.names.flatMap((name) => needed[name]))];
  await setup(options.names.includes('native') ? needed.native : wanted);
  const ready = setup(wanted); // browsers are installed while the native kernels are built
  const suites = options.names.flatMap((name) => sections[name](options));
  const built = startBuilds(jobsFor(suites, ready));
  const ended = sideBySide(
    suites.map((suite) => ({ title: suite.title, run: () => (suite.ended = counted(suite, built)) })),
    SUITES_AT_ONCE,
  );
  await ready;
  const counts = await ended;
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
