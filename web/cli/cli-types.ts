/** `holdfast types`: prints TypeScript declarations of a component. It is a separate file, loaded for that command. */
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { InvalidComponent, parserImports, planOf } from '../../common/component-parser.js';
import { asError } from '../errors.js';
import { print } from './stdio.js';
import type { TypesCommand } from './options.js';
import { typescriptOf } from './typescript.js';
import { worldOf } from './world.js';

const FAILED = 1;

/** component.wasm is beside this script. */
async function parser(): Promise<object> {
  const bytes = await readFile(new URL('./component.wasm', import.meta.url));
  const { instance } = await WebAssembly.instantiate(new Uint8Array(bytes), parserImports);
  return instance.exports;
}

/** Resolves to the exit status. */
export async function types({ component, output }: TypesCommand): Promise<number> {
  const name = path.basename(component);
  try {
    const bytes = new Uint8Array(await readFile(component));
    const world = worldOf(planOf(await parser(), bytes));
    const text = typescriptOf(world, `The types of ${name}, written by "holdfast types".`);
    if (output === undefined) await print(text);
    else await writeFile(output, text);
    return 0;
  } catch (error) {
    if (!(error instanceof InvalidComponent) && !('code' in asError(error))) throw error;
    process.stderr.write(`holdfast: ${name}: ${asError(error).message}\n`);
    return FAILED;
  }
}
