// With a slow or absent reader the guest waits and memory does not grow; nothing is lost, and nothing arrives twice.
import { expect, test, type Page } from './support/test.ts';

const MIB = 1024 * 1024;
const PIPE = 64 * 1024;

declare global {
  interface Window {
    /** The number of bytes that the coordinator has sent to the page, counted from its messages. */
    delivered: number;
  }
}

/** Counts the bytes of output that reach the page, whether they are read or not. */
async function countDelivered(page: Page): Promise<void> {
  await page.evaluate(() => {
    window.delivered = 0;
    const Original = window.Worker;
    window.Worker = class extends Original {
      constructor(url: string | URL, options?: WorkerOptions) {
        super(url, options);
        this.addEventListener('message', ({ data }: MessageEvent<{ t?: string; bytes?: Uint8Array }>) => {
          if (data.t === 'output' && data.bytes) window.delivered += data.bytes.byteLength;
        });
      }
    };
  });
}

test.beforeEach(async ({ page, start }) => {
  await countDelivered(page);
  await start();
});

test('100 MB to an unread stream: the guest waits once credit and pipe are used up; when it is read, every byte arrives', async ({
  page,
}) => {
  const total = 100_000_000;
  const { held, before, during, read, wrong, exit } = await page.evaluate(async (size) => {
    const before = await window.hf.stats();
    const p = await window.hf.spawn(lab.guest('toolbox'), { args: ['print', String(size), '65536'] });
    await lab.until(
      () => window.delivered,
      (bytes) => bytes >= 1024 * 1024, // outputBuffer's default
    );
    await lab.asleep(p);
    await lab.frames(30);
    const held = window.delivered;
    const during = await window.hf.stats();
    let read = 0;
    let wrong = -1;
    const reader = p.stdout.getReader();
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      if (wrong < 0) wrong = lab.mismatch(next.value, read);
      read += next.value.byteLength;
    }
    return { held, before, during, read, wrong, exit: await p.exited };
  }, total);
  expect(held).toBe(MIB);
  expect(during.kernel.memory).toBe(before.kernel.memory);
  expect(during.kernel.bytes - before.kernel.bytes).toBeLessThan(MIB);
  expect(exit).toMatchObject({ reason: 'exit', code: 0 });
  expect([read, wrong]).toEqual([total, -1]);
});

test('outputBuffer sets how much the page holds for a reader', async ({ page }) => {
  const held = await page.evaluate(async () => {
    const held = [];
    for (const outputBuffer of [1, 5000, 200_000]) {
      window.delivered = 0;
      const p = await window.hf.spawn(lab.guest('toolbox'), { args: ['print', '10000000', '4096'], outputBuffer });
      await lab.until(
        () => window.delivered,
        (bytes) => bytes >= outputBuffer,
      );
      await lab.frames(5);
      held.push(window.delivered);
      p.kill();
      await p.exited;
    }
    return held;
  });
  expect(held).toEqual([1, 5000, 200_000]);
});

test('a guest with an output buffer of one byte still delivers all of its output', async ({ page }) => {
  const { stdout, stderr } = await page.evaluate(() =>
    window.hf.run(lab.guest('stdout-and-stderr-are-two-streams'), { outputBuffer: 1 }),
  );
  expect([stdout.length, stderr]).toEqual([19, 'err 1\nerr 2\n']);
});

test('an unread stream does not block the other', async ({ page }) => {
  const lines = await page.evaluate(async () => {
    const p = await window.hf.spawn(lab.guest('toolbox'), { args: ['bytes'], outputBuffer: 1 });
    const stderr = await lab.bytesOf(p.stderr).then((bytes) => bytes.length, String);
    const pending = await lab.settled(p.exited.then(() => 'exited'));
    const stdout = (await lab.bytesOf(p.stdout)).length;
    return [stderr, pending, stdout];
  });
  expect(lines).toEqual([256, 'exited', 256]);
});

test('cancel() of stdout: the guest gets EPIPE at its next write', async ({ page }) => {
  const { message, code } = await page.evaluate(async () => {
    const p = await window.hf.spawn(lab.guest('toolbox'), { args: ['print', '100000000', '65536'] });
    await lab.asleep(p); // in a write that cannot continue
    const reader = p.stdout.getReader();
    await reader.read();
    await reader.cancel();
    const message = await lab.textOf(p.stderr);
    return { message, code: (await p.exited).code };
  });
  expect(code).toBe(64); // WASI's EPIPE
  expect(message).toMatch(/^Broken pipe after \d+$/);
});

test('a WritableStream that fails is a closed pipe for the guest', async ({ page }) => {
  const code = await page.evaluate(async () => {
    const failing = new WritableStream<Uint8Array>({
      write: () => Promise.reject(new Error('the disk is full')),
    });
    const p = await window.hf.spawn(lab.guest('toolbox'), { args: ['print', '100000000', '65536'], stdout: failing });
    return (await p.exited).code;
  });
  expect(code).toBe(64);
});

test('a slow target makes the guest wait', async ({ page }) => {
  const { most, total } = await page.evaluate(async () => {
    let busy = 0;
    let most = 0;
    let total = 0;
    const p = await window.hf.spawn(lab.guest('toolbox'), {
      args: ['print', '3000000', '65536'],
      stdout: async (chunk) => {
        most = Math.max(most, ++busy);
        await lab.frame();
        total += chunk.length;
        busy--;
      },
    });
    await p.exited;
    await lab.bytesOf(p.stdout);
    return { most, total };
  });
  expect([most, total]).toEqual([1, 3_000_000]);
});

