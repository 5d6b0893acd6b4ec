// `npm run soak -- [--minutes N | --kills N] [--seed N]` (with --hostile [--threads N]: soak-hostile.mjs): starts and
// kills programs of every kind in Chromium, while a supervisor restarts some, for an hour or the given time. Every
// minute, while nothing runs, it prints what is in use: the kernel's blocks and bytes, workers, files, and the memory
// (proportional) and threads of the browser's processes. Fails if the kernel holds more than at the beginning; if the
// browser's memory or the page's heap has doubled since the end of the warm-up; or if at the end, idle, there are more
// workers than configured, or threads of ended workers.
import { parseArgs } from 'node:util';
import { chromium } from '@playwright/test';
import { build } from './build.mjs';
import { chromiumFlags } from './chromium.mjs';
import { Complaint, fromRoot, main } from './lib.mjs';
import { family, memory, threads } from './processes.mjs';
import { serve } from './serve.mjs';
import { soakHostile } from './soak-hostile.mjs';
import { chromiumOnPath, needs, setup } from './setup.mjs';

const BATCH = 100;
/** The number of kills that end the warm-up: the engine, too, allocates some things once and keeps them. */
const WARM = 300;
/** A worker that does not end is a thread. A few threads come and go by themselves. */
const STRAY_THREADS = 20;
/**
 * Growth by this factor since the warm-up is too much: of the processes' memory, and of the heap unless it is small.
 */
const GROWTH = 2;
const SMALL_HEAP = 16 * 2 ** 20;

const pause = (seconds) => new Promise((resolve) => setTimeout(resolve, 1000 * seconds));

const mebi = (bytes) => (bytes / 2 ** 20).toFixed(1).padStart(7);

/** The number of workers to keep. */
const workers = { min: 2, max: 64, idle: 5000 };

/** Runs in the page. */
async function begin({ seed, workers }) {
  const { Victims, quiet } = await import('/tests/browser/support/victims.js');
  const { start } = await import('/dist/index.js');
  const hf = await start({ workers });
  const guest = (name) => new URL(`/build/guests/${name}.wasm`, location.href).href;
  await hf.fs.mkdir('/hammer');
  await hf.fs.rm('/hammer', { recursive: true });
  await hf.fs.writeFile('/file', 'x');
  const victims = new Victims(hf, { seed });
  await victims.open();
  let restarts = 0;
  globalThis.soak = {
    /** Kills that many programs, while a supervisor restarts those that crash. */
    async round(count) {
      const supervisor = await hf.supervise({
        strategy: 'one-for-all',
        maxRestarts: -1,
        backoff: { min: 50, max: 50 },
        children: [
          { id: 'waits', start: { source: guest('cat'), stdin: 'pipe' }, shutdown: 1000 },
          { id: 'computes', start: { source: guest('spins-forever'), interruptible: true }, shutdown: 'kill' },
          { id: 'crashes', start: { source: guest('traps-deep-inside') } },
        ],
      });
      supervisor.on('event', ({ type }) => (restarts += type === 'restarting' ? 1 : 0));
      await victims.kill(count, 12);
      await supervisor.close();
      await hf.fs.rm('/hammer', { recursive: true, force: true });
      const { stdout } = await hf.run(guest('hello'));
      if (stdout !== 'hello, world\n') throw new Error(`it does not work any more: ${stdout}`);
    },
    async sample() {
      const { blocks, files, sockets, workers, kernel } = await quiet(hf, { graveyard: true });
      const heap = performance.memory.usedJSHeapSize;
      return { blocks, files, sockets, workers, kernel, heap, restarts };
    },
    totals: () => ({ killed: victims.killed, reasons: victims.reasons }),
    close: () => hf.close(),
  };
}

/** The browser's resource use, which the kernel's own counts do not include. Throws if it grows without bound. */
class Growth {
  #warm;
  #complaint;

  see(done, { heap }, pss, threadCount) {
    if (done < WARM) return;
    this.#warm ??= { heap: Math.max(heap, SMALL_HEAP), pss, threads: threadCount };
    const grown = heap > GROWTH * this.#warm.heap || pss > GROWTH * this.#warm.pss;
    // Garbage that is not collected yet is not a leak, unless it remains until the next sample.
    if (grown && this.#complaint)
      throw new Complaint(`${mebi(pss)} MiB of processes and ${mebi(heap)} of heap, twice; warm: ${this.#words()}`);
    this.#complaint = grown;
  }

  /** Waits until idle workers have had time to end. `idleThreads`: as many as there were before anything ran. */
  atTheEnd({ workers: { total, zombies } }, threadCount, idleThreads) {
    if (total > workers.min || zombies > 0)
      throw new Complaint(
        `${total} workers are left, of which ${workers.min} are kept, and ${zombies} terminated ones that do not end`,
      );
    if (threadCount > idleThreads + STRAY_THREADS)
      throw new Complaint(`there were ${idleThreads} threads and there are ${threadCount}`);
  }

  #words() {
    const { heap, pss } = this.#warm;
    return `${mebi(pss)} and ${mebi(heap)}`;
  }
}

