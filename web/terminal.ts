/** A process's terminal, as the page has it: `stdin: 'tty'`. */

import type { SignalName } from './protocol.js';

/** What a key of a terminal asks for: ^C, and ^\. */
export type TerminalSignal = SignalName;

/** Options of a terminal. */
export interface TerminalOptions {
  /** Keys are read as they come, without echo, and mean nothing of themselves. Default: false, lines that can be edited. */
  raw?: boolean;
  /**
   * A line's end that the program writes ("\n") goes to the screen as "\r\n", in raw mode, too: a WASI program cannot know that its terminal is raw.
   * False is for programs that move the cursor down with it. Default: true.
   */
  onlcr?: boolean;
  /** Whether lines are echoed while they are edited; `setEcho` says more. Default: true. */
  echo?: boolean;
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

/**
 * The terminal of a running process. Its keys go into `process.stdin`, its screen is `process.stdout`, which takes the cursor to be at the left margin when
 * the program starts. The echo shows a line again where the width of an erased character is uncertain, so it is right whatever width tables the
 * screen has; it uses reverse wraparound (DEC private mode 45), which xterm.js knows.
 */
export interface Terminal {
  /**
   * Raw: keys are read as they come. Cooked (false): as lines that can be edited, with echo. What was typed so far can be read
   * at once when it becomes raw. Takes effect for keys that are written after it, and for those that there was no room for.
   *
   * @param options - `onlcr`: what becomes of line ends in the output from now on, as `TerminalOptions.onlcr` says. Default: true.
   */
  setRaw(raw: boolean, options?: { onlcr?: boolean }): void;
  /**
   * False is for passwords: lines are edited as ever, and nothing is shown of them but their end, so that what follows stands on a line of its own, as
   * after a prompt of sudo's. True: they are shown again, beginning with the next line if anything of this one was typed unseen. Takes effect as `setRaw` does.
   *
   * @example
   * p.terminal.setEcho(false);
   * // the program reads the password
   * p.terminal.setEcho(true);
   */
  setEcho(echo: boolean): void;
}
