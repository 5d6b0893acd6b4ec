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

/** What `terminal.attach()` needs of xterm.js's `Terminal`. */
export interface TerminalScreen {
  /** Shows the bytes, and calls back when it has. */
  write(data: Uint8Array, callback: () => void): void;
  /** Calls the listener with what is typed, until that is disposed of. */
  onData(listener: (data: string) => void): ScreenListener;
  /** Reports of the mouse in an old encoding: one byte a character. */
  onBinary?(listener: (data: string) => void): ScreenListener;
}

/** A listener of a screen, as xterm.js's `IDisposable`. */
export interface ScreenListener {
  /** Takes it off. */
  dispose(): void;
}

/** A screen that is attached to a terminal. */
export interface Attachment {
  /**
   * Resolves when the last byte is on the screen, or it was detached. Rejects only when the runtime ends first: `Closed` or `Fatal`.
   */
  readonly done: Promise<void>;
  /** Detaches the screen: keys go nowhere, and the output waits in `process.stdout` for another reader. Does nothing when it is detached. */
  dispose(): void;
}

/**
 * The terminal of a running process. Its keys go into `process.stdin`, its screen is `process.stdout`, which takes the cursor to be at the left margin when
 * the program starts. The echo shows a line again where the width of an erased character is uncertain, so it is right whatever width tables the
 * screen has; it uses reverse wraparound (DEC private mode 45), which xterm.js knows.
 */
export interface Terminal {
  /**
   * Connects a terminal of xterm.js, or what has its methods: keys go to the program, and what the program and the echo write to the screen, which sets
   * the pace (the next piece is written when xterm.js has parsed the one before). An attached terminal locks `process.stdout`; `process.write()` goes
   * on to work. It is detached by itself at the end of the output.
   *
   * The size is not passed on, since WASI preview 1 has no call for it: programs get what `terminal: { columns, rows }` said at their start.
   *
   * @param screen - an xterm.js `Terminal`
   * @returns what detaches it again, as xterm.js's own `IDisposable`
   * @throws `TypeError` when that is no terminal, or when `process.stdin` or `process.stdout` is locked, or the output goes elsewhere (the option `stdout`)
   *
   * @example
   * const screen = new Terminal(); // of @xterm/xterm
   * screen.open(element);
   * const p = await hf.spawn('/python.wasm', { stdin: 'tty', terminal: { columns: screen.cols, rows: screen.rows } });
   * await p.terminal.attach(screen);
   */
  attach(screen: TerminalScreen): Promise<Attachment>;
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
