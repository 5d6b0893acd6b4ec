// Node 24 for the tests: `node24()` returns its path. It is $HOLDFAST_NODE24, or the running Node if it is new enough,
// or npm's package of the binary in build/node24.
import { isMain, main, say } from './lib.mjs';
import { npmProgram } from './npm-program.mjs';

const WANTED = 24;
const isWanted = Number(process.versions.node.split('.')[0]) >= WANTED;

const { path, install } = npmProgram({
  name: 'node24',
  title: `Node ${WANTED}`,
  variable: 'HOLDFAST_NODE24',
  file: `node-${process.platform}-${process.arch}/bin/node`,
});

const own = () => (isWanted && !process.env.HOLDFAST_NODE24 ? process.execPath : undefined);

/** The path, if it exists. */
export const node24Path = () => own() ?? path();

/** Installs it if necessary. */
export const node24 = async () => own() ?? install();

if (isMain(import.meta.url)) await main(async () => say(`Node ${WANTED}: ${await node24()}`));
