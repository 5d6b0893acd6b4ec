// A broken runtime rejects all pending promises. The tests cause failures by changing its scripts in transit.
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { test as plain } from '@playwright/test';
import { isolation, root, serveSite, type Site } from './support/site.ts';
import { equip, expect, watch, type Page } from './support/test.ts';

let site: Site;
plain.afterEach(() => site.close());

/** A page whose coordinator or compute worker also runs this code. */
async function openWith(page: Page, script: 'coordinator' | 'compute', code: string): Promise<void> {
  const body = `${await readFile(path.join(root, `dist/${script}.js`), 'utf8')}\n;${code}`;
  const answer = { headers: { 'Content-Type': 'text/javascript', ...isolation }, body };
  site = await serveSite((asked) => (asked === `/dist/${script}.js` ? answer : undefined));
  await page.goto(`${site.url}tests/browser/support/blank.html`);
  await equip(page);
}

const onStats = (act: string) => `{
  const original = self.onmessage;
  self.onmessage = (event) => { if (event.data.t === 'stats') { ${act} } original(event); };
}`;

const deaths = [
  ['an uncaught error', onStats("throw new Error('made to fail');"), /made to fail/],
  ['an unhandled rejection', onStats("Promise.reject(new Error('made to fail'));"), /made to fail/],
  ['a message that it does not understand', onStats("postMessage({ t: 'closed' });"), /closed unexpectedly/],
  ['its unreported end', onStats('self.close();'), /the browser ended the coordinator/],
  ['a fatal error that it reports', onStats("postMessage({ t: 'fatal', message: 'made to fail' });"), /made to fail/],
] as const;

for (const [how, code, says] of deaths) {
  plain(
    `the coordinator dies of ${how}: everything that is open fails with Fatal, and a new start() works`,
    async ({ page }) => {
      const complaints = watch(page);
      await openWith(page, 'coordinator', code);
      const { failures, again } = await page.evaluate(async () => {
        const hf = await window.lib.start();
        window.hf = hf;
        const p = await lab.spawnUntil('sleeps-forever', 'sleeping\n');
        const writer = p.stdin.getWriter();
        const spinner = await lab.spawnUntil('spins-forever', 'spinning\n');
        const listener = await hf.listen();
        const supervisor = await hf.supervise({
          children: [{ id: 'sleeps', start: { source: lab.guest('sleeps-forever') } }],
        });
        const open: Promise<unknown>[] = [
          p.exited,
          p.reader.read(),
          lab.bytesOf(p.stderr),
          writer.write(new Uint8Array(1_000_000)),
          hf.run(lab.guest('sleeps-forever')),
          p.released,
          spinner.pause(), // it would wait until the spinner enters the kernel
          hf.connect(listener.port).then((connection) => connection.closed),
          listener.accept().then((connection) => connection.closed),
          listener.accept(),
          supervisor.wait(),
          hf.spawn(lab.guest('hello'), { sockets: [{ connect: 1 }] }).catch(() => hf.ps().then(() => p.exited)),
        ];
        for (const promise of open) promise.catch(() => undefined);
        hf.stats().catch(() => undefined); // this kills it
        const failures = await Promise.all(open.map(lab.failure));
        failures.push(await lab.failure(hf.spawn(lab.guest('hello'))), await lab.failure(hf.fs.readdir('/')));
        for (const late of [hf.ps(), hf.stats(), hf.connect(1), hf.listen(), hf.supervise({ children: [] }), p.pause()])
          failures.push(await lab.failure(late));
        await hf.close(); // never rejects
        const next = await window.lib.start();
        const { stdout } = await next.run(lab.guest('hello'));
        await next.close();
        return { failures, again: stdout };
      });
      for (const failure of failures) {
        expect(failure).toMatchObject({ name: 'Fatal', message: expect.stringMatching(/the runtime died/) });
        expect(failure.message).toMatch(says);
      }
      expect(again).toBe('hello, world\n');
      expect(complaints.filter((text) => !text.includes('made to fail'))).toEqual([]);
      await expect.poll(() => page.workers().length).toBe(0);
    },
  );
}

plain('the coordinator throws while it is loaded: start() fails with its message', async ({ page }) => {
  await openWith(page, 'coordinator', "throw new Error('made to fail');");
  const failure = await page.evaluate(() => lab.failure(window.lib.start({ startTimeout: 20_000 })));
  expect(failure).toMatchObject({ name: 'StartFailed', message: expect.stringContaining('made to fail') });
});

plain('a compute worker that throws while it is loaded fails start() with its message', async ({ page }) => {
  await openWith(page, 'compute', "throw new Error('made to fail');");
  const failure = await page.evaluate(() => lab.failure(window.lib.start({ startTimeout: 20_000 })));
  expect(failure).toMatchObject({ name: 'StartFailed', message: expect.stringContaining('made to fail') });
});

for (const [what, ending] of [
  ['breaks', "throw new Error('made to fail')"],
  // As when the browser ends it: no message, no error.
  ['vanishes', 'return self.close()'],
] as const) {
  plain(
    `a worker that ${what} ends its guest with "crash"; the others continue, and a new worker takes its place`,
    async ({ page }) => {
      // The second program that a worker runs kills it.
      const code = `{
    const original = self.onmessage;
    let runs = 0;
    self.onmessage = (event) => {
      if (event.data.t === 'run' && ++runs === 2) ${ending};
      original(event);
    };
  }`;
      await openWith(page, 'compute', code);
      const { results, other, stats } = await page.evaluate(async () => {
        window.hf = await window.lib.start();
        const bystander = await window.hf.spawn(lab.guest('echo-lines'));
        const results = [];
        for (let i = 0; i < 12; i++) results.push(await window.hf.run(lab.guest('hello')));
        const writer = bystander.stdin.getWriter();
        await writer.write(lab.encode('still here\n'));
        await writer.close();
        const other = await lab.textOf(bystander.stdout);
        const stats = await lab.until(
          () => window.hf.stats(),
          ({ workers, processes }) => workers.zombies === 0 && processes.length === 0,
        );
        await window.hf.close();
        return { results, other, stats };
      });
      const crashes = results.filter(({ reason }) => reason === 'crash');
      expect(crashes.length).toBeGreaterThan(0);
      for (const crash of crashes) expect(crash).toMatchObject({ code: 134, message: expect.stringMatching(/worker/) });
      for (const { reason } of results) expect(['crash', 'exit']).toContain(reason);
      expect(other).toBe('1: still here\n');
      expect(stats.workers.total).toBeGreaterThan(0);
    },
  );
}
