// `npm run demo`: runs setup, builds, and serves the demo with nginx until Ctrl-C.
import { fromRoot, main } from './lib.mjs';
import { build } from './build.mjs';
import { needs, setup } from './setup.mjs';
import { freePort, serveUntilStopped } from './serve.mjs';

await main(async () => {
  if (Number(process.env.PORT ?? 8080) > 0) await freePort(Number(process.env.PORT ?? 8080)); // before the long part
  await setup(needs.demo);
  await build(['demo']);
  const code = await serveUntilStopped(fromRoot('build/demo'), (url) => {
    console.log(`\n  holdfast's demo:  ${url}\n  Ctrl-C stops it.\n`);
  });
  process.exit(code);
});
