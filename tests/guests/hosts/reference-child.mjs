// Runs one program under Node's own WASI, with the command's exit statuses.
import fs from 'node:fs';
import { WASI } from 'node:wasi';

const { file, args, env, preopens } = JSON.parse(fs.readFileSync(process.argv[2], 'utf8'));

function refuse(error) {
  console.error(`holdfast: ${error.message}`); // the runner recognizes a refusal by this prefix
  process.exit(1);
}

let module;
let wasi;
let instance;
try {
  module = await WebAssembly.compile(fs.readFileSync(file));
  const unstable = WebAssembly.Module.imports(module).some((entry) => entry.module === 'wasi_unstable');
  wasi = new WASI({ version: unstable ? 'unstable' : 'preview1', args, env, preopens, returnOnExit: true });
  instance = await WebAssembly.instantiate(module, wasi.getImportObject());
} catch (error) {
  refuse(error);
}
let status;
try {
  status = wasi.start(instance);
} catch (error) {
  if (!(error instanceof WebAssembly.RuntimeError) && !(error instanceof RangeError)) refuse(error);
  console.error(error.message);
  status = 134;
}
process.exit(status);
