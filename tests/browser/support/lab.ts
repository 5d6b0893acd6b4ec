/** What tests use inside the page: the library, and a few tools for it. All of this runs in the page. */
import type * as Library from '../../../web/index.ts';

export type Holdfast = Library.Holdfast;
export type Stats = Library.Stats;
export type Process = Library.Process;
export type StartOptions = Library.StartOptions;

declare global {
  interface Window {
    lib: typeof Library;
    /** The runtime that `start()` of test.ts has started; it is closed after the test. */
    hf: Holdfast;
  }
  var lab: ReturnType<typeof makeLab>;
}

export interface ErrorInWords {
  name: string;
  message: string;
  [field: string]: unknown;
}

/** Sent to the page as text, so it must not refer to anything outside itself. */
export function makeLab() {
  const tick = (): Promise<void> => {
    const { port1, port2 } = new MessageChannel();
    return new Promise((resolve) => {
      port1.onmessage = () => resolve();
      port2.postMessage(null);
    });
  };
  const frame = (): Promise<number> => new Promise((resolve) => requestAnimationFrame(resolve));

  /** The byte at this place of the pattern in tests/guests/page/toolbox.c. */
  const pattern = (at: number): number => (at * 31 + (at >>> 8) * 7 + (at >>> 16) * 13) & 0xff;

  const lab = {
    tick,
    frame,
    pattern,

    guest: (name: string): string => new URL(`/build/guests/${name}.wasm`, location.href).href,

    /** Waits for `count` frames of the page. Returns the longest gap between two, in milliseconds. */
    async frames(count: number): Promise<number> {
      let longest = 0;
      let before = await frame();
      for (let i = 0; i < count; i++) {
        const now = await frame();
        longest = Math.max(longest, now - before);
        before = now;
      }
      return longest;
    },

    /** Asks repeatedly, once per turn of the event loop, until the answer is right. Only the test's timeout ends this. */
    async until<T>(ask: () => Promise<T> | T, right: (value: T) => boolean): Promise<T> {
      for (;;) {
        const value = await ask();
        if (right(value)) return value;
        await frame();
      }
    },

    /**
     * Tries up to ten times until the result is right, and returns the last result. For things with a deadline: for example, a killed program has
     * one second to leave its worker (coordinator/session.ts). On a busy machine it may sometimes miss that, but a program that cannot be stopped
     * misses it every time.
     */
    async inTime<T>(attempt: () => Promise<T>, right: (value: T) => boolean): Promise<T> {
      for (let tries = 1; ; tries++) {
        const value = await attempt();
        if (tries === 10 || right(value)) return value;
        await lab.until(
          () => window.hf.stats(),
          ({ workers }) => workers.zombies === 0,
        );
      }
    },

    patternBytes(size: number, from = 0): Uint8Array<ArrayBuffer> {
      const bytes = new Uint8Array(size);
      for (let i = 0; i < size; i++) bytes[i] = pattern(from + i);
      return bytes;
    },

    /** Where the bytes differ from the pattern at `from`, or -1. */
    mismatch(bytes: Uint8Array, from = 0): number {
      for (let i = 0; i < bytes.length; i++) if (bytes[i] !== pattern(from + i)) return from + i;
      return -1;
    },

    /** All bytes of a stream. (A `Response` could read them, too, but would rename a broken stream's error.) */
    async bytesOf(stream: ReadableStream<Uint8Array>): Promise<Uint8Array<ArrayBuffer>> {
      const chunks: BlobPart[] = [];
      const reader = stream.getReader();
      for (let next = await reader.read(); !next.done; next = await reader.read()) chunks.push(next.value as BlobPart);
      return new Uint8Array(await new Blob(chunks).arrayBuffer());
    },

    textOf: async (stream: ReadableStream<Uint8Array>): Promise<string> =>
      new TextDecoder().decode(await lab.bytesOf(stream)),

    encode: (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text),

    /** Reads until `text` has arrived; the reader then continues from there. */
    async readUntil(reader: ReadableStreamDefaultReader<Uint8Array>, text: string): Promise<string> {
      const decoder = new TextDecoder();
      let seen = '';
      while (!seen.includes(text)) {
        const { done, value } = await reader.read();
        if (done) throw new Error(`the stream ended after ${JSON.stringify(seen)}`);
        seen += decoder.decode(value, { stream: true });
      }
      return seen;
    },

    /** Starts a program, and waits until it has written `word` to its standard output. */
    async spawnUntil(
      program: string,
      word: string,
      options: Library.SpawnOptions = {},
    ): Promise<Library.Process & { reader: ReadableStreamDefaultReader<Uint8Array> }> {
      const process = await window.hf.spawn(lab.guest(program), options);
      const reader = process.stdout.getReader();
      await lab.readUntil(reader, word);
      return Object.assign(process, { reader });
    },

    /** A process's statistics. */
    async statsOf(process: Library.Process): Promise<Library.Stats['processes'][number]> {
      const { processes } = await window.hf.stats();
      const found = processes.find(({ id }) => id === process.id);
      if (!found) throw new Error(`process ${process.id} is not in the statistics`);
      return found;
    },

    /** A process's statistics once it sleeps in the kernel. */
    asleep: (process: Library.Process): Promise<Library.Stats['processes'][number]> =>
      lab.until(
        () => lab.statsOf(process),
        ({ state, parks }) => state === 'asleep' && parks > 0,
      ),

    /** Describes the error that a promise was rejected with; throws if it was not rejected. */
    async failure(promise: PromiseLike<unknown>): Promise<ErrorInWords> {
      let value: unknown;
      try {
        value = await promise;
      } catch (error) {
        if (!(error instanceof Error)) return { name: typeof error, message: String(error) };
        return { ...(error as unknown as Record<string, unknown>), name: error.name, message: error.message };
      }
      throw new Error(`it did not fail, but returned ${JSON.stringify(value)}`);
    },

    /** The promise's value, or the word "pending" after two frames. */
    settled: <T>(promise: Promise<T>): Promise<T | 'pending'> =>
      Promise.race([promise, lab.frames(2).then(() => 'pending' as const)]),
  };
  return lab;
}
