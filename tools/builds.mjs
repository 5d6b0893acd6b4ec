// Builds in the background, while targets that are already built are tested.
import { fromRoot, printer, run, stamped } from './lib.mjs';

async function build(targets, tell) {
  const args = [fromRoot('tools/build.mjs'), ...targets];
  const stamp = /^\[ *[\d.]+ s\] /; // the build's own time stamp; lines without one belong to a failure, whose error contains all of them
  await run(process.execPath, args, { onLine: (line) => stamp.test(line) && tell(stamped(line.replace(stamp, ''))) });
}

/**
 * Builds the groups of targets (tools/build.mjs) one after the other, each in a separate process. Returns a function that takes a target and resolves
 * when it has been built; in the meantime it prints the progress of the target's group. It rejects with a Complaint if the group cannot be built.
 * @param {{ targets: string[], after?: () => Promise<unknown> | undefined }[]} groups   `after`: a promise that the group waits for before it is built
 * @returns {(target: string) => Promise<void>}
 */
export function startBuilds(groups) {
  const jobs = new Map();
  let before = Promise.resolve();
  for (const { targets, after } of groups) {
    const listeners = [];
    const tell = (line) => listeners.forEach((listen) => listen(line));
    const done = before.then(() => after?.()).then(() => build(targets, tell));
    before = done.catch(() => undefined); // reported to the callers that wait for it
    for (const target of targets) jobs.set(target, { listeners, done });
  }
  return (target) => {
    const { listeners, done } = jobs.get(target);
    listeners.push(printer());
    return done;
  };
}
