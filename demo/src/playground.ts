/** The supervisor's playground: four shells under one supervisor, and what it does when one of them ends. */
import type {
  ChildExit,
  ChildInfo,
  Process,
  RestartType,
  Strategy,
  Supervisor,
  SupervisorEvent,
} from '../../web/index.js';
import { element, setText } from './dom.ts';
import { endOf } from './format.ts';
import type { Ledger } from './ledger.ts';
import type { Program } from './manifest.ts';
import type { Runtime } from './runtime.ts';

/** Milliseconds that a child has to end when it is asked to; a sleeping child does not notice the request. */
const SHUTDOWN = 1000;
/** Slow enough to see the order of the starts. */
const BACKOFF = { min: 300, max: 300 };
/** How many lines of the log the page keeps. */
const KEPT = 200;

const tones: Record<ChildInfo['state'], string> = {
  waiting: 'busy',
  starting: 'busy',
  running: 'running',
  stopping: 'warn',
  stopped: 'idle',
};

interface Card {
  card: HTMLElement;
  state: HTMLElement;
  facts: HTMLElement;
  buttons: HTMLButtonElement[];
}

export class Playground {
  readonly #runtime: Runtime;
  readonly #ledger: Ledger;
  readonly #program: Program;
  readonly #settings = element<HTMLFormElement>('#supervisor-settings');
  readonly #start = element<HTMLButtonElement>('#supervisor-start');
  readonly #stop = element<HTMLButtonElement>('#supervisor-stop');
  readonly #log = element('#supervisor-log');
  readonly #outcome = element('#supervisor-outcome');
  readonly #cards = new Map<string, Card>();
  #supervisor: Supervisor | undefined;
  /** Starts and stops run one after the other. */
  #turn: Promise<void> = Promise.resolve();
  #began = 0;

  constructor(runtime: Runtime, ledger: Ledger, program: Program) {
    this.#runtime = runtime;
    this.#ledger = ledger;
    this.#program = program;
    for (const card of document.querySelectorAll<HTMLElement>('.child')) {
      const id = card.id.replace('child-', '');
      this.#cards.set(id, this.#cardOf(id, card));
    }
    this.#settings.addEventListener('submit', (event) => event.preventDefault());
    // A supervisor's settings are fixed, so other settings need another supervisor.
    this.#settings.addEventListener('change', () => this.#supervisor && this.#then(() => this.#begin()));
    this.#start.addEventListener('click', () => this.#then(() => this.#begin()));
    this.#stop.addEventListener('click', () => this.#then(() => this.#end()));
    this.#show();
  }

