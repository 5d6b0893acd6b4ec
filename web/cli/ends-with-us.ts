/** Child processes that end when this process ends, even when it is killed. */
import { onPath } from './browsers.js';

/** Wraps the command so that it gets that signal when this process dies, where `setpriv` exists (Linux). */
export async function endsWithUs(signal: 'KILL' | 'TERM', command: string[]): Promise<string[]> {
  const setpriv = process.platform === 'linux' ? await onPath('setpriv') : undefined;
  return setpriv === undefined ? command : [setpriv, '--pdeathsig', signal, ...command];
}
