/**
 * Writes to a terminal through one queue, at the page's pace: xterm.js parses on the UI thread, so it gets output in
 * pieces, with a frame between them when that took long. The kernel handles keys, lines and echo (native/kernel/tty.h).
 */
import type { Terminal } from '@xterm/xterm';
import { nextFrame } from './frames.ts';

/** A piece of output that xterm.js parses in a fraction of a frame. */
const PIECE = 8192;
/** Milliseconds spent on output after which the page gets a frame, however much is left. */
const BUDGET = 6;
/** Bytes of output that may be queued before the guest must wait too. */
const WAITING_MAX = 65536;

/** Resets what a program may have left behind: a hidden cursor, a color, or the alternate screen. */
const RESTORE = '\x1b[?25h\x1b[0m';
const LEAVE_ALTERNATE = '\x1b[?1049l';

export class Screen {
  readonly #terminal: Terminal;
  #queue: Promise<void> = Promise.resolve();
  /** Whether to discard output, because the run is over. */
  #epoch = 0;
  /** Milliseconds spent on output since the page's last frame. */
  #spent = 0;
  /** Bytes of output in the queue. */
  #waiting = 0;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  /** Shows the guest's output. The promise paces the guest; it is returned only when a lot of output is queued. */
  output(bytes: Uint8Array): Promise<void> | undefined {
    const epoch = this.#epoch;
    this.#waiting += bytes.length;
    const shown = this.#enqueue(async () => {
      for (let at = 0; at < bytes.length && epoch === this.#epoch; at += PIECE) {
        await this.#writePiece(bytes.subarray(at, at + PIECE));
      }
      this.#waiting -= bytes.length;
    });
    return this.#waiting > WAITING_MAX ? shown : undefined;
  }

  /** Writes a line from the page itself, starting at the left margin. */
  notice(text: string): Promise<void> {
    return this.#enqueue(async () => {
      if (this.#terminal.buffer.active.type === 'alternate') await this.#write(LEAVE_ALTERNATE);
      const atMargin = this.#terminal.buffer.active.cursorX === 0;
      await this.#write(`${RESTORE}${atMargin ? '' : '\r\n'}${text}\r\n`);
    });
  }

  /** Clears the screen, and drops queued output. */
  clear(): Promise<void> {
    this.#epoch++;
    return this.#enqueue(async () => this.#terminal.reset());
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
}
