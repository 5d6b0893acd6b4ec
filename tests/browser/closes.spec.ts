import { expect, test } from './support/test.ts';

test('close() ends everything: open calls are rejected with Closed, and no worker is left', async ({ page, start }) => {
  await start({ workers: { min: 2, max: 8 } });
  const { failures, twice } = await page.evaluate(async () => {
    const { hf } = window;
    const blocked = await lab.spawnUntil('reads-stdin-forever', 'reading\n');
    const asleep = await lab.spawnUntil('sleeps-forever', 'sleeping\n');
    const spinning = await lab.spawnUntil('spins-forever', 'spinning\n');
    const held = await hf.spawn(lab.guest('toolbox'), { args: ['print', '100000000', '65536'] });
    const writer = asleep.stdin.getWriter();
    const write = writer.write(new Uint8Array(1_000_000)); // more than fits
    const open: [string, Promise<unknown>][] = [
      ['exited, blocked', blocked.exited],
      ['exited, asleep', asleep.exited],
      ['exited, spinning', spinning.exited],
      ['exited, held by its output', held.exited],
      ['a read', spinning.reader.read()],
      ['stderr', lab.bytesOf(blocked.stderr)],
      ['a write', write],
      ['run', hf.run(lab.guest('sleeps-forever'))],
      [
        'a spawn under way',
        hf.spawn(new Response(new ReadableStream(), { headers: { 'content-type': 'application/wasm' } })),
      ],
      ['a spawn whose response never comes', hf.spawn(new Promise<Response>(() => undefined))],
    ];
    for (const [, promise] of open) promise.catch(() => undefined);
    await lab.frames(5);
    const closing = hf.close();
    open.push(['spawn after close', hf.spawn(lab.guest('hello'))]);
    open.push(['run after close', hf.run(lab.guest('hello'))]);
    open.push(['fs after close', hf.fs.readFile('/x')]);
    open.push(['stats after close', hf.stats()]);
    const failing = Promise.all(open.map(async ([what, promise]) => ({ what, ...(await lab.failure(promise)) })));
    const twice = closing === hf.close();
    await closing;
    blocked.kill(); // harmless
    await hf[Symbol.asyncDispose]?.();
    return { failures: await failing, twice };
  });
  for (const { what, name } of failures) expect([what, name]).toEqual([what, 'Closed']);
  expect(failures).toHaveLength(14);
  expect(twice).toBe(true);
  await expect.poll(() => page.workers().length).toBe(0);
});

test('after close() another runtime starts, with its own file system', async ({ page, start }) => {
  await start();
  const seen = await page.evaluate(async () => {
    await window.hf.fs.writeFile('/file', 'x');
    const old = window.hf;
    await old.close();
    window.hf = await window.lib.start();
    const { stdout } = await window.hf.run(lab.guest('hello'));
    return [stdout, await window.hf.fs.exists('/file'), (await lab.failure(old.stats())).name];
  });
  expect(seen).toEqual(['hello, world\n', false, 'Closed']);
});

test('start() and close(), eighty times, leave no worker and no lock behind', async ({ page }) => {
  const held = await page.evaluate(async () => {
    for (let i = 0; i < 80; i++) {
      const hf = await window.lib.start();
      if (i % 4 > 0) {
        const interruptible = i % 4 === 3; // which needs another worker for a while
        const p = await hf.spawn(lab.guest(i % 2 ? 'sleeps-forever' : 'hello'), { interruptible });
        p.exited.catch(() => undefined);
      }
      await hf.close();
    }
    const { held } = await lab.until(
      () => navigator.locks.query(),
      (locks) => !locks.held?.some(({ name }) => name?.startsWith('holdfast')),
    );
    return held?.length;
  });
  // Every compute worker holds a lock as long as it lives.
  expect(held).toBe(0);
  await expect.poll(() => page.workers().length).toBe(0);
});

test('close() while a module is being rewritten leaves no worker behind', async ({ page }) => {
  const names = await page.evaluate(async () => {
    const names = [];
    for (let i = 0; i < 20; i++) {
      const hf = await window.lib.start();
      const spawning = hf.spawn(lab.guest('sleeps-forever'), { interruptible: true });
      const failure = lab.failure(spawning.then((p) => p.exited));
      await lab.frames(i % 5);
      await hf.close();
      names.push((await failure).name);
    }
    return names;
  });
  expect(names).toEqual(names.map(() => 'Closed'));
  await expect.poll(() => page.workers().length).toBe(0);
});

test('`released` resolves for a process that was killed before close()', async ({ page, start }) => {
  await start();
  await page.evaluate(async () => {
    const p = await lab.spawnUntil('spins-forever', 'spinning\n');
    p.kill();
    await p.exited;
    await window.hf.close();
    await p.released; // two seconds later, when Chromium has ended the loop
  });
});

test('two runtimes in one page do not see each other', async ({ page }) => {
  const seen = await page.evaluate(async () => {
    const [one, two] = await Promise.all([
      window.lib.start(),
      window.lib.start({ force: { jsBridge: true, messageDoorbell: true } }),
    ]);
    await one.fs.writeFile('/file', 'of one');
    const runs = await Promise.all(
      Array.from({ length: 10 }, (_, i) =>
        (i % 2 ? one : two).run(lab.guest('toolbox'), { args: ['read', '/file'], preopens: ['/'] }),
      ),
    );
    const stats = [await one.stats(), await two.stats()];
    await one.close();
    const { code } = await two.run(lab.guest('hello'));
    await two.close();
    return { outputs: runs.map(({ stdout }) => stdout), bridges: stats.map(({ bridge }) => bridge), code };
  });
  expect(seen.outputs).toEqual(Array.from({ length: 10 }, (_, i) => (i % 2 ? 'of one' : '')));
  expect(seen.bridges).toEqual(['multi-memory', 'js']);
  expect(seen.code).toBe(0);
});

test('a page that goes away takes its programs with it', async ({ page, start }) => {
  await start();
  await page.evaluate(async () => {
    await lab.spawnUntil('spins-forever', 'spinning\n');
    await lab.spawnUntil('reads-stdin-forever', 'reading\n');
  });
  await page.goto('about:blank');
  await expect.poll(() => page.workers().length).toBe(0);
});
