/** Programs that end when we do, even when we are killed outright. */
import { onPath } from './browsers.js';

/** The command, sent that signal at our death where there is `setpriv` (Linux). */
export async function diesWithUs(signal: 'KILL' | 'TERM', command: string[]): Promise<string[]> {
  const setpriv = process.platform === 'linux' ? await onPath('setpriv') : undefined;
  return setpriv === undefined ? command : [setpriv, '--pdeathsig', signal, ...command];
}
