// `npm run bench`: runs setup, builds, and runs tests/bench/main.mjs with the given arguments.
import { Complaint, exists, fromRoot, main, run } from './lib.mjs';
import { build } from './build.mjs';
import { chromiumOnPath, needs, setup } from './setup.mjs';

await main(async (args) => {
  const script = fromRoot('tests/bench/main.mjs');
  if (!exists(script)) throw new Complaint('there are no benchmarks (tests/bench/main.mjs)');
  await setup(needs.browser);
  await build(['runtime', 'guests']);
  const { code } = await run(process.execPath, [script, ...args], {
    allowFailure: true,
    env: { HOLDFAST_CHROMIUM: chromiumOnPath() ?? '' },
  });
  return code;
});
