// In a page: uses the public API, and posts the results to the test (page-api.test.mjs).
import { hostFunction, start } from './dist/index.js';
import { createMemory } from './dist/threads.js';

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

/** A loop without calls ends when it is killed, even in WebKit. */
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

/** Calls a guest's exports, 200 times in one turn; a trap ends the guest. */
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

/** A command calls functions of the page. */
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

/** Messages from one program to another arrive separately. */
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

/** A guest calls another; if a call can no longer be answered, it fails. */
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

/** A loop in C that sleeps until its timer, and ends; and one in Go, whose main sleeps. */
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

/** JavaScript beside a guest, in its worker; a loop in it ends when the guest is killed. */
async function companion(hf) {
  const module = new URL('companions/by-hand.mjs', import.meta.url);
  const q = await hf.instantiate('guests/with-a-companion.wasm', { companion: module, stdout: 'null' });
  const answers = [await q.exports.call_hook(4), await q.call('twice', 'ab'), await q.call('later', 5, 10)];
  const spins = q.call('spinInJavaScript').catch(({ name }) => name);
  q.kill();
  return [...answers, await spins];
}

/** Threads wait for each other on a memory that the page reads and writes. */
async function threads(hf) {
  const memory = await createMemory(hf, { pages: 1, maximum: 16 });
  await memory.write(8, new Uint8Array([5]));
  const waits = await memory.spawn('guests/shares-a-memory.wasm', 'wait', [8, 5]);
  const counts = await memory.spawn('guests/shares-a-memory.wasm', 'count', [12], { repeat: 100 });
  const count = await counts.join();
  const traps = await memory.spawn('guests/shares-a-memory.wasm', 'trap');
  const trap = await traps.join().catch(({ name, exit }) => `${name} ${exit.reason}`);
  while ((await memory.read(60, 1))[0] === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  await (await memory.spawn('guests/shares-a-memory.wasm', 'wake', [8, 7])).join();
  const ended = await waits.join();
  // 1: the word had changed before it began to wait
  return { count, trap, woken: ended === 0 || ended === 1, word: (await memory.read(8, 4))[0] };
}

/** Components: exports with typed values, an error and a resource of theirs, and a function of the page. */
async function components(hf) {
  const host = { 'test:page/host': { shoutOut: async (words) => `${words}!`, check: (n) => n + 1 } };
  const asks = await hf.instantiate('guests/component-asks.wasm', { host });
  const exporting = await hf.instantiate('guests/component-exports.wasm');
  const counter = await exporting.exports.counters.Counter.create(1);
  await counter.addMore(41);
  return {
    count: await counter.get(),
    quoted: await exporting.call('quote-text', 'wörld'),
    error: await exporting.call('divide', 1, 0).catch(({ name, payload }) => `${name} ${payload}`),
    asked: [await asks.call('ask', 'hé'), await asks.call('check', 41)],
    hello: (await hf.run('guests/component-hello.wasm')).stdout,
  };
}

async function http(hf) {
  const server = await hf.serve('guests/http-server.wasm');
  const ask = async (path, init) => (await server.fetch(`http://component.test${path}`, init)).text();
  const request = async (http, ...args) => (await hf.run('guests/http-client.wasm', { http, args })).stdout.split('\n');
  const page = new URL('page-api.html', location).href;
  const own = { fetch: async (asked) => new Response(`${asked.method} ${await asked.text()}`, { status: 202 }) };
  const got = {
    answer: await ask('/hello?a=b', { headers: { 'X-Own': 'mine' } }),
    echoed: (await ask('/echo', { method: 'POST', body: 'x'.repeat(300_000) })).length,
    fetched: (await request(true, 'GET', page))[0],
    posted: (await request(own, 'POST', page, 'body', 'wörld')).filter((line) => /^\d|^POST/.test(line)),
    denied: await request(false, 'GET', page),
  };
  await server.close();
  return got;
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
  threads,
  components,
  http,
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

/** Names a step that hangs. */
async function limited() {
  let step = 'start';
  const late = new Promise((resolve) => setTimeout(() => resolve({ failed: `${step} takes too long` }), 240_000));
  return Promise.race([scenario((name) => (step = name)), late]);
}

const outcome = await limited().catch((error) => ({ failed: `${error.stack ?? error}` }));
await fetch('outcome', { method: 'POST', body: JSON.stringify(outcome) });
