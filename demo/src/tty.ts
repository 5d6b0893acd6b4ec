/**
 * A cooked terminal in the page: echo, line editing, history, end of input. The guest gets whole lines.
 *
 * What the guest writes while a line is being typed goes above that line: the line is taken off the screen, the output is
 * written, and the line is put back after it. No widths of characters are guessed for that: where the line begins and where
 * its cursor stands is asked of xterm.js, after it has parsed what was written. So everything goes through one queue.
 */
import type { IMarker, Terminal } from '@xterm/xterm';
import { keysOf, type Edit, type Key } from './keys.ts';
import { Line } from './line.ts';

export interface TtyEvents {
  /** Bytes for the guest: a line with its newline, or what Ctrl-D sent off without one. */
  send(text: string): void;
  endOfInput(): void;
  interrupt(): void;
  /** Enter, while no program takes input. */
  enterWhenIdle(): void;
}

/** A piece of output that xterm.js parses in a fraction of a frame. */
const PIECE = 8192;
/** Milliseconds of output after which the page gets a frame, however much is left. */
const BUDGET = 6;

/** Bytes of output that may wait to be shown before the guest waits too. */
const WAITING_MAX = 65536;

/** A frame, or a moment in a page that is hidden and gets none. */
const nextFrame = (): Promise<void> =>
  new Promise((resolve) => {
    requestAnimationFrame(() => resolve());
    setTimeout(resolve, 100);
  });

export class CookedTty {
  readonly #terminal: Terminal;
  readonly #events: TtyEvents;
  readonly #line = new Line();
  #queue: Promise<void> = Promise.resolve();
  #takesInput = false;
  /** Output of a run that is over is thrown away. */
  #epoch = 0;
  /** Where the typed line begins: a line of the buffer that xterm.js keeps track of, and a column. */
  #anchor: IMarker | undefined;
  #column = 0;
  #drawn = false;
  /** Milliseconds spent on output since the page had a frame. */
  #spent = 0;
  /** Bytes of output in the queue. */
  #waiting = 0;

  constructor(terminal: Terminal, events: TtyEvents) {
    this.#terminal = terminal;
    this.#events = events;
    terminal.onData((data) => this.type(data));
  }

  /** From now on lines go to the guest, or not. */
  set takesInput(on: boolean) {
    this.#takesInput = on;
  }

  /** As if it were typed. */
  type(data: string): void {
    for (const key of keysOf(data)) {
      // At once, however much output is queued.
      if (key.kind === 'interrupt') this.#events.interrupt();
      else void this.#enqueue(() => this.#press(key));
    }
  }

