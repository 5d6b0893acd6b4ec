/** The page of the plugins: a program in C and one in Go call each other and this page, by JSON-RPC over their standard streams. */
import type { Holdfast, Plugin } from '../../web/index.js';
import { Conversation, type Party } from './conversation.ts';
import { element, setText } from './dom.ts';
import { integer } from './format.ts';
import { loadManifest, type Manifest } from './manifest.ts';
import { showProblems } from './problems.ts';
import { Runtime } from './runtime.ts';

type Language = 'c' | 'go';

/** The depth of the calls in a round of "bounce"; the plugin in C handles up to 16 nested calls while it waits. */
const DEEP = 12;
/** Nested calls must not wait for their turn. */
const CONCURRENCY = 32;

class Pair {
  readonly conversation = new Conversation(element('#log'));
  readonly #plugins = new Map<Language, Plugin>();

  /** Starts both plugins. */
  async open(hf: Holdfast, manifest: Manifest): Promise<void> {
    const open = async (language: Language, other: Language): Promise<void> => {
      const { url } = manifest.plugins.find(({ id }) => id === language)!;
      const plugin = await hf.plugin(new URL(url, location.href), {
        name: language,
        concurrency: CONCURRENCY,
        handlers: this.#handlersFor(language, other),
      });
      this.#plugins.set(language, plugin);
    };
    await Promise.all([open('c', 'go'), open('go', 'c')]);
    this.showStates();
  }

  /** A call that the page makes itself. */
  call(language: Language, method: string, params: object): Promise<unknown> {
    return this.#pass('page', language, method, params);
  }

  showStates(): void {
    for (const [language, plugin] of this.#plugins) {
      const peer = element(`#peer-${language}`);
      const { process } = plugin;
      peer.dataset.tone = process ? 'good' : 'bad';
      setText(
        element('.state', peer),
        process ? `runs as process ${process.id}` : 'has ended; the next call starts it again',
      );
    }
  }

  /** What a plugin may call: a function of the page, and each method of the other plugin. */
  #handlersFor(from: Language, other: Language): Record<string, (params: unknown) => unknown> {
    const methods = { c: ['primes', 'bounce'], go: ['spell', 'bounce'] }[other];
    const passed = methods.map((method) => [
      `${other}.${method}`,
      (params: unknown) => this.#pass(from, other, method, params as object),
    ]);
    const visitor = (): Promise<unknown> =>
      this.conversation.follow({ from, to: 'page', method: 'visitor', params: {} }, () => Promise.resolve(visit()));
    return { ...(Object.fromEntries(passed) as Record<string, () => unknown>), visitor };
  }

  async #pass(from: Party, to: Language, method: string, params: object): Promise<unknown> {
    try {
      return await this.conversation.follow({ from, to, method, params }, () =>
        this.#plugins.get(to)!.call(method, params),
      );
    } finally {
      this.showStates();
    }
  }
}

function visit(): { language: string; time: string } {
  const { language } = navigator;
  return { language, time: new Date().toLocaleTimeString(language, { hour: '2-digit', minute: '2-digit' }) };
}

/** What the buttons do. Each resolves to the result to show. */
const acts: Record<string, (pair: Pair, below: number) => Promise<string>> = {
  async primes(pair, below) {
    const { count, largest } = (await pair.call('c', 'primes', { below })) as { count: number; largest: number };
    return `C counted ${integer(count)} primes; the largest is ${integer(largest)}.`;
  },
  spelled: async (pair, below) => `C counted, and Go spelled: ${String(await pair.call('c', 'spelled', { below }))}.`,
  report: async (pair, below) => String(await pair.call('go', 'report', { below })),
  bounce: async (pair) => ((await pair.call('c', 'bounce', { times: DEEP })) as string[]).join(' → '),
  async crash(pair) {
    await pair.call('c', 'crash', {});
    return 'C is still there.';
  },
};

function connect(pair: Pair): void {
  const below = element<HTMLInputElement>('#below');
  const outcome = element('#outcome');
  const buttons = [...document.querySelectorAll<HTMLButtonElement>('[data-call]')];
  const act = async (name: string): Promise<void> => {
    if (!below.reportValidity()) return;
    const began = performance.now();
    try {
      const text = await acts[name]!(pair, below.valueAsNumber);
      setText(outcome, `${text} (${(performance.now() - began).toFixed(1)} ms)`);
      outcome.dataset.tone = 'good';
    } catch (error) {
      setText(outcome, error instanceof Error ? error.message : String(error));
      outcome.dataset.tone = 'bad';
    }
  };
  for (const button of buttons) {
    button.disabled = false;
    button.addEventListener('click', () => void act(button.dataset.call!));
  }
  element('#numbers').addEventListener('submit', (event) => event.preventDefault());
  element('#clear').addEventListener('click', () => pair.conversation.clear());
}

async function main(): Promise<void> {
  const manifest = await loadManifest();
  const runtime = new Runtime(manifest.runtime, () => showProblems(runtime.state));
  const chip = element('#runtime-state');
  const began = performance.now();
  try {
    const pair = new Pair();
    await pair.open(await runtime.get(), manifest);
    chip.dataset.tone = 'good';
    setText(chip, `plugins started in ${integer(performance.now() - began)} ms`);
    connect(pair);
  } catch (error) {
    chip.dataset.tone = 'bad';
    setText(chip, 'plugins not running');
    if (runtime.state.kind !== 'failed') runtime.died(error instanceof Error ? error.message : String(error));
  }
}

main().catch((error: unknown) => {
  const message = `The demo is incomplete: ${error instanceof Error ? error.message : String(error)}`;
  showProblems({ kind: 'failed', message, problems: [] });
});
