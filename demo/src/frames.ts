/** The page's frames: how long each took, measured with the times of `requestAnimationFrame`. */

/** A frame that takes longer than this many milliseconds is noticeable. */
export const LONG_FRAME = 50;

/** How long individual frames are kept, in milliseconds. */
export const WINDOW = 4000;

export interface Frame {
  /** When the frame ended, and how long it took. */
  at: number;
  took: number;
}

/** Waits for a frame, or briefly in a hidden page, which has no frames. */
export const nextFrame = (): Promise<void> =>
  new Promise((resolve) => {
    requestAnimationFrame(() => resolve());
    setTimeout(resolve, 100);
  });

const BUCKET = 0.1;
const BUCKETS = 5000;

/** The frames of one run as a histogram, whose size does not grow with time. */
export class FrameRecorder {
  readonly #counts = new Uint32Array(BUCKETS + 1);
  count = 0;
  long = 0;
  worst = 0;

  add(took: number): void {
    const bucket = Math.min(Math.floor(took / BUCKET), BUCKETS);
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
    this.count++;
    if (took > LONG_FRAME) this.long++;
    this.worst = Math.max(this.worst, took);
  }

  /** The duration that this fraction of all frames did not exceed; undefined before the first frame. */
  quantile(part: number): number | undefined {
    if (this.count === 0) return undefined;
    const rank = Math.max(1, Math.ceil(part * this.count));
    let seen = 0;
    for (const [bucket, count] of this.#counts.entries()) {
      seen += count;
      if (seen >= rank) return bucket === BUCKETS ? this.worst : Math.min((bucket + 0.5) * BUCKET, this.worst);
    }
    return this.worst;
  }
}

/** Observes every frame. A page in the background has none; that pause does not count as a frame. */
export class FrameClock {
  /** The last `WINDOW` milliseconds, oldest first. */
  readonly recent: Frame[] = [];
  readonly #listeners = new Set<(frame: Frame) => void>();
  #last: number | undefined;
  /** Since when frames have come without a pause. */
  #since = Infinity;

  constructor() {
    document.addEventListener('visibilitychange', () => (this.#last = undefined));
    const tick = (now: number): void => {
      requestAnimationFrame(tick);
      if (this.#last !== undefined && !document.hidden) this.#frame({ at: now, took: now - this.#last });
      else this.#since = now;
      this.#last = now;
    };
    requestAnimationFrame(tick);
  }

  /** The number of frames in the second before `now`; undefined if the page was not observed for that long. */
  rate(now = performance.now()): number | undefined {
    if (now - this.#since < 1000) return undefined;
    return this.recent.filter(({ at }) => at > now - 1000).length;
  }

  listen(listener: (frame: Frame) => void): void {
    this.#listeners.add(listener);
  }

  #frame(frame: Frame): void {
    const { recent } = this;
    recent.push(frame);
    let old = 0;
    while ((recent[old]?.at ?? frame.at) < frame.at - WINDOW) old++;
    if (old > 0) recent.splice(0, old);
    for (const listener of this.#listeners) listener(frame);
  }
}