await main(async (args) => {
  const { values } = parseArgs({
    args: [...args],
    options: {
      minutes: { type: 'string', default: '60' },
      kills: { type: 'string' },
      seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
      every: { type: 'string', default: '60' },
      hostile: { type: 'boolean', default: false },
      threads: { type: 'string', default: '64' },
    },
  });
  const kills = values.kills ? Number(values.kills) : Infinity;
  const seconds = values.kills ? Infinity : Number(values.minutes) * 60;
  await setup(needs.browser);
  await build(['runtime', 'guests']);
  const server = await serve(fromRoot('.'), { port: 0 });
  const browserServer = await chromium.launchServer({
    executablePath: chromiumOnPath() || undefined,
    args: [...chromiumFlags, '--enable-precise-memory-info'],
  });
  try {
    const browser = await chromium.connect(browserServer.wsEndpoint());
    const page = await browser.newPage();
    const complaints = [];
    page.on('pageerror', (error) => complaints.push(error.message));
    await page.goto(new URL('tests/browser/support/blank.html', server.url).href);
    if (values.hostile) {
      const minutes = Number(values.minutes);
      console.log(`Chromium ${browser.version()}, ${minutes} minutes`);
      await soakHostile(page, minutes, Number(values.threads));
      if (complaints.length > 0) throw new Complaint(`errors that the page did not handle: ${complaints.join('; ')}`);
      return 0;
    }
    await page.evaluate(begin, { seed: Number(values.seed), workers });
    console.log(`Chromium ${browser.version()}, seed ${values.seed}`);
    console.log('   time   kills restarts  blocks  kernel MiB  workers  page heap MiB  processes MiB  threads');
    const begun = Date.now();
    let done = 0;
    let first;
    const growth = new Growth();
    const sample = async () => {
      await page.requestGC();
      const seen = await page.evaluate(() => globalThis.soak.sample());
      const pids = family(browserServer.process().pid);
      const pss = memory(pids);
      const threadCount = threads(pids);
      const elapsed = Math.round((Date.now() - begun) / 1000);
      console.log(
        `${String(elapsed).padStart(5)} s${String(done).padStart(8)}${String(seen.restarts).padStart(9)}${String(seen.blocks).padStart(8)}` +
          `     ${mebi(seen.kernel.bytes)}${String(seen.workers.total).padStart(9)}        ${mebi(seen.heap)}        ${mebi(pss)}${String(threadCount).padStart(9)}`,
      );
      first ??= seen;
      if (
        seen.blocks !== first.blocks ||
        seen.files !== first.files ||
        seen.sockets.connections !== first.sockets.connections
      )
        throw new Complaint(`the kernel held ${JSON.stringify(first)} and holds ${JSON.stringify(seen)}`);
      growth.see(done, seen, pss, threadCount);
      return { seen, threadCount };
    };
    const atFirst = await sample();
    let next = Date.now();
    while (done < kills && Date.now() - begun < seconds * 1000) {
      await page.evaluate((count) => globalThis.soak.round(count), BATCH);
      done += BATCH;
      if (Date.now() < next) continue;
      await sample();
      next = Date.now() + Number(values.every) * 1000;
    }
    // By then idle workers have ended.
    await pause(15);
    const atLast = await sample();
    console.log(JSON.stringify(await page.evaluate(() => globalThis.soak.totals())));
    await page.evaluate(() => globalThis.soak.close());
    await pause(3);
    const pids = family(browserServer.process().pid);
    console.log(
      `closed: processes ${mebi(memory(pids))} MiB, ${threads(pids)} threads, ${page.workers().length} workers`,
    );
    if (page.workers().length > 0) throw new Complaint('workers are left after the runtime was closed');
    growth.atTheEnd(atLast.seen, atLast.threadCount, atFirst.threadCount);
    if (complaints.length > 0) throw new Complaint(`errors that the page did not handle: ${complaints.join('; ')}`);
    return 0;
  } finally {
    await browserServer.close();
    await server.stop();
  }
});
