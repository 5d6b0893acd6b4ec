/** The command `holdfast`. */
import { readFile } from 'node:fs/promises';
import { within } from '../deadline.js';
import { hostNames } from './hosts.js';
import { parseCommand, USAGE, UsageError } from './options.js';
import { GRACE, run } from './run.js';
import { write } from './stdio.js';

/** The tests run many programs on one host. */
export { openHost } from './hosts.js';
export { SpawnRefused } from '../errors.js';

/** The command line is wrong. */
const USAGE_STATUS = 2;

async function main(argv: readonly string[]): Promise<number> {
  try {
    const command = parseCommand(argv, process.env, hostNames);
    if (command.kind === 'run') return await run(command);
    await write(process.stdout, command.kind === 'help' ? USAGE : `holdfast ${await version()}\n`);
    return 0;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`holdfast: ${error.message}\nTry "holdfast --help".\n`);
    return USAGE_STATUS;
  }
}

async function version(): Promise<string> {
  const text = await readFile(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

/** The whole command: ends the process. */
export async function holdfast(argv: readonly string[]): Promise<never> {
  // Who writes is told of an error by its callback; the event, unheard, would end this process.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  const status = await main(argv);
  // Messages too are out before we end; a reader that has gone away does not want them.
  await within(Promise.allSettled([write(process.stdout, ''), write(process.stderr, '')]), GRACE);
  // By name, because a terminal's input, say, would keep the process alive.
  process.exit(status);
}
