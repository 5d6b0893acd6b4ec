// `npm run fuzz -- [MINUTES] [NAME…]`: runs each fuzzer of tests/fuzz, or the named ones, for that many minutes
// (default: 10), as many at once as there are cores. New inputs stay in build/fuzz/corpus/NAME for the next time; an
// input that breaks the kernel is written beside them, and the fuzzer's output, which ends with the reason, is shown.
import { build } from './build.mjs';
import { Complaint, exists, filesBelow, fromRoot, inParallel, main, run, say, withoutRandomAddresses } from './lib.mjs';
import { needs, setup } from './setup.mjs';

const DEFAULT_MINUTES = 10;
/** The maximum size of an input that tests/fuzz reads, in bytes; CMakeLists.txt has the same number for `npm test`. */
const MAX_LENGTH = 6000;

const fuzzers = () =>
  filesBelow(fromRoot('tests/fuzz'), (file) => /^[^/]+\.c$/.test(file)).map((file) => file.replace(/\.c$/, ''));

function parseArguments(args) {
  const known = fuzzers();
  const names = args.filter((arg) => known.includes(arg));
  const [minutes = DEFAULT_MINUTES, ...rest] = args.filter((arg) => !known.includes(arg)).map(Number);
  if (rest.length > 0 || !(minutes > 0)) throw new Complaint(`usage: npm run fuzz -- [MINUTES] [${known.join('|')}]…`);
  return { names: names.length > 0 ? names : known, seconds: Math.ceil(minutes * 60) };
}

/** Returns whether it found nothing. */
async function fuzz(name, seconds) {
  const corpus = fromRoot('build/fuzz/corpus', name);
  const seeds = fromRoot('tests/fuzz/corpus', name);
  const options = [`-max_total_time=${seconds}`, `-max_len=${MAX_LENGTH}`, `-artifact_prefix=${corpus}-`];
  const [command, ...args] = [
    ...(await withoutRandomAddresses()),
    fromRoot('build/fuzz', `fuzz-${name}`),
    ...options,
    corpus,
    ...(exists(seeds) ? [seeds] : []),
  ];
  const { code, output } = await run(command, args, { quiet: true, allowFailure: true });
  const [, runs] = /^Done (\d+) runs/m.exec(output) ?? [];
  say(code === 0 ? `${name}: ${runs} runs, nothing found` : `${name}: FOUND SOMETHING\n${output.slice(-8000)}`);
  return code === 0;
}

await main(async (args) => {
  const { names, seconds } = parseArguments(args);
  await setup(needs.native);
  await build(['fuzz']);
  say(`fuzzing ${names.join(', ')} for ${seconds} s each`);
  const found = [];
  await inParallel(names, async (name) => {
    if (!(await fuzz(name, seconds))) found.push(name);
  });
  return found.length > 0 ? 1 : 0;
});
