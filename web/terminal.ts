/** A process's terminal, as the page has it: `stdin: 'tty'`. */

import type { SignalName } from './protocol.js';

/** What a key of a terminal asks for: ^C, and ^\. */
export type TerminalSignal = SignalName;

/** Options of a terminal. */
export interface TerminalOptions {
  /** Keys are read as they come, without echo, and mean nothing of themselves. Default: false, lines that can be edited. */
  raw?: boolean;
  /**
   * What the program finds in COLUMNS and LINES (unless `env` has them), for as long as it runs: WASI preview 1 has no call that asks for a terminal's
   * size, and no signal for its change. A program in raw mode can ask the terminal itself (CSI 18 t), if that answers: xterm.js does with
   * `windowOptions: { getWinSizeChars: true }`.
   */
  columns?: number;
  rows?: number;
  /** Takes signals in place of the program, which otherwise is killed (code 130 for SIGINT, 131 for SIGQUIT). */
  onSignal?: (signal: TerminalSignal) => void;
}

/** The terminal of a running process. Its keys go into `process.stdin`, its screen is `process.stdout`. */
export interface Terminal {
  /**
   * Raw: keys are read as they come. Cooked (false): as lines that can be edited, with echo. What was typed so far can be read
   * at once when it becomes raw. Takes effect for keys that are written after it, and for those that there was no room for.
   */
  setRaw(raw: boolean): void;
}
