/** The line that is being typed: its text, the cursor in it, and the lines before it. Knows nothing of terminals. */

const segmenter = new Intl.Segmenter(undefined, { granularity: 'grapheme' });
const graphemes = (text: string): string[] => Array.from(segmenter.segment(text), ({ segment }) => segment);

/** Older lines are forgotten. */
const HISTORY_MAX = 500;

export class Line {
  #characters: string[] = [];
  #cursor = 0;
  readonly #history: string[] = [];
  /** Where in the history we are; its length stands for the line that is being typed, kept in `#draft`. */
  #at = 0;
  #draft = '';

  get text(): string {
    return this.#characters.join('');
  }

  get beforeCursor(): string {
    return this.#characters.slice(0, this.#cursor).join('');
  }

  get afterCursor(): string {
    return this.#characters.slice(this.#cursor).join('');
  }

  get empty(): boolean {
    return this.#characters.length === 0;
  }

  insert(text: string): void {
    // Segmented anew together with what stands before: a combining mark may arrive by itself.
    const before = graphemes(this.beforeCursor + text);
    this.#characters = [...before, ...this.#characters.slice(this.#cursor)];
    this.#cursor = before.length;
  }

  /** Removes the character before the cursor; a character is what a person sees as one. */
  backspace(): void {
    if (this.#cursor > 0) this.#characters.splice(--this.#cursor, 1);
  }

  delete(): void {
    this.#characters.splice(this.#cursor, 1);
  }

  killToStart(): void {
    this.#characters.splice(0, this.#cursor);
    this.#cursor = 0;
  }

  killToEnd(): void {
    this.#characters.length = this.#cursor;
  }

  /** The blanks before the cursor, and the word before those. */
  killWord(): void {
    let start = this.#cursor;
    const blank = (at: number): boolean => /^\s/.test(this.#characters[at] ?? '');
    while (start > 0 && blank(start - 1)) start--;
    while (start > 0 && !blank(start - 1)) start--;
    this.#characters.splice(start, this.#cursor - start);
    this.#cursor = start;
  }

  move(by: number): void {
    this.#cursor = Math.min(Math.max(this.#cursor + by, 0), this.#characters.length);
  }

  /** Goes back (negative) or forth in the history. */
  recall(by: number): void {
    const to = Math.min(Math.max(this.#at + by, 0), this.#history.length);
    if (to === this.#at) return;
    if (this.#at === this.#history.length) this.#draft = this.text;
    this.#at = to;
    this.#set(to === this.#history.length ? this.#draft : (this.#history[to] ?? ''));
  }

  /** Empties the line and gives what it held. */
  take(): string {
    const { text } = this;
    this.#set('');
    this.#at = this.#history.length;
    return text;
  }

  remember(text: string): void {
    if (text.trim() === '' || text === this.#history.at(-1)) return;
    this.#history.push(text);
    if (this.#history.length > HISTORY_MAX) this.#history.shift();
    this.#at = this.#history.length;
  }

  #set(text: string): void {
    this.#characters = graphemes(text);
    this.#cursor = this.#characters.length;
  }
}
