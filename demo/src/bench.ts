/** The page of the benchmark: measures the rows of `npm run bench` that need only a page. tests/bench/page.js does the work. */
import { start, type StartOptions } from '../../web/index.js';
import { element, setText } from './dom.ts';
import { loadManifest, type Manifest } from './manifest.ts';
import { showProblems } from './problems.ts';
import { Runtime } from './runtime.ts';
import { visitor } from './visitor.ts';

type Bench = typeof import('../../tests/bench/page.js');
type Report = Awaited<ReturnType<Bench['measure']>>;

class Measurement {
  readonly #bench: Bench;
  readonly #manifest: Manifest;
  readonly #shown = element('#report').attachShadow({ mode: 'open' });
  readonly #chip = element('#runtime-state');
  readonly #outcome = element('#outcome');
  readonly #progress = element<HTMLProgressElement>('#progress');
  readonly #rounds = element<HTMLInputElement>('#rounds');
  readonly #stop = element<HTMLButtonElement>('#stop');
  #stopping = new AbortController();
  #report: Report | undefined;

  constructor(bench: Bench, manifest: Manifest) {
    this.#bench = bench;
    this.#manifest = manifest;
    // The report has its own style, which would collide with the page's.
    const style = new CSSStyleSheet();
    style.replaceSync(bench.STYLE);
    this.#shown.adoptedStyleSheets = [style];
    this.#stop.addEventListener('click', () => this.#end());
    for (const button of this.#saves()) button.addEventListener('click', () => this.#save(button.dataset.save!));
    this.#running(false);
  }

  async run(): Promise<void> {
    const chosen = [...element('#groups').querySelectorAll<HTMLInputElement>(':checked')].map(({ value }) => value);
    if (chosen.length === 0) return setText(this.#outcome, 'Choose at least one group.');
    const rounds = this.#rounds.valueAsNumber;
    this.#running(true);
    this.#show(undefined);
    this.#stopping = new AbortController();
    const seen = watchVisibility();
    let step = 0;
    this.#progress.max = chosen.length * (rounds + 1);
    const about = { date: today(), command: 'bench.html', ...visitor() };
    const report = await this.#bench.measure({ ...about, load: 'unknown' }, chosen, {
      lib: { start: (options?: StartOptions) => start({ ...options, assets: this.#manifest.runtime }) },
      guest: (name: string) => new URL(`${this.#manifest.bench}programs/${name}.wasm`, location.href).href,
      rounds,
      signal: this.#stopping.signal,
      say: (group: string, round: number) => {
        this.#progress.value = step++;
        if (this.#stopping.signal.aborted) return;
        setText(this.#outcome, `${group}: ${round === 0 ? 'warming up' : `round ${round} of ${rounds}`}`);
      },
      done: (sofar: Report) => this.#show(sofar),
    });
    this.#progress.value = this.#progress.max;
    const hidden = seen();
    if (hidden) report.about.load = 'unknown, and the page was in the background';
    this.#show(report);
    this.#running(false);
    const end = this.#stopping.signal.aborted ? 'Stopped' : 'Done';
    const warning = 'The page was in the background meanwhile: these numbers are not comparable.';
    setText(this.#outcome, `${end}. ${hidden ? warning : 'The report is below.'}`);
  }

  /** After the round that is being measured. */
  #end(): void {
    this.#stopping.abort();
    this.#stop.disabled = true;
    setText(this.#outcome, 'Stopping after this round');
  }

  #saves(): HTMLButtonElement[] {
    return [...document.querySelectorAll<HTMLButtonElement>('[data-save]')];
  }

  #running(running: boolean): void {
    this.#chip.dataset.tone = running ? 'busy' : 'good';
    setText(this.#chip, running ? 'measuring' : 'ready');
    element<HTMLButtonElement>('#run').disabled = running;
    element<HTMLFieldSetElement>('#groups').disabled = running;
    this.#rounds.disabled = running;
    this.#stop.disabled = !running;
    for (const button of this.#saves()) button.disabled = running || this.#report === undefined;
  }

  #show(report: Report | undefined): void {
    this.#report = report;
    this.#shown.innerHTML = report ? this.#bench.sectionsOf(report) : '';
  }

  #save(format: string): void {
    const report = this.#report!;
    const text =
      format === 'csv' ? this.#bench.csvOf(report) : `${JSON.stringify(this.#bench.rounded(report), null, 1)}\n`;
    const type = format === 'csv' ? 'text/csv' : 'application/json';
    const link = document.createElement('a');
    link.href = URL.createObjectURL(new Blob([text], { type }));
    link.download = `holdfast-${report.about.date}.${format}`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  }
}

const today = (): string => new Date().toISOString().slice(0, 10);

/** Returns a function that ends the watch, and reports whether the page was hidden meanwhile. */
function watchVisibility(): () => boolean {
  let { hidden } = document;
  const look = (): void => void (hidden ||= document.hidden);
  document.addEventListener('visibilitychange', look);
  return () => {
    document.removeEventListener('visibilitychange', look);
    return hidden;
  };
}

function choice(title: string): HTMLLabelElement {
  const label = document.createElement('label');
  const box = document.createElement('input');
  box.type = 'checkbox';
  box.value = title;
  box.checked = true;
  label.append(box, ` ${title}`);
  return label;
}

async function main(): Promise<void> {
  const manifest = await loadManifest();
  const { browser, machine } = visitor();
  setText(element('#visitor'), `${browser} on ${machine}, ${today()}.`);
  const runtime = new Runtime(manifest.runtime, () => showProblems(runtime.state));
  try {
    await (await runtime.get()).close(); // shows whether it runs here
  } catch {
    element('#runtime-state').dataset.tone = 'bad';
    return setText(element('#runtime-state'), 'cannot run');
  }
  const bench = (await import(new URL(`${manifest.bench}bench/page.js`, location.href).href)) as Bench;
  element('#groups').append(...bench.titles.map(choice));
  const measurement = new Measurement(bench, manifest);
  element('#settings').addEventListener('submit', (event) => {
    event.preventDefault();
    measurement.run().catch(fail);
  });
}

function fail(error: unknown): void {
  const message = `The benchmark failed: ${error instanceof Error ? error.message : String(error)}`;
  showProblems({ kind: 'failed', message, problems: [] });
}

main().catch(fail);
