// Runs one component with jco and its shim of WASI 0.2, with exit statuses as the CLI has them.
import fs from 'node:fs';
import { instantiate, wasi } from '../../components/jco.mjs';

const { folder, ...plan } = JSON.parse(fs.readFileSync(process.argv[2], 'utf8'));

let exported;
try {
  exported = await instantiate(folder, await wasi(plan));
} catch (error) {
  console.error(`holdfast: ${error.message}`); // the prefix by which the runner recognizes a refusal
  process.exit(1);
}
try {
  exported.run.run();
} catch (error) {
  // run() failed: a result without a payload
  const failed = error === undefined || error.constructor?.name === 'ComponentError';
  if (!failed) console.error(error?.stack ?? String(error));
  process.exit(failed ? 1 : 134);
}
process.exit(0);
