// Which errors each of the 46 functions returned while the guest programs ran. `node tests/guests/errnos.mjs` prints them; with --update it writes
// them to errnos.json, which errnos.test.mjs compares with later runs.
//
// The kernel of build/wasm-errors (node tools/build.mjs wasm-errors) records them in a file that the page can read: see native/wasi/seen.h.
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { cases, folder } from './cases.mjs';
import { open } from './hosts/node.mjs';
import { judge } from './judge.mjs';

export const root = path.resolve(folder, '../..');
export const listFile = path.join(folder, 'errnos.json');
const include = path.join(root, 'native/include/holdfast');

/** Errno number → name, without 0. */
export const errnos = new Map(
  [...fs.readFileSync(path.join(include, 'errno.def'), 'utf8').matchAll(/^X\((\w+), ([1-9]\d*)/gm)].map(
    ([, name, number]) => [Number(number), name],
  ),
);
export const calls = [...fs.readFileSync(path.join(include, 'preview1.def'), 'utf8').matchAll(/^X\((\w+)/gm)].map(
  ([, name]) => name,
);

/** Function → the errors that it returned to the programs, ordered by number and separated by spaces. Throws if a case fails. */
export async function errnosSeen() {
  const width = Math.max(...errnos.keys()) + 1;
  const seen = new Uint8Array(calls.length * width);
  const host = await open({
    root,
    built: path.join(root, 'build/guests'),
    options: { assets: { kernel: pathToFileURL(path.join(root, 'build/wasm-errors/kernel.wasm')) } },
    async ending(hf) {
      const table = await hf.fs.readFile('/errors-seen');
      if (table.length !== seen.length) throw new Error(`the table has ${table.length} bytes, not ${seen.length}`);
      table.forEach((byte, i) => (seen[i] |= byte));
    },
  });
  const failures = [];
  for (const guest of cases) {
    const complaints = await judge(guest, await host.run(guest, 300_000));
    if (complaints.length > 0) failures.push(`${guest.id}: ${complaints.join('; ')}`);
  }
  await host.close();
  if (failures.length > 0) throw new Error(failures.join('\n'));
  const ofRow = (row) => [...errnos].filter(([number]) => seen[row * width + number] === 1).map(([, name]) => name);
  return Object.fromEntries(calls.map((call, row) => [call, ofRow(row).join(' ')]));
}

async function main() {
  const given = await errnosSeen();
  if (!process.argv.includes('--update')) return console.log(given);
  const list = JSON.parse(fs.readFileSync(listFile, 'utf8'));
  return fs.writeFileSync(listFile, `${JSON.stringify({ ...list, given }, undefined, 2)}\n`);
}

if (process.argv[1] && fs.realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) await main();
