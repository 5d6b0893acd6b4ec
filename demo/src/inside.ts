/** The runtime's statistics, updated once a second: what the shown program uses, and what exists. */
import type { Holdfast, Stats } from '../../web/index.js';
import { element, setText } from './dom.ts';
import { integer, memory } from './format.ts';
import type { Run } from './run.ts';

const EVERY = 1000;

type Counts = Stats['processes'][number];

interface Sample {
  counts: Counts;
  at: number;
}

export interface Watched {
  /** Undefined while there is no runtime. */
  runtime(): Holdfast | undefined;
  runs(): readonly Run[];
  /** The run whose numbers are shown. */
  shown(): Run | undefined;
  /** The page's frames in the last second. */
  frameRate(): number | undefined;
}

export class Inside {
  readonly #runtime: Watched['runtime'];
  readonly #run: Watched['shown'];
  readonly #frameRate: Watched['frameRate'];
  readonly #sentence = element('#state-sentence');
  readonly #cells = {
    syscalls: [element('#syscalls'), element('#syscalls-rate')],
    parks: [element('#parks'), element('#parks-rate')],
    wakeups: [element('#wakeups'), element('#wakeups-rate')],
  } as const;
  readonly #runtimeCells = {
    workers: element('#workers'),
    kernel: element('#kernel-memory'),
    files: element('#files'),
    bridge: element('#bridge'),
    doorbell: element('#doorbell'),
  };
  /** The last two samples of each run. */
  readonly #samples = new WeakMap<Run, { last: Sample; before: Sample | undefined }>();
  #asking = false;

  constructor(what: Watched) {
    this.#runtime = what.runtime;
    this.#run = what.shown;
    this.#frameRate = what.frameRate;
    setInterval(() => void this.#poll(what.runs()), EVERY);
  }

  /** Another run is shown, or the state of the run has changed. */
  refresh(): void {
    const run = this.#run();
    const sample = run && this.#samples.get(run);
    const last = sample?.last.counts;
    const seconds = sample?.before ? (sample.last.at - sample.before.at) / 1000 : 0;
    const rates = { syscalls: 0, parks: 0, wakeups: 0 };
    for (const name of ['syscalls', 'parks', 'wakeups'] as const) {
      const [total, rate] = this.#cells[name];
      const before = sample?.before?.counts[name] ?? 0;
      rates[name] = seconds > 0 ? ((last?.[name] ?? 0) - before) / seconds : 0;
      setText(total, last ? integer(last[name]) : '–');
      setText(rate, !last || run?.over ? '–' : seconds > 0 ? integer(rates[name]) : '…');
    }
    setText(this.#sentence, sentenceOf(run, last, seconds > 0 ? { ...rates, frames: this.#frameRate() } : undefined));
  }

  async #poll(runs: readonly Run[]): Promise<void> {
    const runtime = this.#runtime();
    if (!runtime || this.#asking || document.hidden) return;
    this.#asking = true;
    try {
      const stats = await runtime.stats();
      const at = performance.now();
      for (const run of runs) {
        const counts = stats.processes.find(({ id }) => id === run.id);
        if (counts) this.#samples.set(run, { last: { counts, at }, before: this.#samples.get(run)?.last });
      }
      this.#showRuntime(stats);
      this.refresh();
    } catch {
      // The runtime has ended; another part of the page reports that.
    } finally {
      this.#asking = false;
    }
  }

  #showRuntime({ workers, kernel, files, bridge, doorbell }: Stats): void {
    const cells = this.#runtimeCells;
    const busy = workers.total - workers.idle - workers.starting;
    const dying = workers.zombies > 0 ? `, ${workers.zombies} ending` : '';
    setText(cells.workers, `${busy} busy, ${workers.idle + workers.starting} ready${dying}`);
    setText(cells.kernel, `${memory(kernel.bytes)} of ${memory(kernel.memory)}`);
    setText(cells.files, `${integer(files.nodes)} ${files.nodes === 1 ? 'node' : 'nodes'}, ${memory(files.bytes)}`);
    setText(cells.bridge, bridge);
    setText(cells.doorbell, doorbell);
  }
}

interface Rates {
  syscalls: number;
  wakeups: number;
  /** The page's numbers for the same second as the program's. */
  frames: number | undefined;
}

/** Explanations of the numbers. */
function sentenceOf(run: Run | undefined, counts: Counts | undefined, rates: Rates | undefined): string {
  if (!run) return 'It does not run yet.';
  if (run.state.kind === 'ended') {
    if (!run.released) return 'It has ended, but its core is not yet free: the browser takes a while to end a loop.';
    return run.state.exit.reason === 'killed'
      ? 'It was killed; its worker and its memory are free again.'
      : 'It has ended; its worker is free for the next.';
  }
  if (run.over) return 'It never ran.';
  if (run.state.kind === 'starting') return 'It is being started.';
  if (run.state.kind === 'stopping') return 'It is being stopped.';
  if (!counts || !rates) return 'It runs.';
  const calls = Math.round(rates.syscalls);
  const wakes = Math.round(rates.wakeups);
  if (counts.state === 'asleep' && wakes === 0)
    return 'Blocked in a system call: no wake-up in the last second, no CPU.';
  if (wakes > 0) return `It sleeps and wakes: ${integer(wakes)} wake-up${wakes === 1 ? '' : 's'} in the last second.`;
  if (calls === 0) {
    const frames = rates.frames === undefined ? '' : `, in which the page drew ${rates.frames} frames`;
    return `It computes: no system call in the last second${frames}.`;
  }
  return `It runs: ${integer(calls)} system call${calls === 1 ? '' : 's'} in the last second.`;
}
