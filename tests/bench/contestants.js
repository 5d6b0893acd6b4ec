// Runs in the page: the same guest under holdfast and under other runtimes. Each has the best configuration that it documents: in a worker, with files
// in memory.

/**
 * Name → start(url, lib): resolves to { run(args) → the output of the guest, close(), place? }. `place`: the arguments that tell bench-peers where it
 * can create files, if that is not descriptor 3. `lib` is holdfast's module.
 */
export const contestants = {
  holdfast: async (url, lib) => {
    const hf = await lib.start();
    await hf.fs.mkdir('/contest');
    return {
      async run(args) {
        const { code, stdout, stderr } = await hf.run(url, { args, preopens: { '/': '/contest' } });
        if (code !== 0) throw new Error(`it ended with ${code}: ${stdout}${stderr}`);
        return stdout;
      },
      close: () => hf.close(),
    };
  },
  '@bjorn3/browser_wasi_shim': (url) => inWorker('bjorn3', url),
  '@runno/wasi': (url) => inWorker('runno', url),
  '@wasmer/sdk': async (url) => {
    const { Wasmer } = await import('/node_modules/@wasmer/sdk/dist/index.js');
    const wasmer = new Wasmer({ cache: false });
    const program = await wasmer.packages.load(new Uint8Array(await (await fetch(url)).arrayBuffer()));
    const sandbox = await wasmer.sandboxes.create({ packages: [program] });
    return {
      place: ['3', 'tmp/'], // its descriptor 3 is "/", in which nothing can be created directly; /tmp is as fast as /workspace
      async run(args) {
        const output = await sandbox.command(program, args).run({ check: false });
        if (output.exitCode !== 0) throw new Error(`it ended with ${output.exitCode}: ${output.text()}`);
        return output.text();
      },
      close: () => wasmer.close(),
    };
  },
};

/** A floor: the module in a plain worker, with imports that do nothing. For programs that only print. */
export const PLAIN = 'plain worker, no WASI';
export const plainWorker = (url) => inWorker('plain', url);

function inWorker(peer, url) {
  const worker = new Worker(new URL('./peer-worker.js', import.meta.url), { type: 'module' });
  return {
    run: (args) =>
      new Promise((resolve, reject) => {
        worker.onmessage = ({ data: { stdout, error } }) => (error ? reject(new Error(error)) : resolve(stdout));
        worker.onerror = (event) => reject(new Error(event.message ?? 'the worker failed'));
        worker.postMessage({ peer, url: new URL(url, location.href).href, args });
      }),
    close: () => worker.terminate(),
  };
}

/** How long a peer may take for one run; one that hangs is left out. */
const PATIENCE = 60_000;

export function within(promise, limit = PATIENCE) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`it did not end within ${limit / 1000} s`)), limit);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** The first line of an error. */
export const reasonOf = (error) =>
  String(error?.message ?? error)
    .split('\n')[0]
    .slice(0, 200);

/**
 * Starts them all with the same guest. `each(body)` calls body(name, contestant) for each in turn; one that fails is left out of later rounds.
 * `onFailure(name, reason)` is called for each that fails. `more`: other contestants. Without `peers`, only holdfast and those.
 */
export async function startAll(url, lib, { onFailure, more = {}, peers = true }) {
  const started = new Map();
  for (const [name, start] of Object.entries({
    ...(peers ? contestants : { holdfast: contestants.holdfast }),
    ...more,
  }))
    try {
      started.set(name, await within(start(url, lib)));
    } catch (error) {
      onFailure(name, reasonOf(error));
    }
  return {
    async each(body) {
      for (const [name, contestant] of started)
        try {
          await within(body(name, contestant));
        } catch (error) {
          onFailure(name, reasonOf(error));
          started.delete(name);
        }
    },
    async close() {
      for (const contestant of started.values()) await contestant.close();
    },
  };
}
