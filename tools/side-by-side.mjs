// Runs tasks side by side, and prints their output as if they had run one after the other.
import { inParallel, printingTo, say } from './lib.mjs';

/** A task's output: kept until the tasks before it have ended, then passed on as it arrives. */
class Output {
  #kept = [];

  take = (line) => {
    if (this.#kept) this.#kept.push(line);
    else console.log(line);
  };

  show() {
    const lines = this.#kept;
    this.#kept = undefined;
    for (const line of lines) console.log(line);
  }
}

function signal() {
  let raise;
  const raised = new Promise((resolve) => (raise = resolve));
  return { raise, raised };
}

/**
 * Starts the tasks in their order, `width` at a time, and resolves to their results in that order. A task runs programs with `run` and prints
 * with `print` (lib.mjs). The first that fails makes the result fail.
 * @template T
 * @param {{ title: string, run: () => Promise<T> }[]} tasks
 * @param {number} width
 * @returns {Promise<T[]>}
 */
export async function sideBySide(tasks, width) {
  if (tasks.length === 1) return [await tasks[0].run()]; // its programs have the terminal
  const items = tasks.map((task, at) => ({ task, at, output: new Output(), end: signal(), result: undefined }));
  let front = 0;
  const running = inParallel(
    items,
    async (item) => {
      const { title, run } = item.task;
      if (item.at > front) say(`beside this: ${title}`);
      item.result = await printingTo(item.output.take, run);
      if (item.at > front) say(`beside this, ended: ${title}`);
      item.end.raise();
    },
    width,
  );
  for (const { at, output, end } of items) {
    front = at;
    output.show();
    await Promise.race([end.raised, running]);
  }
  await running;
  return items.map(({ result }) => result);
}
