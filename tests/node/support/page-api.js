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

/** Messages from one program to another: each arrives by itself. */
async function channel(hf) {
  const jobs = await hf.channel({ messages: 2 });
  const [received] = await Promise.all([
    hf.run('guests/channel.wasm', { args: ['receive', '/dev/jobs'], preopens: { '/dev/jobs': jobs.reader } }),
    hf.run('guests/channel.wasm', { args: ['send', '/dev/jobs', 'job', '3'], preopens: { '/dev/jobs': jobs.writer } }),
  ]);
  return received.stdout;
}

/** A shell in a guest starts programs, and waits for them. */
async function children(hf) {
  await hf.fs.mkdir('/bin');
  for (const name of ['hello', 'echo-lines']) {
    await hf.fs.writeFile(`/bin/${name}.wasm`, await (await fetch(`guests/${name}.wasm`)).arrayBuffer());
  }
  const args = ['-c', 'hello | echo-lines ; status'];
  return (await hf.run('guests/shell.wasm', { args, children: { max: 3 }, preopens: { '/bin': '/bin' } })).stdout;
}

/** A guest calls another; each end of a call that can no longer be answered is told. */
async function linkGuests(hf) {
  const other = await hf.instantiate('guests/called.wasm', { name: 'other' });
  const greet = { params: ['string'], result: 'string' };
  const caller = await hf.instantiate('guests/calls-a-guest.wasm', {
    entry: null,
    link: { other: { instance: other, functions: { greet } } },
    signatures: { greet },
  });
  const answers = [await caller.call('add_many', 1000), await caller.call('greet', 'wörld')];
  const lost = caller.call('nap', 1e6).catch(({ message }) => message);
  other.kill();
  return [...answers, await lost];
}

/** A loop in C that sleeps until its timer, and ends; one in Go, whose main sleeps. */
async function loops(hf) {
  const ticking = await hf.instantiate('guests/ticks.wasm');
  const end = ticking.loop.run({ recheck: 0 });
  await ticking.call('set_timer', 50, 0);
  await ticking.loop.whenIdle();
  const fired = await ticking.call('fired');
  await ticking.call('exit_in', 1, 7);
  const { state, exit } = await end;
  const go = await hf.instantiate('guests/go-reactor.wasm', { stdout: 'null' });
  return {
    fired,
    state,
    code: exit.code,
    sum: String(await go.call('sum', 1000)),
    naps: (await go.call('nap', 20)) > 0,
  };
}

/** JavaScript beside a guest, in its worker; a loop in it ends when it is killed. */
async function companion(hf) {
  const module = new URL('companions/by-hand.mjs', import.meta.url);
  const q = await hf.instantiate('guests/with-a-companion.wasm', { companion: module, stdout: 'null' });
  const answers = [await q.exports.call_hook(4), await q.call('twice', 'ab'), await q.call('later', 5, 10)];
  const spins = q.call('spinInJavaScript').catch(({ name }) => name);
  q.kill();
  return [...answers, await spins];
}

const STEPS = {
  talk,
  kill,
  files: keepFiles,
  socket: connect,
  exports: callExports,
  host: callPage,
  plugin: plug,
  pipeline,
  channel,
  children,
  link: linkGuests,
  loops,
  companion,
};

async function scenario(report) {
  const hf = await start();
  const got = {
    run: await hf.run('guests/toolbox.wasm', { args: ['args', 'ü'], env: { A: '1' } }),
    refused: await hf.spawn('page-api.html').catch(({ name, kind }) => `${name} ${kind}`),
    response: (await hf.run(fetch('guests/hello.wasm'))).stdout,
  };
  for (const [name, step] of Object.entries(STEPS)) {
    report(name);
    got[name] = await step(hf);
  }
  await hf.close();
  return { ...got, closed: await hf.stats().catch(({ name }) => name) };
}

/** A step that hangs is named. */
async function limited() {
  let step = 'start';
  const late = new Promise((resolve) => setTimeout(() => resolve({ failed: `${step} takes too long` }), 240_000));
  return Promise.race([scenario((name) => (step = name)), late]);
}

const outcome = await limited().catch((error) => ({ failed: `${error.stack ?? error}` }));
await fetch('outcome', { method: 'POST', body: JSON.stringify(outcome) });
