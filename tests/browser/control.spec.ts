import { expect, isolated, test } from './support/test.ts';

/** The state of a program that computes: where programs share a worker, none runs while the coordinator looks. */
const computing = isolated ? 'guest' : 'ready';

test('a paused guest makes no call, uses no CPU time, and continues when it is resumed', async ({ page, start }) => {
  await start();
  const seen = await page.evaluate(async () => {
    const p = await lab.spawnUntil('calls-the-kernel-forever', 'calling\n', { preopens: ['/'] });
    const look = async () => {
      const [info] = await window.hf.ps();
      return { state: info!.state, calls: info!.threads[0]!.syscalls, cpu: info!.cpuTime };
    };
    await p.pause();
    const paused = await look();
    await lab.frames(20);
    const still = await look();
    await p.resume();
    const running = await lab.until(look, ({ calls }) => calls > paused.calls + 1000);
    await p.pause();
    p.kill();
    return { paused, still, running, exit: await p.exited };
  });
  expect(seen.paused.state).toBe('paused');
  expect(seen.still).toEqual(seen.paused);
  expect(seen.running.cpu).toBeGreaterThan(seen.still.cpu);
  expect(seen.exit).toMatchObject({ reason: 'killed', code: 137 });
});

for (const force of [{}, { jsBridge: true }]) {
  test(`pause() stops an interruptible loop where it is, ${force.jsBridge ? 'by fuel' : 'by its flag'}`, async ({
    page,
    start,
  }) => {
    await start({ force });
    const { before, after, resumed } = await page.evaluate(async () => {
      const p = await lab.spawnUntil('spins-forever', 'spinning\n', { preopens: ['/'], interruptible: true });
      const look = async () => {
        const [info] = await window.hf.ps();
        return { state: info!.state, cpu: info!.cpuTime };
      };
      await p.pause();
      const before = await look();
      await lab.frames(20);
      const after = await look();
      await p.resume();
      const resumed = await lab.until(look, ({ cpu }) => cpu > after.cpu + 20);
      p.kill();
      await p.released;
      return { before, after, resumed };
    });
    expect(after).toEqual({ state: 'paused', cpu: before.cpu });
    expect(resumed.state).toBe(computing);
  });
}

test('pause() resolves at once for a waiting or ended process', async ({ page, start }) => {
  await start();
  const states = await page.evaluate(async () => {
    const p = await lab.spawnUntil('reads-stdin-forever', 'reading\n', { preopens: ['/'] });
    await lab.until(
      () => window.hf.ps(),
      ([info]) => info!.call === 'fd_read',
    );
    await p.pause();
    const [info] = await window.hf.ps();
    p.kill();
    await p.exited;
    await p.pause();
    await p.resume();
    return info!.state;
  });
  // It stays in its wait; if that ends, it stays at the door.
  expect(states).toBe('paused');
});

test('ps reports the processes, what each does, and its resources', async ({ page, start }) => {
  await start();
  const list = await page.evaluate(async () => {
    const names = ['reads-stdin-forever', 'sleeps-forever', 'spins-forever'] as const;
    const words = ['reading\n', 'sleeping\n', 'spinning\n'];
    for (const [i, name] of names.entries()) await lab.spawnUntil(name, words[i]!, { preopens: ['/'] });
    return lab.until(
      () => window.hf.ps(),
      ([reads, sleeps]) => reads!.asleepFor > 0 && sleeps!.asleepFor > 0,
    );
  });
  expect(list.map(({ name, state, call }) => [name, state, call])).toEqual([
    ['reads-stdin-forever.wasm', 'call', 'fd_read'],
    ['sleeps-forever.wasm', 'call', 'poll_oneoff'],
    ['spins-forever.wasm', computing, ''],
  ]);
  for (const { descriptors, memory, threads, pid, parent } of list) {
    expect(parent).toBeNull();
    expect(descriptors).toBe(4);
    expect(memory % 65536).toBe(0);
    expect(memory).toBeGreaterThan(0);
    expect(threads).toHaveLength(1);
    expect(pid).toBeGreaterThan(0);
  }
  // A process that waits uses no CPU time; one that spins does.
  expect(list[2]!.cpuTime).toBeGreaterThan(list[2]!.asleepFor);
});

