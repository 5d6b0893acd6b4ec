// Builds in the background, while what is built already is tested.
import { fromRoot, printer, run, stamped } from './lib.mjs';

async function build(targets, tell) {
  const args = [fromRoot('tools/build.mjs'), ...targets];
  const stamp = /^\[ *[\d.]+ s\] /; // of its own clock; other lines are of a failure, which has them all
  await run(process.execPath, args, { onLine: (line) => stamp.test(line) && tell(stamped(line.replace(stamp, ''))) });
}

/**
 * Builds the groups of targets (tools/build.mjs) one after the other, each in a process of its own. The result, called with a target, resolves
 * when that has been built, and prints the progress of its group meanwhile; it rejects with a Complaint if the group cannot be built.
 * @param {{ targets: string[], after?: () => Promise<unknown> | undefined }[]} groups   `after`: what a group waits for when it is its turn
 * @returns {(target: string) => Promise<void>}
 */
export function startBuilds(groups) {
  const jobs = new Map();
  let before = Promise.resolve();
  for (const { targets, after } of groups) {
    const listeners = [];
    const tell = (line) => listeners.forEach((listen) => listen(line));
    const done = before.then(() => after?.()).then(() => build(targets, tell));
    before = done.catch(() => undefined); // reported to those who wait for it
    for (const target of targets) jobs.set(target, { listeners, done });
  }
  return (target) => {
    const { listeners, done } = jobs.get(target);
    listeners.push(printer());
    return done;
  };
}
