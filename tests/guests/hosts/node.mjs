// Host "node": the Node API, all cases in one runtime of this process.
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { moduleOf } from '../cases.mjs';
import { apiHost } from './api.mjs';

export async function open({ root, built, options }) {
  const { start, SpawnRefused } = await import(pathToFileURL(path.join(root, 'dist/node.js')).href);
  const hf = await start(options);
  const modules = new Map();
  const sourceOf = (guest) => {
    const file = moduleOf(guest, built);
    if (!modules.has(file)) modules.set(file, readFile(file));
    return modules.get(file);
  };
  return { ...apiHost(hf, sourceOf, SpawnRefused), close: () => hf.close() };
}