test.describe('limits', () => {
  test('cpuTime ends a program that computes too long, and does not count waiting', async ({ page, start }) => {
    await start();
    const [spun, slept] = await page.evaluate(async () => [
      await window.hf.run(lab.guest('spins-forever'), { limits: { cpuTime: 200 }, preopens: ['/'] }),
      await window.hf.run(lab.guest('sleeps-forever'), { limits: { cpuTime: 200 }, timeout: 1000, preopens: ['/'] }),
    ]);
    expect(spun).toMatchObject({ reason: 'limit', code: 152, limit: { name: 'cpuTime', most: 200 } });
    expect(spun!.message).toContain('200 ms');
    expect(slept!.reason).toBe('timeout');
  });

  test('output allows exactly this many bytes, of both streams together', async ({ page, start }) => {
    await start();
    const [over, exact] = await page.evaluate(async () => [
      await window.hf.run(lab.guest('cat'), { stdin: 'abcdefghij', limits: { output: 9 } }),
      await window.hf.run(lab.guest('cat'), { stdin: 'abcdefghij', limits: { output: 10 } }),
    ]);
    expect(over).toMatchObject({ reason: 'limit', stdout: 'abcdefghi', limit: { name: 'output', most: 9 } });
    expect(exact).toMatchObject({ reason: 'exit', code: 0, stdout: 'abcdefghij' });
  });

  test('memory: memory.grow fails at the limit, and a program that needs more at its start is refused', async ({
    page,
    start,
  }) => {
    await start();
    const seen = await page.evaluate(async () => {
      const seen = [];
      for (const name of ['grows-its-memory', 'grows-an-imported-memory', 'grows-a-shared-memory']) {
        for (const interruptible of [false, true]) {
          const limits = { memory: 9 * 65536 };
          const { code } = await window.hf.run(lab.guest(name), { interruptible, limits });
          // Normally the page compiles a Response; here it needs the bytes.
          const response = await fetch(lab.guest(name));
          const other = await window.hf.run(response, { interruptible, limits: { memory: 5 * 65536 } });
          const refused = await lab.failure(
            window.hf.spawn(lab.guest(name), { interruptible, limits: { memory: 2 * 65536 } }),
          );
          seen.push([code, other.code, refused.name, refused.kind]);
        }
      }
      const module = await WebAssembly.compileStreaming(fetch(lab.guest('hello')));
      return { seen, module: await lab.failure(window.hf.spawn(module, { limits: { memory: 65536 } })) };
    });
    expect(seen.seen).toEqual(Array(6).fill([9, 5, 'SpawnRefused', 'limit']));
    expect(seen.module).toMatchObject({ name: 'TypeError', message: expect.stringContaining('limits.memory') });
  });

  test('memory counts tables, and refuses modules that can keep engine objects unless gc is true', async ({
    page,
    start,
  }) => {
    await start();
    const seen = await page.evaluate(async () => {
      // The limit allows 4,096 elements of 16 bytes; the program's exit code is the size of its two tables together, in thousands.
      const tables = await window.hf.run(lab.guest('grows-its-tables'), { limits: { memory: 65536 } });
      // A struct type, and a `_start` that does nothing.
      const keeper = Uint8Array.from([
        ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 8, 2, 0x60, 0, 0, 0x5f, 1, 0x7f, 1, 3, 2, 1, 0, 5, 3, 1, 0, 1],
        ...[7, 19, 2, 6, 95, 115, 116, 97, 114, 116, 0, 0, 6, 109, 101, 109, 111, 114, 121, 2, 0],
        ...[10, 4, 1, 2, 0, 0x0b],
      ]);
      const gc = async (limits: object) => lab.failure(window.hf.spawn(keeper.slice(), { limits }));
      const refused = [await gc({ gc: false }), await gc({ memory: 65536 })].map(({ name, kind }) => [name, kind]);
      const { code } = await window.hf.run(keeper.slice(), { limits: { memory: 65536, gc: true } });
      return { tables: tables.code, refused, code };
    });
    expect(seen).toEqual({ tables: 4, refused: Array(2).fill(['SpawnRefused', 'limit']), code: 0 });
  });

  test('wrong limits are refused before anything starts', async ({ page, start }) => {
    await start();
    const errors = await page.evaluate(() =>
      Promise.all(
        [{ cpuTime: 0 }, { descriptors: 5000 }, { memories: 1 }, { output: '1' }].map((limits) =>
          window.hf.spawn(lab.guest('hello'), { limits: limits as object }).then(
            () => 'ran',
            (error: Error) => `${error.name}: ${error.message}`,
          ),
        ),
      ),
    );
    expect(errors).toEqual([
      expect.stringContaining('RangeError: limits.cpuTime'),
      expect.stringContaining('RangeError: limits.descriptors must be at most 1024'),
      expect.stringContaining('TypeError: limits: unknown option "memories"'),
      expect.stringContaining('TypeError: limits.output'),
    ]);
  });
});

test('`released` resolves when the core of a killed guest is free, which in Chromium is later than `exited`', async ({
  page,
  start,
}) => {
  await start();
  const seen = await page.evaluate(async () => {
    const spinner = await lab.spawnUntil('spins-forever', 'spinning\n', { preopens: ['/'] });
    const reader = await lab.spawnUntil('reads-stdin-forever', 'reading\n', { preopens: ['/'] });
    const order: string[] = [];
    void spinner.released.then(() => order.push('spinner'));
    void reader.released.then(() => order.push('reader'));
    spinner.kill();
    await spinner.exited;
    const zombies = (await window.hf.stats()).workers.zombies;
    reader.kill();
    await Promise.all([spinner.released, reader.released]);
    const { workers } = await window.hf.stats();
    return { order, zombies, after: workers.zombies };
  });
  // A guest that waits in the kernel leaves by itself, and its worker is reused.
  expect(seen).toEqual({ order: ['reader', 'spinner'], zombies: 1, after: 0 });
});

test('released is rejected when the runtime is closed first', async ({ page, start }) => {
  await start();
  const name = await page.evaluate(async () => {
    const p = await lab.spawnUntil('spins-forever', 'spinning\n', { preopens: ['/'] });
    const released = p.released.catch((error: Error) => error.name);
    await window.hf.close();
    return released;
  });
  expect([undefined, 'Closed']).toContain(name);
});
