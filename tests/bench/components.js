// Runs in the page: components beside preview 1 programs, in one runtime and one run. Each figure is { min, median, max } over the rounds.

const spread = (times) => {
  const sorted = [...times].sort((a, b) => a - b);
  return { min: sorted[0], median: sorted[sorted.length >> 1], max: sorted.at(-1) };
};

const guest = (name) => `/build/guests/${name}.wasm`;

/** Nanoseconds per call, by row. */
async function systemCalls(hf, rounds, name = 'bench-syscalls') {
  const { code, stdout, stderr } = await hf.run(guest(name), { args: [String(rounds)], preopens: { '/': '/' } });
  if (code !== 0) throw new Error(`${name} ended with ${code}: ${stderr}`);
  const rows = {};
  for (const line of stdout.trim().split('\n')) {
    const [name, min, median, max] = line.split(' ');
    rows[name] = { min: Number(min), median: Number(median), max: Number(max) };
  }
  return rows;
}

/** The system calls of WASI 0.2 and those of preview 1, by turns, and the time from the start of a program to its first output, warm and as a runtime's first. */
export async function componentsBenchmark({ rounds }) {
  const { start } = await import('/dist/index.js');
  const hf = await start();
  const runs = [];
  for (let i = 0; i < rounds; i++) runs.push([await systemCalls(hf, 3), await systemCalls(hf, 3, 'bench-components')]);
  const medians = (which, row) => spread(runs.map((run) => run[which][row].median));
  const names = Object.keys(runs[0][1]);
  const calls = Object.fromEntries(names.map((name) => [name, [medians(0, name), medians(1, name)]]));
  const hellos = ['hello', 'hello.wasip2'];
  // The first run compiles the program, and loads what components need.
  for (const name of hellos) await firstOutput(hf, name);
  const times = await timedByTurns(rounds, hellos, (name) => firstOutput(hf, name));
  await hf.close();
  return { calls, hello: times, first: await timedByTurns(rounds, hellos, (name) => firstOfRuntime(start, name)) };
}

async function timedByTurns(rounds, names, body) {
  const times = names.map(() => []);
  for (let i = 0; i < rounds; i++) for (const [at, name] of names.entries()) times[at].push(await body(name));
  return times.map(spread);
}

/** Milliseconds from spawn() to the first output of a runtime's first program. */
async function firstOfRuntime(start, name) {
  const hf = await start();
  const time = await firstOutput(hf, name);
  await hf.close();
  return time;
}

/** Milliseconds from spawn() to the first output. */
async function firstOutput(hf, name) {
  const begun = performance.now();
  const process = await hf.spawn(guest(name));
  const reader = process.stdout.getReader();
  await reader.read();
  const time = performance.now() - begun;
  while (!(await reader.read()).done);
  await process.exited;
  return time;
}
