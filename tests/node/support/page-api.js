// In a page: uses the public API, and posts what it got to the test (page-api.test.mjs).
import { start } from './dist/index.js';

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
  };
  await hf.close();
  return { ...got, closed: await hf.stats().catch(({ name }) => name) };
}

const outcome = await scenario().catch((error) => ({ failed: `${error.stack ?? error}` }));
await fetch('outcome', { method: 'POST', body: JSON.stringify(outcome) });
