// `npm run docs`: generates the API reference from the comments in web/ as one page of Markdown, docs/api/README.md.
// `npm pack` generates it too, because it is part of the package. A public declaration without a comment is an error.
import { generateAbi } from './abi.mjs';
import { fromRoot, main, run, say } from './lib.mjs';
import { setup } from './setup.mjs';

await main(async () => {
  await setup(['packages']);
  generateAbi();
  await run(process.execPath, [fromRoot('node_modules/typedoc/bin/typedoc'), '--logLevel', 'Warn'], {
    cwd: fromRoot('.'),
  });
  say('the API reference is docs/api/README.md');
});
