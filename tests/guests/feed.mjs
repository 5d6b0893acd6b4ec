// Gives a guest its stdin, step by step: text, pauses, and waiting for what the guest writes. Runs in Node and in a page.
import { bytesOf } from './header.mjs';

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Collects an output stream, and lets callers wait for a text in it. */
export class Collector {
  #chunks = [];
  #size = 0;
  #waiters = [];

  add(chunk) {
    this.#chunks.push(new Uint8Array(chunk)); // a copy, because the buffer may be reused
    this.#size += chunk.length;
    this.#wake(false);
  }

  /** Marks the end of the stream. Callers that still wait continue, and check the text themselves. */
  end() {
    this.#wake(true);
  }

  bytes() {
    const all = new Uint8Array(this.#size);
    let at = 0;
    for (const chunk of this.#chunks) {
      all.set(chunk, at);
      at += chunk.length;
    }
    this.#chunks = [all];
    return all;
  }

  /** Resolves when the text is there, or the stream has ended. */
  sees(binary) {
    return new Promise((resolve) => {
      this.#waiters.push({ binary, resolve });
      this.#wake(false);
    });
  }

  #wake(ended) {
    if (this.#waiters.length === 0) return;
    const text = new TextDecoder('latin1').decode(this.bytes());
    this.#waiters = this.#waiters.filter(({ binary, resolve }) => {
      if (!ended && !text.includes(binary)) return true;
      resolve();
      return false;
    });
  }
}

/**
 * Runs the steps. `sink.write` may wait and may fail, because a guest need not read all of its input.
 * @param {import('./header.mjs').Step[]} steps
 * @param {{ write(bytes: Uint8Array): Promise<void> | void, end(): Promise<void> | void }} sink
 * @param {Collector} stdout
 */
export async function feed(steps, sink, stdout) {
  try {
    for (const step of steps) {
      if ('hold' in step) return;
      if ('wait' in step) await sleep(step.wait);
      else if ('after' in step) await stdout.sees(step.after);
      else await sink.write(bytesOf(step.text));
    }
    await sink.end();
  } catch {
    // The guest no longer reads.
  }
}
