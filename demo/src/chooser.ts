/** The programs as tabs. Switching tabs does not start or stop anything. */
import { element, setText } from './dom.ts';
import type { Session } from './session.ts';
import { statusOf } from './status.ts';

export class Chooser {
  readonly #tabs: { tab: HTMLElement; session: Session }[];
  readonly #choose: (session: Session) => void;

  constructor(sessions: readonly Session[], choose: (session: Session) => void) {
    this.#choose = choose;
    this.#tabs = sessions.map((session) => ({ session, tab: element(`#tab-${session.program.id}`) }));
    for (const { tab, session } of this.#tabs) {
      tab.addEventListener('click', () => choose(session));
      tab.addEventListener('keydown', (event) => this.#onKey(event, session));
    }
  }

  update(shown: Session): void {
    for (const { tab, session } of this.#tabs) {
      const selected = session === shown;
      tab.setAttribute('aria-selected', String(selected));
      tab.tabIndex = selected ? 0 : -1;
      const { tone, short } = statusOf(session.run);
      tab.dataset.tone = tone;
      setText(element('.state', tab), short);
    }
  }

  #onKey(event: KeyboardEvent, session: Session): void {
    const count = this.#tabs.length;
    const at = this.#tabs.findIndex((one) => one.session === session);
    const moves: Record<string, number> = {
      ArrowRight: (at + 1) % count,
      ArrowLeft: (at - 1 + count) % count,
      ArrowDown: (at + 1) % count,
      ArrowUp: (at - 1 + count) % count,
      Home: 0,
      End: count - 1,
    };
    const to = this.#tabs[moves[event.key] ?? -1];
    if (!to) return;
    event.preventDefault();
    this.#choose(to.session);
    to.tab.focus();
  }
}
