// Calls between guests whose functions have types of a recursive group, in an engine that has them. Prints the results.
import fs from 'node:fs';
import { start } from '../../../dist/node.js';
import { guest } from './runtime.mjs';

const hf = await start();
const program = fs.readFileSync(guest('has-grouped-types'));
const other = await hf.instantiate(program, { link: { other: () => null } });
const caller = await hf.instantiate(program, { link: { other } });
for (let i = 0; i < 3; i++) console.log(await caller.call('through', i));
await hf.close();
