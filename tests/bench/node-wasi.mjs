// A process of its own: runs a program with Node's WASI, over a temporary directory as "/". `node node-wasi.mjs FILE ARG…` prints the program's output, and then
// a line with the milliseconds from its instantiation to its end, without compiling it.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { WASI } from 'node:wasi';

const [file, ...args] = process.argv.slice(2);
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'holdfast-bench-'));
try {
  const module = await WebAssembly.compile(fs.readFileSync(file));
  const options = { version: 'preview1', args: ['program', ...args], preopens: { '/': folder }, returnOnExit: true };
  const wasi = new WASI(options);
  const begun = performance.now();
  const code = wasi.start(await WebAssembly.instantiate(module, wasi.getImportObject()));
  fs.writeSync(1, `${performance.now() - begun}\n`);
  process.exitCode = code;
} finally {
  fs.rmSync(folder, { recursive: true, force: true });
}
