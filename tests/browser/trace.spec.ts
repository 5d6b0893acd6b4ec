import { expect, test } from './support/test.ts';

test('a trace reports every call, with the bytes read and written, before `exited` resolves', async ({
  page,
  start,
}) => {
  await start();
  const { events, at } = await page.evaluate(async () => {
    const events: { call: string; args: readonly string[]; results: readonly string[]; error: string; text: string }[] =
      [];
    const p = await window.hf.spawn(lab.guest('cat'), {
      stdin: { text: 'one\n' },
      trace: (event) => void events.push(event),
    });
    const out = lab.textOf(p.stdout);
    await p.exited;
    const at = events.length;
    await out;
    return { events, at };
  });
  expect(at).toBe(events.length);
  expect(events.map(({ call, args, results }) => [call, args, results])).toEqual([
    ['fd_read', ['fd=0', 'bytes="one\\n"'], ['read=4']],
    ['fd_write', ['fd=1', 'bytes="one\\n"'], ['written=4']],
    ['fd_read', ['fd=0', 'bytes=""'], ['read=0']],
  ]);
  expect(events[1]!.text).toMatch(/^\d+\.\d+ fd_write\(fd=1, bytes="one\\n"\) = written=4 <[\d.]+ ms>$/);
});

test('a trace can be started and stopped while the guest runs, and loses nothing if its listener is slow', async ({
  page,
  start,
}) => {
  await start();
  const { first, second, calls } = await page.evaluate(async () => {
    const p = await window.hf.spawn(lab.guest('echo-lines'));
    const keyboard = p.stdin.getWriter();
    const reader = p.stdout.getReader();
    const told: string[] = [];
    const line = async (text: string) => {
      await keyboard.write(lab.encode(text));
      await lab.readUntil(reader, '\n');
    };
    await line('untold\n');
    // Waits for the next one: the call that wrote the line may still be in progress when the page has the line.
    await lab.until(
      () => window.hf.ps(),
      ([info]) => info?.state === 'call' && info.call === 'fd_read',
    );
    p.trace(async ({ call, args }) => {
      await lab.frame();
      told.push(`${call} ${args.join(' ')}`);
    });
    await line('told\n');
    await lab.until(
      () => told.join(),
      (text) => text.includes('told'),
    );
    const first = told.join('\n');
    p.trace(false);
    await line('untold again\n');
    await lab.frames(5);
    const second = told.join('\n');
    p.kill();
    await p.exited;
    // Thousands of records, more than the pipe and the page hold, for a slow function.
    let calls = 0;
    const many = await window.hf.spawn(lab.guest('toolbox'), {
      args: ['print', '3000', '1'],
      outputBuffer: 1000,
      trace: async () => {
        if (calls++ % 100 === 0) await lab.frame();
      },
    });
    await Promise.all([lab.bytesOf(many.stdout), lab.bytesOf(many.stderr), many.exited]);
    return { first, second, calls };
  });
  expect(first).toContain('told');
  expect(first).not.toContain('untold');
  expect(second).not.toContain('untold');
  expect(calls).toBeGreaterThan(1000);
});

test('paths and errors are shown by name', async ({ page, start }) => {
  await start();
  const texts = await page.evaluate(async () => {
    const texts: string[] = [];
    const p = await window.hf.spawn(lab.guest('toolbox'), {
      args: ['read', '/nowhere/"file"'],
      preopens: ['/'],
      trace: ({ text }) => void texts.push(text),
    });
    await p.stdout.cancel();
    await p.stderr.cancel();
    await p.exited;
    return texts;
  });
  expect(texts.join('\n')).toMatch(/path_open\(fd=3, .*path="nowhere\/\\"file\\"".*\) = ENOENT </);
});

test('an error thrown by the trace function is reported, the guest continues, and another function can take over', async ({
  page,
  start,
}) => {
  await start();
  const { exit, errors, told } = await page.evaluate(async () => {
    const errors: string[] = [];
    addEventListener('error', (event) => {
      errors.push(event.message);
      event.preventDefault();
    });
    const p = await window.hf.spawn(lab.guest('echo-lines'), {
      trace: () => {
        throw new Error('mine');
      },
    });
    const keyboard = p.stdin.getWriter();
    const reader = p.stdout.getReader();
    const line = async (text: string) => {
      await keyboard.write(lab.encode(text));
      await lab.readUntil(reader, '\n');
    };
    await line('one\n');
    await lab.until(
      () => errors.length,
      (length) => length > 0,
    );
    await line('between\n'); // after the remaining records of the first line
    const told: string[] = [];
    p.trace(({ args }) => void told.push(args.join(' ')));
    await line('two\n');
    await keyboard.close();
    reader.releaseLock();
    await p.stdout.cancel();
    const { code } = await p.exited;
    return { exit: code, errors, told };
  });
  expect(exit).toBe(0);
  expect(errors).toEqual([expect.stringContaining('mine')]);
  expect(told.join('\n')).toContain('two');
  expect(told.join('\n')).not.toContain('one');
});

test('a trace that crosses the end of its process delays no answer', async ({ page, start }) => {
  await start();
  const ends = await page.evaluate(async () => {
    const ends = [];
    for (let i = 0; i < 20; i++) {
      const p = await window.hf.spawn(lab.guest('hello'), { stdout: 'null' });
      // The page is busy while the process ends.
      const until = performance.now() + i;
      while (performance.now() < until);
      p.trace(() => undefined);
      ends.push((await p.exited).reason);
      await p.released;
    }
    return ends;
  });
  expect(ends).toEqual(new Array(20).fill('exit'));
});

test('without trace.js the page gets an error, and the process continues untraced', async ({ page, start }) => {
  await page.route('**/dist/trace.js', (route) => route.fulfill({ status: 404, body: 'not here' }));
  await start();
  const { text, errors } = await page.evaluate(async () => {
    const errors: string[] = [];
    addEventListener('error', (event) => {
      errors.push(event.message);
      event.preventDefault();
    });
    // More calls than fit into an unread pipe.
    const { stdout } = await window.hf.run(lab.guest('toolbox'), { args: ['print', '30000', '1'], trace: true });
    return { text: stdout.length, errors };
  });
  expect(text).toBe(30000);
  expect(errors).toEqual([expect.stringContaining('trace.js cannot be loaded')]);
});

test('`exited` waits for the trace’s listener, but not after a kill or once tracing is off', async ({
  page,
  start,
}) => {
  await start();
  const seen = await page.evaluate(async () => {
    const options = { trace: () => new Promise<void>(() => undefined), stdout: 'null' } as const;
    const reasons = [];
    for (const release of ['kill', 'trace'] as const) {
      const p = await window.hf.spawn(lab.guest('hello'), options);
      await lab.until(
        () => window.hf.ps(),
        (list) => list.length === 0,
      );
      let told = false;
      void p.exited.then(() => (told = true));
      await lab.frames(10);
      if (told) reasons.push('reported too soon');
      p[release](false as never);
      reasons.push((await p.exited).reason);
    }
    for (const more of [{ timeout: 300 }, { limits: { cpuTime: 50 }, interruptible: true }, {}]) {
      const p = await window.hf.spawn(lab.guest('spins-forever'), { ...options, ...more, preopens: ['/'] });
      if (!('timeout' in more || 'limits' in more)) p.kill();
      reasons.push((await p.exited).reason);
    }
    return reasons;
  });
  expect(seen).toEqual(['exit', 'exit', 'timeout', 'limit', 'killed']);
});
