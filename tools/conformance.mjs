// `npm run conformance`: runs the official WASI test suite, or any folder with its layout (--suite DIR, repeatable), on
// every host, or on selected ones (--host HOST). Without --suite, clones the two branches of WebAssembly/wasi-testsuite
// that contain built programs into build/wasi-testsuite, where the network allows it. The rest is
// tests/conformance/run.mjs. `--components DIR` runs another suite: the folder test/ of WebAssembly/component-model (tests/components/run.mjs).
import fs from 'node:fs';
import { build } from './build.mjs';
import { Complaint, exists, fromRoot, main, run, say, withLock } from './lib.mjs';
import { node24 } from './node24.mjs';
import { needs, setup } from './setup.mjs';

const repository = 'https://github.com/WebAssembly/wasi-testsuite';
/** The branch with the newest programs, and the programs that only the branch with proposals has. */
const branches = [
  { branch: 'prod/testsuite-base', part: 'tests' },
  { branch: 'prod/testsuite-all', part: 'tests/proposals' },
];

async function clone(branch) {
  const folder = fromRoot('build/wasi-testsuite', branch.replaceAll('/', '-'));
  await withLock(fromRoot('build/wasi-testsuite.lock'), 'the test suite', async () => {
    if (exists(folder)) return;
    say(`cloning ${repository}, branch ${branch}`);
    const made = `${folder}.new`; // until it is complete
    fs.rmSync(made, { recursive: true, force: true });
    const args = ['clone', '--quiet', '--depth', '1', '--branch', branch, repository, made];
    const env = { GIT_TERMINAL_PROMPT: '0' };
    const { code, output } = await run('git', args, { quiet: true, allowFailure: true, env });
    if (code !== 0)
      throw new Complaint(`the suite cannot be cloned; pass a copy of it with --suite DIR\n${output.trim()}`);
    fs.renameSync(made, folder);
  });
  return folder;
}

/** On Node 24, because Node 20 lacks features that modules of the suite use. */
async function runComponents(args) {
  await setup([...needs.build, 'node24', 'jco']);
  await build(['runtime']);
  const { code } = await run(await node24(), ['tests/components/run.mjs', ...args], { allowFailure: true });
  return code;
}

await main(async (args) => {
  if (args.some((arg) => arg.startsWith('--components'))) return runComponents(args);
  const given = args.some((arg) => arg === '--suite' || arg.startsWith('--suite='));
  const suites = [];
  for (const { branch, part } of given ? [] : branches) suites.push(`--suite=${await clone(branch)}/${part}`);
  await setup(needs.guests);
  const hosts = args.filter((arg, i) => arg.startsWith('--host=') || args[i - 1] === '--host');
  const native = hosts.length === 0 || hosts.some((host) => host.endsWith('native'));
  await build(['runtime', ...(native ? ['native-host'] : [])]);
  const { code } = await run(process.execPath, ['tests/conformance/run.mjs', ...suites, ...args], {
    allowFailure: true,
  });
  return code;
});
