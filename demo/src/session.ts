/** A program, its terminal, and its current or last run. Sessions continue while another one is shown. */
import { FitAddon } from '@xterm/addon-fit';
import { Unicode11Addon } from '@xterm/addon-unicode11';
import { Terminal } from '@xterm/xterm';
import { bytes, duration, killedBy } from './format.ts';
import type { Program } from './manifest.ts';
import type { Ledger } from './ledger.ts';
import { Run, type RunSettings } from './run.ts';
import type { Runtime } from './runtime.ts';
import { Screen } from './screen.ts';
import { onSchemeChange, reducedMotion, terminalTheme } from './theme.ts';

const FONTS =
  "ui-monospace, 'SF Mono', 'Cascadia Mono', 'JetBrains Mono', Menlo, Consolas, 'DejaVu Sans Mono', monospace";

const dim = (text: string): string => `\x1b[90m${text}\x1b[0m`;
const colored = (color: number, text: string): string => `\x1b[${color}m${text}\x1b[0m`;
const [RED, GREEN, YELLOW] = [31, 32, 33];

/**
 * Keys without a meaning in the kernel's line editor (arrows, Home, function keys …), which would display them
 * literally.
 */
// eslint-disable-next-line no-control-regex
const MEANINGLESS = /^\x1b(?:\[(?:1;\d)?[A-DFHP-S]|O[A-DFHP-S]|\[\d+(?:;\d+)?~)?$/;

/** What a session needs from the page. */
export interface Surroundings {
  runtime: Runtime;
  ledger: Ledger;
  /** For the next run. */
  settings(): RunSettings;
  changed(): void;
}

export class Session {
  readonly program: Program;
  run: Run | undefined;
  readonly #around: Surroundings;
  readonly #element: HTMLElement;
  readonly #terminal: Terminal;
  readonly #fit = new FitAddon();
  readonly #screen: Screen;
  #opened = false;
  /** Whether another run follows as soon as the current one is over. */
  #again = false;

  constructor(program: Program, element: HTMLElement, around: Surroundings) {
    this.program = program;
    this.#around = around;
    this.#element = element;
    this.#terminal = new Terminal({
      allowProposedApi: true, // Unicode11Addon
      cursorBlink: !reducedMotion(),
      fontFamily: FONTS,
      fontSize: 13.5,
      lineHeight: 1.25,
      scrollback: 5000,
      theme: terminalTheme(),
      windowOptions: { getWinSizeChars: true }, // CSI 18 t, with which programs ask for the size
    });
    this.#terminal.loadAddon(this.#fit);
    // An emoji is two columns wide.
    this.#terminal.loadAddon(new Unicode11Addon());
    this.#terminal.unicode.activeVersion = '11';
    onSchemeChange(() => (this.#terminal.options.theme = terminalTheme()));
    this.#screen = new Screen(this.#terminal);
    this.#terminal.onData((data) => this.type(data));
    this.#terminal.attachCustomKeyEventHandler((event) => this.#isForTerminal(event));
  }

  get active(): boolean {
    return this.run !== undefined && !this.run.over;
  }

  /** The terminal can be measured only while it is visible. */
  show(): void {
    this.#element.hidden = false;
    if (this.#opened) return this.fit();
    this.#open();
    this.#welcome();
  }

  hide(): void {
    this.#element.hidden = true;
  }

  fit(): void {
    if (!this.#opened || this.#element.hidden) return;
    const size = this.#fit.proposeDimensions();
    if (!size || (size.cols === this.#terminal.cols && size.rows === this.#terminal.rows)) return;
    this.#fit.fit();
  }

  focus(): void {
    this.#terminal.focus();
  }

  /** Keys, as a terminal sends them: for the program or, while none runs, for the page. */
  type(keys: string): void {
    if (!this.active) {
      if (keys.includes('\r')) this.start();
    } else if (!MEANINGLESS.test(keys)) {
      this.run?.send(keys);
    }
  }

  start(): void {
    if (this.active) return;
    void this.#go();
  }

  stop(): void {
    this.#again = false;
    this.run?.stop();
  }

  restart(): void {
    if (!this.active) return this.start();
    this.run?.stop();
    this.#again = true;
  }

  #open(): void {
    this.#opened = true;
    this.#terminal.open(this.#element);
    const { textarea } = this.#terminal;
    textarea?.setAttribute('aria-label', `Terminal of ${this.program.title}. Shift and Tab leaves it.`);
    this.#fit.fit();
  }

  #welcome(): void {
    const { title, about, gzip } = this.program;
    const paragraph = (text: string, style = (line: string) => line): string =>
      wrapped(text, this.#terminal.cols).map(style).join('\r\n');
    const how = `Run, or Enter, starts it: ${bytes(gzip)} to download.`;
    void this.#screen.notice(`${colored(GREEN, title)}\r\n${paragraph(about)}\r\n\r\n${paragraph(how, dim)}`);
  }

  /**
   * Keys that the page handles: Shift-Tab and, while nothing runs, Tab move the focus; Ctrl-C copies a selection;
   * Ctrl-L clears.
   */
  #isForTerminal(event: KeyboardEvent): boolean {
    if (event.key === 'Tab') return !event.shiftKey && this.run?.state.kind === 'running';
    if (event.key === 'c' && event.ctrlKey && this.#terminal.hasSelection()) return false;
    if (event.key === 'l' && event.ctrlKey) {
      event.preventDefault();
      if (event.type === 'keydown') this.#terminal.clear();
      return false;
    }
    return true;
  }

  async #go(): Promise<void> {
    const { cols: columns, rows } = this.#terminal;
    const run = new Run(
      this.program,
      { ...this.#around.settings(), terminal: { columns, rows } },
      this.#around.ledger,
      {
        changed: () => this.#around.changed(),
        over: () => this.#onOver(run),
        output: (chunk) => this.#screen.output(chunk),
      },
    );
    this.run = run;
    this.#around.changed();
    await this.#screen.clear();
    await run.go(this.#around.runtime);
    if (!this.#again) return;
    this.#again = false;
    void this.#go();
  }

  #onOver(run: Run): void {
    if (!this.#again) void this.#screen.notice(this.#farewell(run));
  }

  #farewell({ state }: Run): string {
    if (state.kind === 'refused') {
      const color = state.cancelled ? YELLOW : RED;
      return `${colored(color, state.cancelled ? 'Stopped before it began.' : `It cannot run: ${firstLine(state.message)}`)}\r\n${AGAIN}`;
    }
    if (state.kind !== 'ended') return '';
    const { exit, took } = state;
    const after = dim(` after ${duration(took)}`);
    if (exit.reason === 'exit') {
      const color = exit.code === 0 ? GREEN : YELLOW;
      return `\r\n${colored(color, `exited with code ${exit.code}`)}${after}\r\n${AGAIN}`;
    }
    if (exit.reason === 'killed') return `\r\n${colored(YELLOW, killedBy(exit))}${after}\r\n${AGAIN}`;
    const stack = exit.stack ? `\r\n${dim(exit.stack.split('\n').slice(0, 8).join('\r\n'))}` : '';
    return `\r\n${colored(RED, `${exit.reason}: ${exit.message}`)}${after}${stack}\r\n${AGAIN}`;
  }
}

const firstLine = (text: string): string => text.split('\n', 1)[0] ?? '';

const AGAIN = dim('Run, or Enter, starts it again.');

/** Wraps text at word boundaries. */
function wrapped(text: string, columns: number): string[] {
  const lines = [''];
  for (const word of text.split(' ')) {
    const longer = `${lines.at(-1)} ${word}`.trimStart();
    if (longer.length <= columns) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}
