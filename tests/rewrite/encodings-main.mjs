// Runs tests/rewrite/encodings.mjs in this Node.
import fs from 'node:fs';
import { compareEncodings } from './encodings.mjs';

const file = process.argv[2] ?? new URL('../../dist/rewrite.wasm', import.meta.url);
console.log(JSON.stringify(compareEncodings(new WebAssembly.Module(fs.readFileSync(file)))));
