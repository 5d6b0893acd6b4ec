/**
 * The list of processes: what `hf.ps()` reports about each, updated about once a second while it is visible, and the
 * actions for each.
 */
import type { Holdfast, ProcessInfo } from '../../web/index.js';
import { element, setText } from './dom.ts';
import { duration, endOf, integer, memory, seconds } from './format.ts';
import type { Entry, Ledger } from './ledger.ts';
import type { TracePane } from './trace-pane.ts';

const EVERY = 1000;
const COLUMNS = ['name', 'pid', 'state', 'cpu', 'memory', 'files', 'threads', 'acts'] as const;
type Column = (typeof COLUMNS)[number];
const FIGURES = ['cpu', 'memory', 'files', 'threads'] as const satisfies Column[];
/** Narrow pages have no column headings. */
const LABELS: Partial<Record<Column, string>> = {
  pid: 'pid',
  cpu: 'CPU',
  memory: 'memory',
  files: 'files',
  threads: 'threads',
};

interface Row {
  entry: Entry;
  line: HTMLTableRowElement;
  cells: Record<Column, HTMLElement>;
  pause: HTMLButtonElement;
  kill: HTMLButtonElement;
  trace: HTMLButtonElement;
  /** The state that the visitor requested; it takes effect at the next system call or loop iteration. */
  paused: boolean;
}

export class ProcessList {
  readonly #runtime: () => Holdfast | undefined;
  readonly #ledger: Ledger;
  readonly #pane: TracePane;
  readonly #region = element('#process-region');
  readonly #body = element('#process-rows');
  readonly #none = element('#process-none');
  readonly #count = element('#process-count');
  readonly #rows = new Map<number, Row>();
  #infos = new Map<number, ProcessInfo>();
  #visible = false;
  #asking = false;

