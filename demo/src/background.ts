/** Programs without a terminal, which run beside those that have one. */
import type { SpawnOptions } from '../../web/index.js';
import { element, setText } from './dom.ts';
import type { Ledger } from './ledger.ts';
import type { Program } from './manifest.ts';
import type { Runtime } from './runtime.ts';

/** The CPU limit in milliseconds, if the visitor enables it. index.html shows it too. */
const CPU_LIMIT = 3000;

/** The state of the two checkboxes of a group of controls. */
export function chosen(group: string): Pick<SpawnOptions, 'interruptible' | 'limits'> {
  const checked = (name: string): boolean => element<HTMLInputElement>(`#${group}-${name}`).checked;
  return {
    interruptible: checked('interruptible') || undefined, // not false: the default depends on the engine and the page
    limits: checked('limited') ? { cpuTime: CPU_LIMIT } : {},
  };
}

export class Background {
  readonly #runtime: Runtime;
  readonly #ledger: Ledger;
  readonly #said = element('#background-said');

  constructor(runtime: Runtime, ledger: Ledger, programs: readonly Program[]) {
    this.#runtime = runtime;
    this.#ledger = ledger;
    for (const button of document.querySelectorAll<HTMLButtonElement>('button[data-start]')) {
      const program = programs.find(({ id }) => id === button.dataset.start);
      if (program) button.addEventListener('click', () => void this.#start(program));
    }
  }

  async #start({ url, argv0, args, env, files }: Program): Promise<void> {
    try {
      const runtime = await this.#runtime.get();
      const process = await runtime.spawn(url, {
        ...chosen('background'),
        argv0,
        args,
        env,
        ...(files ? { preopens: { '/': '/' } } : {}),
        stdin: 'null',
        stdout: 'null',
        stderr: 'null',
      });
      this.#ledger.add(process, 'background');
      setText(this.#said, `${argv0} runs, pid ${process.pid}`);
    } catch (error) {
      setText(this.#said, `${argv0} cannot run: ${error instanceof Error ? error.message.split('\n', 1)[0] : error}`);
    }
  }
}
