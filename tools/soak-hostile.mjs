// `npm run soak -- --hostile [--minutes N]`: a program with 64 threads copies gigabytes in one call, takes the locks of
// shared files and of the tree in loops, creates threads, grows memory and tables, and is killed after some seconds,
// again and again. Beside it, an interactive program echoes one byte at a time to the page, which measures the delay.
// At the end it prints the distribution of the echo's delay, how long the kills took, and the kernel's memory and the
// page's heap before and after. Fails if the kernel's memory has grown.
import { Complaint } from './lib.mjs';

/** Runs in the page. Returns only numbers. */
async function attack({ seconds, threads }) {
  const { start } = await import('/dist/index.js');
  const hf = await start({ workers: { min: 2, max: 100, idle: 2000 } });
  const guest = (name) => new URL(`/build/guests/${name}.wasm`, location.href).href;
  const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  const sample = async () => {
    const { kernel, files, workers } = await hf.stats();
    return {
      blocks: kernel.blocks,
      bytes: kernel.bytes,
      nodes: files.nodes,
      workers,
      heap: performance.memory.usedJSHeapSize,
    };
  };

  await hf.fs.writeFile('/hole', '');
  await hf.fs.truncate('/hole', 2 ** 32 - 1);
  await hf.fs.writeFile('/a', '');
  await hf.fs.mkdir('/many');
  for (let i = 0; i < 5000; i++) await hf.fs.mkdir(`/many/directory-${i}`);

  const echo = await hf.spawn(guest('bench-echo'));
  const keys = echo.stdin.getWriter();
  const screen = echo.stdout.getReader();
  const one = async () => {
    const from = performance.now();
    await keys.write(new Uint8Array([120]));
    await screen.read();
    return performance.now() - from;
  };
  for (let i = 0; i < 100; i++) await one();
  const alone = [];
  for (let i = 0; i < 200; i++) alone.push(await one());

  const echoes = [];
  const worst = [];
  const inPhase = {};
  const kills = [];
  const timers = [];
  let phase = 'begins';
  const begun = performance.now();
  const until = begun + 1000 * seconds;
  let over = false;
  const typing = (async () => {
    while (!over) {
      const took = await one();
      echoes.push(took);
      (inPhase[phase] ??= []).push(took);
      worst.push({ took, phase, at: Math.round(performance.now() - begun) });
      worst.sort((a, b) => b.took - a.took).splice(12);
      await pause(5);
    }
  })();
  // How late the page itself is: time that the machine takes from everything.
  const watching = (async () => {
    while (!over) {
      const from = performance.now();
      await pause(10);
      timers.push(performance.now() - from - 10);
    }
  })();

  let before = null;
  while (performance.now() < until) {
    phase = 'start';
    const hog = await hf.spawn(guest('hogs'), { args: Array(threads - 1).fill('x'), preopens: { '/': '/' } });
    const reader = hog.stdout.getReader();
    await reader.read();
    phase = 'all run';
    await pause(2000 + 2000 * Math.random());
    phase = 'kill';
    const from = performance.now();
    hog.kill();
    await hog.exited;
    kills.push(performance.now() - from);
    phase = 'dying';
    await hog.released;
    phase = 'between';
    await hf.fs.stat('/hole');
    if (!before) {
      await pause(4000);
      before = await sample();
    }
  }
  await pause(4000);
  over = true;
  await Promise.all([typing, watching]);
  const after = await sample();
  echo.kill();
  await echo.exited;
  await hf.close();
  return { alone, echoes, inPhase, timers, kills, worst, before, after };
}

const at = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;

function row(name, times) {
  const sorted = [...times].sort((a, b) => a - b);
  const figures = [0.5, 0.99, 1].map((share) => at(sorted, share).toFixed(1).padStart(9));
  console.log(`${name.padEnd(34)}${String(times.length).padStart(8)}${figures.join('')}`);
}

export async function soakHostile(page, minutes, threads) {
  const seen = await page.evaluate(attack, { seconds: 60 * minutes, threads });
  console.log('milliseconds                         count   median      p99  longest');
  row('echo of a byte, nothing else runs', seen.alone);
  row(`echo of a byte, ${threads} hostile threads`, seen.echoes);
  for (const [phase, times] of Object.entries(seen.inPhase)) row(`  … in the phase “${phase}”`, times);
  row('a timer of the page, late by', seen.timers);
  row('kill() to exited', seen.kills);
  console.log('the longest echoes:');
  for (const { took, phase, at: when } of seen.worst) console.log(`  ${took.toFixed(1)} ms, ${when} ms, ${phase}`);
  const held = ({ blocks, bytes, nodes, heap, workers }) =>
    `${blocks} blocks, ${bytes} bytes, ${nodes} files; page heap ${(heap / 2 ** 20).toFixed(1)} MiB; ${JSON.stringify(workers)}`;
  console.log(`the kernel after the first kill: ${held(seen.before)}`);
  console.log(`             and after the last: ${held(seen.after)}`);
  if (seen.after.nodes > seen.before.nodes) throw new Complaint('files of killed programs are left');
  return 0;
}
