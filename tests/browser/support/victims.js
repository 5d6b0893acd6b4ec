/**
 * Programs that are killed at random instants, for the hammer (kill-hammer.spec.ts) and for the soak (tools/soak.mjs). Runs in the page, and uses
 * only the public API.
 */
const guest = (name) => new URL(`/build/guests/${name}.wasm`, location.href).href;
const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** A random number generator whose runs can be repeated (mulberry32). */
export function randomFrom(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A port on which the page serves as an echo server. */
async function echoServer(hf) {
  const listener = await hf.listen();
  void (async () => {
    for (;;) {
      const connection = await listener.accept();
      void connection.readable.pipeTo(connection.writable).catch(() => undefined);
    }
  })().catch(() => undefined);
  return listener;
}

const tree = { preopens: ['/'] };
const ignore = { stdout: 'null', stderr: 'null' };

/** The kinds of programs, how many in a hundred kills are of each kind, and how each is started. */
export const kinds = {
  'computes, interruptible': { share: 14, program: 'spins-forever', options: { ...ignore, interruptible: true } },
  'recurses, interruptible': { share: 4, program: 'doubles-its-calls', options: { ...ignore, interruptible: true } },
  reads: { share: 10, program: 'reads-stdin-forever', options: ignore },
  'sleeps in poll_oneoff': { share: 10, program: 'sleeps-forever', options: ignore },
  'calls the kernel all the time': { share: 12, program: 'calls-the-kernel-forever', options: { ...tree, ...ignore } },
  'works on files': { share: 12, program: 'files-come-and-go-forever', options: { ...tree, ...ignore } },
  // Nothing reads its output, so it is in the middle of a call that waits for the page.
  'writes to a page that does not read': {
    share: 8,
    program: 'writes-stdout-forever',
    options: { outputBuffer: 1000 },
  },
  'writes to a page that reads': { share: 6, program: 'writes-stdout-forever', options: { stdout: () => pause(0) } },
  'is fed by a pipe': {
    share: 6,
    program: 'cat',
    options: () => ({
      stderr: 'null',
      stdout: () => undefined,
      stdin: new ReadableStream({
        pull: (controller) => pause(0).then(() => controller.enqueue(new Uint8Array(5000))),
      }),
    }),
  },
  'has threads': { share: 8, program: 'threads-come-and-go-forever', options: ignore },
  'has a socket': {
    share: 6,
    program: 'asks-a-server',
    options: (_, port) => ({ ...ignore, args: ['x'.repeat(200_000)], sockets: [{ connect: port }] }),
  },
  'has its system calls traced': {
    share: 3,
    program: 'calls-the-kernel-forever',
    options: { ...tree, ...ignore, trace: () => undefined },
  },
};

/** What a killed program leaves behind for a while: in Chromium its worker continues for two seconds. */
export const lingering = {
  computes: { share: 1, program: 'spins-forever', options: ignore },
  'waits in memory.atomic.wait': { share: 1, program: 'waits-in-a-futex-forever', options: ignore },
};

export class Victims {
  /** How many of each kind were killed, and how many ended for each reason. */
  killed = {};
  reasons = {};
  #hf;
  #random;
  #bag;
  #listener;

  constructor(hf, { seed, without = [] }) {
    this.#hf = hf;
    this.#random = randomFrom(seed);
    const all = Object.entries({ ...kinds, ...lingering }).filter(([name]) => !without.includes(name));
    this.#bag = all.flatMap(([name, kind]) => Array.from({ length: kind.share }, () => [name, kind]));
  }

  async open() {
    this.#listener = await echoServer(this.#hf);
  }

  async close() {
    await this.#listener.close();
    await this.#hf.fs.rm('/hammer', { recursive: true, force: true });
  }

  /** Starts a program, kills it at a random moment, possibly before it has started, and waits until the page sees its end. */
  async once() {
    const random = this.#random;
    const [name, { program, options }] = this.#bag[Math.floor(random() * this.#bag.length)];
    const given = typeof options === 'function' ? options(random, this.#listener.port) : options;
    this.killed[name] = (this.killed[name] ?? 0) + 1;
    // A third of them are killed during their start or just after it.
    const early = random() < 0.33;
    const wait = random() * (early ? 60 : 20);
    const abort = new AbortController();
    const set = () => setTimeout(() => abort.abort(new Error('enough')), wait);
    let timer = early ? set() : 0;
    let ended;
    try {
      const p = await this.#hf.spawn(guest(program), { ...given, signal: abort.signal });
      if (!early) timer = set();
      ended = (await p.exited).reason;
      if (p.stdout) await p.stdout.cancel().catch(() => undefined);
    } catch (error) {
      if (error !== abort.signal.reason) throw error;
      ended = 'not started';
    } finally {
      clearTimeout(timer);
    }
    this.reasons[ended] = (this.reasons[ended] ?? 0) + 1;
  }

  /** Kills `count` programs, `lanes` at a time. */
  async kill(count, lanes) {
    let left = count;
    const lane = async () => {
      while (left-- > 0) await this.once();
    };
    await Promise.all(Array.from({ length: lanes }, lane));
  }
}

/** Waits until nothing runs. Returns the kernel resources in use, apart from workers, which must be the same each time. */
export async function quiet(hf, { graveyard = false } = {}) {
  for (;;) {
    const { processes, workers, kernel, files, sockets } = await hf.stats();
    const still = processes.length === 0 && workers.idle === workers.total && (!graveyard || workers.zombies === 0);
    // A worker, its stack and its thread-local storage.
    if (still)
      return {
        blocks: kernel.blocks - 3 * (workers.total + workers.zombies),
        files: files.nodes,
        sockets,
        workers,
        kernel,
      };
    await pause(5);
  }
}
