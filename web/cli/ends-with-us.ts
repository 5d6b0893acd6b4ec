/** Child processes that end when this process ends, even when it is killed. */
import { onPath } from './browsers.js';

/** Wraps a command so that it gets `signal` when this process dies. Needs `setpriv` (Linux); elsewhere returns the command unchanged. */
export async function endsWithUs(signal: 'KILL' | 'TERM', command: string[]): Promise<string[]> {
  const setpriv = process.platform === 'linux' ? await onPath('setpriv') : undefined;
  return setpriv === undefined ? command : [setpriv, '--pdeathsig', signal, ...command];
}
