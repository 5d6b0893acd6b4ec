/**
 * How a thread waits for the page's answer to a call. Sleeping frees a core, but waking the core and the thread takes time. Polling is faster if a core
 * is free, and slower if other programs need that core. A thread cannot find out whether a core is free, so this class measures both ways, uses the
 * faster one, and tries the slower one again from time to time.
 */
import { THREAD_PARK_AT } from '../build/generated/layouts.ts';
import type { Pointer } from '../common/pointer.ts';
import type { KernelExports } from './kernel.ts';

/** The longest time to poll for an answer, in milliseconds. After that the thread sleeps. */
const LONGEST = 0.4;
/** The number of polls between two readings of the clock. */
const LOOKS = 200;
/** The slower way is tried again after this many calls. Each time that it is still slower, the number doubles, up to the second number. */
const TRIED = [16, 512] as const;
/** Polling is used if it takes less than this fraction of the time with sleep, because it occupies a core. */
const WORTH = 0.8;
/** The weight of each call in the moving average is one in this many. */
const MEMORY = 8;
/** A longer call counts as this many milliseconds, so that one slow call does not dominate the average. */
const MOST = 2;

export class Watch {
  private readonly words: Int32Array;
  /** The index of the word that changes when the thread is woken. */
  private readonly at: number;
  private tried: number = TRIED[0];
  private untilTrial: number = TRIED[0];
  private trial = false;
  private ticket = 0;
  private begun = 0;
  private looks = false;
  /** The average time of a call in milliseconds: with sleep, and with polling. 0: not tried yet. */
  private readonly times: [number, number] = [0, 0];

  constructor(
    private readonly kernel: KernelExports,
    memory: WebAssembly.Memory,
    thread: Pointer,
  ) {
    this.words = new Int32Array(memory.buffer);
    this.at = (thread + THREAD_PARK_AT) >>> 2;
  }

  /** Call it before the message to the page is posted. */
  begin(): void {
    this.trial = --this.untilTrial === 0;
    this.looks = this.trial !== this.lookingIsFaster();
    this.begun = performance.now();
    this.ticket = Atomics.load(this.words, this.at);
  }

  /** Polls. Returns when the thread was woken, or when it should sleep. */
  look(): void {
    if (!this.looks) return;
    const end = this.begun + LONGEST;
    // 1: leave a core to the page.
    while (this.kernel.w_may_spin(1) && performance.now() < end)
      for (let i = 0; i < LOOKS; i++) if (Atomics.load(this.words, this.at) !== this.ticket) return;
  }

  /** Call it when the answer has arrived. */
  end(): void {
    const time = Math.min(performance.now() - this.begun, MOST);
    const way = this.looks ? 1 : 0;
    const average = this.times[way];
    const faster = this.lookingIsFaster();
    this.times[way] = average === 0 || this.trial ? time : average + (time - average) / MEMORY;
    if (this.lookingIsFaster() !== faster) this.tried = this.untilTrial = TRIED[0];
    else if (this.trial) this.untilTrial = this.tried = Math.min(2 * this.tried, TRIED[1]);
  }

  private lookingIsFaster(): boolean {
    const [slept, looked] = this.times;
    return looked < WORTH * slept;
  }
}
