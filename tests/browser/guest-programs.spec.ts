// Every case of every guest program in tests/guests, in one page and one runtime, through both bridges and both doorbells.
import { expect, isolated, test } from './support/test.ts';

interface Case {
  id: string;
  program: string;
  file: string;
}

/** The modules of tests/guests that run both in Node and in a page. They are plain JavaScript, so their types are declared here. */
interface Tools {
  apiHost(
    hf: unknown,
    sourceOf: (guest: Case) => unknown,
    refused: unknown,
  ): { cannot(guest: Case): string | undefined };
  judge: unknown;
  complaintsOf(host: unknown, guest: Case, judge: unknown): Promise<string[]>;
}

const lists = (await import(new URL('../guests/cases.mjs', import.meta.url).href)) as Record<
  'cases' | 'componentCases',
  Case[]
>;
const cases = [...lists.cases, ...lists.componentCases];

for (const force of [
  { jsBridge: false, messageDoorbell: false },
  { jsBridge: true, messageDoorbell: true },
]) {
  const bridge = force.jsBridge ? 'js' : 'multi-memory';
  const doorbell = force.messageDoorbell ? 'message' : 'wait-async';

  test(`all guest programs behave as expected (${bridge} bridge, ${doorbell} doorbell)`, async ({ page, start }) => {
    await start({ force });
    const { failures, stats } = await page.evaluate(async (guests) => {
      const load = (url: string) => import(url) as Promise<Tools>;
      const { apiHost } = await load('/tests/guests/hosts/api.mjs');
      const { judge } = await load('/tests/guests/judge.mjs');
      const { complaintsOf } = await load('/tests/guests/runner.mjs');
      // A .txt file is passed to the runtime unchanged, to test what it does with a file that is not a module.
      const source = ({ file, program }: Case) =>
        file.endsWith('.txt') ? `/tests/guests/${file}` : lab.guest(program);
      const host = apiHost(window.hf, source, window.lib.SpawnRefused);
      const failures: Record<string, string[]> = {};
      const queue = guests.filter((guest) => host.cannot(guest) === undefined);
      const worker = async () => {
        for (let guest = queue.shift(); guest; guest = queue.shift()) {
          const complaints = await complaintsOf(host, guest, judge);
          if (complaints.length > 0) failures[guest.id] = complaints;
        }
      };
      await Promise.all([worker(), worker(), worker(), worker()]);
      const stats = await lab.until(
        () => window.hf.stats(),
        ({ workers, processes }) => workers.zombies === 0 && processes.length === 0,
      );
      return { failures, stats };
    }, cases);
    expect(failures).toEqual({});
    // Where programs share a worker, all rings are messages.
    expect(stats).toMatchObject({ bridge, doorbell: isolated ? doorbell : 'message', files: { bytes: 0 } });
    expect(cases.length).toBeGreaterThan(100);
  });
}
