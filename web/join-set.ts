/// <reference lib="esnext.disposable" preserve="true" />
/** A set of threads that are joined in the order in which they end. Part of threads.js. */
import { wrong } from './bytes.js';
import { abortSignal, helped, nothingMore, object, waitTime } from './check.js';
import { within } from './deadline.js';
import { deferred, type Deferred } from './deferred.js';
import type { JoinOptions } from './process.js';
import type { Thread, ThreadValue } from './threads.js';

/** How a thread of a set ended. */
export type JoinOutcome =
  | { readonly thread: Thread; readonly value: ThreadValue; readonly error?: undefined }
  /** `error` is what `thread.join()` rejects with, usually `CallFailed`. */
  | { readonly thread: Thread; readonly value?: undefined; readonly error: Error };

/**
 * Threads that are joined in the order in which they end. The set joins its threads; do not join them elsewhere.
 *
 * @example
 * await using set = new JoinSet();
 * for (const part of parts) set.add(await memory.spawn('/sum.wasm', 'sum', part));
 * for await (const { value, error } of set) console.log(value ?? error);
 */
export class JoinSet implements AsyncDisposable {
  static readonly name = 'JoinSet';
  /** The threads that have not been returned by `next()`, in the order in which they were added. */
  readonly #threads = new Set<Thread>();
  readonly #ended: JoinOutcome[] = [];
  #change: Deferred<void> = deferred();

  /** The number of threads whose end `next()` has not returned. */
  get size(): number {
    return this.#threads.size;
  }

  /**
   * Adds a thread.
   *
   * @param thread - A thread that was not joined or detached.
   * @returns The thread.
   * @throws `TypeError` when it is not a thread, or already in the set.
   */
  add(thread: Thread): Thread {
    if (typeof (thread as Partial<Thread> | null)?.join !== 'function')
      throw wrong('what is added to a JoinSet', 'a thread', thread);
    if (this.#threads.has(thread)) throw new TypeError(`the thread ${thread.name} is already in the set`);
    this.#threads.add(thread);
    thread.join().then(
      (value) => this.#onEnd({ thread, value }),
      (error: unknown) => this.#onEnd({ thread, error: error as Error }),
    );
    return thread;
  }

  #onEnd(outcome: JoinOutcome): void {
    this.#ended.push(outcome);
    this.#change.resolve();
    this.#change = deferred();
  }

  /**
   * Waits for the next thread to end, and removes it.
   *
   * @param options - `timeout` in milliseconds, and `signal`.
   * @returns How it ended; undefined when the set is empty, or no thread ended within `timeout`.
   * @throws The signal's reason when aborted; no thread is then removed.
   */
  async next(options: JoinOptions = {}): Promise<JoinOutcome | undefined> {
    const { timeout, signal } = await helped(() => planNext(options));
    signal?.throwIfAborted();
    const until = performance.now() + timeout;
    while (this.#ended.length === 0 && this.size > 0) {
      const left = until - performance.now();
      if (!(left > 0)) return undefined;
      await within(this.#change.promise, left, signal);
    }
    return this.tryNext();
  }

  /** Removes a thread that has ended, without waiting; undefined if none has. */
  tryNext(): JoinOutcome | undefined {
    const outcome = this.#ended.shift();
    if (outcome) this.#threads.delete(outcome.thread);
    return outcome;
  }

  /**
   * Waits for all threads, and removes them.
   *
   * @returns What they returned, in the order in which they were added.
   * @throws The error of the first thread that failed. The others then continue, and stay in the set.
   */
  async joinAll(): Promise<ThreadValue[]> {
    const order = new Set(this.#threads);
    const values = new Map<Thread, ThreadValue>();
    for (let outcome; (outcome = await this.next());) {
      if (outcome.error) throw outcome.error;
      order.add(outcome.thread); // it may have been added meanwhile
      values.set(outcome.thread, outcome.value);
    }
    return [...order].filter((thread) => values.has(thread)).map((thread) => values.get(thread));
  }

  /** Kills all threads of the set; `next()` then reports their ends. */
  killAll(): void {
    for (const thread of this.#threads) thread.kill();
  }

  /** Iterates over the ends of the threads, including those added meanwhile. */
  async *[Symbol.asyncIterator](): AsyncGenerator<JoinOutcome, void> {
    for (let outcome; (outcome = await this.next());) yield outcome;
  }

  /** Kills all threads, and waits until they have ended. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.killAll();
    while (await this.next());
  }
}

function planNext(options: JoinOptions): { timeout: number; signal: AbortSignal | undefined } {
  const { timeout = Infinity, signal, ...rest } = object(options, 'next options');
  nothingMore('join', rest, 'next');
  return { timeout: waitTime(timeout, 'timeout'), signal: abortSignal(signal) };
}
