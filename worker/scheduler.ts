/**
 * Decides which thread of a guest runs, where all of them share the coordinator's worker. The engine suspends a thread's stack (JSPI) at an import that
 * returns a promise, and resumes it after the promise is resolved.
 *
 * A thread that something has woken comes before those whose slice was over, and messages come between any two: so input reaches an interactive program
 * within a slice or two, however many others compute.
 */
import { later } from '../common/later.ts';
import { LONGEST_TIMER } from '../common/timers.ts';
import type { WasmPointer } from '../common/pointer.ts';
import type { Waits } from './kernel.ts';

/** How long threads that wake each other may continue without letting messages arrive, in milliseconds. */
const TURN = 4;
/** Of so many threads that are resumed in succession, one is the first of those whose slice was over. */
const RESERVED = 8;

interface Sleeper {
  word: WasmPointer;
  wake(woken: 0 | 1): void;
  timer?: ReturnType<typeof setTimeout>;
}

export class Scheduler {
  /** The threads that sleep, by the word on which they do. */
  readonly #sleepers = new Map<WasmPointer, Set<Sleeper>>();
  /** Each resumes a thread that was woken, or begins a program. */
  readonly #ready: (() => void)[] = [];
  /** Each resumes a thread whose slice was over. */
  readonly #preempted: (() => void)[] = [];
  readonly #task = later(() => this.#next());
  #scheduled = false;
  #turnEnds = 0;
  /** Whether a thread will run at the end of the current task, so that no second one may. */
  #resuming = false;
  #resumed = 0;
  #held = false;

  /** The imports of the kernel (imports.def). Those that suspend the caller's stack are wrapped once, for all guests. */
  readonly imports: Waits = {
    wait: suspending((word: WasmPointer, milliseconds: number) => this.#wait(word, milliseconds)),
    wake: (word: WasmPointer, count: number) => this.#wake(word, count >>> 0),
    may_wait: () => Number(!this.#held),
    yield: suspending(() => this.#yield()),
  };

  /** Runs code of a guest that cannot be suspended, because frames of JavaScript lie below it: an engine's start function, or a component's realloc. */
  atOnce<Result>(work: () => Result): Result {
    const before = this.#held;
    this.#held = true;
    try {
      return work();
    } finally {
      this.#held = before;
    }
  }

  /** By how many milliseconds the current task has taken longer than a turn; negative if it has not. */
  get overtime(): number {
    return performance.now() - this.#turnEnds;
  }

  get held(): boolean {
    return this.#held;
  }

  /** Call this first in a task, before anything that may wake a thread, which may then run right after that task's code. */
  newTask(): void {
    this.#turnEnds = performance.now() + TURN;
    this.#resuming = false;
  }

  /** Calls `begin` in a task of its own. */
  enqueue(begin: () => void): void {
    this.#ready.push(begin);
    this.#schedule();
  }

  /** Resolves in a task of its own. */
  turn(): Promise<void> {
    return new Promise((resolve) => this.enqueue(resolve));
  }

  #wait(word: WasmPointer, milliseconds: number): Promise<0 | 1> {
    this.#resuming = false;
    return new Promise((resolve) => {
      const sleeper: Sleeper = { word, wake: resolve };
      const others = this.#sleepers.get(word);
      if (others) others.add(sleeper);
      else this.#sleepers.set(word, new Set([sleeper]));
      if (milliseconds < 0) return;
      sleeper.timer = setTimeout(
        () => {
          // In a task of its own, because engines delay timers that other timers start.
          if (this.#remove(sleeper)) this.enqueue(() => resolve(0));
        },
        Math.min(milliseconds, LONGEST_TIMER),
      );
    });
  }

  /** Returns false if it no longer sleeps. */
  #remove(sleeper: Sleeper): boolean {
    const others = this.#sleepers.get(sleeper.word);
    if (!others?.delete(sleeper)) return false;
    if (others.size === 0) this.#sleepers.delete(sleeper.word);
    clearTimeout(sleeper.timer);
    return true;
  }

  #wake(word: WasmPointer, count: number): void {
    for (const sleeper of this.#sleepers.get(word) ?? []) {
      if (count-- === 0) return;
      this.#remove(sleeper);
      this.#resume(() => sleeper.wake(1));
    }
  }

  #resume(resume: () => void): void {
    if (this.#resuming || performance.now() >= this.#turnEnds) {
      this.enqueue(resume);
      return;
    }
    this.#resuming = true;
    resume();
  }

  #yield(): Promise<void> {
    this.#resuming = false;
    return new Promise((resolve) => {
      this.#preempted.push(resolve);
      this.#schedule();
    });
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#task();
  }

  #next(): void {
    this.#scheduled = false;
    this.newTask();
    const reserved = ++this.#resumed % RESERVED === 0;
    const resume = (reserved && this.#preempted.shift()) || this.#ready.shift() || this.#preempted.shift();
    this.#resuming = true;
    resume?.();
    if (this.#ready.length + this.#preempted.length > 0) this.#schedule();
  }
}

/** JSPI, which TypeScript does not declare. */
const jspi = WebAssembly as unknown as {
  Suspending: new (work: (...args: never[]) => unknown) => CallableFunction;
  promising<Args extends unknown[], Result>(work: (...args: Args) => Result): (...args: Args) => Promise<Result>;
};

/** The function as its caller in wasm sees it. */
type Resumed<Work extends (...args: never[]) => unknown> = (...args: Parameters<Work>) => Awaited<ReturnType<Work>>;

/** An import that suspends the stack of the wasm function that calls it, until the promise is settled. */
export const suspending = <Work extends (...args: never[]) => unknown>(work: Work): Resumed<Work> =>
  new jspi.Suspending(work) as unknown as Resumed<Work>;

/** Lets an export be suspended: it then returns a promise. */
export const promising = <Args extends unknown[], Result>(
  work: (...args: Args) => Result,
): ((...args: Args) => Promise<Result>) => jspi.promising(work);
