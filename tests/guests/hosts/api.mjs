// Runs guests through the public API, in one runtime. Node and pages use the same code.
import { bytesOf } from '../header.mjs';
import { Collector, feed } from '../feed.mjs';

async function collect(stream, collector) {
  const reader = stream.getReader();
  for (let next = await reader.read(); !next.done; next = await reader.read()) collector.add(next.value);
  collector.end();
}

/** Runs the case's clients, one after the other, and returns what each received, which also shows any failure. */
async function runClients(hf, guest, port) {
  const replies = [];
  for (const text of guest.clients) {
    const reply = new Collector();
    try {
      const { readable, writable } = await hf.connect(port);
      const writer = writable.getWriter();
      const sent = writer.write(bytesOf(text)).then(() => writer.close());
      // A server may close the connection after its answer, before it has read our end of file: only the reply matters.
      const ignore = () => undefined;
      await Promise.all([sent.catch(ignore), writer.closed.catch(ignore), collect(readable, reply)]);
    } catch (error) {
      reply.add(new TextEncoder().encode(`[${error.message}]`));
    }
    replies.push(reply.bytes());
  }
  return replies;
}

let scratchFolders = 0;

/** Makes the case's directories. */
async function prepare(hf, guest, copyIn) {
  const top = `/guest-tests/${++scratchFolders}`;
  const preopens = {};
  for (const [i, { guest: name, readOnly, copyOf, devices }] of guest.dirs.entries()) {
    if (devices) {
      preopens[name] = '/dev';
      continue;
    }
    await hf.fs.mkdir(`${top}/${i}`, { recursive: true });
    if (copyOf !== undefined) await copyIn(hf.fs, copyOf, `${top}/${i}`);
    preopens[name] = { path: `${top}/${i}`, readOnly };
  }
  for (const { path, text } of guest.files) {
    const { i, rest } = placeOf(guest, path);
    const parent = rest.slice(0, rest.lastIndexOf('/'));
    if (parent) await hf.fs.mkdir(`${top}/${i}${parent}`, { recursive: true });
    await hf.fs.writeFile(`${top}/${i}${rest}`, bytesOf(text));
  }
  return { preopens, clean: () => hf.fs.rm(top, { recursive: true, force: true }) };
}

/** Which of the case's directories contains the path (the one with the longest matching name), and the rest of the path. */
export function placeOf(guest, path) {
  const fits = guest.dirs
    .map(({ guest: name }, i) => ({ i, name: name === '/' ? '' : name }))
    .filter(({ name }) => path.startsWith(`${name}/`))
    .sort((a, b) => b.name.length - a.name.length)[0];
  if (!fits) throw new Error(`no directory of the case holds ${path}`);
  return { i: fits.i, rest: path.slice(fits.name.length) };
}

/** A line about the engine: which of the runtime's mechanisms it uses. */
export async function about(hf, engine) {
  const { bridge, doorbell } = await hf.stats();
  return `${engine}: ${bridge} bridge, ${doorbell} doorbell`;
}

/**
 * @param {object} hf                      a started runtime
 * @param {(guest: object) => Promise<unknown>} sourceOf   what hf.spawn() takes for a case's program
 * @param {new (...args: never[]) => Error} SpawnRefused   the API's error of that name
 * @param {(fs: object, from: string, to: string) => Promise<void>} [copyIn]   for cases with a folder of this machine (copy.mjs)
 * @param {object} [spawnOptions]         for all programs
 */
export function apiHost(hf, sourceOf, SpawnRefused, copyIn, spawnOptions = {}) {
  return {
    /** Why this host cannot run the case, or undefined. */
    cannot: (guest) => (guest.memory === undefined ? undefined : 'it runs all cases in one runtime'),

    /** @returns {Promise<import('../judge.mjs').Result>} */
    async run(guest, limit) {
      const { preopens, clean } = await prepare(hf, guest, copyIn);
      const [stdout, stderr] = [new Collector(), new Collector()];
      let timer;
      try {
        const p = await hf.spawn(await sourceOf(guest), {
          name: guest.id,
          argv0: guest.argv0,
          args: guest.args,
          env: guest.env,
          preopens,
          sockets: guest.sockets,
          timeout: guest.expect.timeout ?? 0,
          ...spawnOptions,
        });
        const hung = new Promise((resolve) => {
          timer = setTimeout(() => {
            p.kill();
            resolve(true);
          }, limit);
        });
        const output = guest.stdoutClosed ? p.stdout.cancel() : collect(p.stdout, stdout);
        const outputs = Promise.all([output, collect(p.stderr, stderr)]);
        const writer = p.stdin.getWriter();
        feed(guest.stdin, { write: (bytes) => writer.write(bytes), end: () => writer.close() }, stdout);
        const clients = runClients(hf, guest, p.ports[0]);
        const exit = await p.exited;
        await outputs;
        const replies = await clients;
        if ((await Promise.race([hung, undefined])) === true)
          return {
            ...exit,
            reason: 'killed',
            message: `it did not end within ${limit} ms`,
            stdout: stdout.bytes(),
            stderr: stderr.bytes(),
          };
        return { ...exit, stdout: stdout.bytes(), stderr: stderr.bytes(), replies };
      } catch (error) {
        if (!(error instanceof SpawnRefused)) throw error;
        return { reason: 'refused', code: 1, message: error.message, stdout: stdout.bytes(), stderr: stderr.bytes() };
      } finally {
        clearTimeout(timer);
        await clean();
      }
    },
  };
}
