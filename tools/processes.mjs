// Resource use of a process and its descendants, from Linux's /proc.
import fs from 'node:fs';

const TICKS = 100; // per second: USER_HZ, which has been 100 on every Linux for two decades

const read = (file) => {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch {
    return ''; // it has ended meanwhile
  }
};

/** A field of /proc/PID/stat, counted from the end of the name, which may contain anything. */
function stat(pid) {
  const text = read(`/proc/${pid}/stat`);
  return text ? text.slice(text.lastIndexOf(')') + 2).split(' ') : null;
}

/** The process and its descendants, as process ids. */
export function family(pid) {
  const children = new Map();
  for (const entry of fs.readdirSync('/proc')) {
    const fields = /^\d+$/.test(entry) ? stat(entry) : null;
    if (!fields) continue;
    const parent = Number(fields[1]);
    children.set(parent, [...(children.get(parent) ?? []), Number(entry)]);
  }
  const found = [pid];
  for (const one of found) found.push(...(children.get(one) ?? []));
  return found;
}

/** Seconds of CPU time that they have used so far. */
export function cpuSeconds(pids) {
  let ticks = 0;
  for (const pid of pids) {
    const fields = stat(pid);
    if (fields) ticks += Number(fields[11]) + Number(fields[12]);
  }
  return ticks / TICKS;
}

/** Bytes of memory: proportional, so that shared memory counts once. */
export function memory(pids) {
  let kilobytes = 0;
  for (const pid of pids) kilobytes += Number(/^Pss:\s+(\d+)/m.exec(read(`/proc/${pid}/smaps_rollup`))?.[1] ?? 0);
  return kilobytes * 1024;
}

/** Their number of threads. */
export function threads(pids) {
  return pids.reduce((sum, pid) => sum + Number(stat(pid)?.[17] ?? 0), 0);
}