  /**
   * Shows what the guest wrote. The promise is the guest's pace: there is one only when a good deal waits to be shown. Would the
   * guest's two streams wait for each of their chunks, then one could overtake the other.
   */
  output(bytes: Uint8Array): Promise<void> | undefined {
    const epoch = this.#epoch;
    this.#waiting += bytes.length;
    const shown = this.#enqueue(async () => {
      await this.#erase();
      for (let at = 0; at < bytes.length && epoch === this.#epoch; at += PIECE) {
        await this.#writePiece(bytes.subarray(at, at + PIECE));
      }
      this.#waiting -= bytes.length;
      await this.#draw();
    });
    return this.#waiting > WAITING_MAX ? shown : undefined;
  }

  /** A line of the page's own, which begins at the left margin. What was typed and not sent is dropped. */
  notice(text: string): Promise<void> {
    return this.#enqueue(async () => {
      this.#line.take();
      this.#drawn = false;
      if (this.#terminal.buffer.active.type === 'alternate') await this.#write(LEAVE_ALTERNATE);
      const atMargin = this.#terminal.buffer.active.cursorX === 0;
      await this.#write(`${RESTORE}${atMargin ? '' : '\r\n'}${text}\r\n`);
    });
  }

  /** An empty screen. Output that is still queued is dropped. */
  clear(): Promise<void> {
    this.#epoch++;
    return this.#enqueue(async () => {
      this.#line.take();
      this.#drawn = false;
      this.#terminal.reset();
    });
  }

  /** Runs `resize`, which changes the number of columns, with the typed line off the screen. */
  resize(resize: () => void): Promise<void> {
    return this.#enqueue(async () => {
      await this.#erase();
      resize();
      await this.#draw();
    });
  }

  #enqueue(task: () => Promise<void>): Promise<void> {
    this.#queue = this.#queue.then(task);
    return this.#queue;
  }

  #write(data: string | Uint8Array): Promise<void> {
    return new Promise((resolve) => this.#terminal.write(data, resolve));
  }

  async #writePiece(bytes: Uint8Array): Promise<void> {
    const begun = performance.now();
    await this.#write(bytes);
    this.#spent += performance.now() - begun;
    if (this.#spent < BUDGET) return;
    await nextFrame();
    this.#spent = 0;
  }

  async #press(key: Key): Promise<void> {
    if (key.kind === 'clear') return this.#clearScreen();
    if (!this.#takesInput) {
      if (key.kind === 'enter') this.#events.enterWhenIdle();
      return;
    }
    if (key.kind === 'text') return this.#insert(key.text);
    if (key.kind === 'edit') return this.#edit(key.edit);
    if (key.kind === 'enter') return this.#enter();
    if (key.kind === 'end-of-input') return this.#endOfInput();
  }

  async #insert(text: string): Promise<void> {
    const atEnd = this.#drawn && this.#line.afterCursor === '';
    this.#line.insert(text);
    if (atEnd) await this.#write(text);
    else await this.#redraw();
  }

  async #edit(edit: Edit): Promise<void> {
    const line = this.#line;
    const edits: Record<Edit, () => void> = {
      backspace: () => line.backspace(),
      delete: () => line.delete(),
      'kill-to-start': () => line.killToStart(),
      'kill-to-end': () => line.killToEnd(),
      'kill-word': () => line.killWord(),
      left: () => line.move(-1),
      right: () => line.move(1),
      home: () => line.move(-Infinity),
      end: () => line.move(Infinity),
      older: () => line.recall(-1),
      newer: () => line.recall(1),
    };
    edits[edit]();
    await this.#redraw();
  }

  async #enter(): Promise<void> {
    await this.#leaveLine();
    await this.#write('\r\n');
    const text = this.#line.take();
    this.#line.remember(text);
    this.#events.send(`${text}\n`);
  }

  /** On an empty line the end of input; else what was typed goes off without a newline, as on any terminal. */
  async #endOfInput(): Promise<void> {
    if (this.#line.empty) return this.#events.endOfInput();
    await this.#leaveLine();
    this.#events.send(this.#line.take());
  }

  async #clearScreen(): Promise<void> {
    await this.#erase();
    this.#terminal.clear();
    await this.#draw();
  }

  // --- the typed line on the screen ---

  async #redraw(): Promise<void> {
    await this.#erase();
    await this.#draw();
  }

  /** Takes the typed line off the screen; the cursor is then where the guest left it. */
  async #erase(): Promise<void> {
    if (!this.#drawn) return;
    this.#drawn = false;
    if (!this.#anchor || this.#anchor.isDisposed) return;
    await this.#write(this.#moveTo(this.#anchor.line, this.#column) + ERASE_BELOW);
  }

  async #draw(): Promise<void> {
    if (this.#line.empty) return;
    if (this.#cursor.column >= this.#terminal.cols) await this.#write(WRAP);
    this.#anchor?.dispose();
    this.#anchor = this.#terminal.registerMarker(0);
    this.#column = this.#cursor.column;
    this.#drawn = true;
    const { beforeCursor, afterCursor } = this.#line;
    await this.#write(beforeCursor);
    if (afterCursor === '') return;
    if (this.#cursor.column >= this.#terminal.cols) await this.#write(WRAP);
    const column = this.#cursor.column;
    const marker = this.#terminal.registerMarker(0);
    await this.#write(afterCursor);
    await this.#write(this.#moveTo(marker.line, column));
    marker.dispose();
  }

  /** The typed line stays on the screen and is no longer ours; the cursor goes to its end. */
  async #leaveLine(): Promise<void> {
    if (this.#drawn && this.#line.afterCursor !== '') {
      this.#line.move(Infinity);
      await this.#redraw();
    }
    this.#drawn = false;
  }

  get #cursor(): { line: number; column: number } {
    const { baseY, cursorY, cursorX } = this.#terminal.buffer.active;
    return { line: baseY + cursorY, column: cursorX };
  }

  #moveTo(line: number, column: number): string {
    const up = this.#cursor.line - line;
    return `${up > 0 ? `\x1b[${up}A` : ''}\r${column > 0 ? `\x1b[${column}C` : ''}`;
  }
}

const ERASE_BELOW = '\x1b[J';
/** Makes a full line wrap now, and not at the next character. */
const WRAP = ' \x1b[D';
/** What a program may have left behind: a hidden cursor, a color; or the other screen. */
const RESTORE = '\x1b[?25h\x1b[0m';
const LEAVE_ALTERNATE = '\x1b[?1049l';
