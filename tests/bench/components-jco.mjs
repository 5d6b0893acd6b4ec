// A process of its own: runs bench-components with jco and its preview2-shim, over a temporary directory. Prints the rows of the program.
// `node components-jco.mjs ARG…` passes the arguments to the program.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fromRoot } from '../../tools/lib.mjs';
import { instantiate, transpile, wasi } from '../components/jco.mjs';

const folder = await transpile(fs.readFileSync(fromRoot('build/guests/bench-components.wasm')));
const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'holdfast-bench-'));
try {
  const args = ['bench-components', ...process.argv.slice(2)];
  const { run } = await instantiate(folder, await wasi({ args, env: {}, preopens: { '/': directory } }));
  run.run();
} finally {
  fs.rmSync(directory, { recursive: true, force: true });
}
