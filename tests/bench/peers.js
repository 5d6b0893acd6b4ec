// Runs in the page: the same guest under holdfast and under its peers, by turns, so that a slow moment of the machine falls on all alike. Each peer in the best
// configuration that it documents: in a worker, with its files in memory.

const GUEST = '/build/guests/bench-peers.wasm';

/** Each: start() → { run(microseconds) → what the guest wrote, close() }. */
const contestants = {
  holdfast: async () => {
    const { start } = await import('/dist/index.js');
    const hf = await start();
    await hf.fs.mkdir('/bench-peers');
    return {
      async run(microseconds) {
        const options = { args: [String(microseconds)], preopens: { '/': '/bench-peers' } };
        const { code, stdout, stderr } = await hf.run(GUEST, options);
        if (code !== 0) throw new Error(`it ended with ${code}: ${stderr}`);
        return stdout;
      },
      close: () => hf.close(),
    };
  },
  '@bjorn3/browser_wasi_shim': () => inWorker('bjorn3'),
  '@runno/wasi': () => inWorker('runno'),
  '@wasmer/sdk': async () => {
    const { Wasmer } = await import('/node_modules/@wasmer/sdk/dist/index.js');
    const wasmer = new Wasmer({ cache: false });
    const program = await wasmer.packages.load(new Uint8Array(await (await fetch(GUEST)).arrayBuffer()));
    const sandbox = await wasmer.sandboxes.create({ packages: [program] });
    return {
      async run(microseconds) {
        const { dir, prefix } = WASMER_PLACE;
        const output = await sandbox
          .command(program, [String(microseconds), String(dir), prefix])
          .run({ check: false });
        if (output.exitCode !== 0) throw new Error(`it ended with ${output.exitCode}: ${output.text()}`);
        return output.text();
      },
      close: () => wasmer.close(),
    };
  },
};

/** Wasmer's descriptor 3 is "/", in which itself nothing can be made; /tmp is as quick as /workspace. */
const WASMER_PLACE = { dir: 3, prefix: 'tmp/' };

function inWorker(peer) {
  const worker = new Worker('/tests/bench/peer-worker.js', { type: 'module' });
  return {
    run: (microseconds) =>
      new Promise((resolve, reject) => {
        worker.onmessage = ({ data: { stdout, error } }) => (error ? reject(new Error(error)) : resolve(stdout));
        worker.onerror = (event) => reject(new Error(event.message ?? 'the worker failed'));
        worker.postMessage({ peer, url: new URL(GUEST, location.href).href, microseconds });
      }),
    close: () => worker.terminate(),
  };
}

/** name → ns, or name → the errno as a text. */
const parse = (stdout) =>
  stdout
    .trim()
    .split('\n')
    .map((line) => line.split(' '))
    .map(([row, ...rest]) => [row, rest[0] === 'errno' ? `errno ${rest[1]}` : Number(rest[0])]);

/** { contestant: { row: [ns…] or a reason } }; a contestant that cannot run at all has { error }. */
export async function comparePeers({ rounds, microseconds, only = Object.keys(contestants) }) {
  const started = [];
  const results = {};
  for (const name of only) {
    results[name] = {};
    try {
      const contestant = await contestants[name]();
      await contestant.run(1000); // compiles, and warms up
      started.push([name, contestant]);
    } catch (error) {
      results[name] = { error: String(error?.message ?? error) };
    }
  }
  for (let round = 0; round < rounds; round++) {
    for (const [name, contestant] of started) {
      for (const [row, value] of parse(await contestant.run(microseconds))) {
        if (typeof value === 'string') results[name][row] = value;
        else (results[name][row] ??= []).push(value);
      }
    }
  }
  for (const [, contestant] of started) await contestant.close();
  return results;
}
