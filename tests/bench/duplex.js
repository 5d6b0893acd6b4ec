// Runs in the page: programs that a page writes to and reads from while they run, under holdfast and the others, and the floor: a worker that sends back
// what it gets. Each is start(url, lib) → { write(bytes), read() → bytes, close() }.
import { reasonOf, within } from './contestants.js';
import { floorWorker } from './floor-worker.js';

export const ECHO = 'message to a worker and back';

const holdfast = async (url, lib) => {
  const hf = await lib.start();
  const process = await hf.spawn(url, {});
  const [writer, reader] = [process.stdin.getWriter(), process.stdout.getReader()];
  return {
    write: (bytes) => writer.write(bytes),
    read: async () => (await reader.read()).value,
    close: () => hf.close(),
  };
};

/** Hands out chunks in the order in which they arrive. */
function queue() {
  const [chunks, waiting] = [[], []];
  return {
    push(chunk) {
      if (waiting.length > 0) waiting.shift()(chunk);
      else chunks.push(chunk);
    },
    next: () => (chunks.length > 0 ? chunks.shift() : new Promise((resolve) => waiting.push(resolve))),
  };
}

function echo() {
  const worker = floorWorker('echo');
  const { push, next } = queue();
  worker.onmessage = ({ data }) => push(data);
  // A copy there, because the page keeps its bytes; the worker hands its copy back.
  return { write: (bytes) => worker.postMessage(bytes), read: next, close: () => worker.terminate() };
}

async function wasmer(url) {
  const { Wasmer } = await import('/node_modules/@wasmer/sdk/dist/index.js');
  const runtime = new Wasmer({ cache: false });
  const program = await runtime.packages.load(new Uint8Array(await (await fetch(url)).arrayBuffer()));
  const sandbox = await runtime.sandboxes.create({ packages: [program] });
  const process = await sandbox.command(program, []).spawn({ stdin: 'pipe', stdout: 'pipe' });
  const chunks = process.stdout[Symbol.asyncIterator]();
  return {
    write: (bytes) => process.stdin.write(bytes),
    read: async () => (await chunks.next()).value,
    async close() {
      await process.stdin.close();
      await process.wait({ check: false });
      await runtime.close();
    },
  };
}

async function runno(url) {
  const { WASIWorkerHost } = await import('/node_modules/@runno/wasi/dist/main.js');
  const { push, next } = queue();
  const host = new WASIWorkerHost(new URL(url, location.href).href, { stdout: push, stderr: push, fs: {} });
  host.start().catch(() => {});
  const decoder = new TextDecoder();
  return {
    write: (bytes) => host.pushStdin(decoder.decode(bytes)),
    read: async () => ({ length: (await next()).length }), // all bytes are ASCII
    close: () => host.kill(),
  };
}

const all = { holdfast, [ECHO]: echo, '@wasmer/sdk': wasmer, '@runno/wasi': runno };

/** The first byte shows that it works. */
async function started(start, url, lib) {
  const duplex = await start(url, lib);
  void duplex.write(new Uint8Array([42]));
  await duplex.read();
  return duplex;
}

/** [name, duplex] of those that start; the others are in `failures`. */
export async function startDuplexes(url, lib, peers) {
  const [duplexes, failures] = [[], []];
  for (const [name, start] of Object.entries(all)) {
    if (!peers && name.startsWith('@')) continue;
    await within(started(start, url, lib), 20_000).then(
      (duplex) => duplexes.push([name, duplex]),
      (error) => failures.push([name, reasonOf(error)]),
    );
  }
  return { duplexes, failures };
}
