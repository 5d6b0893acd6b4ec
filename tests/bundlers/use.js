// What each project does with the package: uses every part that is a separate file once. The same code runs in a page and on Node.
import { diagnose, start } from 'holdfast';

/**
 * `guests`: the URL of the folder with the programs; `companion`: the URL of the bundled glue.js. Resolves to the results; run.mjs checks them.
 */
export async function use(guests, options, companion) {
  const program = (name) => `${guests}${name}.wasm`;
  const diagnosis = await diagnose(options);
  const hf = await start({ startTimeout: 60_000, ...options });
  try {
    const { stdout } = await hf.run(program('hello'));
    const { code } = await hf.run(program('args-arrive-as-given'), {
      argv0: 'program',
      args: ['one', 'two words', '', 'say "hi"', 'grüße', '', 'last'],
    });

    const loop = await hf.spawn(program('spins-forever'), { interruptible: true });
    loop.kill();
    const { reason } = await loop.exited;
    await loop.released;

    const supervisor = await hf.supervise({
      children: [{ id: 'one', start: { source: program('hello') }, restart: 'transient' }],
    });
    const supervised = (await supervisor.wait({ timeout: 60_000 })).kind;

    const calls = [];
    await hf.run(program('hello'), { trace: ({ text }) => calls.push(text) });

    await hf.fs.writeFile('/file.txt', 'written');
    const file = await hf.fs.readFile('/file.txt', 'utf8');

    const server = await hf.spawn(program('echo-server-in-libc'), { args: ['1'], sockets: [{ listen: 8080 }] });
    const { readable, writable } = await hf.connect(8080);
    const writer = writable.getWriter();
    await writer.write(new TextEncoder().encode('over a socket'));
    await writer.close();
    const echoed = await new Response(readable).text();
    await server.exited;

    const q = companion && (await hf.instantiate(program('with-a-companion'), { companion, stdout: 'null' }));
    const beside = await q?.call('hook', 21);

    const trap = await (await hf.spawn(program('traps-deep-inside'))).exited;
    const names = [hf, hf.fs, loop, supervisor].map((object) => object.constructor.name);
    return { diagnosis, stdout, code, reason, supervised, calls, file, echoed, beside, stack: trap.stack, names };
  } finally {
    await hf.close();
  }
}

/** In a page: stores the results, or the error, where the test looks for them. */
export function report(guests, options, companion) {
  globalThis.outcome = use(guests, options, companion).then(
    (seen) => ({ seen }),
    (error) => ({ failed: `${error.name}: ${error.message}` }),
  );
}
