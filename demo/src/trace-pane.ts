/** System calls of the traced processes, as lines. The page keeps only the last ones; traced processes wait for it. */
import type { Process, TraceEvent } from '../../web/index.js';
import { element, setText } from './dom.ts';
import { integer } from './format.ts';
import { nextFrame } from './frames.ts';

/** How many lines the page keeps. */
const KEPT = 500;
/** Lines that are added to the page per frame; a process that makes more calls waits for the next frame. */
const A_FRAME = 100;

interface Line {
  text: string;
  kind: 'call' | 'failed' | 'note';
}

export class TracePane {
  readonly #traced = new Map<number, Process>();
  readonly #listeners = new Set<() => void>();
  readonly #region = element('#trace-region');
  readonly #lines = element('#trace-lines');
  readonly #none = element('#trace-none');
  readonly #who = element('#trace-who');
  readonly #hold = element<HTMLButtonElement>('#trace-hold');
  /** Lines for the next frame; while the view is held, the last ones since then. */
  #waiting: Line[] = [];
  #frame: Promise<void> | undefined;
  #held = false;
  #sinceHeld = 0;

  constructor() {
    this.#hold.addEventListener('click', () => this.#setHeld(!this.#held));
    element('#trace-clear').addEventListener('click', () => {
      this.#waiting = [];
      this.#sinceHeld = 0;
      this.#lines.replaceChildren();
      this.#showWho();
    });
  }

  /** Calls `listener` when a process starts or stops being traced. */
  listen(listener: () => void): void {
    this.#listeners.add(listener);
  }

  traces({ id }: Process): boolean {
    return this.#traced.has(id);
  }

  toggle(process: Process): void {
    if (this.traces(process)) this.#stop(process, 'is no longer traced');
    else this.#start(process);
  }

  #start(process: Process): void {
    this.#traced.set(process.id, process);
    this.#push({ kind: 'note', text: `${nameOf(process)} is traced` });
    process.trace((event) => this.#told(event));
    process.exited.then(
      () => this.#stop(process, 'has ended'),
      () => this.#stop(process, 'ended with the runtime'),
    );
    this.#changed();
  }

  #stop(process: Process, why: string): void {
    if (!this.#traced.delete(process.id)) return;
    process.trace(false);
    this.#push({ kind: 'note', text: `${nameOf(process)} ${why}` });
    this.#changed();
  }

  #told({ text, error }: TraceEvent): Promise<void> | undefined {
    this.#push({ text, kind: error ? 'failed' : 'call' });
    return !this.#held && this.#waiting.length >= A_FRAME ? this.#frame : undefined;
  }

  #push(line: Line): void {
    this.#waiting.push(line);
    if (this.#held) {
      this.#sinceHeld++;
      if (this.#waiting.length > 2 * KEPT) this.#waiting.splice(0, KEPT);
    }
    this.#frame ??= nextFrame().then(() => {
      this.#frame = undefined;
      if (this.#held) this.#showWho();
      else this.#show();
    });
  }

  #show(): void {
    const lines = this.#lines;
    const region = this.#region;
    // If the visitor has scrolled up, the position stays.
    const follow = region.scrollHeight - region.scrollTop - region.clientHeight < 24;
    const fresh = this.#waiting.splice(0).slice(-KEPT);
    lines.append(
      ...fresh.map(({ text, kind }) => {
        const line = document.createElement('div');
        line.className = kind;
        line.textContent = text;
        return line;
      }),
    );
    while (lines.childElementCount > KEPT) lines.firstElementChild?.remove();
    this.#none.hidden = lines.childElementCount > 0;
    if (follow) region.scrollTop = region.scrollHeight;
  }

  #setHeld(held: boolean): void {
    this.#held = held;
    this.#sinceHeld = 0;
    this.#hold.setAttribute('aria-pressed', String(held));
    if (!held) this.#show();
    this.#showWho();
  }

  #changed(): void {
    this.#showWho();
    for (const listener of this.#listeners) listener();
  }

  #showWho(): void {
    const names = [...this.#traced.values()].map(nameOf).join(', ');
    const held = this.#held ? `held, ${integer(this.#sinceHeld)} more` : '';
    setText(this.#who, [names || 'nothing is traced', held].filter(Boolean).join('; '));
    this.#none.hidden = this.#lines.childElementCount > 0;
  }
}

const nameOf = ({ name, pid }: Process): string => `${name} (pid ${pid})`;
