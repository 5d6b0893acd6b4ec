// jco for the tests: `jco()` returns the folder with its packages, `adapters()` the folder with the adapters that turn preview 1 modules into components.
//
// jco's transpiler, a separate package, shows what another implementation does with a component. The adapters are only in jco's main package;
// installing it would bring 147 packages, including builds for other machines, which npm cannot always find. So only that package's archive is downloaded (183 kB).
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { Complaint, exists, fromRoot, isMain, main, run, say, withLock } from './lib.mjs';
import { npmProgram } from './npm-program.mjs';

const transpiler = '@bytecodealliance/jco-transpile/dist/index.js';
const program = npmProgram({ name: 'jco', title: 'jco', variable: 'JCO', file: transpiler });
const folderOf = (file) => file?.slice(0, -transpiler.length - 1);

/**
 * The node_modules folder with `@bytecodealliance/jco-transpile` and `preview2-shim`, if it exists. $JCO, the path of the transpiler's index.js,
 * selects another one.
 */
export const jcoPath = () => folderOf(program.path());

/** Installs it if necessary. */
export const jco = async () => folderOf(await program.install());

const archive = {
  name: '@bytecodealliance/jco@1.35.0',
  sha512: 'O53cWIMm/M1SpwLxKRicvAMDnzWf4zWs6I6qFZIGbn3HUovDMCCe9blkGxxYuyocHjVf/cXgNmlMu/x7Tyi77A==',
};
const names = ['command', 'reactor'].map((world) => `wasi_snapshot_preview1.${world}.wasm`);
const folder = fromRoot('build/adapters', archive.sha512.slice(0, 12).replaceAll(/[/+]/g, '-'));

/** Installs the adapters if necessary; the folder has `wasi_snapshot_preview1.command.wasm` and `….reactor.wasm`. */
export async function adapters() {
  const complete = () => names.every((name) => exists(path.join(folder, name)));
  if (complete()) return folder;
  await withLock(fromRoot('build/adapters.lock'), 'the adapters', async () => {
    if (complete()) return;
    say(`npm pack ${archive.name} (the adapters for preview 1 modules, for the tests)`);
    const made = `${folder}.new`; // until it is complete
    for (const old of [made, folder]) fs.rmSync(old, { recursive: true, force: true });
    fs.mkdirSync(made, { recursive: true });
    const args = ['pack', archive.name, '--ignore-scripts', '--silent', '--pack-destination', made];
    await run('npm', args, { cwd: made, quiet: true });
    const packed = path.join(made, fs.readdirSync(made)[0]);
    const sum = createHash('sha512').update(fs.readFileSync(packed)).digest('base64');
    if (sum !== archive.sha512) throw new Complaint(`the archive of ${archive.name} is not the expected one`);
    const wanted = names.map((name) => `package/lib/${name}`);
    await run('tar', ['-xzf', packed, '-C', made, '--strip-components=2', ...wanted], { quiet: true });
    fs.rmSync(packed);
    fs.renameSync(made, folder);
  });
  return folder;
}

if (isMain(import.meta.url)) {
  await main(async () => {
    say(`jco: ${await jco()}`);
    say(`adapters: ${await adapters()}`);
  });
}
