/** The page's side of a process's terminal: the option `terminal`. */

import type { SignalName } from '../common/protocol.js';

/** The signal that a key sends: SIGINT for `^C`, SIGQUIT for `^\`. */
export type TerminalSignal = SignalName;

/** Whether standard streams are a terminal, as `SpawnOptions.terminal` describes. */
export type TerminalOption = boolean | 'isatty' | TerminalOptions;

/** Options of a terminal. */
export interface TerminalOptions {
  /**
   * Whether the program gets keys as they are typed, without echo or special meaning. Default: false, editable lines.
   */
  raw?: boolean;
  /**
   * Whether the program's line ends (`\n`) become `\r\n` on the screen. This also applies in raw mode, because a WASI
   * program cannot know that its terminal is raw. Use false for programs that move the cursor down with `\n`. Default:
   * true.
   */
  onlcr?: boolean;
  /** Whether lines are echoed while they are edited; see `Terminal.setEcho`. Default: true. */
  echo?: boolean;
  /**
   * The width in characters, which the program finds in the environment variable COLUMNS (unless `env` sets it).
   *
   * It does not change while the program runs: WASI preview 1 has no call for a terminal's size and no signal for its
   * change. A program in raw mode can query the terminal itself (CSI 18 t); xterm.js answers with `windowOptions: {
   * getWinSizeChars: true }`.
   */
  columns?: number;
  /** The height in characters, which the program finds in LINES (unless `env` sets it). */
  rows?: number;
  /**
   * Receives signals instead of the program. Without it, a signal kills the program (code 130 for SIGINT, 131 for
   * SIGQUIT).
   */
  onSignal?: (signal: TerminalSignal) => void;
}

/** The methods of xterm.js's `Terminal` that `terminal.attach()` uses. */
export interface TerminalScreen {
  /**
   * Displays the bytes.
   *
   * @param data - The bytes.
   * @param callback - Called when they have been displayed.
   */
  write(data: Uint8Array, callback: () => void): void;
  /**
   * Registers a listener for typed text.
   *
   * @param listener - Called with the text.
   * @returns The registration; dispose of it to remove the listener.
   */
  onData(listener: (data: string) => void): ScreenListener;
  /**
   * Registers a listener for mouse reports in an old encoding of one byte per character.
   *
   * @param listener - Called with the report.
   * @returns The registration; dispose of it to remove the listener.
   */
  onBinary?(listener: (data: string) => void): ScreenListener;
}

/** A listener's registration, as xterm.js's `IDisposable`. */
export interface ScreenListener {
  /** Removes the listener. */
  dispose(): void;
}

/** A screen that is attached to a terminal. */
export interface Attachment {
  /**
   * Resolves when the last byte is on the screen, or when the screen was detached. Rejects only with `Closed` or
   * `Fatal`, when the runtime ends first.
   */
  readonly done: Promise<void>;
  /**
   * Detaches the screen: its keys are ignored, and output stays in `process.stdout` for another reader. Does nothing
   * when already detached.
   */
  dispose(): void;
}

/**
 * The terminal of a running process. `process.stdin` takes its keys, and `process.stdout` is its screen. The cursor
 * must be at the left margin when the program starts.
 *
 * The echo redraws a line where the width of an erased character is uncertain, so it is correct with any width table
 * that the screen uses. This needs reverse wraparound (DEC private mode 45), which xterm.js supports.
 */
export interface Terminal {
  /**
   * Connects an xterm.js terminal, or an object with the same methods. Keys go to the program; output and echo go to
   * the screen, at its pace: the next chunk is written when xterm.js has parsed the previous one. It is detached
   * automatically at the end of the output.
   *
   * While attached, `process.stdout` is locked; `process.write()` still works. Size changes are not passed on, because
   * WASI preview 1 has no call for them: a program gets the size from `terminal: { columns, rows }` at its start.
   *
   * @param screen - An xterm.js `Terminal`.
   * @returns The attachment; dispose of it to detach the screen.
   * @throws `TypeError` when `screen` is not a terminal, when `process.stdin` or `process.stdout` is locked, or when
   * the output goes elsewhere (the option `stdout`).
   *
   * @example
   * const screen = new Terminal(); // of @xterm/xterm
   * screen.open(element);
   * const p = await hf.spawn('/python.wasm', { terminal: { columns: screen.cols, rows: screen.rows } });
   * await p.terminal.attach(screen);
   */
  attach(screen: TerminalScreen): Promise<Attachment>;
  /**
   * Switches between raw mode and cooked mode (editable lines with echo). When the terminal becomes raw, the program
   * can read a partly typed line at once. Applies to keys that are written later, and to those that are still waiting
   * for room.
   *
   * @param raw - True for raw mode.
   * @param options - `onlcr`: whether `\n` in the output becomes `\r\n` from now on, as in `TerminalOptions`. Default:
   * true.
   */
  setRaw(raw: boolean, options?: { onlcr?: boolean }): void;
  /**
   * Hides or shows typed text, for passwords. While hidden, lines can be edited as usual, but only their end is shown,
   * so that further output starts on a new line. When echo is turned on again after part of a line was typed unseen, it
   * resumes with the next line. Applies to the same keys as `setRaw`.
   *
   * @param echo - False to hide typed text.
   *
   * @example
   * p.terminal.setEcho(false);
   * // the program reads the password
   * p.terminal.setEcho(true);
   */
  setEcho(echo: boolean): void;
}
