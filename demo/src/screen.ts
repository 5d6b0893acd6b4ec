/**
 * What is written to a terminal, in one queue and at the page's pace: xterm.js parses on the UI thread, so output goes to it piece by
 * piece, with a frame between when that took long. Keys, lines and echo are the kernel's affair (native/kernel/tty.h).
 */
import type { Terminal } from '@xterm/xterm';
import { nextFrame } from './frames.ts';

/** A piece of output that xterm.js parses in a fraction of a frame. */
const PIECE = 8192;
/** Milliseconds of output after which the page gets a frame, however much is left. */
const BUDGET = 6;
/** Bytes of output that may wait to be shown before the guest waits too. */
const WAITING_MAX = 65536;

/** What a program may have left behind: a hidden cursor, a color; or the other screen. */
const RESTORE = '\x1b[?25h\x1b[0m';
const LEAVE_ALTERNATE = '\x1b[?1049l';

export class Screen {
  readonly #terminal: Terminal;
  #queue: Promise<void> = Promise.resolve();
  /** Output of a run that is over is thrown away. */
  #epoch = 0;
  /** Milliseconds spent on output since the page had a frame. */
  #spent = 0;
  /** Bytes of output in the queue. */
  #waiting = 0;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  /** Shows what the guest wrote. The promise is the guest's pace: there is one only when a good deal waits to be shown. */
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

  /** A line of the page's own, which begins at the left margin. */
  notice(text: string): Promise<void> {
    return this.#enqueue(async () => {
      if (this.#terminal.buffer.active.type === 'alternate') await this.#write(LEAVE_ALTERNATE);
      const atMargin = this.#terminal.buffer.active.cursorX === 0;
      await this.#write(`${RESTORE}${atMargin ? '' : '\r\n'}${text}\r\n`);
    });
  }

  /** An empty screen. Output that is still queued is dropped. */
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
