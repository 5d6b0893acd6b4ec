// Runs components with jco, to compare with another implementation. jco transpiles them to JavaScript and core modules, which are kept in build/jco-components.
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { jcoPath } from '../../tools/jco.mjs';

const kept = fileURLToPath(new URL('../../build/jco-components', import.meta.url));
const lock = fileURLToPath(new URL('../../tools/jco/package-lock.json', import.meta.url));

const packageUrl = (file) => pathToFileURL(path.join(jcoPath(), '@bytecodealliance', file)).href;

/** Transpiles a component, unless that was done earlier. Resolves to the folder with its component.js. */
export async function transpile(bytes) {
  const hash = createHash('sha256').update(fs.readFileSync(lock)).update(bytes).digest('hex');
  const folder = path.join(kept, hash.slice(0, 32));
  if (fs.existsSync(folder)) return folder;
  const { transpileBytes } = await import(packageUrl('jco-transpile/dist/index.js'));
  const options = { name: 'component', instantiation: 'async', wasiShim: false, emitTypescriptDeclarations: false };
  const { files } = await transpileBytes(bytes, options);
  const made = fs.mkdtempSync(path.join(fs.mkdirSync(kept, { recursive: true }) ?? kept, 'new-'));
  for (const [name, data] of Object.entries(files)) fs.writeFileSync(path.join(made, name), data);
  fs.writeFileSync(path.join(made, 'package.json'), '{"type": "module"}');
  try {
    fs.renameSync(made, folder);
  } catch (error) {
    if (!fs.existsSync(folder)) throw error; // another process was quicker
    fs.rmSync(made, { recursive: true });
  }
  return folder;
}

/** Instantiates the component that `transpile` put in the folder. Resolves to its exports. */
export async function instantiate(folder, imports) {
  const component = await import(pathToFileURL(path.join(folder, 'component.js')).href);
  return component.instantiate((name) => WebAssembly.compile(fs.readFileSync(path.join(folder, name))), imports);
}

const camel = (name) => name.replace(/-(.)/g, (_, letter) => letter.toUpperCase());

/**
 * WASI 0.2, implemented by jco's shim for Node, as the imports of a component: all interfaces, by their names without a version.
 * @param {{ args: string[], env: Record<string, string>, preopens: Record<string, string> }} process
 */
export async function wasi({ args, env, preopens }) {
  const shim = await import(packageUrl('preview2-shim/dist/nodejs/index.js'));
  const { _setArgs, _setEnv } = shim.cli;
  _setArgs(args);
  _setEnv(env);
  (await import(packageUrl('preview2-shim/dist/nodejs/filesystem.js')))._setPreopens(preopens);
  return new Proxy(
    {},
    {
      get(_, name) {
        const [, group, face] = /^wasi:([^/]+)\/([^@]+)/.exec(name) ?? [];
        return shim[group]?.[camel(face)];
      },
    },
  );
}

/** Converts component text to bytes with jco's wasm-tools, which is newer than Debian's and accepts names that Debian's refuses. */
export async function parse(text) {
  const { parse: parseText } = await import(packageUrl('jco-transpile/dist/wasm-tools.js'));
  try {
    return await parseText(text);
  } catch (error) {
    throw new Error(error.payload ?? error.message, { cause: error });
  }
}