  #then(act: () => Promise<void>): void {
    this.#turn = this.#turn.then(act).catch((error: unknown) => {
      this.#say('bad', error instanceof Error ? error.message.split('\n', 1)[0]! : String(error));
      this.#supervisor = undefined;
      this.#show();
    });
  }

  async #begin(): Promise<void> {
    if (!this.#settings.reportValidity()) return;
    await this.#end();
    this.#log.replaceChildren();
    this.#began = performance.now();
    const data = new FormData(this.#settings);
    const strategy = data.get('strategy') as Strategy;
    const restart = data.get('restart') as RestartType;
    const [maxRestarts, within] = [Number(data.get('most')), Number(data.get('within'))];
    const hf = await this.#runtime.get();
    const supervisor = await hf.supervise({
      strategy,
      maxRestarts,
      within: within * 1000,
      backoff: BACKOFF,
      children: [...this.#cards.keys()].map((id) => ({
        id,
        restart,
        shutdown: SHUTDOWN,
        start: {
          source: this.#program.url,
          argv0: this.#program.argv0,
          name: id,
          stdin: 'pipe' as const,
        },
      })),
    });
    this.#supervisor = supervisor;
    this.#say('', `${strategy}; at most ${maxRestarts} restarts in ${within} s. Crash one.`);
    supervisor.on('event', (event) => this.#on(supervisor, event));
    void this.#await(supervisor);
    this.#show();
  }

  async #end(): Promise<void> {
    const supervisor = this.#supervisor;
    if (!supervisor) return;
    await supervisor.close();
    if (this.#supervisor === supervisor) this.#supervisor = undefined;
    this.#say('', 'It was closed: all children were stopped, the last one first.');
    this.#show();
  }

  /** Waits for the supervisor, and reports how its children ended. */
  async #await(supervisor: Supervisor): Promise<void> {
    try {
      const outcome = await supervisor.wait();
      if (this.#supervisor !== supervisor) return;
      if (outcome.kind === 'restart-limit') {
        const { id, restarts } = outcome;
        this.#say(
          'bad',
          `The limit is reached: ${id} ended (${wordsOf(outcome)}) after ${count(restarts, 'restart')}. All others were stopped.`,
        );
        this.#supervisor = undefined;
      } else if (outcome.kind === 'completed') {
        this.#say('good', `All children have ended for good, after ${count(outcome.restarts, 'restart')}.`);
      }
    } catch {
      if (this.#supervisor === supervisor) {
        this.#supervisor = undefined;
        this.#say('bad', 'The runtime ended, and the supervisor with it.');
      }
    }
    this.#show();
  }

  #on(supervisor: Supervisor, event: SupervisorEvent): void {
    this.#note(event);
    if (event.type === 'started') {
      if (event.process) this.#ledger.add(event.process, 'supervised');
      const card = this.#cards.get(event.id)?.card;
      card?.classList.remove('fresh');
      void card?.offsetWidth; // restarts the animation
      card?.classList.add('fresh');
    }
    this.#show(supervisor);
  }

  #note(event: SupervisorEvent): void {
    const log = this.#log;
    const line = document.createElement('li');
    const at = document.createElement('time');
    at.textContent = `${((performance.now() - this.#began) / 1000).toFixed(2)} s`;
    const id = document.createElement('b');
    id.textContent = 'id' in event ? event.id : 'all';
    line.dataset.type = event.type;
    line.append(at, ' ', id, ` ${sentenceOf(event)}`);
    log.append(line);
    while (log.childElementCount > KEPT) log.firstElementChild?.remove();
    log.scrollTop = log.scrollHeight;
  }

  #show(supervisor = this.#supervisor): void {
    const runs = this.#supervisor !== undefined;
    this.#stop.disabled = !runs;
    setText(element('span', this.#start), runs ? 'Start anew' : 'Start');
    const children = new Map(supervisor?.children().map((child) => [child.id, child]));
    for (const [id, { card, state, facts, buttons }] of this.#cards) {
      const child = children.get(id);
      card.dataset.tone = child ? tones[child.state] : 'idle';
      setText(state, child?.state ?? (runs ? 'forgotten' : 'not started'));
      const ended = child?.lastEnd ? wordsOf(child.lastEnd) : 'none';
      const values = [
        child?.process && child.state !== 'waiting' ? String(child.process.pid) : '–',
        String(child?.restarts ?? 0),
        ended,
      ];
      for (const [i, cell] of facts.querySelectorAll('dd').entries()) setText(cell, values[i]!);
      for (const button of buttons) button.disabled = child?.state !== 'running';
    }
  }

  #say(tone: string, text: string): void {
    this.#outcome.dataset.tone = tone;
    setText(this.#outcome, text);
  }

  #cardOf(id: string, card: HTMLElement): Card {
    const buttons = [...card.querySelectorAll('button')];
    for (const button of buttons) {
      const act = button.dataset.act!;
      button.addEventListener('click', () => {
        const child = this.#supervisor?.children().find((one) => one.id === id);
        if (child?.process) this.#do(act, child.process);
      });
    }
    return { card, state: element('.state', card), facts: element('dl', card), buttons };
  }

  /** The child is a shell: it really traps, and really ends by itself. */
  #do(act: string, process: Process): void {
    if (act === 'kill') return process.kill();
    const writer = process.stdin.getWriter();
    // Rejects if it has just ended.
    writer.write(new TextEncoder().encode(`${act}\n`)).catch(() => undefined);
    writer.releaseLock();
  }
}

const count = (number: number, what: string): string => `${number} ${what}${number === 1 ? '' : 's'}`;

const wordsOf = ({ reason, exit }: ChildExit): string => (exit ? endOf(exit) : reason);

function sentenceOf(event: SupervisorEvent): string {
  switch (event.type) {
    case 'started':
      return event.process ? `started, pid ${event.process.pid}` : 'started';
    case 'ended':
      return `ended: ${wordsOf(event)}`;
    case 'restarting':
      return `is started again in ${Math.round(event.delay)} ms (restart ${event.restarts})`;
    case 'stopping':
      return event.how === 'ask' ? `is asked to end, within ${event.within} ms` : 'is killed';
    case 'stopped':
      return `stopped: ${wordsOf(event)}`;
    case 'limit':
      return `ended once too often, after ${count(event.restarts, 'restart')}: all are stopped`;
    case 'completed':
      return 'have ended for good';
    case 'closed':
      return 'stopped: the supervisor has ended';
  }
}
