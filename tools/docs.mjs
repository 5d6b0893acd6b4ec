// `npm run docs`: the API reference, generated from the comments in web/ as one page of Markdown, docs/api/README.md. `npm pack` makes it, too, for it
// goes into the package. A public declaration without a comment is an error.
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
