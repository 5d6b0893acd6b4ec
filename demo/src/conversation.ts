/** The list of calls between the page and its plugins, with who waits for whom. */
import { element, setText } from './dom.ts';

export type Party = 'page' | 'c' | 'go';

export interface Call {
  from: Party;
  to: Party;
  method: string;
  params: object;
}

const titles: Record<Party, string> = { page: 'page', c: 'C', go: 'Go' };
/** Older calls are dropped from the list. */
const MOST = 200;
/** Calls are indented by how many wait for them, up to this many. */
const DEEPEST = 14;

export class Conversation {
  readonly #list: Element;
  readonly #open: Call[] = [];
  readonly #counts = new Map<string, number>();

  constructor(list: Element) {
    this.#list = list;
  }

  /** Shows a call while it is made, and how it ended. */
  async follow(call: Call, make: () => Promise<unknown>): Promise<unknown> {
    const row = this.#add(call);
    const began = performance.now();
    this.#open.push(call);
    this.#count(call.from, 'made');
    try {
      const result = await make();
      this.#count(call.to, 'answered');
      this.#end(row, began, `→ ${JSON.stringify(result)}`, 'good');
      return result;
    } catch (error) {
      this.#end(row, began, `failed: ${error instanceof Error ? error.message : String(error)}`, 'bad');
      throw error;
    } finally {
      this.#open.splice(this.#open.indexOf(call), 1);
    }
  }

  clear(): void {
    this.#list.replaceChildren();
  }

  #add({ from, to, method, params }: Call): HTMLLIElement {
    const row = document.createElement('li');
    row.style.setProperty('--depth', String(Math.min(this.#open.length, DEEPEST)));
    row.append(
      part('who', `${titles[from]} → ${titles[to]}`),
      part('what', `${method}(${JSON.stringify(params)})`),
      part('took', '…'),
    );
    while (this.#list.childElementCount >= MOST) this.#list.firstElementChild!.remove();
    this.#list.append(row);
    row.scrollIntoView({ block: 'nearest' });
    return row;
  }

  #end(row: HTMLLIElement, began: number, outcome: string, tone: 'good' | 'bad'): void {
    const what = element('.what', row);
    setText(what, `${what.textContent} ${outcome}`);
    setText(element('.took', row), `${(performance.now() - began).toFixed(1)} ms`);
    row.dataset.tone = tone;
  }

  #count(party: Party, what: 'made' | 'answered'): void {
    const key = `${party} ${what}`;
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
    setText(element(`#peer-${party} .${what}`), String(this.#counts.get(key)));
  }
}

function part(name: string, text: string): HTMLSpanElement {
  const span = document.createElement('span');
  span.className = name;
  span.textContent = text;
  return span;
}
