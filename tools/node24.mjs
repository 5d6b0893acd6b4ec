// Node 24 for the tests: `node24()` returns its path. It is $HOLDFAST_NODE24, or the running Node if it is new enough,
// or npm's package of the binary in build/node24, pinned by tools/node24/package-lock.json.
//
// It is not a devDependency: npm's package `node` fetches its binary in an install script, which `npm ci --ignore-scripts` skips. The
// packages that contain the binary are for one platform each, and npm accepts those of other platforms only as optional dependencies,
// which all our users would get.
import fs from 'node:fs';
import { Complaint, exists, fromRoot, isMain, main, run, say, withLock, writeIfChanged } from './lib.mjs';

const WANTED = 24;
const target = fromRoot('build/node24');
const files = ['package.json', 'package-lock.json'];
const program = `${target}/node_modules/node-${process.platform}-${process.arch}/bin/node`;

const isWanted = Number(process.versions.node.split('.')[0]) >= WANTED;

const isCurrent = () =>
  exists(program) &&
  files.every((file) => {
    const copy = `${target}/${file}`;
    return exists(copy) && fs.readFileSync(copy, 'utf8') === fs.readFileSync(fromRoot('tools/node24', file), 'utf8');
  });

/** The path, if it exists. */
export function node24Path() {
  if (process.env.HOLDFAST_NODE24) return process.env.HOLDFAST_NODE24;
  if (isWanted) return process.execPath;
  return isCurrent() ? program : undefined;
}

/** Installs it if necessary. */
export async function node24() {
  if (node24Path()) return node24Path();
  await withLock(fromRoot('build/node24.lock'), 'Node 24', async () => {
    if (isCurrent()) return;
    say('npm ci (Node 24, for the tests)');
    // Under another name until it is complete.
    const made = `${target}.new`;
    for (const folder of [made, target]) fs.rmSync(folder, { recursive: true, force: true });
    for (const file of files) writeIfChanged(`${made}/${file}`, fs.readFileSync(fromRoot('tools/node24', file)));
    const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
    await run('npm', args, { cwd: made, quiet: true });
    fs.renameSync(made, target);
  });
  if (!exists(program))
    throw new Complaint(
      `Node ${WANTED} is needed for the tests, and npm has no package of it for this machine: set HOLDFAST_NODE24 to the path of one`,
    );
  return program;
}

if (isMain(import.meta.url)) await main(async () => say(`Node 24: ${await node24()}`));