test('64 MiB through cat with a slow reader: byte for byte, in bounded memory', async ({ page }) => {
  const size = 64 * MIB;
  const { base, samples, gap, read, wrong, exit } = await page.evaluate(async (total) => {
    const base = (await window.hf.stats()).kernel;
    let made = 0;
    let read = 0;
    let gap = 0;
    let turn = 0;
    // Chunks of odd sizes.
    const stdin = new ReadableStream<Uint8Array>(
      {
        pull(controller) {
          const part = Math.min(total - made, 1 + ((turn++ * 7919) % 300_000));
          controller.enqueue(lab.patternBytes(part, made));
          made += part;
          if (made === total) controller.close();
        },
      },
      { highWaterMark: 0 },
    );
    const p = await window.hf.spawn(lab.guest('cat'), { stdin, stderr: 'null' });
    const reader = p.stdout.getReader();
    const samples = [];
    let wrong = -1;
    let pause = 0;
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      if (wrong < 0) wrong = lab.mismatch(next.value, read);
      read += next.value.byteLength;
      gap = Math.max(gap, made - read);
      if (read - pause < 1_000_000) continue;
      pause = read;
      await lab.frames(1);
      samples.push((await window.hf.stats()).kernel);
    }
    return { base, samples, gap, read, wrong, exit: await p.exited };
  }, size);
  expect([read, wrong, exit.code]).toEqual([size, -1, 0]);
  // Two chunks here, four slices in transit, two pipes, cat's own buffer, the credit.
  expect(gap).toBeLessThan(2 * 300_000 + 4 * PIPE + 3 * PIPE + MIB + MIB / 2);
  expect(samples.length).toBeGreaterThan(50);
  for (const { bytes, memory } of samples) {
    expect(memory).toBe(base.memory);
    expect(bytes - base.bytes).toBeLessThan(MIB);
  }
});

test('writes of odd sizes arrive whole and in order, and a write waits for space', async ({ page }) => {
  const { output, stuck } = await page.evaluate(async () => {
    const p = await window.hf.spawn(lab.guest('toolbox'), { args: ['count'] });
    const writer = p.stdin.getWriter();
    let at = 0;
    for (const size of [1, 0, 2, 3, 4095, 4096, 4097, 65535, 65536, 65537, 131_073, 1_000_003, 5, 1]) {
      await writer.write(lab.patternBytes(size, at));
      at += size;
    }
    await writer.close();
    const output = await lab.textOf(p.stdout);

    // Without a reader, no more than the pipe holds is accepted.
    const q = await window.hf.spawn(lab.guest('spins-forever'));
    const second = q.stdin.getWriter();
    const write = second.write(new Uint8Array(200_000));
    const stuck = await lab.settled(write.then(() => 'written'));
    q.kill();
    const failed = await lab.failure(write);
    return { output: [output, at], stuck: [stuck, failed.name] };
  });
  expect(output[0]).toBe(`${String(output[1])} right`);
  expect(stuck).toEqual(['pending', 'PipeError']);
});

test('a write after the end is refused with EPIPE, and nothing is unhandled', async ({ page }) => {
  const failures = await page.evaluate(async () => {
    const failures = [];
    const p = await window.hf.spawn(lab.guest('hello'));
    await p.exited;
    failures.push(await lab.failure(p.stdin.getWriter().write(lab.encode('late'))));

    // The guest closes its input, and continues.
    const q = await lab.spawnUntil('toolbox', 'closed', { args: ['close-stdin'] });
    failures.push(await lab.failure(q.stdin.getWriter().write(lab.encode('nobody reads'))));
    q.kill();
    await q.exited;

    // The guest ends while a write waits.
    const r = await window.hf.spawn(lab.guest('sleeps-forever'));
    const write = r.stdin.getWriter().write(new Uint8Array(1_000_000));
    write.catch(() => undefined);
    await lab.asleep(r);
    r.kill();
    failures.push(await lab.failure(write));
    // Closing works then, as always.
    const s = await window.hf.spawn(lab.guest('hello'));
    await s.exited;
    await s.stdin.close();
    // Input that the guest does not read is not an error.
    await window.hf.run(lab.guest('hello'), { stdin: new Uint8Array(10_000_000) });
    await lab.frames(2);
    return failures;
  });
  for (const failure of failures) expect(failure).toMatchObject({ name: 'PipeError', code: 'EPIPE' });
  expect(failures).toHaveLength(3);
});

test('if the input stream fails, the guest is killed, so that it does not mistake partial input for the whole', async ({
  page,
}) => {
  const exit = await page.evaluate(async () => {
    let pulls = 0;
    const stdin = new ReadableStream<Uint8Array>({
      pull(controller) {
        if (pulls++ < 3) controller.enqueue(lab.encode('some'));
        else controller.error(new Error('the network is gone'));
      },
    });
    return window.hf.run(lab.guest('cat'), { stdin });
  });
  expect(exit).toMatchObject({ reason: 'killed', code: 137, message: expect.stringContaining('the network is gone') });
});

test('limits.output ends a guest that writes too much', async ({ page }) => {
  const result = await page.evaluate(() =>
    window.hf.run(lab.guest('writes-stdout-forever'), { limits: { output: 100_000 } }),
  );
  expect(result).toMatchObject({ reason: 'limit', code: 137 });
  expect(result.stdout.length).toBe(100_000);
});
