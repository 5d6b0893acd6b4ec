/**
 * Programs that compute, wait, write, work on files, have threads and sockets, or are just being started are killed at random instants. After
 * each hundred the kernel holds what it held before, and still works. HOLDFAST_KILLS=10000 for the whole of it.
 */
import { expect, test } from './support/test.ts';

const KILLS = Number(process.env.HOLDFAST_KILLS ?? 500);
const SEED = Number(process.env.HF_TEST_SEED ?? Date.now() % 2 ** 31);

test(`${KILLS} kills at random instants leave nothing behind`, async ({ page, start }) => {
  test.setTimeout(60_000 + KILLS * 200);
  await start({ workers: { min: 2, max: 64 } });
  const { before, rounds, after, killed, reasons } = await page.evaluate(
    async ([kills, seed]) => {
      const { Victims, quiet } = (await import('/tests/browser/support/victims.js' as string)) as {
        Victims: new (
          hf: unknown,
          options: { seed: number },
        ) => {
          open(): Promise<void>;
          close(): Promise<void>;
          kill(count: number, lanes: number): Promise<void>;
          killed: Record<string, number>;
          reasons: Record<string, number>;
        };
        quiet(
          hf: unknown,
          options?: { graveyard: boolean },
        ): Promise<{ blocks: number; files: number; sockets: object; workers: { total: number }; kernel: object }>;
      };
      const { hf } = window;
      // What is made once and kept is made before.
      await hf.fs.mkdir('/hammer');
      await hf.fs.rm('/hammer', { recursive: true });
      await hf.fs.writeFile('/file', 'x');
      const victims = new Victims(hf, { seed });
      await victims.open();
      const before = await quiet(hf, { graveyard: true });
      const rounds = [];
      for (let left = kills; left > 0; left -= 100) {
        await victims.kill(Math.min(left, 100), 12);
        await hf.fs.rm('/hammer', { recursive: true, force: true });
        const { blocks, files, sockets } = await quiet(hf);
        const { stdout } = await hf.run(lab.guest('hello'));
        rounds.push({ blocks, files, sockets, stdout });
      }
      const after = await quiet(hf, { graveyard: true });
      await victims.close();
      return { before, rounds, after, killed: victims.killed, reasons: victims.reasons };
    },
    [KILLS, SEED] as const,
  );
  console.log(`seed ${SEED}:`, JSON.stringify({ reasons, killed, before, after }));
  const { blocks, files, sockets } = before;
  for (const round of rounds)
    expect(round, `seed ${SEED}`).toEqual({ blocks, files, sockets, stdout: 'hello, world\n' });
  expect(after.blocks).toBe(blocks);
  expect(after.workers.total).toBeLessThanOrEqual(64);
  for (const reason of Object.keys(reasons)) expect(['killed', 'not started', 'exit']).toContain(reason);
  expect(Object.keys(killed).length).toBeGreaterThan(10);
});
