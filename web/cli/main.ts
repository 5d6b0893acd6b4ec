/** The command `holdfast`. */
import { readFile } from 'node:fs/promises';
import { CODE_BROKEN_PIPE } from '../../build/generated/layouts.js';
import { within } from '../deadline.js';
import { hostNames } from './hosts.js';
import { parseCommand, USAGE, UsageError } from './options.js';
import { GRACE, run } from './run.js';
import { print, write, type OutputError } from './stdio.js';

/** The tests run many programs on one host. */
export { openHost } from './hosts.js';
export { SpawnRefused } from '../errors.js';

const FAILED = 1;
/** The command line is invalid. */
const USAGE_STATUS = 2;

async function main(argv: readonly string[]): Promise<number> {
  try {
    const command = parseCommand(argv, process.env, hostNames);
    if (command.kind === 'run') return await run(command);
    if (command.kind === 'types') return await (await import('./cli-types.js')).types(command);
    if (command.kind === 'bench') return await (await import('./cli-bench.js')).bench(command.args);
    await print(command.kind === 'help' ? USAGE : `holdfast ${await version()}\n`);
    return 0;
  } catch (error) {
    if ((error as Error).name === 'OutputError') return outputStatus(error as OutputError);
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`holdfast: ${error.message}\nTry "holdfast --help".\n`);
    return USAGE_STATUS;
  }
}

function outputStatus({ gone, message }: OutputError): number {
  if (gone) return CODE_BROKEN_PIPE;
  process.stderr.write(`holdfast: ${message}\n`);
  return FAILED;
}

async function version(): Promise<string> {
  const text = await readFile(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

/** The complete command; ends the process. */
export async function holdfast(argv: readonly string[]): Promise<never> {
  // Writers get errors through their callbacks; without a listener, the event would end this process.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  const status = await main(argv);
  // Flush messages, too, before exiting. It does not matter if their reader has gone away.
  await within(Promise.allSettled([write(process.stdout, ''), write(process.stderr, '')]), GRACE);
  // Exit explicitly, because a terminal's input, for example, would keep the process alive.
  process.exit(status);
}
