// What @yowasp/yosys needs besides its core module: its share folder, which consists partly of files and partly of strings in a script, and a /tmp.
import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { packageFile } from './support.mjs';

function put(folder, tree) {
  fs.mkdirSync(folder, { recursive: true });
  for (const [name, content] of Object.entries(tree)) {
    const file = path.join(folder, name);
    if (content instanceof URL) fs.copyFileSync(content, file);
    else if (typeof content === 'string' || content instanceof Uint8Array) fs.writeFileSync(file, content);
    else put(file, content);
  }
}

export const yosysModule = packageFile('@yowasp/yosys', 'gen/yosys.core.wasm');

/** Fills `folder`, which becomes the guest's "/". */
export async function prepareYosys(folder) {
  const resources = await import(pathToFileURL(packageFile('@yowasp/yosys', 'gen/resources-yosys.js')).href);
  put(folder, { ...resources.filesystem, tmp: {} });
}
