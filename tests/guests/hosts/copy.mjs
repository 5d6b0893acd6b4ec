// Copies a folder of this machine into a runtime's file system.
import fs from 'node:fs/promises';
import path from 'node:path';

/** `to` must exist. Copies files, directories and symbolic links; WASI programs create no others. */
export async function copyIn(target, from, to) {
  for (const entry of await fs.readdir(from, { withFileTypes: true })) {
    const [source, copy] = [path.join(from, entry.name), `${to}/${entry.name}`];
    if (entry.isSymbolicLink()) await target.symlink(await fs.readlink(source), copy);
    else if (entry.isFile()) await target.writeFile(copy, await fs.readFile(source));
    else if (entry.isDirectory()) {
      await target.mkdir(copy);
      await copyIn(target, source, copy);
    }
  }
}
