/** The meter of the page's frame times: a chart of the last seconds, and a summary of the run's frames. */
import { element, setText } from './dom.ts';
import { LONG_FRAME, WINDOW, type FrameClock, type FrameRecorder } from './frames.ts';
import { duration, integer, milliseconds } from './format.ts';
import { onSchemeChange, reducedMotion } from './theme.ts';

/** The top of the chart, in milliseconds; longer frames are cut off and shown in red. */
const TOP = 50;
const LINES = [16.7, 33.3];
/** Numbers change only a few times a second, so that they are readable. */
const TEXT_EVERY = 250;
const STILL_EVERY = 1000;

export interface Watched {
  title: string;
  frames: FrameRecorder | undefined;
  /** When the run began and, if it is over, how long it took. */
  began: number | undefined;
  took: number | undefined;
}

interface Colors {
  bar: string;
  late: string;
  long: string;
  line: string;
  text: string;
  halo: string;
}

export class Meter {
  readonly #clock: FrameClock;
  readonly #watched: () => Watched;
  readonly #canvas = element<HTMLCanvasElement>('#chart');
  readonly #since = element('#meter-since');
  readonly #numbers = {
    rate: element('#frame-rate'),
    /** Beside the terminal, for when the meter is out of sight. */
    rateAgain: element('#frame-rate-small'),
    now: element('#frame-now'),
    median: element('#frame-median'),
    p99: element('#frame-p99'),
    worst: element('#frame-worst'),
    long: element('#frame-long'),
  };
  #colors = readColors();
  #textDue = 0;
  #chartDue = 0;

  constructor(clock: FrameClock, watched: () => Watched) {
    this.#clock = clock;
    this.#watched = watched;
    onSchemeChange(() => (this.#colors = readColors()));
    new ResizeObserver(() => this.#resize()).observe(this.#canvas);
    clock.listen(({ at }) => this.#onFrame(at));
  }

  /** Switches to another run, and shows its numbers at once. */
  refresh(): void {
    this.#textDue = 0;
  }

  #onFrame(now: number): void {
    if (now >= this.#textDue) {
      this.#textDue = now + TEXT_EVERY;
      this.#showNumbers(now);
    }
    if (now >= this.#chartDue) {
      this.#chartDue = reducedMotion() ? now + STILL_EVERY : 0;
      this.#draw(now);
    }
  }

  #showNumbers(now: number): void {
    const { title, frames, began, took } = this.#watched();
    const { recent } = this.#clock;
    const numbers = this.#numbers;
    const inOneSecond = this.#clock.rate(now);
    const rate = inOneSecond === undefined ? '–' : integer(inOneSecond);
    setText(numbers.rate, rate);
    setText(numbers.rateAgain, rate);
    setText(numbers.now, milliseconds(recent.at(-1)?.took));
    setText(numbers.median, milliseconds(frames?.quantile(0.5)));
    setText(numbers.p99, milliseconds(frames?.quantile(0.99)));
    setText(numbers.worst, frames && frames.count > 0 ? milliseconds(frames.worst) : '–');
    setText(numbers.long, frames ? integer(frames.long) : '–');
    const elapsed = took ?? (began === undefined ? undefined : performance.now() - began);
    setText(
      this.#since,
      elapsed === undefined
        ? `${title} has not begun`
        : `${took === undefined ? 'since' : 'while'} ${title} ${took === undefined ? 'began' : 'ran'}: ${duration(elapsed)}`,
    );
  }

  #resize(): void {
    const scale = devicePixelRatio;
    this.#canvas.width = Math.round(this.#canvas.clientWidth * scale);
    this.#canvas.height = Math.round(this.#canvas.clientHeight * scale);
  }

  #draw(now: number): void {
    const context = this.#canvas.getContext('2d');
    if (!context) return;
    const scale = devicePixelRatio;
    const [width, height] = [this.#canvas.width / scale, this.#canvas.height / scale];
    context.setTransform(scale, 0, 0, scale, 0, 0);
    context.clearRect(0, 0, width, height);
    this.#drawBars(context, now, width, height);
    this.#drawLines(context, width, height);
  }

  /** A bar for each frame, as wide as the frame took. */
  #drawBars(context: CanvasRenderingContext2D, now: number, width: number, height: number): void {
    const perMillisecond = width / WINDOW;
    for (const { at, took } of this.#clock.recent) {
      const right = width - (now - at) * perMillisecond;
      const wide = took * perMillisecond;
      const tall = Math.min(took / TOP, 1) * height;
      context.fillStyle =
        took > LONG_FRAME ? this.#colors.long : took > 2 * LINES[0]! ? this.#colors.late : this.#colors.bar;
      context.fillRect(right - wide, height - tall, Math.max(wide - 0.6, 0.6), tall);
    }
  }

  #drawLines(context: CanvasRenderingContext2D, width: number, height: number): void {
    context.font = '10px system-ui, sans-serif';
    context.textBaseline = 'bottom';
    for (const line of LINES) {
      const y = Math.round(height * (1 - line / TOP)) + 0.5;
      context.strokeStyle = this.#colors.line;
      context.setLineDash([3, 3]);
      context.beginPath();
      context.moveTo(0, y);
      context.lineTo(width, y);
      context.stroke();
      // Readable over the bars too.
      context.lineWidth = 3;
      context.strokeStyle = this.#colors.halo;
      context.setLineDash([]);
      context.strokeText(`${line} ms`, 4, y - 2);
      context.lineWidth = 1;
      context.fillStyle = this.#colors.text;
      context.fillText(`${line} ms`, 4, y - 2);
    }
  }
}

function readColors(): Colors {
  const style = getComputedStyle(document.documentElement);
  const color = (name: string): string => style.getPropertyValue(name).trim();
  return {
    bar: color('--accent-soft'),
    late: color('--warn'),
    long: color('--bad'),
    line: color('--line-strong'),
    text: color('--muted'),
    halo: color('--raised'),
  };
}