  constructor(runtime: () => Holdfast | undefined, ledger: Ledger, pane: TracePane) {
    this.#runtime = runtime;
    this.#ledger = ledger;
    this.#pane = pane;
    ledger.listen(() => {
      this.#show();
      void this.#ask();
    });
    pane.listen(() => this.#show());
    new IntersectionObserver((entries) => {
      this.#visible = entries.at(-1)?.isIntersecting ?? false;
      void this.#ask();
    }).observe(this.#region);
    this.#region.addEventListener('pointerleave', () => this.#show());
    setInterval(() => void this.#ask(), EVERY);
  }

  async #ask(): Promise<void> {
    const runtime = this.#runtime();
    if (!runtime || !this.#visible || document.hidden || this.#asking || this.#ledger.entries.length === 0) return;
    this.#asking = true;
    try {
      this.#infos = new Map((await runtime.ps()).map((info) => [info.id, info]));
    } catch {
      this.#infos.clear(); // The runtime ended; another part of the page reports that.
    } finally {
      this.#asking = false;
    }
    this.#show();
  }

  #show(): void {
    const { entries } = this.#ledger;
    const known = new Set(entries.map(({ process }) => process.id));
    // Rows must not move up under the pointer while the visitor is about to press a button.
    const aimed = this.#region.matches(':hover') && matchMedia('(hover: hover)').matches;
    for (const [id, row] of this.#rows) {
      if (known.has(id) || aimed) continue;
      // If the focus was on one of its buttons, it moves to the list.
      if (row.line.contains(document.activeElement)) this.#region.focus({ preventScroll: true });
      row.line.remove();
      this.#rows.delete(id);
    }
    for (const entry of entries) this.#update(this.#rows.get(entry.process.id) ?? this.#add(entry));
    this.#none.hidden = this.#rows.size > 0;
    const running = entries.filter(({ exit }) => !exit).length;
    const zombies = entries.filter(({ exit, released }) => exit && released === undefined).length;
    setText(this.#count, `${integer(running)} running${zombies > 0 ? `, ${integer(zombies)} not yet gone` : ''}`);
  }

  #add(entry: Entry): Row {
    const { process } = entry;
    const line = document.createElement('tr');
    line.setAttribute('role', 'row');
    line.dataset.name = process.name;
    const cells = {} as Record<Column, HTMLElement>;
    for (const column of COLUMNS) {
      const cell = document.createElement(column === 'name' ? 'th' : 'td');
      cell.setAttribute('role', column === 'name' ? 'rowheader' : 'cell');
      cell.className = column;
      if (LABELS[column]) cell.dataset.label = LABELS[column];
      cells[column] = cell;
      line.append(cell);
    }
    for (const column of FIGURES) cells[column].textContent = '–';
    cells.name.textContent = process.name;
    const origin = document.createElement('small');
    origin.textContent = ` ${entry.origin}`;
    cells.name.append(origin);
    cells.pid.textContent = String(process.pid);
    cells.pid.title = `process ${process.id} of this runtime`;
    const button = (text: string, act: () => void): HTMLButtonElement => {
      const made = document.createElement('button');
      made.type = 'button';
      made.className = 'small';
      made.textContent = text;
      made.setAttribute('aria-label', `${text} ${process.name}, pid ${process.pid}`);
      made.addEventListener('click', act);
      cells.acts.append(made);
      return made;
    };
    const row: Row = {
      entry,
      line,
      cells,
      trace: button('Trace', () => this.#pane.toggle(process)),
      pause: button('Pause', () => this.#pause(row)),
      kill: button('Kill', () => process.kill()),
      paused: false,
    };
    row.kill.classList.add('danger');
    row.trace.setAttribute('aria-pressed', 'false');
    this.#rows.set(process.id, row);
    this.#body.append(line);
    return row;
  }

  #pause(row: Row): void {
    row.paused = !row.paused;
    const { process } = row.entry;
    const done = row.paused ? process.pause() : process.resume();
    done.then(
      () => this.#ask(),
      () => undefined, // The runtime ended.
    );
    this.#update(row);
  }

  #update(row: Row): void {
    const { entry, cells } = row;
    const { process, exit } = entry;
    const info = exit ? undefined : this.#infos.get(process.id);
    const { tone, text } = stateOf(row, info);
    row.line.dataset.tone = tone;
    setText(cells.state, text);
    // An ended process has no numbers; the space shows how it ended.
    for (const column of FIGURES) cells[column].hidden = exit !== undefined;
    if (exit) cells.state.setAttribute('colspan', String(1 + FIGURES.length));
    if (info) {
      setText(cells.cpu, seconds(info.cpuTime));
      setText(cells.memory, memory(info.memory));
      setText(cells.files, integer(info.descriptors));
      setText(cells.threads, integer(info.threads.length));
    }
    for (const button of [row.pause, row.kill, row.trace]) button.disabled = exit !== undefined;
    const verb = row.paused ? 'Resume' : 'Pause';
    setText(row.pause, verb);
    row.pause.setAttribute('aria-label', `${verb} ${process.name}, pid ${process.pid}`);
    row.trace.setAttribute('aria-pressed', String(this.#pane.traces(process)));
  }
}

function stateOf({ entry, paused }: Row, info: ProcessInfo | undefined): { tone: string; text: string } {
  const { exit, ended, released } = entry;
  if (exit && ended !== undefined) {
    if (released === undefined) {
      const since = duration(performance.now() - ended);
      return { tone: 'bad', text: `${endOf(exit)}, core not yet free (${since})` };
    }
    const tone = exit.reason === 'exit' && exit.code === 0 ? 'good' : 'warn';
    return { tone, text: `${endOf(exit)}, core free after ${duration(released - ended)}` };
  }
  if (!info) return { tone: 'busy', text: 'starting' };
  if (info.state === 'paused') return { tone: 'idle', text: 'paused' };
  // Not yet at a point where it can pause: a system call or, if it is interruptible, a loop iteration.
  if (paused) return { tone: 'busy', text: info.state === 'guest' ? 'in guest, pausing' : `${info.call}, pausing` };
  if (info.state === 'ending') return { tone: 'busy', text: 'ending' };
  if (info.state === 'ready') return { tone: 'running', text: 'in guest, waiting for its turn' };
  if (info.state === 'guest') return { tone: 'running', text: 'in guest' };
  const asleep = info.asleepFor > 0 ? ` for ${duration(info.asleepFor)}` : '';
  return { tone: info.asleepFor > 0 ? 'idle' : 'running', text: `${info.call}${asleep}` };
}
