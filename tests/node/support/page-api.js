// In a page: uses the public API, and posts what it got to the test (page-api.test.mjs).
import { hostFunction, start } from './dist/index.js';

async function textOf(stream) {
  return new Response(stream).text();
}

/** One line each way, while the program runs. */
async function talk(hf) {
  const program = await hf.spawn('guests/echo-lines.wasm');
  const output = program.stdout.getReader();
  const input = program.stdin.getWriter();
  await input.write(new TextEncoder().encode('one\n'));
  const { value } = await output.read();
  await input.close();
  return { answer: new TextDecoder().decode(value), exit: await program.exited };
}

/** A loop that calls nothing is gone when it is killed, in WebKit too. */
async function kill(hf) {
  const program = await hf.spawn('guests/spins-forever.wasm', { stdin: 'null' });
  const { value } = await program.stdout.getReader().read();
  program.kill();
  const { reason, code } = await program.exited;
  await program.released;
  const { workers } = await hf.stats();
  return { said: new TextDecoder().decode(value), reason, code, zombies: workers.zombies };
}

/** More than one message carries. */
async function keepFiles(hf) {
  const size = 9 * 1024 * 1024;
  const bytes = new Uint8Array(size).map((_, at) => at % 251);
  await hf.fs.mkdir('/a/b', { recursive: true });
  await new Blob([bytes]).stream().pipeTo(hf.fs.writable('/a/b/big'));
  const back = await hf.fs.readFile('/a/b/big');
  const missing = await hf.fs.readFile('/a/c').catch(({ name, code }) => `${name} ${code}`);
  return { same: back.every((byte, at) => byte === at % 251), size: back.length, missing };
}

async function connect(hf) {
  const listener = await hf.listen();
  const [ours, theirs] = await Promise.all([hf.connect(listener.port), listener.accept()]);
  const writer = ours.writable.getWriter();
  await writer.write(new TextEncoder().encode('over a socket'));
  await writer.close();
  const heard = await textOf(theirs.readable);
  await theirs.writable.close();
  await listener.close();
  return heard;
}

/** Calls of a guest's exports, 200 of them in one turn; a trap ends it. */
async function callExports(hf) {
  const signatures = { greet: { params: ['string'], result: 'string' } };
  const q = await hf.instantiate('guests/called.wasm', { signatures });
  const sums = await Promise.all(Array.from({ length: 200 }, (_, i) => q.exports.add(i, 1)));
  const negated = await q.call('negate', 5n);
  return {
    sum: sums.reduce((total, sum) => total + sum),
    negated: String(negated),
    text: await q.call('greet', 'wörld'),
    trap: await q.call('trap').catch(({ name, exit }) => `${name} ${exit.reason}`),
  };
}

/** A command calls functions of the page's. */
async function callPage(hf) {
  const env = {
    add: async (a, b) => a + b,
    next64: (value) => value + 1n,
    half: (value) => value / 2,
    upper: hostFunction({ params: ['string'], result: 'string' }, (text) => text.toUpperCase()),
    echo_json: () => 0,
    reverse: () => 0,
    fails: () => Promise.reject(new Error('not today')),
  };
  const run = (...args) => hf.run('guests/calls-its-host.wasm', { args, host: { env } });
  const [numbers, text, fails] = [await run('numbers'), await run('text', 'höhe'), await run('fails')];
  return { numbers: numbers.stdout, text: text.stdout, fails: fails.message };
}

async function plug(hf) {
  const handlers = { twice: ([value]) => 2 * value };
  const plugin = await hf.plugin('guests/plugin-methods.wasm', { handlers });
  const many = await plugin.call('many', ['twice', 200]);
  const answers = [await plugin.call('ping'), many.length, many.at(-1)];
  await plugin.close();
  return answers;
}

async function pipeline(hf) {
  const { stdout, programs } = await hf.pipeline(['guests/hello.wasm', 'guests/echo-lines.wasm']);
  return [stdout, ...programs.map(({ code }) => code)];
}

async function scenario() {
  const hf = await start();
  const got = {
    run: await hf.run('guests/toolbox.wasm', { args: ['args', 'ü'], env: { A: '1' } }),
    talk: await talk(hf),
    kill: await kill(hf),
    refused: await hf.spawn('page-api.html').catch(({ name, kind }) => `${name} ${kind}`),
    response: (await hf.run(fetch('guests/hello.wasm'))).stdout,
    files: await keepFiles(hf),
    socket: await connect(hf),
    exports: await callExports(hf),
    host: await callPage(hf),
    plugin: await plug(hf),
    pipeline: await pipeline(hf),
  };
  await hf.close();
  return { ...got, closed: await hf.stats().catch(({ name }) => name) };
}

const outcome = await scenario().catch((error) => ({ failed: `${error.stack ?? error}` }));
await fetch('outcome', { method: 'POST', body: JSON.stringify(outcome) });
