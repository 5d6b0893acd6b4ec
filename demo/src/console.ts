/** The controls around the terminal of the shown program: its buttons, status, progress and suggestions. */
import { element, setText } from './dom.ts';
import { duration } from './format.ts';
import type { RuntimeState } from './runtime.ts';
import type { Session } from './session.ts';
import { loadingOf, statusOf } from './status.ts';

export class Console {
  readonly #shown: () => Session;
  readonly #run = element<HTMLButtonElement>('#run');
  readonly #stop = element<HTMLButtonElement>('#stop');
  readonly #restart = element<HTMLButtonElement>('#restart');
  readonly #status = element('#status');
  readonly #elapsed = element('#elapsed');
  readonly #loading = element('#loading');
  readonly #loadingText = element('#loading-text');
  readonly #bar = element<HTMLProgressElement>('#loading-bar');
  readonly #panel = element('#panel');
  readonly #keys = [...document.querySelectorAll<HTMLButtonElement>('button[data-type]')];

  constructor(shown: () => Session) {
    this.#shown = shown;
    this.#run.addEventListener('click', () => this.#then((session) => session.start()));
    this.#stop.addEventListener('click', () => this.#then((session) => session.stop()));
    this.#restart.addEventListener('click', () => this.#then((session) => session.restart()));
    for (const key of this.#keys)
      key.addEventListener('click', () => this.#then((session) => session.type(textOf(key))));
    setInterval(() => this.#showElapsed(), 100);
  }

  update(runtime: RuntimeState): void {
    const session = this.#shown();
    const { run, program } = session;
    const status = statusOf(run);
    const able = runtime.kind !== 'failed' || runtime.problems.length === 0;
    this.#run.disabled = session.active || !able;
    this.#stop.disabled = !session.active || run?.state.kind === 'stopping';
    this.#restart.disabled = !run || !able;
    for (const key of this.#keys) key.disabled = run?.state.kind !== 'running';
    for (const group of document.querySelectorAll<HTMLElement>('[data-program]')) {
      group.hidden = group.dataset.program !== program.id;
    }
    this.#panel.setAttribute('aria-labelledby', `tab-${program.id}`);
    this.#panel.dataset.tone = status.tone;
    setText(this.#status, status.text);
    this.#showElapsed();
    this.#showLoading();
  }

  /** A click on a button returns the focus to the terminal, except on a phone, where that would open the keyboard. */
  #then(act: (session: Session) => void): void {
    const session = this.#shown();
    act(session);
    if (!matchMedia('(pointer: coarse)').matches) session.focus();
  }

  #showElapsed(): void {
    const { run } = this.#shown();
    const counting = run && !run.over && run.began !== undefined;
    setText(this.#elapsed, counting ? duration(performance.now() - run.began!) : '');
  }

  #showLoading(): void {
    const { run, program } = this.#shown();
    const loading = loadingOf(run, program);
    this.#loading.hidden = !loading;
    if (!loading) return;
    setText(this.#loadingText, loading.text);
    if (loading.part === undefined) this.#bar.removeAttribute('value');
    else this.#bar.value = loading.part;
  }
}

/** What a button types: a key by its letter, or a line. */
const textOf = ({ dataset }: HTMLElement): string => {
  const text = dataset.type ?? '';
  if (dataset.key === 'control') return String.fromCharCode(text.charCodeAt(0) & 0x1f);
  if (dataset.key === 'up') return '\x1b[A';
  return `${text}\r`;
};
