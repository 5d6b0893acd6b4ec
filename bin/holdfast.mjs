#!/usr/bin/env node
// The `holdfast` command. In a clone it needs the build's dist/cli.js.
import { existsSync } from 'node:fs';

const cli = new URL('../dist/cli.js', import.meta.url);
if (existsSync(cli)) {
  const { holdfast } = await import(cli.href);
  await holdfast(process.argv.slice(2));
} else {
  console.error('holdfast: dist/cli.js is missing; run `npm run build`');
  process.exitCode = 1;
}
